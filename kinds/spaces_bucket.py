from decimal import Decimal
from typing import Final

from kinds.billing import Billing, Product
from kinds.kind import Attr, Columns, FieldPolicy, Policy, ResourceKind
from kinds.listing import BUCKETS
from kinds.metering import Measure, MeterRule
from kinds.pricing import Shared

__all__ = ["SPACES_BUCKET"]

SPACES_BUCKET: Final = ResourceKind(
    name="spaces_bucket",
    billing=Billing(
        (Product("spaces", ("SPAC",)), Product("spaces subscription")),
        ("Storage", "Object Storage"),
        "Object Storage",
        is_shared=True,
    ),
    urns=("space",),
    scope="",
    # The provider uses powers of two, and calls them GB. Neither S3 nor the API returns the tier of
    # a bucket.
    meters=(
        MeterRule(
            "spaces_gb_month",
            {"region": "region"},
            Measure("size_bytes", Decimal(2**30), ("measured_at", "object_count")),
        ),
    ),
    listing=BUCKETS,
    columns=Columns(provider_id="name", statuses=(), tags="", created_at="created_at"),
    attrs={
        # Exact; a GB of Spaces is 2**30 of them.
        "size_bytes": Attr(Policy.COMPUTED),
        "object_count": Attr(Policy.COMPUTED),
        # When both were read last.
        "measured_at": Attr(Policy.COMPUTED),
        # Why they could not be read this time; absent if they could.
        "unmeasured": Attr(Policy.COMPUTED, unset_when_absent=True),
    },
    measured=frozenset({"size_bytes", "object_count", "measured_at"}),
    column_policies={"name": FieldPolicy(Policy.IDENTITY)},
    # A project's URN has only the name.
    scoped={"region": "a Spaces key"},
    monthly_price=Shared("unknown: one subscription covers all buckets of the account"),
    rarely_changes=True,
)

"""Namespaces of Functions, billed by the memory and duration of calls."""

from typing import Final

from kinds.billing import Billing, Product
from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind
from kinds.pricing import Shared

__all__ = ["FUNCTIONS_NAMESPACE"]

FUNCTIONS_NAMESPACE: Final = ResourceKind(
    name="functions_namespace",
    billing=Billing((Product("functions", ("FUNC",)),), ("Compute", "Serverless Compute")),
    terraform="",
    scope="function:read",
    added_later=True,
    # Not paged, and without a total. The path of one namespace is from pydo 0.44,
    # `functions.get_namespace`.
    listing=Listing("/v2/functions/namespaces", "namespaces", "namespace", counted=False),
    columns=Columns(provider_id="namespace", name="label", statuses=(), tags=""),
    attrs={"uuid": Attr(Policy.IDENTITY), "api_host": Attr(Policy.COMPUTED)},
    volatile=frozenset({"updated_at"}),
    # The password of the namespace.
    left_out=frozenset({"key"}),
    monthly_price=Shared("unknown: depends on the GiB-seconds of calls beyond the free allowance"),
    rarely_changes=True,
)

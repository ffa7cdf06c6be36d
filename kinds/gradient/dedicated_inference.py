"""Dedicated inference: models on dedicated GPUs, billed by accelerator."""

from typing import Final

from kinds.billing import Billing, Product
from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind
from kinds.pricing import Shared
from kinds.reducers import whole

__all__ = ["DEDICATED_INFERENCE"]

DEDICATED_INFERENCE: Final = ResourceKind(
    name="dedicated_inference",
    billing=Billing(
        (Product("dedicated inference", ("DEDI",)),), ("AI and Machine Learning", "AI Platforms")
    ),
    scope="genai:read",
    added_later=True,
    listing=Listing(
        "/v2/dedicated-inferences",
        "dedicated_inferences",
        "dedicated_inference",
        source="pydo 0.44, `dedicated_inferences.list`",
    ),
    columns=Columns(name="spec.name", tags=""),
    attrs={
        # The models, and the types and number of accelerators.
        "spec": Attr(Policy.DESIRED, whole),
        "endpoints": Attr(Policy.COMPUTED, whole),
    },
    volatile=frozenset({"updated_at"}),
    # The spec contains the VPC too.
    left_out=frozenset({"pending_deployment_spec", "vpc_uuid"}),
    in_flight=frozenset({"new", "provisioning", "updating", "deleting"}),
    monthly_price=Shared(
        "unknown: depends on the accelerators in `attrs.spec`; no API returns prices"
    ),
)

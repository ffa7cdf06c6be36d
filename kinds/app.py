from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from kinds.app_comparators import app_spec as same_spec
from kinds.billing import Billing, Product
from kinds.kind import Attr, Columns, FieldPolicy, Listing, Policy, ResourceKind
from kinds.metering import MeterRule, Part
from kinds.pricing import APP_SIZES, OfParts
from kinds.reducers import app_spec, unordered, whole

__all__ = ["APP"]

DEPLOYMENTS: Final = (
    "pending_deployment",
    "in_progress_deployment",
    "active_deployment",
)

COMPONENTS: Final = ("services", "workers", "jobs")
"""Components of a spec that run on instances. Static sites are free, functions are billed by use.
"""


def _addresses(value: list[dict[str, Any]] | None) -> list[str]:
    return unordered([address["ip"] for address in value or ()])


def _domains(value: list[dict[str, Any]] | None) -> list[str]:
    return unordered([domain["spec"]["domain"] for domain in value or ()])


def _component_prices(attrs: Mapping[str, Any]) -> list[Decimal | None]:
    return [_price(component) for component in _components(attrs)]


def _components(attrs: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    spec = attrs.get("spec") or {}
    for name in COMPONENTS:
        yield from spec.get(name) or ()


def _price(component: Mapping[str, Any]) -> Decimal | None:
    price = APP_SIZES.get(str(component.get("instance_size_slug", "")).lower())
    return None if price is None else price * int(component.get("instance_count") or 1)


def _containers(spec: Any) -> Iterator[Part]:
    """The containers that run permanently, by size; jobs run only briefly."""
    for name in ("services", "workers"):
        for component in (spec or {}).get(name) or ():
            count = component.get("instance_count")
            scaling = component.get("autoscaling") or {}
            size = str(component.get("instance_size_slug", "")).lower()
            yield Decimal(count or scaling.get("min_instance_count") or 1), {"size": size}


APP: Final = ResourceKind(
    name="app",
    billing=Billing(
        (Product("app platform", ("APP",)), Product("apps")),
        ("Web", "Application Platforms"),
        "Container Usage",
    ),
    urns=("app",),
    meters=(
        MeterRule("app_container_hours", {"region": "region"}, parts=("attrs.spec", _containers)),
    ),
    # The project is returned only on request.
    listing=Listing("/v2/apps", "apps", "app", queries=((("with_projects", "true"),),)),
    columns=Columns(
        name="spec.name",
        size="tier_slug",
        statuses=tuple(f"{deployment}.phase" for deployment in DEPLOYMENTS),
        tags="",
    ),
    attrs={
        "spec": Attr(Policy.DESIRED, app_spec, same=same_spec, quiet=True),
        "project_id": Attr(Policy.COMPUTED),
        "vpc": Attr(Policy.COMPUTED, whole, unset_when_absent=True),
        "dedicated_ips": Attr(Policy.COMPUTED, _addresses, unset_when_absent=True),
        "domains": Attr(Policy.COMPUTED, _domains, unset_when_absent=True),
        "default_ingress": Attr(Policy.COMPUTED),
        "live_url": Attr(Policy.COMPUTED),
        "live_domain": Attr(Policy.COMPUTED),
    },
    # Columns that the spec contains too.
    column_policies={
        "name": FieldPolicy(Policy.COMPUTED),
        "size": FieldPolicy(Policy.COMPUTED),
    },
    scoped={"project_id": "project:read"},
    volatile=frozenset({"last_deployment_created_at", "updated_at"}),
    left_out=frozenset({"live_url_base", "owner_uuid", "pinned_deployment"}),
    in_flight=frozenset({"PENDING_BUILD", "BUILDING", "PENDING_DEPLOY", "DEPLOYING"}),
    monthly_price=OfParts(
        _component_prices,
        "the list price of each component's instance size, times its instances",
    ),
)

"""The price list: active versions, addons and unit prices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.catalog.plans.rules.terms import check_addon, check_currency
from services.catalog.quotes.rules.snapshots import Known
from services.catalog.quoting.inputs import AddonSnapshot, VersionSnapshot
from services.common.errors import InvalidArgument

__all__ = ["PriceList"]


@dataclass(frozen=True, slots=True)
class PriceList:
    """A snapshot of the catalog."""

    versions: Mapping[str, VersionSnapshot]
    """Active versions by plan code."""
    addons: Mapping[str, tuple[AddonSnapshot, str]]
    """By code, with currencies."""
    known: Known
    revision: str = ""
    """The revision of the catalog; empty if it is not needed."""

    def version(self, plan_code: str) -> VersionSnapshot:
        """The active version of a plan. Raises InvalidArgument."""
        version = self.versions.get(plan_code)
        if version is None:
            raise InvalidArgument(
                "plan_code", f"there is no plan {plan_code!r} on sale", reason="UNKNOWN_PLAN"
            )
        return version

    def addons_of(self, codes: Sequence[str], version: VersionSnapshot) -> list[AddonSnapshot]:
        """The addons of these codes for a plan version, in order.

        Raises InvalidArgument for an unknown one, FailedPrecondition for another currency or one
        that would add to no item.
        """
        found = []
        for place, code in enumerate(codes):
            field, sold = f"addons[{place}]", self.addons.get(code)
            if sold is None:
                raise InvalidArgument(field, f"unknown addon {code!r}", reason="UNKNOWN_ADDON")
            addon, priced_in = sold
            check_currency(field, priced_in, version.currency)
            check_addon(field, addon.resource_kind, version.items)
            found.append(addon)
        return found

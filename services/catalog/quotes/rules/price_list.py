"""What is sold now: the active versions, the addons, the unit prices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.catalog.plans.rules.currencies import check_currency
from services.catalog.quotes.rules.snapshots import Known
from services.catalog.quoting.inputs import AddonSnapshot, VersionSnapshot
from services.common.errors import InvalidArgument

__all__ = ["PriceList"]


@dataclass(frozen=True, slots=True)
class PriceList:
    """The catalog as it is sold at one moment."""

    versions: Mapping[str, VersionSnapshot]
    """The active version of each plan, by the plan's code."""
    addons: Mapping[str, tuple[AddonSnapshot, str]]
    """By their codes, each with its currency."""
    known: Known
    revision: str = ""
    """Names this state of the catalog; empty where nobody asks whether it is still the same."""

    def version(self, plan_code: str) -> VersionSnapshot:
        """The version at which a plan is sold, else InvalidArgument."""
        version = self.versions.get(plan_code)
        if version is None:
            raise InvalidArgument(
                "plan_code", f"there is no plan {plan_code!r} on sale", reason="UNKNOWN_PLAN"
            )
        return version

    def addons_of(self, codes: Sequence[str], currency: str) -> list[AddonSnapshot]:
        """The addons of these codes in a currency, in their order.

        Raises InvalidArgument for an unknown one, FailedPrecondition for another currency.
        """
        found = []
        for place, code in enumerate(codes):
            field, sold = f"addons[{place}]", self.addons.get(code)
            if sold is None:
                raise InvalidArgument(field, f"there is no addon {code!r}", reason="UNKNOWN_ADDON")
            addon, priced_in = sold
            check_currency(field, priced_in, currency)
            found.append(addon)
        return found

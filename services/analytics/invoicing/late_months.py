"""What is known of a closed month for which usage came late."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.analytics.invoicing.lines import Line
from services.analytics.invoicing.quotes import added
from services.analytics.usage.store.periods import Adjustment, PeriodUsage
from services.common.periods import Period

__all__ = ["LateMonth"]


@dataclass(frozen=True, slots=True)
class LateMonth:
    """A closed month for which usage came late: what was billed, and what is known now."""

    period: Period
    metered: Sequence[PeriodUsage]
    """What its own invoices bill."""
    late_billed: Sequence[PeriodUsage]
    """What came late too, and is on invoices by now."""
    lines: Mapping[tuple[str, str], Sequence[Line]]
    """What those invoices bill for it, by tenant and deployment."""
    late: Sequence[Adjustment]

    def known_now(self) -> list[PeriodUsage]:
        """The usage with all that came late."""
        late = [
            PeriodUsage(
                one.tenant_id, one.deployment_id, one.resource_kind, one.qty, one.facts_hash
            )
            for one in self.late
        ]
        return added([self.metered, self.late_billed, late])

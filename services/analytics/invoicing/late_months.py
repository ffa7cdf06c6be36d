"""What is known of a closed month for which usage came late."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

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

    def borne_by(
        self, subscription_ids: Collection[str], of_spans: Mapping[str, Sequence[PeriodUsage]]
    ) -> "LateMonth":
        """The month of those who bear what came late: of spans, only theirs was metered for them.

        `of_spans` is the usage of deployments that were subscribed more than once.
        """
        parted = {used.deployment_id for usage in of_spans.values() for used in usage}
        theirs = [used for one in subscription_ids for used in of_spans.get(one, ())]
        others = [used for used in self.metered if used.deployment_id not in parted]
        return replace(self, metered=[*others, *theirs])

    def known_now(self) -> list[PeriodUsage]:
        """The usage with all that came late."""
        late = [
            PeriodUsage(
                one.tenant_id, one.deployment_id, one.resource_kind, one.qty, one.facts_hash
            )
            for one in self.late
        ]
        return added([self.metered, self.late_billed, late])

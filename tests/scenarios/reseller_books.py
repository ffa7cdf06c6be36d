"""What the reseller's two months must come to: plain arithmetic on what runs and what it costs.

Nothing here calls the product. Amounts are exact fractions, rounded half up where a bill or a total
is rounded.
"""

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from typing import Final, NamedTuple

from tests.scenarios.reseller_prices import CURRENCY_OF, Prices, billed_usd, half_up

__all__ = ["TENANT_OF", "Fate", "Month"]

TENANT_OF: Final = {"reports": "initech", "beta": "initech", "portal": "globex", "shop": "acme",
                   "search": "hooli"}  # fmt: skip  # a table
EVENTS: Final = {"bandwidth_gb", "llm_tokens"}


class Fate(NamedTuple):
    """What became of a cost or of usage."""

    coverage: str
    reason: str = ""


BILLED, REBILLED, INCLUDED = Fate("billed"), Fate("rebilled"), Fate("included")
FREE, INTERNAL = Fate("free"), Fate("internal")
NO_SUBSCRIPTION = Fate("unbilled", "no_subscription")

FATES: Final[Mapping[tuple[str, str], Fate]] = {
    ("reports", "bandwidth_gb"): INCLUDED,
    ("reports", "dns_zones"): INCLUDED,
    ("beta", "droplet_hours"): INCLUDED,
    ("portal", "load_balancer_hours"): Fate("unbilled", "not_sold"),
    ("shop", "dns_zones"): BILLED,
    ("shop", "database_storage_gb_month"): BILLED,
}
"""What is neither billed nor, of the shop, rebilled."""


def largest_remainders(exact: Mapping[str, Fraction]) -> dict[str, int]:
    """Whole parts that add up to the rounded total."""
    whole = {key: amount.numerator // amount.denominator for key, amount in exact.items()}
    missing = half_up(sum(exact.values(), Fraction(0))) - sum(whole.values())
    for key in sorted(exact, key=lambda key: whole[key] - exact[key])[:missing]:
        whole[key] += 1
    return whole


class Month(Prices):
    """April or May."""

    def usage(self) -> dict[tuple[str, Fate], Fraction]:
        """The metered usage by meter and fate."""
        hours, found = Fraction(self.hours), defaultdict[tuple[str, Fate], Fraction](Fraction)
        for slug, meter, qty in (
            ("reports", "droplet_hours", 4 * hours),
            ("reports", "snapshot_gb_month", Fraction("92.51") + 4 * 5),
            ("reports", "spaces_gb_month", 730),
            ("reports", "database_hours", hours),
            ("reports", "database_storage_gb_month", 60),
            ("reports", "volume_gb_month", 250),
            ("reports", "dns_zones", 1),
            ("reports", "bandwidth_gb", 100),
            ("reports", "llm_tokens", 2_500_000),
            ("beta", "droplet_hours", hours),
            ("portal", "droplet_hours", 3 * hours),
            ("portal", "database_hours", hours),
            ("portal", "database_storage_gb_month", 60),
            ("portal", "volume_gb_month", 200),
            ("portal", "spaces_gb_month", 96),
            ("portal", "load_balancer_hours", hours),
            ("portal", "dns_zones", 1),
            ("portal", "bandwidth_gb", 1500),
            ("shop", "droplet_hours", 7 * hours + self.trained),
            ("shop", "app_container_hours", hours),
            ("shop", "database_hours", hours),
            ("shop", "database_storage_gb_month", 60),
            ("shop", "kubernetes_ha_hours", hours),
            ("shop", "load_balancer_hours", hours),
            ("shop", "reserved_ip_hours", hours),
            ("shop", "snapshot_gb_month", Fraction("3.42") + Fraction("37.01")),
            ("shop", "spaces_gb_month", 212),
            ("shop", "volume_gb_month", 100),
            ("shop", "dns_zones", 1),
            ("shop", "bandwidth_gb", 400),
            ("search", "droplet_hours", 2 * hours),
            ("search", "app_container_hours", hours),
            ("search", "volume_gb_month", 500),
        ):
            for fate, share in self.fates(slug, meter):
                found[meter, fate] += qty * share
        return dict(found)

    def fates(self, slug: str, meter: str) -> list[tuple[Fate, Fraction]]:
        """What became of a deployment's usage of a meter, and of which share."""
        usual = FATES.get((slug, meter), REBILLED if slug in ("shop", "search") else BILLED)
        if slug == "beta" and self.is_april:
            return [(FREE, Fraction(1, 2)), (usual, Fraction(1, 2))]
        if slug == "portal" and self.is_april and meter not in EVENTS:
            return [(NO_SUBSCRIPTION, Fraction(5, 30)), (usual, Fraction(25, 30))]
        return [(usual, Fraction(1))]

    def costs(self) -> dict[tuple[str, str], Fraction]:
        """What the provider charges in USD for a deployment, by the meter of its usage.

        Spaces are split by what is stored, the pool of transfer by what was sent.
        """
        changing = sum(billed_usd(usd, hours) for usd, hours in self.list_prices)
        pool = Fraction("38.70") if self.is_april else Fraction(0)
        spaces = (5 + (730 + 96 + 212 - 250) * Fraction("0.02")) / (730 + 96 + 212)
        return {
            ("reports", "droplet_hours"): 3 * billed_usd(6) + billed_usd(18) + billed_usd("3.60"),
            ("reports", "snapshot_gb_month"): billed_usd(Fraction("92.51") * Fraction("0.06")),
            ("reports", "database_hours"): billed_usd(30),
            ("reports", "volume_gb_month"): billed_usd(25),
            ("reports", "spaces_gb_month"): 730 * spaces,
            ("reports", "bandwidth_gb"): 100 * pool / 2000,
            ("beta", "droplet_hours"): billed_usd(6),
            ("portal", "droplet_hours"): billed_usd("1055.04") + 2 * changing,
            ("portal", "database_hours"): billed_usd(120),
            ("portal", "volume_gb_month"): billed_usd(20),
            ("portal", "load_balancer_hours"): billed_usd(12),
            ("portal", "spaces_gb_month"): 96 * spaces,
            ("portal", "bandwidth_gb"): 1500 * pool / 2000,
            ("shop", "droplet_hours"): (
                5 * changing + 2 * billed_usd(42) + billed_usd("2278.08", self.trained)
            ),
            ("shop", "kubernetes_ha_hours"): billed_usd(40),
            ("shop", "database_hours"): billed_usd(120),
            ("shop", "volume_gb_month"): billed_usd(10),
            ("shop", "snapshot_gb_month"): (
                billed_usd(Fraction("3.42") * Fraction("0.06"))
                + billed_usd(Fraction("37.01") * Fraction("0.06"))
            ),
            ("shop", "load_balancer_hours"): billed_usd(24),
            ("shop", "app_container_hours"): billed_usd(5),
            ("shop", "reserved_ip_hours"): billed_usd(5),
            ("shop", "spaces_gb_month"): 212 * spaces,
            ("shop", "bandwidth_gb"): 400 * pool / 2000,
            ("search", "droplet_hours"): Fraction(2 * changing),
            ("search", "app_container_hours"): billed_usd(12),
            ("search", "volume_gb_month"): billed_usd(50),
        }

    def other_costs(self) -> dict[tuple[str, str], tuple[Fate, Fraction]]:
        """What belongs to no deployment or is not metered, by owner and by meter or kind."""
        monitoring = sum(billed_usd(usd, hours) for usd, hours in self.list_prices)
        others = {
            ("shop", "nat_gateway"): (Fate("unbilled", "not_metered"), billed_usd(40)),
            ("acme", "droplet_hours"): (Fate("unbilled", "no_deployment"), billed_usd(6)),
            ("internal", "droplet_hours"): (INTERNAL, Fraction(monitoring)),
            ("internal", "volume_gb_month"): (INTERNAL, billed_usd(5)),
        }
        if self.is_april:
            brief = billed_usd(6, hours=48)
            others["unattributed", "droplet_hours"] = Fate("unbilled", "unattributed"), brief
        charged = sum(self.costs().values(), Fraction(0)) + sum(usd for _, usd in others.values())
        tax = Fraction(half_up(charged * 10), 100)
        others["unattributed", "tax"] = INTERNAL, tax
        if not self.is_april:
            others["unattributed", "credit"] = INTERNAL, -Fraction("54.46")
        return others

    def bill_usd(self) -> Fraction:
        """The provider's invoice."""
        others = sum(usd for _, usd in self.other_costs().values())
        return sum(self.costs().values(), Fraction(0)) + others

    def coverage_usd(self) -> dict[Fate, Fraction]:
        """What became of the provider's invoice."""
        found = defaultdict[Fate, Fraction](Fraction)
        for fate, usd in self.other_costs().values():
            found[fate] += usd
        for (slug, meter), usd in self.costs().items():
            for fate, share in self.fates(slug, meter):
                found[fate] += usd * share
        return {fate: usd for fate, usd in found.items() if usd}

    def cogs_cents(self) -> dict[str, int]:
        """Whole AUD cents by tenant, `internal` and `unattributed`."""
        found = defaultdict[str, Fraction](Fraction)
        for (slug, _), usd in self.costs().items():
            found[TENANT_OF[slug]] += usd
        for (owner, _), (_, usd) in self.other_costs().items():
            found[TENANT_OF.get(owner, owner)] += usd
        return largest_remainders({key: usd * 100 * self.rate for key, usd in found.items()})

    def revenue_cents(self) -> dict[str, int]:
        """Whole AUD cents by tenant."""
        return largest_remainders({tenant: self.aud_cents(tenant) for tenant in CURRENCY_OF})

    def losses(self) -> list[tuple[str, str, Fate, int | None]]:
        """What is lost in AUD cents, the most first: owner or slug, meter or kind, and why."""
        aud = 100 * self.rate
        found = [
            (owner, kind, fate, usd * aud)
            for (owner, kind), (fate, usd) in self.other_costs().items()
            if fate.coverage == "unbilled"
        ]
        for (slug, meter), usd in self.costs().items():
            for fate, share in self.fates(slug, meter):
                lost = usd * share * aud
                if fate.coverage in ("billed", "rebilled"):
                    lost -= self._revenue_of(slug, meter)
                    fate = Fate(fate.coverage, "below_cost")
                if fate.coverage not in ("included", "free") and lost > 0:
                    found.append((slug, meter, fate, lost))
        found.sort(key=lambda loss: -loss[3])
        # The provider does not charge for zones, so the loss of an unbilled one is unknown.
        unknown = [("portal", "dns_zones", NO_SUBSCRIPTION, None)] if self.is_april else []
        return [
            *((whose, what, fate, half_up(lost)) for whose, what, fate, lost in found),
            *unknown,
        ]

    def _revenue_of(self, slug: str, meter: str) -> Fraction:
        """From the usage of a meter; a database's hours and storage are one kind's."""
        meters = {meter, meter.replace("_hours", "_storage_gb_month")}
        cents = sum(
            line.cents * count
            for line, count in self.lines(TENANT_OF[slug]).items()
            if line.slug == slug
            and line.kind in ("overage", "ad_hoc", "rebilled")
            and line.what.partition(" ")[0] in meters
        )
        return cents * self.rate_of(TENANT_OF[slug])

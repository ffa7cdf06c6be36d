"""What the reseller's tenants must be billed: plain arithmetic on what is agreed.

Nothing here calls the product. Amounts are exact fractions, rounded half up where a line or a total
is rounded.
"""

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from typing import Final, NamedTuple

__all__ = ["CURRENCY_OF", "Line", "Prices", "billed_usd", "half_up"]

CURRENCY_OF: Final = {"initech": "AUD", "globex": "USD", "acme": "AUD", "hooli": "AUD"}
MONTH_HOURS: Final = 672
"""The hours after which the provider charges no more in a month, and by which it prices one."""

Amount = Fraction | int | str


class Line(NamedTuple):
    """A line of an invoice: its price is cents a unit."""

    slug: str
    kind: str
    what: str
    qty: Fraction
    price: Fraction
    cents: int


def half_up(amount: Fraction) -> int:
    """Rounded to a whole number, a half up."""
    return (2 * amount.numerator + amount.denominator) // (2 * amount.denominator)


def billed_usd(monthly: Amount, hours: int = MONTH_HOURS, count: int = 1) -> Fraction:
    """What the provider charges for things of a monthly price: each line is whole cents."""
    share = Fraction(min(hours, MONTH_HOURS), MONTH_HOURS)
    return count * Fraction(half_up(Fraction(monthly) * share * 100), 100)


class Prices:
    """The invoices of April or May."""

    def __init__(self, days: int, rate: str, *, is_april: bool) -> None:
        self.days = days
        self.hours = 24 * days
        self.rate = Fraction(rate)
        self.is_april = is_april
        self.portal_days = days - 5 * is_april
        """The days of the portal's subscription, which begins on 6 April."""
        # 24 USD until 10 May, 30 USD from 11 May on.
        self.list_prices = [(24, self.hours)] if is_april else [(24, 240), (30, 504)]
        self.trained = 240 if is_april else self.hours
        """The hours of the trainer, which was created on 21 April."""

    def lines(self, tenant: str) -> Counter[Line]:
        """An invoice's lines without tax."""
        of = {
            "initech": self._initech, "globex": self._globex, "acme": self._acme,
            "hooli": self._hooli,
        }  # fmt: skip  # a table
        return Counter(of[tenant]())

    def subtotal(self, tenant: str) -> int:
        """In cents of the tenant's currency."""
        return sum(line.cents * count for line, count in self.lines(tenant).items())

    def aud_cents(self, tenant: str) -> Fraction:
        """The exact revenue from a tenant in AUD cents."""
        return self.subtotal(tenant) * self.rate_of(tenant)

    def _initech(self) -> Iterable[Line]:
        """Studio: 1488 hours, 100 GB of Spaces and of snapshots, 1,000,000 tokens."""
        one = self._line
        yield one("reports", "plan_base", "", 1, 5000)
        yield one("reports", "addon", "spaces_gb_month", 1, 750)
        yield one("reports", "addon", "llm_tokens", 1, 900)
        yield one("reports", "overage", "droplet_hours", 3 * self.hours - 1488, 1)
        yield one("reports", "overage", "droplet_hours s-2vcpu-2gb", self.hours, "6.2")
        yield one("reports", "overage", "llm_tokens", (2_500_000 - 2_000_000) // 1000, 1)
        yield one("reports", "overage", "snapshot_gb_month", Fraction("92.51") + 4 * 5 - 100, 10)
        yield one("reports", "overage", "spaces_gb_month", 730 - 150, 2)
        yield one("reports", "ad_hoc", "database_hours db-s-1vcpu-2gb", self.hours, "10.3")
        yield one("reports", "ad_hoc", "database_storage_gb_month", 60, "49.2")
        yield one("reports", "ad_hoc", "volume_gb_month", 250, 18)
        if self.is_april:  # on trial until the 15th
            yield one("beta", "plan_base", "", 15, Fraction(5000, 30))
        else:
            yield one("beta", "plan_base", "", 1, 5000)

    def _globex(self) -> Iterable[Line]:
        """From 6 April on; all that the plan includes is 744 hours and 1000 GB of transfer."""
        share = Fraction(self.portal_days, self.days)
        hours = 24 * self.portal_days

        def one(kind: str, what: str, qty: Amount, price: Amount) -> Line:
            return self._line("portal", kind, what, qty, price)

        if self.is_april:
            yield one("plan_base", "", self.portal_days, Fraction(4000, self.days))
        else:
            yield one("plan_base", "", 1, 4000)
        yield one("overage", "bandwidth_gb", 1500 - 1000 * share, 2)
        yield one("overage", "droplet_hours gpu-*", hours, 120)
        yield one("overage", "droplet_hours s-2vcpu-4gb", 2 * hours - 744 * share, 6)
        yield one("ad_hoc", "database_hours db-s-4vcpu-8gb", hours, "24.5")
        yield one("ad_hoc", "database_storage_gb_month", 60 * share, "0.5")
        yield one("ad_hoc", "dns_zones", share, 50)
        yield one("ad_hoc", "spaces_gb_month", 96 * share, 3)
        yield one("ad_hoc", "volume_gb_month", 200 * share, 15)

    def _acme(self) -> Iterable[Line]:
        """What the provider lists, in AUD at the month's rate, and 20 % on top."""

        def cost(what: str, qty: Amount, usd: Amount, per: int = MONTH_HOURS) -> Line:
            price = Fraction(usd) * 100 / per * self.rate * Fraction("1.2")
            return self._line("shop", "rebilled", what, qty, price)

        yield self._line("shop", "plan_base", "", 1, 1000)
        yield self._line("shop", "ad_hoc", "database_storage_gb_month", 60, "49.2")
        yield self._line("shop", "ad_hoc", "dns_zones", 1, 60)
        for usd, hours in self.list_prices:
            yield cost("droplet_hours s-2vcpu-4gb base", 2 * hours, usd)
            yield cost("droplet_hours s-2vcpu-4gb admin", 3 * hours, usd)
        yield cost("droplet_hours c-2 admin", 2 * self.hours, 42)
        yield cost("droplet_hours gpu-h100x1-80gb base", self.trained, "2278.08")
        yield cost("app_container_hours basic-xxs", self.hours, 5)
        yield cost("database_hours db-s-2vcpu-4gb", self.hours, 2 * 60)
        yield cost("kubernetes_ha_hours", self.hours, 40)
        yield cost("load_balancer_hours 2", self.hours, 2 * 12)
        yield cost("reserved_ip_hours", self.hours, 5)
        yield cost("bandwidth_gb", 400, "0.01", per=1)
        yield cost("snapshot_gb_month custom", "3.42", "0.06", per=1)
        yield cost("snapshot_gb_month volume", "37.01", "0.06", per=1)
        yield cost("spaces_gb_month", 212, "0.02", per=1)
        yield cost("volume_gb_month", 100, "0.10", per=1)

    def _hooli(self) -> Iterable[Line]:
        """What the provider bills at the month's rate, and 20 % on top.

        The quantity is the price in AUD, because the cost is for operators only.
        """
        dollar = self.rate * Fraction("1.2")
        changing = 2 * sum(billed_usd(usd, hours) for usd, hours in self.list_prices)
        yield self._line("search", "plan_base", "", 1, 1000)
        for what, usd in (
            ("app_container_hours professional-xs", billed_usd(12)),
            ("droplet_hours s-2vcpu-4gb", changing),
            ("volume_gb_month", billed_usd(50)),
        ):
            yield self._line("search", "rebilled", what, usd * dollar, 100)

    def _line(self, slug: str, kind: str, what: str, qty: Amount, price: Amount) -> Line:
        units, cents = Fraction(qty), Fraction(price)
        return Line(slug, kind, what, units, cents, half_up(units * cents))

    def rate_of(self, tenant: str) -> Fraction:
        """AUD for a unit of the tenant's currency."""
        return self.rate if CURRENCY_OF[tenant] == "USD" else Fraction(1)

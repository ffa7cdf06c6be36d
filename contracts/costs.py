"""The flows of the provider's charges."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from contracts.flows import PERIOD, PROVIDER, PROVIDER_INVOICE, Flow, Start, TaskQueue
from contracts.providers import DIGITALOCEAN

__all__ = [
    "BALANCE_SNAPSHOT",
    "BILLING_HISTORY",
    "COST_REMATCH",
    "DAILY_COSTS",
    "INVOICE_INGEST",
    "LIST_PRICE_SYNC",
    "BalanceInput",
    "CostRematchInput",
    "HistoryInput",
    "InvoiceIngestInput",
    "ListPriceInput",
    "balance_snapshot",
    "billing_history",
    "cost_rematch",
    "daily_costs",
    "invoice_ingest",
    "list_price_sync",
]

BALANCE_SNAPSHOT: Final = Flow(
    name="BalanceSnapshot",
    prefix=f"balance-snapshot/{DIGITALOCEAN}",
    queue=TaskQueue.CLOUD_BILLING,
    timeout=timedelta(minutes=50),
    purpose="records the four figures of the account's balance",
)
BILLING_HISTORY: Final = Flow(
    name="BillingHistory",
    prefix=f"billing-history/{DIGITALOCEAN}",
    queue=TaskQueue.CLOUD_BILLING,
    # Must end before the next day's walk.
    timeout=timedelta(hours=22),
    purpose="finds new bills, and starts an ingest for each that is due",
)
DAILY_COSTS: Final = Flow(
    name="DailyCosts",
    prefix=f"daily-costs/{DIGITALOCEAN}",
    queue=TaskQueue.CLOUD_BILLING,
    timeout=timedelta(hours=22),
    purpose="reads the provider's daily estimates of the last month",
)
INVOICE_INGEST: Final = Flow(
    name="InvoiceIngest",
    prefix="invoice-ingest",
    key="<invoice uuid>",
    queue=TaskQueue.CLOUD_BILLING,
    timeout=timedelta(hours=20),
    purpose="ingests one bill and matches its lines",
    started_by="the walk of the billing history, or an operator",
)
COST_REMATCH: Final = Flow(
    name="CostRematch",
    prefix="cost-rematch",
    key="<invoice id, month or all>",
    queue=TaskQueue.CLOUD_BILLING,
    timeout=timedelta(hours=20),
    purpose="matches the lines of bills again, without ingesting them",
    started_by="`arcadia costs rematch`",
)
LIST_PRICE_SYNC: Final = Flow(
    name="ListPriceSync",
    prefix=f"list-prices/{DIGITALOCEAN}",
    queue=TaskQueue.CLOUD_BILLING,
    timeout=timedelta(hours=22),
    purpose="reads the provider's list prices, and records their changes",
)


@dataclass(frozen=True, slots=True)
class BalanceInput:
    """A snapshot to take."""

    provider: str
    key: str = ""
    """The key of the snapshot: the scheduled hour."""


@dataclass(frozen=True, slots=True)
class HistoryInput:
    """A walk of the whole billing history."""

    provider: str


@dataclass(frozen=True, slots=True)
class ListPriceInput:
    """A sync of list prices."""

    provider: str
    on: date | None = None
    """The first day of a changed price; the scheduled day if None."""


@dataclass(frozen=True, slots=True)
class InvoiceIngestInput:
    """An invoice to ingest, by both of its ids."""

    provider_invoice_id: str
    invoice_uuid: str
    period: str = ""
    """The month, such as `2026-04`; empty if unknown."""

    unless_matched: bool = False
    """Whether to skip lines that are already matched."""


@dataclass(frozen=True, slots=True)
class CostRematchInput:
    """The invoices whose lines to match again."""

    invoices: tuple[InvoiceIngestInput, ...]


def balance_snapshot() -> Start[BalanceInput]:
    """A snapshot of the balance."""
    return BALANCE_SNAPSHOT.start(
        BalanceInput(DIGITALOCEAN),
        summary="keep the account's balance",
        attributes={PROVIDER: DIGITALOCEAN},
    )


def billing_history(*key: str) -> Start[HistoryInput]:
    """A walk of the billing history."""
    return BILLING_HISTORY.start(
        HistoryInput(DIGITALOCEAN),
        *key,
        summary="walk the billing history and ingest what is due",
        attributes={PROVIDER: DIGITALOCEAN},
    )


def daily_costs(*key: str) -> Start[HistoryInput]:
    """A reading of the daily estimates."""
    return DAILY_COSTS.start(
        HistoryInput(DIGITALOCEAN),
        *key,
        summary="read the provider's daily estimates",
        attributes={PROVIDER: DIGITALOCEAN},
    )


def list_price_sync(*key: str) -> Start[ListPriceInput]:
    """A sync of the provider's list prices."""
    return LIST_PRICE_SYNC.start(
        ListPriceInput(DIGITALOCEAN),
        *key,
        summary="read the provider's list prices",
        attributes={PROVIDER: DIGITALOCEAN},
    )


def invoice_ingest(invoice: InvoiceIngestInput) -> Start[InvoiceIngestInput]:
    """The ingest of a bill."""
    return INVOICE_INGEST.start(
        invoice,
        invoice.invoice_uuid,
        summary=f"ingest the invoice of {invoice.period or 'an unknown month'}",
        attributes={PROVIDER_INVOICE: invoice.invoice_uuid, PERIOD: invoice.period},
    )


def cost_rematch(what: str, invoices: Sequence[InvoiceIngestInput]) -> Start[CostRematchInput]:
    """Matching bills again; `what` names them: a bill's id, a month, or `all`."""
    return COST_REMATCH.start(
        CostRematchInput(tuple(invoices)),
        what,
        summary=f"match the lines of {len(invoices)} invoices anew",
    )

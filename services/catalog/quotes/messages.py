"""Renders and parses quotes, their lines and proofs."""

from collections.abc import Iterable
from datetime import date
from decimal import localcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson
from arcadia.catalog.v1 import pricing_service_pb2, quotes_pb2
from google.protobuf.message import DecodeError

from services.catalog.quotes.rules.stored_quotes import StoredQuote
from services.catalog.quoting.inputs import QuoteInputs, Term, UsageSeries
from services.catalog.quoting.lines import Line, Quote, ServiceDays, total
from services.catalog.quoting.numbers import EXACT
from services.catalog.quoting.proofs.proof import Difference, Proof, recompute
from services.catalog.quoting.rebilling.lines import left_to_bill
from services.catalog.quoting.recurring import fixed_lines
from services.catalog.quoting.values import ValuedRun
from services.common.values.cost_plus import tenant_meta
from services.common.values.money import plain
from services.common.values.periods import Period

if TYPE_CHECKING:
    from google.protobuf.internal.containers import RepeatedCompositeFieldContainer

__all__ = [
    "add_proof",
    "add_spans",
    "answers_its_inputs",
    "hide_costs",
    "proof_of",
    "quote_message",
    "stored_message",
    "tenant_differences",
    "usage_message",
    "value_message",
    "write_quote",
]


COSTS: Final = "rebilling"
"""The part of the inputs with the provider's prices, the exchange rate and the rules."""


def quote_message(quote: Quote, inputs: QuoteInputs) -> quotes_pb2.Quote:
    """The message of a quote, without its proof and the fields of a stored quote."""
    message = quotes_pb2.Quote()
    write_quote(message, quote, inputs)
    return message


def write_quote(message: quotes_pb2.Quote, quote: Quote, inputs: QuoteInputs) -> None:
    """Fills an empty message like `quote_message`, without copying a nested message."""
    recurring, overage, ad_hoc = total(quote.recurring), total(quote.overage), total(quote.ad_hoc)
    common = _common(inputs.terms, inputs.month, inputs.projected_from)
    message.MergeFromString(common.content)
    rebilled = total(quote.rebilled)
    message.all_in_monthly_cents = recurring + overage + ad_hoc + rebilled
    message.recurring_cents = recurring
    message.first_invoice_cents = total(quote.first_invoice)
    message.overage_cents = overage
    message.ad_hoc_cents = ad_hoc
    message.rebilled_cents = rebilled
    message.currency = inputs.currency
    if inputs.trial_days and inputs.projected_from is None:
        add_spans(message.trial_days, inputs.trial_days)
    if common.begins(quote):
        message.MergeFromString(common.lines)
        _add_lines(message.recurring, quote.recurring[len(common.recurring) :])
        _add_lines(message.first_invoice, quote.first_invoice[len(common.prorated) :])
    else:  # engine 1 uses other texts
        _add_lines(message.recurring, quote.recurring)
        _add_lines(message.first_invoice, quote.first_invoice)
    _add_lines(message.overage, quote.overage)
    _add_lines(message.ad_hoc, quote.ad_hoc)
    _add_lines(message.rebilled, quote.rebilled)
    message.left_to_bill.extend(left_to_bill(inputs))
    if quote.change is not None:
        message.change.net_cents = quote.change.net_cents
        _add_lines(message.change.credits, quote.change.credits)
        _add_lines(message.change.charges, quote.change.charges)


class _Common(NamedTuple):
    """The serialized common part of quotes with the same terms: merging is faster than building.

    `lines` are those of the terms, as in `recurring` and `prorated`.
    """

    content: bytes
    lines: bytes
    recurring: tuple[Line, ...]
    prorated: tuple[Line, ...]

    def begins(self, quote: Quote) -> bool:
        """Whether a quote's lines begin with these; those of engine 1 do not."""
        recurring, prorated = len(self.recurring), len(self.prorated)
        return (
            quote.recurring[:recurring] == self.recurring
            and quote.first_invoice[:prorated] == self.prorated
        )


@lru_cache(maxsize=2048)
def _common(terms: tuple[Term, ...], month: Period, projected_from: date | None) -> _Common:
    version = terms[-1].version
    content = quotes_pb2.Quote(
        plan_code=version.plan_code,
        plan_version=version.version,
        starts_on=(projected_from or month.start).isoformat(),
    )
    if projected_from is None:
        for term in terms:
            add_spans(content.billed_days, term.days)
    with localcontext(EXACT):
        fixed = fixed_lines(terms, (), month.days)
    lines = quotes_pb2.Quote()
    _add_lines(lines.recurring, fixed.recurring)
    _add_lines(lines.first_invoice, fixed.prorated)
    return _Common(
        content.SerializeToString(), lines.SerializeToString(), fixed.recurring, fixed.prorated
    )


def add_spans(
    field: "RepeatedCompositeFieldContainer[quotes_pb2.DaySpan]", spans: Iterable[Period]
) -> None:
    """Adds half-open ranges of days to a message."""
    for span in spans:
        field.add(start=span.start.isoformat(), end=span.end.isoformat())


def add_proof(message: quotes_pb2.Quote, proof: Proof) -> None:
    """Sets the proof of a quote's message."""
    said = message.proof
    said.inputs_json = proof.inputs_json
    said.inputs_hash = proof.inputs_hash
    said.engine_version = proof.engine_version
    said.result_hash = proof.result_hash


def proof_of(message: quotes_pb2.Proof) -> Proof:
    """The proof in a request."""
    return Proof(
        message.inputs_json, message.inputs_hash, message.engine_version, message.result_hash
    )


PROVEN: Final = (
    "recurring",
    "first_invoice",
    "overage",
    "ad_hoc",
    "rebilled",
    "all_in_monthly_cents",
    "recurring_cents",
    "first_invoice_cents",
    "overage_cents",
    "ad_hoc_cents",
    "rebilled_cents",
    "currency",
    "plan_code",
    "plan_version",
    "starts_on",
    "change",
)
"""The fields of a quote that follow from its inputs."""


def answers_its_inputs(kept: StoredQuote) -> bool:
    """Whether a stored quote equals the result of its verified inputs."""
    recomputed = recompute(kept.proof.inputs_json, kept.proof.engine_version)
    again = quote_message(recomputed.quote, recomputed.inputs)
    try:
        said = quotes_pb2.Quote.FromString(kept.answer)
    except DecodeError:
        return False
    return said.id == str(kept.id) and all(
        getattr(said, field) == getattr(again, field) for field in PROVEN
    )


def stored_message(kept: StoredQuote) -> quotes_pb2.Quote:
    """The message of a stored quote, as it was returned."""
    message = quotes_pb2.Quote.FromString(kept.answer)
    add_proof(message, kept.proof)
    return message


def hide_costs(message: quotes_pb2.Quote) -> None:
    """Leaves out of a quote what only operators see: the cost side of what is priced from cost."""
    change = message.change
    for line in (*message.rebilled, *change.credits, *change.charges):
        shown = tenant_meta(line.meta)
        if len(shown) != len(line.meta):
            line.meta.clear()
            line.meta.update(shown)
    proof = message.proof
    if f'"{COSTS}":' in proof.inputs_json:
        inputs = orjson.loads(proof.inputs_json)
        if inputs.pop(COSTS, None) is not None:
            proof.inputs_json = orjson.dumps(inputs, option=orjson.OPT_SORT_KEYS).decode()
            message.inputs_left_out.append(COSTS)


def tenant_differences(found: Iterable[Difference]) -> list[Difference]:
    """Differences of inputs as a tenant sees them: the cost side only as a whole."""
    shown = []
    for one in found:
        if one.path.startswith(COSTS):
            one = Difference(COSTS, "", "")
        if one not in shown:
            shown.append(one)
    return shown


def usage_message(series: UsageSeries) -> pricing_service_pb2.UsageSeries:
    """The message of a series of usage."""
    message = pricing_service_pb2.UsageSeries(
        resource_kind=series.resource_kind, dimensions=dict(series.dimensions)
    )
    for run in series.runs:
        message.runs.add(first_day=run.first.isoformat(), days=run.days, qty=plain(run.qty))
    return message


def value_message(valued: Iterable[ValuedRun]) -> pricing_service_pb2.UsageValue:
    """The message of a usage value; unset if unknown."""
    message = pricing_service_pb2.UsageValue()
    for one in valued:
        run = message.runs.add()
        run.run.first_day = one.run.first.isoformat()
        run.run.days = one.run.days
        run.run.qty = plain(one.run.qty)
        if one.cents is not None:
            run.value = plain(one.cents)
    return message


def _add_lines(
    field: "RepeatedCompositeFieldContainer[quotes_pb2.QuoteLine]", lines: Iterable[Line]
) -> None:
    """Builds lines in place, because assigning a message copies it."""
    for line in lines:
        service = line.service
        start, end, days = ("", "", 0) if service is None else _service(service)
        made = field.add(
            kind=line.kind,
            resource_kind=line.resource_kind,
            description=line.description,
            qty=line.qty,
            unit=line.unit,
            unit_price_cents=line.unit_price_cents,
            amount_cents=line.amount_cents,
            price_base_qty=line.price_base_qty,
            service_start=start,
            service_end=end,
            service_days=days,
        )
        for key, value in line.dimensions:
            made.dimensions[key] = value
        meta = made.meta
        for key, value in line.meta.items():  # assigning a whole map is slower
            meta[key] = value


@lru_cache(maxsize=4096)
def _service(service: ServiceDays) -> tuple[str, str, int]:
    return service.start.isoformat(), service.end.isoformat(), service.days

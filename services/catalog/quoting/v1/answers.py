"""What engine 1 answers, in the form in which quotes are answered now."""

from services.catalog.quoting import inputs as current
from services.catalog.quoting import lines
from services.catalog.quoting.v1.inputs import QuoteInputs
from services.catalog.quoting.v1.lines import Line, Quote

__all__ = ["current_inputs", "current_quote"]


def current_quote(quote: Quote) -> lines.Quote:
    """The same quote; its lines cover the whole month and name no price base."""
    change = quote.change
    return lines.Quote(
        recurring=_lines(quote.recurring),
        first_invoice=_lines(quote.first_invoice),
        overage=_lines(quote.overage),
        ad_hoc=_lines(quote.ad_hoc),
        change=None
        if change is None
        else lines.PlanChange(_lines(change.credits), _lines(change.charges)),
    )


def current_inputs(inputs: QuoteInputs) -> current.QuoteInputs:
    """Whom and what the inputs are about: month, currency, plan and days, without usage."""
    return current.QuoteInputs(
        month=inputs.month,
        currency=inputs.currency,
        terms=tuple(
            current.Term(
                current.VersionSnapshot(
                    term.version.id,
                    term.version.plan_code,
                    term.version.version,
                    term.version.price_cents,
                    term.version.currency,
                    term.version.items,
                ),
                term.days,
            )
            for term in (*inputs.former, inputs.term)
        ),
        projected_from=inputs.prices_on,
    )


def _lines(those: tuple[Line, ...]) -> tuple[lines.Line, ...]:
    return tuple(
        lines.Line(
            lines.LineKind(one.kind),
            one.resource_kind,
            one.description,
            one.qty,
            one.unit,
            one.unit_price_cents,
            "",
            one.amount_cents,
            None,
            one.meta,
        )
        for one in those
    )

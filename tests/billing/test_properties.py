"""Properties of ingests: decimals stay exact, and every line counts once."""

import random
from collections import Counter
from decimal import Decimal
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.ingest.rules.reconciling import PartialSum, reconcile
from tests.billing.bills import Billing, Line, csv_of
from tests.billing.dialects import Dialect, Wanted, dialects, wanted_lines, written

CLASSIFICATIONS = ["resource", "shared", "account", "tax", "credit"]
AMOUNTS = st.decimals(min_value=-(10**12), max_value=10**12, places=2)


@settings(max_examples=25)
@given(lines=wanted_lines(), dialect=dialects(), cut=st.integers(1, 400), times=st.integers(1, 2))
async def test_any_lines_in_any_allowed_dialect_are_kept_exactly_and_once(
    billing: Billing, lines: list[Wanted], dialect: Dialect, cut: int, times: int
) -> None:
    invoice = await billing.discovered(f"{uuid4()}")
    for _ in range(times):
        ingest_id = await billing.begin(invoice.id)
        await billing.upload(ingest_id, written(lines, dialect), cut=cut)
        done = await billing.complete(ingest_id)
    kept = billing.rows(
        "SELECT product, group_description, description, project_name, category, hours,"
        " start_at, end_at, amount_usd FROM cloud_cost_lines WHERE provider_invoice_id = %s"
        " ORDER BY id",
        invoice.id,
    )
    assert [Wanted(*row) for row in kept] == lines
    assert Decimal(done.reconciliation.total_usd) == sum(
        (line.amount_usd for line in lines), Decimal(0)
    )


@settings(max_examples=25)
@given(names=st.lists(st.sampled_from("abc"), max_size=12), seed=st.integers(0, 99))
async def test_every_line_gets_the_id_of_one_item_that_says_the_same(
    billing: Billing, names: list[str], seed: int
) -> None:
    lines = [
        Line("1.00", f"{name} (s)", resource_id=f"{name}{number}")
        for number, name in enumerate(names)
    ]
    items = random.Random(seed).sample(lines, len(lines))
    invoice = await billing.discovered(f"{uuid4()}")
    await billing.ingested(invoice.id, lines)
    ingest_id = await billing.begin(invoice.id)
    await billing.upload(ingest_id, csv_of(lines))
    await billing.items(ingest_id, items)
    await billing.complete(ingest_id)
    kept = billing.rows(
        "SELECT description, provider_resource_id FROM cloud_cost_lines"
        " WHERE provider_invoice_id = %s",
        invoice.id,
    )
    assert Counter(kept) == Counter((line.description, line.resource_id) for line in lines)


@given(
    parts=st.lists(
        st.tuples(st.sampled_from(CLASSIFICATIONS), st.booleans(), st.integers(1, 9), AMOUNTS)
    ),
    summary=st.none() | AMOUNTS,
    history=AMOUNTS,
)
def test_the_parts_always_add_up_and_the_residual_is_what_is_missing(
    parts: list[tuple[str, bool, int, Decimal]], summary: Decimal | None, history: Decimal
) -> None:
    result = reconcile(
        [PartialSum(*part) for part in parts], summary_usd=summary, history_usd=history
    )
    assert result.total_usd == sum((amount for *_, amount in parts), Decimal(0))
    assert result.total_usd == (
        result.lines_usd + result.overages_usd + result.taxes_usd + result.credits_usd
    )
    assert result.total_usd + result.residual_usd == history
    assert result.line_count == sum(count for _, _, count, _ in parts)
    if summary is None:
        assert result.balanced is None
    else:
        assert result.balanced == (result.total_usd == summary == history)

"""The annex of an invoice lists the usage of each resource."""

from datetime import UTC, datetime
from decimal import Decimal

import psycopg

from services.analytics.invoicing.invoices.document.annex import MAX_RESOURCES, AnnexRow, annex_of
from services.analytics.invoicing.invoices.document.view import meters_in
from services.analytics.invoicing.invoices.rules.lines import Proof
from services.analytics.usage.rules.figures import MeterTotal, ResourceUsage, UsageByResource
from tests.invoicing.books import Books
from tests.invoicing.documents import SHOP, billed, downloaded, told_by

METERED = """
WITH pass AS (
    INSERT INTO work_passes (work, subject, pass_key, state, started_at, completed_at)
    VALUES ('metering', %(day)s, 'k', 'current', now(), now()) RETURNING id
), figure AS (
    INSERT INTO daily_usage (day, pass_id, tenant_id, deployment_id, resource_kind, qty, fact_count,
        facts_hash, metered_at)
    SELECT %(day)s, id, 'acme', %(deployment)s, 'droplet_hours', 30.5, 2, 'h', '2026-05-01 02:00+00'
    FROM pass
)
INSERT INTO usage_facts (day, pass_id, page, tenant_id, deployment_id, resource_kind, resource_id,
    inventory_kind, resource_name, fact_from, fact_to, qty)
SELECT %(day)s, id, '', 'acme', %(deployment)s, 'droplet_hours', md5(name)::uuid, 'droplet', name,
    %(day)s, %(day)s::date + 1, qty
FROM pass, (VALUES ('web-1', 24::numeric), ('*web-2*', 6)) AS used (name, qty)
"""


async def test_the_annex_lists_what_each_resource_used_with_totals(books: Books) -> None:
    books.execute("SELECT prepare_month(ARRAY['daily_usage', 'usage_facts'], '2026-04-01'::date)")
    with psycopg.connect(books.admin_url) as connection:
        for day in ("2026-04-10", "2026-04-11"):
            named = {"day": day, "deployment": SHOP.deployment_id}
            connection.execute(METERED, named)
    books.used(SHOP, "llm_tokens", "2000")
    invoice = await billed(books)
    told = told_by(await downloaded(books, invoice.id))
    assert "Usage of 1 to 30 April 2026, as metered until" in told
    for words in (
        "web-1 Droplet hours 48 hours",
        "*web-2* Droplet hours 12 hours",
        "Reported as events Droplet hours 1 hour",
        "Reported as events LLM tokens 2,000 tokens",
        "All deployments Total Droplet hours 61 hours Total LLM tokens 2,000 tokens",
    ):
        assert words in told, told
    page = (await downloaded(books, invoice.id, format_="html")).decode()
    assert "<td>*web-2*</td><td>Droplet hours</td>" in page


async def test_an_invoice_without_usage_has_no_annex(books: Books) -> None:
    assert "Annex" not in told_by(await downloaded(books, (await billed(books)).id))


def test_an_annex_lists_a_bounded_number_of_resources_and_its_totals_are_of_all() -> None:
    metered = datetime(2026, 5, 1, tzinfo=UTC)
    count = MAX_RESOURCES + 500
    used = UsageByResource(
        totals=(
            MeterTotal("big", "droplet_hours", Decimal(count), count, Decimal(count), metered),
            MeterTotal("small", "droplet_hours", Decimal(5), 1, Decimal(5), metered),
        ),
        resources=tuple(
            ResourceUsage("big", "droplet_hours", f"web-{place}", Decimal(1))
            for place in range(MAX_RESOURCES)
        ),
    )
    annex = annex_of(used, {"big": "The big one"}, "1 to 30 April 2026")
    assert annex is not None
    [section] = annex.sections
    assert section.title == "The big one"
    assert len(section.rows) == MAX_RESOURCES + 1
    assert section.rows[-1] == AnnexRow("500 more", "Droplet hours", "500 hours")
    assert "1 further deployment is not listed; the totals include it." in annex.about
    assert annex.totals == (AnnexRow("", "Droplet hours", f"{count + 5:,} hours"),)


def test_an_annex_names_the_dimensions_of_resources_and_events_in_the_order_of_the_meter() -> None:
    metered = datetime(2026, 5, 1, tzinfo=UTC)
    small = {"region": "syd1", "size": "s-1vcpu-1gb", "image_kind": "base"}
    large = {"model": "large"}
    used = UsageByResource(
        totals=(
            MeterTotal("a", "droplet_hours", Decimal(30), 1, Decimal(24), metered, small),
            MeterTotal("a", "droplet_hours", Decimal(24), 1, Decimal(24), metered),
            MeterTotal("a", "llm_tokens", Decimal(5), 0, Decimal(0), metered, large),
        ),
        resources=(
            ResourceUsage("a", "droplet_hours", "web-1", Decimal(24), small),
            ResourceUsage("a", "droplet_hours", "web-2", Decimal(24)),
        ),
    )
    annex = annex_of(used, {}, "1 to 30 April 2026")
    assert annex is not None
    [section] = annex.sections
    assert [(row.resource, row.qty) for row in section.rows] == [
        ("web-1 (s-1vcpu-1gb, syd1, base)", "24 hours"),
        ("Reported as events (s-1vcpu-1gb, syd1, base)", "6 hours"),
        ("web-2", "24 hours"),
        ("Reported as events (large)", "5 tokens"),
    ]
    assert [row.qty for row in annex.totals] == ["54 hours", "5 tokens"]


def test_an_annex_names_an_operators_meter_as_it_was_called_then() -> None:
    inputs = (
        '{"meters":{"peak":{"name":"Peak users","units":{"1k_users":1000,"user":1}}},"usage":[]}'
    )
    proofs = [
        Proof("a", "sub", inputs, "h", "3", "r"),
        Proof("b", "sub", '{"usage":[]}', "h", "3", "r"),
    ]
    metered = datetime(2026, 5, 1, tzinfo=UTC)
    used = UsageByResource(
        totals=(
            MeterTotal("a", "api_calls", Decimal(5), 0, Decimal(0), metered),
            MeterTotal("a", "peak", Decimal(70), 0, Decimal(0), metered),
        ),
        resources=(),
    )
    annex = annex_of(used, {}, "1 to 30 April 2026", meters_in(proofs))
    assert annex is not None
    # The first was not priced, so nothing but its code is known.
    assert [(row.meter, row.qty) for row in annex.totals] == [
        ("API calls", "5 units"),
        ("Peak users", "70 users"),
    ]

"""Matching by the ladder: by id, by name, by group; or the reason why not."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import grpc
import pytest
from arcadia.billing.v1 import costs_pb2
from arcadia.billing.v1 import ingest_service_pb2 as pb
from sqlalchemy import text

from services.billing.ingest.rules.classification import judge
from services.billing.ingest.store import writing
from services.billing.ingest.store.candidates import mark_prepared
from services.billing.ingest.store.ingests import lock_ingest
from services.common.identity.callers import ALL
from tests.billing.bills import MAY, Billing, Line, csv_of
from tests.billing.lookup import Known, KnownAccount, resource_id
from tests.inventory.account import reason_of

MID_MAY = MAY + timedelta(days=14)
TAX = Line("0.60", "GST (10.00%)", "Taxes", hours="", project="", category="")


async def matched(
    billing: Billing, lines: list[Line], *, page_size: int = 0, ids: bool = True
) -> costs_pb2.MatchSummary:
    """Ingests a bill of these lines and matches it; the sum of all pages."""
    invoice = await billing.discovered()
    await billing.ingested(invoice.id, lines, with_items=ids)
    return await matched_again(billing, invoice.id, page_size=page_size)


async def matched_again(
    billing: Billing, invoice_id: str, *, page_size: int = 0, unless_matched: bool = False
) -> costs_pb2.MatchSummary:
    counts, token = costs_pb2.MatchSummary(), ""
    while True:
        answer = await billing.ingest.MatchLines(
            pb.MatchLinesRequest(
                provider_invoice_id=invoice_id,
                page_size=page_size,
                page_token=token,
                unless_matched=unless_matched,
            ),
            metadata=billing.worker,
        )
        for name in counts.DESCRIPTOR.fields_by_name:
            setattr(counts, name, getattr(counts, name) + getattr(answer.matching, name))
        token = answer.next_page_token
        if not token:
            return counts


def found(billing: Billing) -> list[tuple[str, str, str | None]]:
    """State, rung and resource of every line, in the bill's order."""
    return [
        (state, rung, None if resource is None else str(resource))
        for state, rung, resource in billing.rows(
            "SELECT match_state, match_rung, resource_id FROM cloud_cost_lines ORDER BY period, id"
        )
    ]


def by(rung: str, provider_id: str, kind: str = "droplet") -> tuple[str, str, str]:
    return "matched", rung, resource_id(provider_id, kind)


UNMATCHED = ("unmatched", "", None)
AMBIGUOUS = ("ambiguous", "", None)


async def test_the_providers_own_id_goes_before_the_name(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1", name="other"), Known("2", name="web-1")]
    await matched(billing, [Line(resource_id="1"), Line(resource_uuid="2")])
    assert found(billing) == [by("provider_id", "1"), by("provider_id", "2")]


async def test_without_an_id_kind_and_name_decide_whatever_the_case(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1", name="WEB-1"), Known("v", name="web-1", kind="volume")]
    await matched(billing, [Line(), Line(product="Volumes", description="Web-1 (10GB)")], ids=False)
    assert found(billing) == [by("name", "1"), by("name", "v", "volume")]


async def test_backups_belong_to_their_droplet_and_snapshots_to_themselves(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1"), Known("s", kind="snapshot")]
    lines = [
        Line(product="Droplet Backups"),
        Line(product="Droplet Snapshots", description="web-1 (2.5GB)"),
    ]
    await matched(billing, lines, ids=False)
    assert found(billing) == [by("name", "1"), by("name", "s", "snapshot")]


async def test_an_id_that_the_inventory_never_saw_is_not_matched_by_its_name(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1")]
    await matched(billing, [Line(resource_id="99")])
    assert found(billing) == [UNMATCHED]
    assert billing.rows("SELECT match_reason FROM cloud_cost_lines") == [
        ("the inventory knows no such id",)
    ]


async def test_an_ambiguous_name_matches_nothing_and_says_so(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1"), Known("2")]
    counts = await matched(billing, [Line()], ids=False)
    assert found(billing) == [AMBIGUOUS]
    assert counts.ambiguous_count == 1
    assert billing.rows("SELECT match_reason FROM cloud_cost_lines") == [
        ("2 resources fit by name",)
    ]


async def test_a_resource_counts_only_during_its_lifetime(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [
        Known("1", lived_from=MAY - timedelta(days=9), lived_to=MID_MAY),
        Known("2", lived_from=MID_MAY + timedelta(hours=1)),
    ]
    first = Line(end=MID_MAY)
    second = Line(start=MID_MAY + timedelta(hours=1))
    await matched(billing, [first, second, Line()], ids=False)
    assert found(billing) == [by("name", "1"), by("name", "2"), AMBIGUOUS]


async def test_a_resource_with_an_unknown_creation_counts_before_its_first_sighting(
    billing: Billing, known: KnownAccount
) -> None:
    seen = MID_MAY + timedelta(days=1)
    known.resources = [
        Known("1", name="told", lived_from=seen),
        Known("2", name="untold", lived_from=seen, begin_unknown=True),
    ]
    lines = [Line(description=f"{name} (s-1vcpu-1gb)", end=MID_MAY) for name in ("told", "untold")]
    await matched(billing, lines, ids=False)
    assert found(billing) == [UNMATCHED, by("name", "2")]


async def test_a_renamed_resource_is_found_by_the_name_it_had_then(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [
        Known("1", name="new", former=(("old", MID_MAY),)),
        Known("2", name="old", lived_from=MID_MAY),
    ]
    lines = [
        Line(description="old (s-1vcpu-1gb)", end=MID_MAY),
        Line(description="new (s-1vcpu-1gb)", start=MID_MAY),
        Line(description="old (s-1vcpu-1gb)", start=MID_MAY),
    ]
    await matched(billing, lines, ids=False)
    assert found(billing) == [by("name", "1"), by("name", "1"), by("name", "2")]


async def test_the_nodes_of_a_cluster_fall_to_it_by_group_and_project(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("k", name="prod", kind="kubernetes_cluster", project="Shop")]
    node = Line(product="Kubernetes Clusters", description="pool-1 (s-2vcpu-4gb)", group="prod")
    elsewhere = replace(node, project="other")
    await matched(billing, [node, elsewhere], ids=False)
    assert found(billing) == [by("group_project", "k", "kubernetes_cluster"), UNMATCHED]


async def test_taxes_credits_and_shared_charges_are_classified_not_unmatched(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1")]
    lines = [
        Line(),
        TAX,
        Line("-1.10", "Service level credit", "Credits"),
        Line("5.00", "Spaces ($5/mo 250GB storage & 1TB bandwidth)", "Spaces Subscription"),
        Line("9.00", "Support plan", "Premium Support"),
    ]
    counts = await matched(billing, lines, ids=False)
    assert (counts.name_count, counts.not_applicable_count, counts.unmatched_count) == (1, 4, 0)
    assert billing.rows("SELECT classification FROM cloud_cost_lines ORDER BY period, id") == [
        ("resource",), ("tax",), ("credit",), ("shared",), ("account",)
    ]  # fmt: skip  # a table


async def test_a_line_is_of_who_owned_the_resource_at_the_spans_end(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1", owners=(("acme", "a", MAY), ("beta", "b", MID_MAY)))]
    await matched(billing, [Line(end=MID_MAY), Line()], ids=False)
    assert billing.rows(
        "SELECT tenant_id, deployment_id FROM cloud_cost_lines ORDER BY period, id"
    ) == [("acme", "a"), ("beta", "b")]


async def test_neither_pages_nor_the_order_of_lines_or_candidates_change_what_is_found(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known(str(n), name=f"web-{n % 7}") for n in range(9)]
    lines = [
        Line(description=f"web-{n % 8} (s)", resource_id=str(n) if n % 3 else "") for n in range(24)
    ]
    invoice = await billing.discovered()
    await billing.ingested(invoice.id, lines, with_items=True)
    whole = await matched_again(billing, invoice.id)
    first = found(billing)
    known.resources.reverse()
    assert await matched_again(billing, invoice.id, page_size=5) == whole
    assert found(billing) == first
    await billing.ingested(invoice.id, lines[::-1], with_items=True)
    assert await matched_again(billing, invoice.id) == whole
    assert found(billing) == first[::-1]


async def test_matching_again_needs_no_ingest_and_looks_each_key_up_once(
    billing: Billing, known: KnownAccount
) -> None:
    invoice = await billing.discovered()
    await billing.ingested(invoice.id, [Line()] * 6)
    assert (await matched_again(billing, invoice.id)).unmatched_count == 6
    known.resources, known.asked = [Known("1")], 0
    assert (await matched_again(billing, invoice.id, page_size=2)).name_count == 6
    assert known.asked == 2  # the name before the size, and all of the description
    summary = billing.rows("SELECT name_count, unmatched_count FROM cloud_invoices")
    assert summary == [(6, 0)]
    assert billing.rows("SELECT count(*) FROM cloud_match_candidates") == [(0,)]


async def test_lines_are_written_matched_and_then_left_alone(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1"), Known("2", name="web-2")]
    invoice = await billing.discovered()
    lines = [Line(), Line(resource_id="2"), TAX]
    header = await billing.ingested(invoice.id, lines, with_items=True)
    assert found(billing) == [
        by("name", "1"),
        by("provider_id", "2"),
        ("not_applicable", "", None),
    ]
    asked, known.resources = known.asked, []
    counts = await matched_again(billing, invoice.id, unless_matched=True)
    assert counts == header.matching
    assert (counts.name_count, counts.provider_id_count, counts.not_applicable_count) == (1, 1, 1)
    assert known.asked == asked
    assert found(billing)[0] == by("name", "1")
    assert billing.rows("SELECT count(*) FROM cloud_match_candidates") == [(0,)]


async def test_a_bill_of_many_pages_is_written_completely_and_matched(
    billing: Billing, known: KnownAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "BLOCKS_A_PAGE", 1)
    known.resources = [Known(str(number), name=f"web-{number}") for number in range(300)]
    invoice = await billing.discovered()
    lines = [Line(description=f"web-{number} (s-1vcpu-1gb)") for number in range(300)]
    for with_items in (False, True):
        header = await billing.ingested(invoice.id, lines, with_items=with_items)
        assert (header.line_count, header.matching.name_count) == (300, 300)
        assert found(billing) == [by("name", str(number)) for number in range(300)]


async def test_a_page_of_a_bill_reads_its_own_blocks_and_no_others(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else the time of a bill grows with the square of its lines.
    monkeypatch.setattr(writing, "BLOCKS_A_PAGE", 30)
    lines = [Line(description=f"web-{number} (s-1vcpu-1gb)") for number in range(4_000)]
    # What the planner knows is of a bill before.
    earlier = await billing.discovered("inv-0")
    await billing.upload(await billing.begin(earlier.id), csv_of(lines))
    billing.change("ANALYZE cloud_staged_lines")
    invoice = await billing.discovered()
    ingest_id = UUID(await billing.begin(invoice.id))
    await billing.upload(str(ingest_id), csv_of(lines))
    async with billing.database.write(ALL) as session:
        await mark_prepared(session, ingest_id)
        assert await writing.replace_lines(
            session, await lock_ingest(session, ingest_id), MAY.date()
        )
        read = await session.execute(
            text(
                "SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)"
                " FROM pg_stat_xact_user_tables WHERE relname = 'cloud_staged_lines'"
            )
        )
    # Once for the ladder and once to be written, and all that is staged for where they lie.
    assert 0 < read.scalar_one() <= 5 * len(lines)


async def test_while_the_inventory_is_down_lines_are_kept_and_matched_later(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources, known.is_down = [Known("1")], True
    invoice = await billing.discovered()
    header = await billing.ingested(invoice.id, [Line(), TAX])
    assert (header.line_count, header.HasField("matching")) == (2, False)
    reasons = "SELECT match_reason FROM cloud_cost_lines ORDER BY period, id"
    assert billing.rows(reasons) == [("not matched yet",), ("",)]
    assert (await billing.pending("inv-1")).ingest_status == "ingested"  # due: not matched
    known.is_down = False
    counts = await matched_again(billing, invoice.id, unless_matched=True)
    assert counts.name_count == 1
    assert await billing.all_pending() == []
    assert found(billing) == [by("name", "1"), ("not_applicable", "", None)]


async def test_pages_of_lines_that_were_replaced_meanwhile_are_refused(
    billing: Billing, known: KnownAccount
) -> None:
    invoice = await billing.discovered()
    await billing.ingested(invoice.id, [Line()] * 3)
    request = pb.MatchLinesRequest(provider_invoice_id=invoice.id, page_size=2)
    answer = await billing.ingest.MatchLines(request, metadata=billing.worker)
    await billing.ingested(invoice.id, [Line()] * 3)
    request.page_token = answer.next_page_token
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await billing.ingest.MatchLines(request, metadata=billing.worker)
    assert reason_of(refused.value) == "LINES_REPLACED"


@pytest.mark.parametrize(
    ("product", "description", "name"),
    [
        ("Droplets", "web-1 (s-1vcpu-1gb)", "web-1"),
        ("Droplets", "web (blue) (s-1vcpu-1gb)", "web (blue)"),
        ("Droplets", "web-1", "web-1"),
        ("Floating IPs", "Unused Floating IP - 1.1.1.1", "1.1.1.1"),
    ],
)
def test_the_name_is_what_stands_before_the_size(product: str, description: str, name: str) -> None:
    assert judge(product, "", description, "", is_credit=False).resource_name == name


def test_a_credit_is_classified_as_a_credit_whatever_its_product() -> None:
    assert judge("Droplets", "", "web-1 (s)", "", is_credit=True).classification == "credit"
    assert judge("Taxes", "", "GST", "", is_credit=True).classification == "tax"


async def test_the_rung_that_matched_is_stored_with_each_line(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1", name="other"), Known("2", name="web-1")]
    await matched(billing, [Line(resource_id="1"), Line(), Line(description="nobody (s)")])
    assert [rung for _, rung, _ in found(billing)] == ["provider_id", "name", ""]

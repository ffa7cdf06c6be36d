"""Paying, voiding and crediting invoices; their recipient and tax."""

import io

import grpc
import pytest
from arcadia.analytics.v1 import attribution_service_pb2 as attribution_pb
from arcadia.analytics.v1 import billing_profile_service_pb2 as profiles_pb
from arcadia.analytics.v1 import invoice_service_pb2 as pb
from arcadia.analytics.v1 import invoicing_service_pb2 as steps_pb
from arcadia.analytics.v1 import margin_service_pb2 as margin_pb
from arcadia.analytics.v1.attribution_service_pb2_grpc import AttributionServiceStub
from arcadia.analytics.v1.margin_service_pb2_grpc import MarginServiceStub
from pypdf import PdfReader

from services.common.rpc.paging import encode_token
from tests.analytics.account import reason_of
from tests.invoicing.books import APRIL, MAY, Books
from tests.invoicing.catalog import Subscription

SHOP = Subscription("acme", "shop", addons=1)
BLOG = Subscription("acme", "blog")


async def refusal(call: object) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call  # type: ignore[misc]
    return refused.value.code(), reason_of(refused.value)


async def test_a_draft_is_issued_then_paid_and_then_stays_so(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    rollup = await books.drafted()
    draft = await books.invoice_of("acme")
    assert (draft.status, draft.number, draft.issued_on) == ("draft", "", "")
    assert (await refusal(books.pay(draft.id)))[1] == "INVOICE_NOT_ISSUED"
    await books.move(rollup.id, "issuing")
    await books.issue(rollup.id)
    issued = await books.invoice_of("acme")
    paid = await books.pay(issued.id, paid_on="2026-05-12", reference="bank 17")
    assert paid.status == "paid"
    code, reason = await refusal(books.pay(issued.id))
    assert (code, reason) == (grpc.StatusCode.FAILED_PRECONDITION, "INVOICE_NOT_ISSUED")
    assert (await refusal(books.void(issued.id)))[1] == "INVOICE_NOT_VOIDABLE"


async def test_a_draft_that_does_not_add_up_is_reported_and_cannot_be_issued(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP, Subscription("globex", "shop")]
    rollup = await books.drafted()
    books.execute(
        "UPDATE tenant_invoices SET subtotal_cents = subtotal_cents - 1,"
        " total_cents = total_cents - 1 WHERE tenant_id = 'acme'"
    )
    check = steps_pb.CheckRollupRequest(rollup_id=rollup.id)
    told = await books.steps.CheckRollup(check, metadata=books.worker)
    assert [one.partition(":")[0] for one in told.differences] == ["acme"]
    await books.move(rollup.id, "failed", "1 do not add up")

    async def issued(tenant: str) -> str:
        request = pb.IssueInvoiceRequest(id=(await books.invoice_of(tenant)).id)
        answer = await books.invoices.IssueInvoice(request, metadata=books.operator)
        return str(answer.invoice.status)

    assert (await refusal(issued("acme")))[1] == "TOTALS_DIFFER"
    assert (await books.invoice_of("acme")).status == "draft"
    assert await issued("globex") == "issued"


async def test_an_attempt_under_way_does_not_hand_over_a_void_invoice_again(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.rolled_up()
    invoice = await books.void((await books.invoice_of("acme")).id)

    async def told(status: str, reference: str = "") -> str:
        request = steps_pb.RecordHandOverRequest(
            invoice_id=invoice.id, status=status, reference=reference, attempt_count=1
        )
        answer = await books.steps.RecordHandOver(request, metadata=books.worker)
        return str(answer.invoice.hand_over.status)

    before = (await books.get(invoice.id)).invoice.hand_over.status
    assert await told("pending") == before != "pending"
    # What accounts receivable has, it has.
    assert await told("delivered", "AR-1") == "delivered"
    assert await told("failed") == "delivered"


async def test_the_same_payment_sent_twice_is_one(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.rolled_up()
    invoice = await books.invoice_of("acme")
    first = await books.pay(invoice.id, request_id="payment-1")
    assert await books.pay(invoice.id, request_id="payment-1") == first


async def test_a_payment_is_not_taken_in_the_future(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.rolled_up()
    invoice = await books.invoice_of("acme")
    code, _ = await refusal(books.pay(invoice.id, paid_on="2150-01-01"))
    assert code is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_void_invoice_keeps_its_number_and_the_month_can_be_billed_again(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.rolled_up()
    voided = await books.void((await books.invoice_of("acme")).id)
    assert (voided.status, voided.number) == ("void", "INV-000001")
    again = await books.rolled_up()
    assert again.issued_count == 1
    assert (await books.invoice_of("acme")).number == "INV-000002"


async def test_credits_come_to_the_cent_to_what_was_charged_and_never_to_more(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP, BLOG]
    books.used(SHOP, "droplet_hours", "1491")
    await books.rolled_up()
    invoice = await books.invoice_of("acme")
    lines = {line.kind: line for line in await books.lines_of("acme")}
    first = await books.credit(invoice.id, (lines["overage"].id, 1))
    second = await books.credit(invoice.id, (lines["overage"].id, 1), (lines["addon"].id, 750))
    assert (first.number, second.number) == ("CN-000001", "CN-000002")
    assert [line.amount_cents for line in second.lines] == [1, 750]
    code, _ = await refusal(books.credit(invoice.id, (lines["overage"].id, 2)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    rest = await books.credit(invoice.id)
    assert first.tax_cents + second.tax_cents + rest.tax_cents == invoice.tax_cents
    assert first.total_cents + second.total_cents + rest.total_cents == invoice.total_cents
    assert (await books.invoice_of("acme")).credited_cents == invoice.total_cents
    assert (await refusal(books.credit(invoice.id)))[1] == "NOTHING_TO_CREDIT"


async def test_a_partly_credited_invoice_is_credited_in_full_and_not_voided(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.rolled_up()
    invoice = await books.invoice_of("acme")
    await books.credit(invoice.id, ((await books.lines_of("acme"))[0].id, 1))
    assert (await refusal(books.void(invoice.id)))[1] == "INVOICE_CREDITED"
    await books.credit(invoice.id)
    assert (await books.invoice_of("acme")).credited_cents == invoice.total_cents


async def test_a_forged_place_among_lines_is_refused(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.rolled_up()
    invoice = await books.invoice_of("acme")
    for place in (2**31, 2**62, -1):
        token = encode_token(("invoice_lines", invoice.id), (place,))
        request = pb.ListInvoiceLinesRequest(invoice_id=invoice.id, page_token=token)
        call = books.invoices.ListInvoiceLines(request, metadata=books.tenant("acme"))
        assert (await refusal(call))[0] is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_credit_of_another_invoices_line_or_of_nothing_is_refused(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.rolled_up()
    invoice = await books.invoice_of("acme")
    lines = await books.lines_of("acme")
    for line_id, cents in ((invoice.id, 1), (lines[0].id, 0), (lines[0].id, -5)):
        code, _ = await refusal(books.credit(invoice.id, (line_id, cents)))
        assert code is grpc.StatusCode.INVALID_ARGUMENT
    twice = books.credit(invoice.id, (lines[0].id, 1), (lines[0].id, 1))
    assert (await refusal(twice))[0] is grpc.StatusCode.INVALID_ARGUMENT
    assert (await books.invoice_of("acme")).credited_cents == 0


async def test_credit_notes_are_listed_newest_first_to_their_tenant(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.rolled_up()
    invoice = await books.invoice_of("acme")
    line = (await books.lines_of("acme"))[0]
    for cents in (1, 2, 3):
        await books.credit(invoice.id, (line.id, cents))
    request = pb.ListCreditNotesRequest(page_size=2)
    page = await books.invoices.ListCreditNotes(request, metadata=books.tenant("acme"))
    assert [note.subtotal_cents for note in page.credit_notes] == [3, 2]
    request.page_token = page.next_page_token
    page = await books.invoices.ListCreditNotes(request, metadata=books.tenant("acme"))
    assert [note.subtotal_cents for note in page.credit_notes] == [1]
    nobody = await books.invoices.ListCreditNotes(
        pb.ListCreditNotesRequest(), metadata=books.tenant("globex")
    )
    assert list(nobody.credit_notes) == []


async def test_an_invoice_keeps_the_profile_that_it_was_issued_to(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    party = {"abn": "51 824 753 556", "address_lines": ["1 Street", "Sydney"], "email": "a@b.c"}
    await books.save_profile("acme", name="Acme Pty Ltd", party=party)
    await books.rolled_up()
    await books.save_profile("acme", name="Somebody Else")
    invoice = await books.invoice_of("acme")
    assert invoice.recipient.name == "Acme Pty Ltd"
    assert list(invoice.recipient.address_lines) == ["1 Street", "Sydney"]
    assert invoice.issuer.name
    await books.rolled_up(MAY)
    assert (await books.invoice_of("acme", MAY)).recipient.name == "Somebody Else"


async def test_tax_follows_the_region_and_the_rule_of_the_periods_end(books: Books) -> None:
    books.catalog.subscriptions = [Subscription("acme", "shop", base_cents=5)]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await books.save_profile("acme", tax_region="NZ")
    assert reason_of(refused.value) == "NO_TAX_RULE_IN_FORCE"
    assert (refused.value.details() or "").startswith("tax_region")
    for rate, day in (("12.5", "2000-01-01"), ("15", "2026-05-01")):
        request = profiles_pb.CreateTaxRuleRequest(
            tax_region="NZ", label="GST", rate_percent=rate, effective_from=day
        )
        await books.profiles.CreateTaxRule(request, metadata=books.operator)
    await books.save_profile("acme", tax_region="NZ")
    await books.rolled_up(APRIL)
    await books.rolled_up(MAY)
    april, may = await books.invoice_of("acme"), await books.invoice_of("acme", MAY)
    assert (april.tax_rate_percent, april.tax_cents) == ("12.5", 1)
    assert (may.tax_rate_percent, may.tax_cents) == ("15", 1)
    overlapping = profiles_pb.CreateTaxRuleRequest(
        tax_region="NZ", label="X", rate_percent="1", effective_from="2010-01-01"
    )
    code, reason = await refusal(books.profiles.CreateTaxRule(overlapping, metadata=books.operator))
    assert (code, reason) == (grpc.StatusCode.FAILED_PRECONDITION, "TAX_RULE_OVERLAPS")
    rules = await books.profiles.ListTaxRules(
        profiles_pb.ListTaxRulesRequest(tax_region="NZ"), metadata=books.operator
    )
    assert [(one.effective_from, one.effective_to) for one in rules.tax_rules] == [
        ("2026-05-01", ""),
        ("2000-01-01", "2026-05-01"),
    ]


async def test_a_tax_rule_of_some_months_splits_an_open_one_that_continues_after_it(
    books: Books,
) -> None:
    request = profiles_pb.CreateTaxRuleRequest(
        tax_region="AU",
        label="GST",
        rate_percent="5",
        effective_from="2026-04-01",
        effective_to="2026-05-01",
    )
    await books.profiles.CreateTaxRule(request, metadata=books.operator)
    books.catalog.subscriptions = [Subscription("acme", "shop", base_cents=1000)]
    await books.rolled_up(APRIL)
    await books.rolled_up(MAY)
    april, may = await books.invoice_of("acme"), await books.invoice_of("acme", MAY)
    assert (april.tax_rate_percent, april.tax_cents) == ("5", 50)
    assert (may.tax_rate_percent, may.tax_cents) == ("10", 100)


@pytest.mark.parametrize("rate", ["100.01", "-0.01", "NaN", ""])
async def test_a_tax_rate_below_nothing_or_over_all_is_refused(books: Books, rate: str) -> None:
    request = profiles_pb.CreateTaxRuleRequest(
        tax_region="NZ", label="GST", rate_percent=rate, effective_from="2026-04-01"
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await books.profiles.CreateTaxRule(request, metadata=books.operator)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (refused.value.details() or "").startswith("rate_percent")


@pytest.mark.parametrize("rate", ["-1", "100.5", "ten", "", "1e99", "NaN"])
async def test_a_tax_rate_out_of_its_range_is_refused(books: Books, rate: str) -> None:
    request = profiles_pb.CreateTaxRuleRequest(
        tax_region="NZ", label="GST", rate_percent=rate, effective_from="2026-01-01"
    )
    code, _ = await refusal(books.profiles.CreateTaxRule(request, metadata=books.operator))
    assert code is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_line_is_traced_to_its_price_and_its_days_of_usage(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    for day, hours in (("2026-04-10", "1000"), ("2026-04-11", "1160")):
        books.used(SHOP, "droplet_hours", hours, day=day)
    await books.rolled_up()
    invoice = await books.invoice_of("acme")
    traced = {}
    for line in await books.lines_of("acme"):
        request = pb.TraceInvoiceLineRequest(invoice_id=invoice.id, line_id=line.id)
        traced[line.kind] = await books.invoices.TraceInvoiceLine(
            request, metadata=books.tenant("acme")
        )
    assert {kind: (one.price_type, one.price_id) for kind, one in traced.items()}.items() >= {
        "plan_base": ("plan_version", "v1"),
        "addon": ("addon", "a1"),
        "overage": ("plan_item", "i1"),
    }.items()
    assert traced["tax"].price_type == "tax_rule"
    assert traced["tax"].price_id
    days = [(one.day, one.qty) for one in traced["overage"].daily_usage]
    assert days == [("2026-04-10", "1000"), ("2026-04-11", "1160")]
    assert list(traced["addon"].daily_usage) == []


async def test_a_line_priced_from_cost_is_traced_to_its_rule_and_its_days_of_usage(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP]
    books.used(SHOP, "droplet_hours", "2160", day="2026-04-10")
    await books.drafted()
    books.execute(
        "ALTER TABLE tenant_invoice_lines DISABLE TRIGGER never_updated;"
        " UPDATE tenant_invoice_lines"
        """ SET kind = 'rebilled', meta = '{"rebilling_rule_id": "r1"}' WHERE kind = 'overage'"""
    )
    invoice = await books.invoice_of("acme")
    [line] = [one for one in await books.lines_of("acme") if one.kind == "rebilled"]
    request = pb.TraceInvoiceLineRequest(invoice_id=invoice.id, line_id=line.id)
    traced = await books.invoices.TraceInvoiceLine(request, metadata=books.operator)
    assert (traced.price_type, traced.price_id) == ("rebilling_rule", "r1")
    assert [(one.day, one.qty) for one in traced.daily_usage] == [("2026-04-10", "2160")]


async def test_a_tenant_sees_an_invoice_when_it_is_issued(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    rollup = await books.drafted()
    draft = await books.invoice_of("acme")
    member = books.tenant("acme")
    assert await books.listed(member) == []
    assert (await refusal(books.get(draft.id, member)))[0] is grpc.StatusCode.NOT_FOUND
    await books.move(rollup.id, "issuing")
    await books.issue(rollup.id)
    assert (await books.get(draft.id, member)).invoice.number == "INV-000001"
    assert await books.listed(books.tenant("globex")) == []


async def test_invoices_are_listed_newest_month_first_page_by_page(books: Books) -> None:
    books.catalog.subscriptions = [Subscription(f"t-{number}", "app") for number in range(3)]
    await books.rolled_up(APRIL)
    await books.rolled_up(MAY)
    seen, token = [], ""
    while True:
        request = pb.ListInvoicesRequest(page_size=2, page_token=token)
        page = await books.invoices.ListInvoices(request, metadata=books.operator)
        seen += [(one.period, one.tenant_id) for one in page.invoices]
        token = page.next_page_token
        if not token:
            break
    assert [period for period, _ in seen] == [MAY] * 3 + [APRIL] * 3
    assert len(set(seen)) == 6
    other = pb.ListInvoicesRequest(page_size=2, period="2026-04", status="issued")
    assert len((await books.invoices.ListInvoices(other, metadata=books.operator)).invoices) == 2


async def test_a_margin_is_provisional_after_a_later_invoice_until_recomputed(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP, Subscription("globex", "shop")]
    await books.rolled_up()
    attribution = AttributionServiceStub(books.channel)
    margins = MarginServiceStub(books.channel)

    async def state(*, anew: bool = False) -> tuple[str, int]:
        if anew:
            request = attribution_pb.RefreshMarginRequest(period=APRIL)
            await attribution.RefreshMargin(request, metadata=books.worker)
        answer = await margins.GetMargin(
            margin_pb.GetMarginRequest(period=APRIL), metadata=books.operator
        )
        return answer.revenue_state, answer.revenue_cents

    assert await state(anew=True) == ("final", 10_750)
    acme, globex = await books.invoice_of("acme"), await books.invoice_of("globex")
    await books.credit(acme.id, ((await books.lines_of("acme"))[0].id, 100))
    assert await state() == ("provisional", 10_750)
    assert await state(anew=True) == ("final", 10_650)
    await books.void(globex.id)
    assert await state() == ("provisional", 10_650)
    assert await state(anew=True) == ("final", 5_650)
    books.catalog.subscriptions.append(Subscription("initech", "shop"))
    await books.rolled_up()
    assert await state() == ("provisional", 5_650)


async def test_an_invoice_in_yen_is_shown_without_decimals(books: Books) -> None:
    books.catalog.subscriptions = [Subscription("acme", "shop", base_cents=1935, currency="JPY")]
    await books.rolled_up()
    invoice = await books.invoice_of("acme")
    assert (invoice.currency, invoice.subtotal_cents, invoice.tax_cents) == ("JPY", 1935, 194)
    request = pb.DownloadInvoiceRequest(id=invoice.id, format="html")
    page = (await books.invoices.DownloadInvoice(request, metadata=books.operator)).data.decode()
    assert "1,935<" in page
    assert "2,129<" in page
    assert "19.35" not in page
    request = pb.DownloadInvoiceRequest(id=invoice.id, format="pdf")
    pdf = (await books.invoices.DownloadInvoice(request, metadata=books.operator)).data
    told = PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    assert "1,935" in told
    assert "19.35" not in told

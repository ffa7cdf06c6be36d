"""Issued invoices are immutable, and the hash chain detects changes."""

import grpc
import psycopg
import pytest
from arcadia.analytics.v1 import invoice_service_pb2 as pb

from services.common.settings import Service
from tests.analytics.account import reason_of
from tests.invoicing.books import Books
from tests.invoicing.catalog import UNKNOWN_QUOTE, Subscription

SHOP = Subscription("acme", "shop", addons=1)
STORE = Subscription("globex", "store")

FORBIDDEN = (
    "UPDATE tenant_invoices SET total_cents = total_cents + 1, subtotal_cents = subtotal_cents + 1",
    "UPDATE tenant_invoices SET number = number + 100",
    "UPDATE tenant_invoices SET recipient = '{}'",
    "UPDATE tenant_invoices SET status = 'draft'",
    "UPDATE tenant_invoices SET issued_on = issued_on - 1",
    "UPDATE tenant_invoices SET status = 'paid', paid_at = now(), currency = 'USD'",
    "DELETE FROM tenant_invoices",
    "UPDATE tenant_invoice_lines SET amount_cents = 0",
    "DELETE FROM tenant_invoice_lines",
    (
        "INSERT INTO tenant_invoice_lines (invoice_id, tenant_id, position, kind, resource_kind,"
        " description, qty, unit, unit_price_cents, amount_cents, meta, deployment_id,"
        " service_start, service_end) SELECT id, tenant_id, 99, 'addon', '', 'x', 1, 'month', 1, 1,"
        " '{}', 'd', period, period + 1 FROM tenant_invoices"
    ),
    "UPDATE tenant_invoice_proofs SET inputs_json = '{}'",
    "DELETE FROM tenant_invoice_proofs",
    "TRUNCATE tenant_invoices CASCADE",
    "TRUNCATE tenant_invoice_lines CASCADE",
    "TRUNCATE tenant_invoice_proofs",
)
FORBIDDEN_OF_DOCUMENTS = (
    "UPDATE invoice_documents SET content = 'x', sha256 = encode(sha256('x'), 'hex')",
    "DELETE FROM invoice_documents",
    "TRUNCATE invoice_documents",
)
FORBIDDEN_OF_NOTES = (
    "UPDATE credit_notes SET reason = 'x'",
    "DELETE FROM credit_note_lines",
    "DELETE FROM credit_notes",
    "TRUNCATE credit_note_lines",
    "TRUNCATE credit_notes CASCADE",
)


async def test_the_database_refuses_to_rewrite_what_was_issued_whoever_asks(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.rolled_up()
    for statement in FORBIDDEN:
        refused(books, statement)
    invoice = await books.invoice_of("acme")
    request = pb.DownloadInvoiceRequest(id=invoice.id, format="html")
    await books.invoices.DownloadInvoice(request, metadata=books.operator)
    await books.credit(invoice.id)
    for statement in (*FORBIDDEN_OF_DOCUMENTS, *FORBIDDEN_OF_NOTES):
        refused(books, statement)
    # Not even a session in the role of a replica gets past them.
    with psycopg.connect(books.admin_url) as connection:
        connection.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute("UPDATE tenant_invoices SET currency = 'USD'")
    assert (await books.verify_chain()).verified


def refused(books: Books, statement: str) -> None:
    """To the tables' owner and to the service alike."""
    for url in (books.admin_url, books.settings.database_url(Service.ANALYTICS)):
        with psycopg.connect(url) as connection:
            connection.execute("SELECT set_config('arcadia.scope', 'all', false)")
            with pytest.raises(
                (psycopg.errors.RestrictViolation, psycopg.errors.InsufficientPrivilege)
            ):
                connection.execute(statement.encode())
            connection.rollback()


async def test_the_chain_is_walked_to_its_end_and_from_anywhere(books: Books) -> None:
    books.catalog.subscriptions = [Subscription(f"t-{number}", "app") for number in range(5)]
    await books.rolled_up()
    walked = await books.verify_chain()
    assert (walked.verified, walked.complete, walked.invoice_count) == (True, True, 5)
    assert walked.last_number == "INV-000005"
    rest = await books.verify_chain("INV-000003")
    assert (rest.verified, rest.invoice_count) == (True, 2)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await books.verify_chain("INV-000099")
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    "forged",
    [
        "UPDATE tenant_invoices SET issued_on = issued_on + 1 WHERE number = 2",
        (
            "UPDATE tenant_invoices SET recipient = jsonb_set(recipient, '{name}', '\"x\"')"
            " WHERE number = 2"
        ),
        (
            "UPDATE tenant_invoice_lines SET description = 'free' WHERE invoice_id ="
            " (SELECT id FROM tenant_invoices WHERE number = 2)"
        ),
        (
            "UPDATE tenant_invoice_proofs SET inputs_json = '{}' WHERE invoice_id ="
            " (SELECT id FROM tenant_invoices WHERE number = 2)"
        ),
        "UPDATE tenant_invoices SET number = 77 WHERE number = 2",
    ],
)
async def test_the_chain_breaks_where_somebody_forged(books: Books, forged: str) -> None:
    books.catalog.subscriptions = [Subscription(f"t-{number}", "app") for number in range(3)]
    await books.rolled_up()
    with psycopg.connect(books.admin_url) as connection:
        for table in ("tenant_invoices", "tenant_invoice_lines", "tenant_invoice_proofs"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())
        connection.execute(forged.encode())
    walked = await books.verify_chain()
    assert not walked.verified
    assert walked.broken_number == "INV-000002"
    assert walked.reason


async def test_invoices_cut_off_at_the_end_are_missed(books: Books) -> None:
    books.catalog.subscriptions = [Subscription(f"t-{number}", "app") for number in range(2)]
    await books.rolled_up()
    with psycopg.connect(books.admin_url) as connection:
        for table in ("tenant_invoices", "tenant_invoice_lines", "tenant_invoice_proofs"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())
        connection.execute("DELETE FROM invoice_hand_overs WHERE number = 2")
        last = "(SELECT id FROM tenant_invoices WHERE number = 2)"
        connection.execute(f"DELETE FROM tenant_invoice_lines WHERE invoice_id = {last}".encode())
        connection.execute(f"DELETE FROM tenant_invoice_proofs WHERE invoice_id = {last}".encode())
        connection.execute("DELETE FROM tenant_invoices WHERE number = 2")
    walked = await books.verify_chain()
    assert (walked.verified, walked.broken_number) == (False, "INV-000002")


async def test_every_part_of_an_invoice_is_computed_again(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    books.used(SHOP, "droplet_hours", "2160")
    await books.rolled_up()
    invoice = await books.invoice_of("acme")
    answer = await books.verify(invoice.id)
    assert answer.verified
    assert [part.deployment_id for part in answer.parts] == [SHOP.deployment_id, ""]
    compared = await books.verify(invoice.id, quote_id="00000000-0000-7000-8000-000000000000")
    assert [(one.path, one.invoice_json) for one in compared.differences] == [
        ("usage.droplet_hours", '"2160"')
    ]
    with psycopg.connect(books.admin_url) as connection:
        connection.execute("ALTER TABLE tenant_invoice_proofs DISABLE TRIGGER ALL")
        connection.execute("UPDATE tenant_invoice_proofs SET result_hash = 'x' WHERE position = 1")
    answer = await books.verify(invoice.id)
    assert not answer.verified


async def test_an_unknown_quote_and_a_down_catalog_have_different_errors(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.rolled_up()
    invoice = await books.invoice_of("acme")
    with pytest.raises(grpc.aio.AioRpcError) as unknown:
        await books.verify(invoice.id, quote_id=UNKNOWN_QUOTE)
    assert unknown.value.code() is grpc.StatusCode.NOT_FOUND
    books.catalog.down_for = 100
    with pytest.raises(grpc.aio.AioRpcError) as down:
        await books.verify(invoice.id)
    assert (down.value.code(), reason_of(down.value)) == (
        grpc.StatusCode.UNAVAILABLE,
        "CATALOG_UNAVAILABLE",
    )


async def test_only_an_operator_compares_with_a_quote(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.rolled_up()
    invoice = await books.invoice_of("acme")
    request = pb.VerifyInvoiceRequest(id=invoice.id, quote_id=invoice.id)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await books.invoices.VerifyInvoice(request, metadata=books.tenant("acme"))
    assert reason_of(refused.value) == "OPERATOR_ONLY"


async def test_numbers_have_no_gap_whatever_is_voided_or_fails(books: Books) -> None:
    books.catalog.subscriptions = [SHOP, STORE]
    books.catalog.refused["acme"] = "X"
    first = await books.rolled_up()
    await books.void((await books.invoice_of("globex")).id)
    books.catalog.refused.clear()
    await books.rolled_up()
    numbers = sorted(one.number for one in await books.listed() if one.number)
    assert numbers == ["INV-000001", "INV-000002", "INV-000003"]
    assert first.issued_count == 1
    assert (await books.verify_chain()).verified

"""The calls of InvoiceService that compute again what was issued."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from arcadia.analytics.v1 import invoice_service_pb2 as pb
from arcadia.catalog.v1 import pricing_service_pb2 as pricing
from arcadia.catalog.v1 import quotes_pb2
from grpc.aio import ServicerContext

from services.analytics.invoicing import requests
from services.analytics.invoicing.invoices.messages import grouped
from services.analytics.invoicing.invoices.rules.chain import BEGINNING
from services.analytics.invoicing.invoices.rules.numbering import (
    invoice_number,
    read_invoice_number,
)
from services.analytics.invoicing.invoices.store.issuing import end_of_chain
from services.analytics.invoicing.invoices.store.reading import (
    invoices_after,
    lines_of,
    proofs_of,
    read_invoice,
    read_numbered,
)
from services.analytics.invoicing.invoices.store.rows import Stored
from services.analytics.invoicing.invoices.verifying import (
    broken_link,
    changed_lines,
    changed_one_off,
    changed_tax,
)
from services.analytics.invoicing.one_offs.rules import ONE_OFF_ENGINE
from services.analytics.peers import asking
from services.common.db.database import Database, ReadSession
from services.common.errors import InvalidArgument, NotFound, PermissionDenied
from services.common.rpc.access import ALL, current_caller
from services.common.settings import Service

if TYPE_CHECKING:
    from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceAsyncStub

__all__ = ["VerifyingCalls"]

Context = ServicerContext[Any, Any]

WALKED_AT_ONCE: Final = 500
WALKED_A_CALL: Final = 5_000
PROOFS_A_CALL: Final = 1_000


class VerifyingCalls:
    """An invoice against its frozen inputs, and the chain of all of them."""

    _database: Database
    _catalog: "PricingServiceAsyncStub"

    async def VerifyInvoice(  # noqa: N802
        self, request: pb.VerifyInvoiceRequest, context: Context
    ) -> pb.VerifyInvoiceResponse:
        """Computes every part again; compares with a quote when an operator names one."""
        caller = current_caller()
        invoice_id = requests.uuid_of("id", request.id)
        quote_id = request.quote_id
        if quote_id:
            requests.uuid_of("quote_id", quote_id)
            if not caller.scope.everything:
                # The catalog is asked as a service, which may read every tenant's quotes.
                raise PermissionDenied(
                    "only operators compare an invoice with a quote", reason="OPERATOR_ONLY"
                )
        async with self._database.read(caller.scope) as session:
            invoice = await read_invoice(session, caller.scope, invoice_id)
            lines = await lines_of(session, [invoice_id])
            proofs = await proofs_of(session, [invoice_id])
        changed = changed_lines(invoice, lines, proofs)
        subscriptions = [proof for proof in proofs if proof.subscription_id]
        parts = [
            _part(proof, changed or verification.reason, verified=verification.verified)
            for proof, verification in zip(
                subscriptions, await self._verified(subscriptions), strict=True
            )
        ]
        for proof in proofs:
            if not proof.subscription_id:
                reason = changed or (
                    changed_one_off(lines, proof)
                    if proof.engine_version == ONE_OFF_ENGINE
                    else changed_tax(invoice, proof)
                )
                parts.append(_part(proof, reason, verified=True))
        return pb.VerifyInvoiceResponse(
            verified=bool(parts) and all(part.verified for part in parts),
            parts=parts,
            differences=await self._differences(quote_id, subscriptions) if quote_id else (),
        )

    async def VerifyInvoiceChain(  # noqa: N802
        self, request: pb.VerifyInvoiceChainRequest, context: Context
    ) -> pb.VerifyInvoiceChainResponse:
        """Walks the chain, at most 5,000 invoices a call."""
        async with self._database.read(ALL) as session:
            number, previous = await _beginning(session, request.after_number)
            walked = 0
            while walked < WALKED_A_CALL:
                rows = await invoices_after(session, number, WALKED_AT_ONCE)
                if not rows:
                    return await _ended(session, number, previous, walked)
                ids = [row.id for row in rows]
                lines = grouped(await lines_of(session, ids), "invoice_id")
                proofs = grouped(await proofs_of(session, ids), "invoice_id")
                for row in rows:
                    reason = broken_link(
                        row, lines.get(row.id, []), proofs.get(row.id, []), number + 1, previous
                    )
                    if reason:
                        return _broken(number, walked, number + 1, reason)
                    number, previous, walked = row.number, row.chain_hash, walked + 1
        return pb.VerifyInvoiceChainResponse(
            verified=True, invoice_count=walked, last_number=invoice_number(number)
        )

    async def _verified(self, proofs: Sequence[Stored]) -> list[quotes_pb2.Verification]:
        verified: list[quotes_pb2.Verification] = []
        for start in range(0, len(proofs), PROOFS_A_CALL):
            request = pricing.VerifyProofsRequest(
                proofs=map(_proof, proofs[start : start + PROOFS_A_CALL])
            )
            with asking(Service.CATALOG):
                answer = await self._catalog.VerifyProofs(request)
            verified.extend(answer.verifications)
        return verified

    async def _differences(self, quote_id: str, proofs: Sequence[Stored]) -> list[pb.ChangedInput]:
        """In what the quote differs from the part that it is nearest to."""
        with asking(Service.CATALOG, missing=NotFound("quote", quote_id)):
            compared = [
                (
                    await self._catalog.CompareProofs(
                        pricing.CompareProofsRequest(
                            left_quote_id=quote_id, right_proof=_proof(proof)
                        )
                    )
                ).differences
                for proof in proofs
            ]
        nearest = min(compared, key=len, default=())
        return [
            pb.ChangedInput(path=one.path, quote_json=one.left_json, invoice_json=one.right_json)
            for one in nearest
        ]


def _proof(row: Stored) -> quotes_pb2.Proof:
    return quotes_pb2.Proof(
        inputs_json=row.inputs_json,
        inputs_hash=row.inputs_hash,
        engine_version=row.engine_version,
        result_hash=row.result_hash,
    )


def _part(proof: Stored, reason: str, *, verified: bool) -> pb.VerifiedPart:
    return pb.VerifiedPart(
        deployment_id=proof.deployment_id,
        verified=verified and not reason,
        inputs_hash=proof.inputs_hash,
        result_hash=proof.result_hash,
        engine_version=proof.engine_version,
        reason=reason,
    )


async def _beginning(session: ReadSession, after_number: str) -> tuple[int, str]:
    """The number and the hash after which to walk."""
    if not after_number:
        return 0, BEGINNING
    number = read_invoice_number(after_number, "after_number")
    row = await read_numbered(session, number)
    if row is None:
        raise InvalidArgument("after_number", "is the number of no invoice")
    return number, row.chain_hash


async def _ended(
    session: ReadSession, number: int, previous: str, walked: int
) -> pb.VerifyInvoiceChainResponse:
    """The end of the chain, if it is where numbers were given up to."""
    end = await end_of_chain(session)
    if (end.next, end.chain_hash) != (number + 1, previous):
        return _broken(number, walked, number + 1, "the chain ends before its last number")
    return pb.VerifyInvoiceChainResponse(
        verified=True,
        invoice_count=walked,
        last_number=invoice_number(number) if number else "",
        complete=True,
    )


def _broken(number: int, walked: int, broken: int, reason: str) -> pb.VerifyInvoiceChainResponse:
    return pb.VerifyInvoiceChainResponse(
        verified=False,
        invoice_count=walked,
        last_number=invoice_number(number) if number else "",
        broken_number=invoice_number(broken),
        reason=reason,
    )

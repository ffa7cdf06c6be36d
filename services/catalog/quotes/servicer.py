"""QuoteService: creates, reads and verifies quotes."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from arcadia.catalog.v1 import quote_service_pb2 as pb
from arcadia.catalog.v1 import quote_service_pb2_grpc, quotes_pb2

from kinds.metering import METERS
from services.catalog import requests
from services.catalog.meters.rules.meters import BUILT_IN, Meters
from services.catalog.meters.store.meters import read_meters
from services.catalog.quotes.messages import (
    answers_its_inputs,
    hide_costs,
    stored_message,
    tenant_differences,
)
from services.catalog.quotes.quote import Quoter
from services.catalog.quotes.requests import read_quote_request
from services.catalog.quotes.rules.stored_quotes import StoredQuote
from services.catalog.quotes.store.price_list import CATALOG_ONLY
from services.catalog.quotes.store.quotes import read_quote
from services.catalog.quoting.errors import UnreadableInputs
from services.catalog.quoting.proofs.proof import compare, verify
from services.common.db.database import Database
from services.common.errors import FailedPrecondition
from services.common.identity.callers import current_caller
from services.common.rpc.messages import message_of
from services.common.rpc.wire import Context
from services.common.values.clock import Clock

__all__ = ["QuoteServicer"]


class QuoteServicer(quote_service_pb2_grpc.QuoteServiceServicer):
    """Quotes of plans and of changes."""

    def __init__(self, database: Database, quoter: Quoter, now: Clock) -> None:
        self._database = database
        self._quoter = quoter
        self._now = now

    async def CreateQuote(
        self, request: pb.CreateQuoteRequest, context: Context
    ) -> quotes_pb2.Quote:
        """Prices a plan or a change of a subscription, and stores the quote."""
        now = self._now()
        meters = await self._meters(request.projected_usage)
        asked = read_quote_request(request, now.date(), meters)
        return await self._quoter.quote(request, asked, current_caller(), now)

    async def GetQuote(self, request: pb.GetQuoteRequest, context: Context) -> pb.GetQuoteResponse:
        """Returns a stored quote."""
        kept = await self._kept("id", request.id)
        quote = stored_message(kept)
        if not current_caller().is_operator:
            hide_costs(quote)
        return pb.GetQuoteResponse(quote=quote)

    async def VerifyQuote(
        self, request: pb.VerifyQuoteRequest, context: Context
    ) -> pb.VerifyQuoteResponse:
        """Verifies a stored quote by recomputing it from its inputs."""
        kept = await self._kept("id", request.id)
        verification = verify(kept.proof)
        if verification.verified and not answers_its_inputs(kept):
            reason = "the stored quote differs from the result of its inputs"
            verification = replace(verification, verified=False, reason=reason)
        return message_of(pb.VerifyQuoteResponse, verification=verification)

    async def CompareQuotes(
        self, request: pb.CompareQuotesRequest, context: Context
    ) -> pb.CompareQuotesResponse:
        """Lists the inputs in which two stored quotes differ."""
        one = await self._kept("id", request.id)
        other = await self._kept("other_id", request.other_id)
        try:
            found = compare(one.proof.inputs_json, other.proof.inputs_json)
        except UnreadableInputs as error:
            field = {"left": "id", "right": "other_id"}[error.side]
            raise FailedPrecondition(
                f"{field}: the inputs of this quote cannot be read: {error}",
                reason="INPUTS_UNREADABLE",
                metadata={"field": field},
            ) from error
        if not current_caller().is_operator:
            found = tenant_differences(found)
        return message_of(pb.CompareQuotesResponse, differences=found)

    async def _meters(self, kinds: Iterable[str]) -> Meters:
        """The meters that the kinds are of; built-in ones are not read."""
        if all(kind in METERS for kind in kinds):
            return BUILT_IN
        async with self._database.read(CATALOG_ONLY) as session:
            return await read_meters(session)

    async def _kept(self, field: str, said: str) -> StoredQuote:
        scope = current_caller().scope
        identifier: UUID = requests.uuid_of(field, said)
        async with self._database.read(scope) as session:
            return await read_quote(session, scope, identifier)

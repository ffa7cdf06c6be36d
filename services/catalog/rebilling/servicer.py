"""RebillingService: the rules that price what the provider charges."""

from datetime import date

from arcadia.catalog.v1 import rebilling_service_pb2 as pb
from arcadia.catalog.v1 import rebilling_service_pb2_grpc

from services.catalog import requests
from services.catalog.meters.declare import meters_for_sale
from services.catalog.rebilling.requests import new_rule
from services.catalog.rebilling.set_rule import finish_rule, set_rule
from services.catalog.rebilling.store import list_rules
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.identity.callers import current_caller
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context
from services.common.values.clock import Clock
from services.common.values.periods import optional_day, read_day

__all__ = ["RebillingServicer"]


class RebillingServicer(rebilling_service_pb2_grpc.RebillingServiceServicer):
    """Reads, sets and ends rebilling rules."""

    def __init__(self, database: Database, now: Clock) -> None:
        self._database = database
        self._now = now

    async def ListRebillingRules(
        self, request: pb.ListRebillingRulesRequest, context: Context
    ) -> pb.ListRebillingRulesResponse:
        """Lists rules by code, newest first."""
        day = optional_day(request.in_force_on, "in_force_on")
        asked = page_request(request, ("rebilling-rules", request.in_force_on), str, date)
        async with self._database.read(current_caller().scope) as session:
            found = await list_rules(session, day, asked)
        return page_message(pb.ListRebillingRulesResponse, found)

    @once
    async def CreateRebillingRule(
        self, session: WriteSession, request: pb.CreateRebillingRuleRequest, context: Context
    ) -> pb.CreateRebillingRuleResponse:
        """Sets a rule from a month on."""
        now = self._now()
        rule = new_rule(request, await meters_for_sale(session))
        made = await set_rule(session, rule, created_by=current_caller().subject, now=now)
        return message_of(pb.CreateRebillingRuleResponse, rebilling_rule=made)

    @once
    async def EndRebillingRule(
        self, session: WriteSession, request: pb.EndRebillingRuleRequest, context: Context
    ) -> pb.EndRebillingRuleResponse:
        """Ends a rule before a month, or withdraws it if it has not begun by then."""
        day = read_day(requests.required("effective_to", request.effective_to), "effective_to")
        code = requests.code("code", request.code)
        ended = await finish_rule(session, code, day, now=self._now())
        return message_of(pb.EndRebillingRuleResponse, rebilling_rule=ended)

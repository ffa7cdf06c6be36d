"""BillingProfileService: whom invoices are made out to, and how they are taxed."""

from dataclasses import replace
from datetime import date
from typing import Any, Final

from arcadia.analytics.v1 import billing_profile_service_pb2 as pb
from arcadia.analytics.v1 import billing_profile_service_pb2_grpc
from grpc.aio import ServicerContext

from services.analytics.invoicing import requests
from services.analytics.invoicing.invoices.messages import profile_message, tax_rule_message
from services.analytics.invoicing.profiles.rules.abns import read_abn
from services.analytics.invoicing.profiles.rules.parties import Recipient
from services.analytics.invoicing.profiles.store import (
    create_tax_rule,
    list_profiles,
    list_tax_rules,
    read_profile,
    save_profile,
    tax_rules_on,
)
from services.common.db.database import Database
from services.common.db.idempotency import once
from services.common.errors import InvalidArgument
from services.common.rpc.access import current_caller
from services.common.rpc.paging import decode_token, encode_token, page_size
from services.common.values.clock import Clock, utc_now
from services.common.values.money import exact
from services.common.values.periods import read_day

__all__ = ["BillingProfileServicer"]

Context = ServicerContext[Any, Any]

LONGEST_REGION: Final = 20
LONGEST_LABEL: Final = 40
LONGEST_ORDER: Final = 100

AUSTRALIA: Final = "AU"
"""The tax region whose business numbers are checked."""


class BillingProfileServicer(billing_profile_service_pb2_grpc.BillingProfileServiceServicer):
    """Profiles of tenants, and tax rules of regions."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def GetBillingProfile(  # noqa: N802
        self, request: pb.GetBillingProfileRequest, context: Context
    ) -> pb.GetBillingProfileResponse:
        """A tenant's profile."""
        scope = current_caller().scope
        tenant = requests.required("tenant_id", request.tenant_id)
        async with self._database.read(scope) as session:
            row = await read_profile(session, scope, tenant)
        return pb.GetBillingProfileResponse(billing_profile=profile_message(row))

    async def ListBillingProfiles(  # noqa: N802
        self, request: pb.ListBillingProfilesRequest, context: Context
    ) -> pb.ListBillingProfilesResponse:
        """Profiles by tenant."""
        size = page_size(request.page_size)
        filters = ("billing_profiles",)
        position = decode_token(request.page_token, filters, (str,))
        async with self._database.read(current_caller().scope) as session:
            rows = await list_profiles(
                session, after=position[0] if position else "", limit=size + 1
            )
        page = rows[:size]
        return pb.ListBillingProfilesResponse(
            billing_profiles=map(profile_message, page),
            next_page_token=(
                encode_token(filters, (page[-1].tenant_id,)) if len(rows) > size else ""
            ),
        )

    async def SaveBillingProfile(  # noqa: N802
        self, request: pb.SaveBillingProfileRequest, context: Context
    ) -> pb.SaveBillingProfileResponse:
        """Makes or replaces a profile, of a region that has a tax rule."""
        caller = current_caller()
        tenant = requests.required("tenant_id", request.tenant_id, 255)
        region = requests.required("tax_region", request.tax_region, LONGEST_REGION)
        party = requests.party("recipient", request.recipient)
        if region == AUSTRALIA:
            party = replace(party, abn=read_abn("recipient.abn", party.abn))
        order = requests.text("purchase_order", request.purchase_order, LONGEST_ORDER).strip()
        recipient = Recipient(party, order)
        async with self._database.write(caller.scope) as session:

            async def save() -> pb.SaveBillingProfileResponse:
                now = self._clock()
                if region not in await tax_rules_on(session, now.date()):
                    raise InvalidArgument(
                        "tax_region",
                        f"{region!r} has no tax rule in force: its tenants could not be billed",
                        reason="NO_TAX_RULE_IN_FORCE",
                    )
                row = await save_profile(
                    session, tenant, recipient, region, by=caller.subject, at=now
                )
                return pb.SaveBillingProfileResponse(billing_profile=profile_message(row))

            return await once(session, request, pb.SaveBillingProfileResponse, save)

    async def ListTaxRules(  # noqa: N802
        self, request: pb.ListTaxRulesRequest, context: Context
    ) -> pb.ListTaxRulesResponse:
        """Tax rules by region, newest first."""
        size = page_size(request.page_size)
        region = requests.text("tax_region", request.tax_region)
        filters = ("tax_rules", region)
        position = decode_token(request.page_token, filters, (str, int))
        async with self._database.read(current_caller().scope) as session:
            rows = await list_tax_rules(
                session,
                region=region,
                after=(position[0], _day(position[1])) if position else None,
                limit=size + 1,
            )
        page = rows[:size]
        last = (page[-1].tax_region, page[-1].effective_from.toordinal()) if page else ("", 0)
        return pb.ListTaxRulesResponse(
            tax_rules=map(tax_rule_message, page),
            next_page_token=encode_token(filters, last) if len(rows) > size else "",
        )

    async def CreateTaxRule(  # noqa: N802
        self, request: pb.CreateTaxRuleRequest, context: Context
    ) -> pb.CreateTaxRuleResponse:
        """Sets a region's tax from a day on."""
        caller = current_caller()
        region = requests.required("tax_region", request.tax_region, LONGEST_REGION)
        label = requests.required("label", request.label, LONGEST_LABEL)
        rate = exact(request.rate_percent, "rate_percent", minimum=0, maximum=100)
        effective_from = read_day(request.effective_from, "effective_from")
        effective_to = None
        if request.effective_to:
            effective_to = read_day(request.effective_to, "effective_to")
            if effective_to <= effective_from:
                raise InvalidArgument("effective_to", "is not after effective_from")
        async with self._database.write(caller.scope) as session:

            async def create() -> pb.CreateTaxRuleResponse:
                row = await create_tax_rule(
                    session,
                    region=region,
                    label=label,
                    rate_percent=rate,
                    effective_from=effective_from,
                    effective_to=effective_to,
                    by=caller.subject,
                    at=self._clock(),
                )
                return pb.CreateTaxRuleResponse(tax_rule=tax_rule_message(row))

            return await once(session, request, pb.CreateTaxRuleResponse, create)


def _day(ordinal: int) -> date:
    if not 1 <= ordinal <= date.max.toordinal():
        raise InvalidArgument("page_token", "is not one of ours")
    return date.fromordinal(ordinal)

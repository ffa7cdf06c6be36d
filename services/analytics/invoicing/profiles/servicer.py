"""BillingProfileService: recipients of invoices, and tax rules."""

from dataclasses import replace
from datetime import date
from typing import Final

from arcadia.analytics.v1 import billing_profile_service_pb2 as pb
from arcadia.analytics.v1 import billing_profile_service_pb2_grpc

from services.analytics.invoicing import requests
from services.analytics.invoicing.profiles import store
from services.analytics.invoicing.profiles.rules.parties import BillingProfile, read_abn
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.errors import InvalidArgument
from services.common.identity.callers import current_caller
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context
from services.common.values.clock import Clock, utc_now
from services.common.values.money import exact
from services.common.values.periods import optional_day, read_day

__all__ = ["BillingProfileServicer"]


MAX_REGION: Final = 20
MAX_LABEL: Final = 40
MAX_ORDER: Final = 100

AUSTRALIA: Final = "AU"
"""The tax region whose business numbers are validated."""


class BillingProfileServicer(billing_profile_service_pb2_grpc.BillingProfileServiceServicer):
    """Profiles of tenants, and tax rules of regions."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def GetBillingProfile(
        self, request: pb.GetBillingProfileRequest, context: Context
    ) -> pb.GetBillingProfileResponse:
        """Returns a tenant's profile."""
        scope = current_caller().scope
        tenant = requests.required("tenant_id", request.tenant_id)
        async with self._database.read(scope) as session:
            profile = await store.read_profile(session, scope, tenant)
        return message_of(pb.GetBillingProfileResponse, billing_profile=profile)

    async def ListBillingProfiles(
        self, request: pb.ListBillingProfilesRequest, context: Context
    ) -> pb.ListBillingProfilesResponse:
        """Lists profiles by tenant."""
        asked = page_request(request, ("billing_profiles",), str)
        async with self._database.read(current_caller().scope) as session:
            found = await store.list_profiles(session, asked)
        return page_message(pb.ListBillingProfilesResponse, found)

    @once
    async def SaveBillingProfile(
        self, session: WriteSession, request: pb.SaveBillingProfileRequest, context: Context
    ) -> pb.SaveBillingProfileResponse:
        """Upserts a profile, whose region must have a tax rule."""
        profile = BillingProfile(
            tenant_id=requests.required("tenant_id", request.tenant_id, 255),
            tax_region=requests.required("tax_region", request.tax_region, MAX_REGION),
            recipient=requests.party("recipient", request.recipient),
            updated_at=self._clock(),
            purchase_order=requests.text(
                "purchase_order", request.purchase_order, MAX_ORDER
            ).strip(),
        )
        if profile.tax_region == AUSTRALIA:
            abn = read_abn("recipient.abn", profile.recipient.abn)
            profile = replace(profile, recipient=replace(profile.recipient, abn=abn))
        if profile.tax_region not in await store.tax_rules_on(session, profile.updated_at.date()):
            raise InvalidArgument(
                "tax_region",
                f"{profile.tax_region!r} has no tax rule in force, so its tenants cannot be billed",
                reason="NO_TAX_RULE_IN_FORCE",
            )
        await store.save_profile(session, profile, by=current_caller().subject)
        return message_of(pb.SaveBillingProfileResponse, billing_profile=profile)

    async def ListTaxRules(
        self, request: pb.ListTaxRulesRequest, context: Context
    ) -> pb.ListTaxRulesResponse:
        """Lists tax rules by region, newest first."""
        region = requests.text("tax_region", request.tax_region)
        asked = page_request(request, ("tax_rules", region), str, date)
        async with self._database.read(current_caller().scope) as session:
            found = await store.list_tax_rules(session, region, asked)
        return page_message(pb.ListTaxRulesResponse, found)

    @once
    async def CreateTaxRule(
        self, session: WriteSession, request: pb.CreateTaxRuleRequest, context: Context
    ) -> pb.CreateTaxRuleResponse:
        """Sets a region's tax from a day on."""
        caller = current_caller()
        region = requests.required("tax_region", request.tax_region, MAX_REGION)
        label = requests.required("label", request.label, MAX_LABEL)
        rate = exact(request.rate_percent, "rate_percent", minimum=0, maximum=100)
        effective_from = read_day(request.effective_from, "effective_from")
        effective_to = optional_day(request.effective_to, "effective_to")
        if effective_to is not None and effective_to <= effective_from:
            raise InvalidArgument("effective_to", "is not after effective_from")
        rule = await store.create_tax_rule(
            session,
            region=region,
            label=label,
            rate_percent=rate,
            effective_from=effective_from,
            effective_to=effective_to,
            by=caller.subject,
            at=self._clock(),
        )
        return message_of(pb.CreateTaxRuleResponse, tax_rule=rule)

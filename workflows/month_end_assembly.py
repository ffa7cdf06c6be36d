"""What the worker of the month's end, and of what follows it, can do, with what that needs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import httpx
from arcadia.analytics.v1.attribution_service_pb2_grpc import AttributionServiceStub
from arcadia.analytics.v1.invoicing_service_pb2_grpc import InvoicingServiceStub
from arcadia.analytics.v1.metering_service_pb2_grpc import MeteringServiceStub
from arcadia.analytics.v1.spend_service_pb2_grpc import SpendServiceStub
from arcadia.catalog.v1.lifecycle_service_pb2_grpc import LifecycleServiceStub

from services.common.rpc.clients import connect as connect_service
from services.common.settings import Service, Settings
from workflows.assembly import Activity
from workflows.collections.activities.billing_actions import BillingActionActivities
from workflows.collections.activities.dunning import DunningActivities
from workflows.collections.activities.tenant_notices import TenantNoticeActivities
from workflows.durable.signed_posts import SignedPosts
from workflows.invoicing.activities.handing_over import HandOverActivities
from workflows.invoicing.activities.invoicing import InvoicingActivities
from workflows.spend.activities.spending import SpendActivities

__all__ = ["invoicing_activities"]

CALLER: Final = "worker"


@asynccontextmanager
async def invoicing_activities(settings: Settings) -> AsyncIterator[Sequence[Activity]]:
    """Drafting and issuing over the analytics, handing over to the configured address.

    And what is done in the catalog about those who do not pay.
    """
    async with (
        connect_service(settings, Service.ANALYTICS, caller=CALLER) as channel,
        connect_service(settings, Service.CATALOG, caller=CALLER) as catalog,
        httpx.AsyncClient(follow_redirects=False) as http,
    ):
        steps = InvoicingServiceStub(channel)
        invoicing = InvoicingActivities(
            steps, MeteringServiceStub(channel), AttributionServiceStub(channel)
        )
        secret = settings.ar_secret.get_secret_value()
        receivable = SignedPosts(http, settings.ar_url, secret) if settings.ar_url else None
        notices = SignedPosts(http, settings.notice_url, secret) if settings.notice_url else None
        spending = SpendActivities(SpendServiceStub(channel), notices)
        actions = BillingActionActivities(LifecycleServiceStub(catalog))
        dunning = DunningActivities(steps)
        telling = TenantNoticeActivities(steps, notices)
        yield (
            invoicing.begin_rollup,
            invoicing.check_freshness,
            invoicing.close_metering,
            invoicing.reopen_metering,
            invoicing.plan_rollup,
            invoicing.draft_page,
            invoicing.check_rollup,
            invoicing.issue_invoices,
            invoicing.discard_drafts,
            invoicing.set_status,
            invoicing.refresh_margin,
            HandOverActivities(steps, receivable).hand_over_pending,
            actions.apply_billing_action,
            actions.powers_off,
            actions.paused_states,
            actions.end_trials,
            dunning.start_dunning,
            dunning.read_overdue,
            spending.evaluate_policies,
            spending.record_breach,
            spending.post_notice,
            telling.post_tenant_notice,
            telling.tell_of_past_due,
        )

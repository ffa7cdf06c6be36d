"""The table of workers: task queue, workflows and activities."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from fractions import Fraction
from inspect import getmembers, ismethod
from typing import Any, Final

import grpc
import httpx
from arcadia.analytics.v1.attribution_service_pb2_grpc import AttributionServiceStub
from arcadia.analytics.v1.invoicing_service_pb2_grpc import InvoicingServiceStub
from arcadia.analytics.v1.metering_service_pb2_grpc import MeteringServiceStub
from arcadia.analytics.v1.spend_service_pb2_grpc import SpendServiceStub
from arcadia.billing.v1.balance_service_pb2_grpc import BalanceServiceStub
from arcadia.billing.v1.ingest_service_pb2_grpc import IngestServiceStub
from arcadia.catalog.v1.lifecycle_service_pb2_grpc import LifecycleServiceStub
from arcadia.catalog.v1.list_price_service_pb2_grpc import ListPriceServiceStub
from arcadia.catalog.v1.migration_service_pb2_grpc import MigrationStepServiceStub
from arcadia.inventory.v1.lookup_service_pb2_grpc import LookupServiceStub
from arcadia.inventory.v1.reconcile_service_pb2_grpc import ReconcileServiceStub
from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceStub

from contracts.flows import TaskQueue
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.api.rate import LEFT_FOR_OTHERS, RateBudgets
from providers.digitalocean.sources import Sources
from providers.digitalocean.spaces import Spaces, SpacesKeys
from services.common.settings import Settings
from workflows.collections.activities.billing_actions import BillingActionActivities
from workflows.collections.activities.dunning import DunningActivities, TenantNoticeActivities
from workflows.collections.daily import DunningSweep, TrialEnd
from workflows.collections.dunning import Dunning
from workflows.costs.activities.bills import BillActivities, MatchActivities
from workflows.costs.activities.ingesting import IngestActivities
from workflows.costs.activities.list_prices import ListPriceActivities
from workflows.costs.billing_history import BillingHistory
from workflows.costs.invoice_ingest import CostRematch, InvoiceIngest
from workflows.costs.readings import BalanceSnapshot, DailyCosts, ListPriceSync
from workflows.drift.activities.drift import DriftActivities
from workflows.drift.activities.reverting import RevertActivities
from workflows.drift.drift_sweep import DriftSweep
from workflows.drift.revert_drift import RevertDrift
from workflows.durable.signed_posts import SignedPosts
from workflows.invoicing.activities.handing_over import HandOverActivities
from workflows.invoicing.activities.invoicing import InvoicingActivities
from workflows.invoicing.bill_wait import BillWait
from workflows.invoicing.hand_over import HandOver
from workflows.invoicing.invoice_rollup import InvoiceRollup
from workflows.invoicing.month_end import MonthEnd
from workflows.metering.activities.metering import AttributionActivities, MeteringActivities
from workflows.metering.metering import MarginRefresh, Metering
from workflows.migrations.activities.migrating import MigrationActivities
from workflows.migrations.plan_migration import PlanMigration
from workflows.provisioning.activities.powering import PowerActivities
from workflows.provisioning.activities.provisioning import ProvisionActivities
from workflows.provisioning.droplet_locks import DropletTurn
from workflows.provisioning.provision import Provision
from workflows.spend.activities.spending import SpendActivities
from workflows.spend.caps import SpendBreach, SpendEvaluation
from workflows.sync.activities.claiming import ClaimActivities
from workflows.sync.activities.confirming import ConfirmActivities
from workflows.sync.activities.projects import ProjectActivities
from workflows.sync.activities.reading import ReadActivities
from workflows.sync.activities.sweeping import SweepActivities
from workflows.sync.ensure_project import EnsureProject
from workflows.sync.resource_sync import ResourceSync
from workflows.sync.sync_resource import SyncResource

__all__ = ["SUBSYSTEMS", "Peers", "ProviderTokens", "Subsystem", "activities_of", "spaces_of"]


@dataclass(frozen=True, slots=True)
class Peers:
    """The clients of a queue's activities: the provider with the queue's token, and services."""

    settings: Settings
    provider: DigitalOcean
    spaces: Spaces | None
    http: httpx.AsyncClient
    inventory: grpc.aio.Channel
    billing: grpc.aio.Channel
    catalog: grpc.aio.Channel
    analytics: grpc.aio.Channel

    @property
    def sources(self) -> Sources:
        """The sources of kinds."""
        return Sources(self.provider, self.spaces)


@dataclass(frozen=True, slots=True)
class Subsystem:
    """The workflows and activities of a queue's worker."""

    workflows: Sequence[type]
    activities: Callable[[Peers], Sequence[object]]
    """Objects whose public methods are activities."""


def activities_of(subsystem: Subsystem, peers: Peers) -> list[Callable[..., Any]]:
    """The activities of an object for its worker."""
    return [
        method
        for one in subsystem.activities(peers)
        for name, method in getmembers(one, ismethod)
        if not name.startswith("_")
    ]


def _provisioning(peers: Peers) -> Sequence[object]:
    reconcile, lookup = ReconcileServiceStub(peers.inventory), LookupServiceStub(peers.inventory)
    sync = SyncServiceStub(peers.inventory)
    lifecycle = LifecycleServiceStub(peers.catalog)
    return (
        ProvisionActivities(peers.provider, lifecycle, reconcile, lookup, sync),
        RevertActivities(peers.provider, reconcile, lookup, sync),
        PowerActivities(peers.provider, lookup),
    )


def _sync(peers: Peers) -> Sequence[object]:
    inventory = SyncServiceStub(peers.inventory)
    return (
        ClaimActivities(inventory),
        SweepActivities(peers.sources, inventory),
        ConfirmActivities(peers.sources, inventory),
        ProjectActivities(peers.provider, inventory),
    )


def _sync_and_drift(peers: Peers) -> Sequence[object]:
    drift = DriftActivities(peers.provider, ReconcileServiceStub(peers.inventory))
    return (*_sync(peers), drift)


def _read(peers: Peers) -> Sequence[object]:
    return (ReadActivities(peers.sources, SyncServiceStub(peers.inventory)),)


def _billing(peers: Peers) -> Sequence[object]:
    ingest = IngestServiceStub(peers.billing)
    return (
        BillActivities(peers.provider, BalanceServiceStub(peers.billing), ingest),
        IngestActivities(peers.provider, ingest),
        MatchActivities(ingest),
        ListPriceActivities(peers.provider, ListPriceServiceStub(peers.catalog)),
    )


def _metering(peers: Peers) -> Sequence[object]:
    return (
        AttributionActivities(AttributionServiceStub(peers.analytics)),
        MeteringActivities(MeteringServiceStub(peers.analytics)),
    )


def _invoicing(peers: Peers) -> Sequence[object]:
    """Roll-ups, hand-overs and dunning."""
    settings, analytics = peers.settings, peers.analytics
    secret = settings.ar_secret.get_secret_value()
    receivable = SignedPosts(peers.http, settings.ar_url, secret) if settings.ar_url else None
    notices = SignedPosts(peers.http, settings.notice_url, secret) if settings.notice_url else None
    invoicing = InvoicingServiceStub(analytics)
    return (
        InvoicingActivities(
            invoicing, MeteringServiceStub(analytics), AttributionServiceStub(analytics)
        ),
        HandOverActivities(invoicing, receivable),
        BillingActionActivities(LifecycleServiceStub(peers.catalog)),
        MigrationActivities(MigrationStepServiceStub(peers.catalog)),
        DunningActivities(invoicing),
        SpendActivities(SpendServiceStub(analytics), notices),
        TenantNoticeActivities(invoicing, notices),
    )


SUBSYSTEMS: Final[Mapping[TaskQueue, Subsystem]] = {
    TaskQueue.PROVISIONING: Subsystem((Provision, RevertDrift, DropletTurn), _provisioning),
    TaskQueue.CLOUD_SYNC_FULL: Subsystem(
        (ResourceSync, EnsureProject, DriftSweep), _sync_and_drift
    ),
    TaskQueue.CLOUD_SYNC_SLOW: Subsystem((ResourceSync,), _sync),
    TaskQueue.CLOUD_SYNC_FAST: Subsystem((SyncResource,), _read),
    TaskQueue.CLOUD_BILLING: Subsystem(
        (BalanceSnapshot, BillingHistory, InvoiceIngest, DailyCosts, CostRematch, ListPriceSync),
        _billing,
    ),
    TaskQueue.METERING: Subsystem((Metering, MarginRefresh), _metering),
    TaskQueue.INVOICING: Subsystem(
        (
            BillWait,
            InvoiceRollup,
            HandOver,
            MonthEnd,
            DunningSweep,
            Dunning,
            TrialEnd,
            SpendEvaluation,
            SpendBreach,
            PlanMigration,
        ),
        _invoicing,
    ),
}


FOR_THE_SIMULATOR: Final = "simulator"
"""The token if none is configured: the simulator accepts any."""

SWEEPING: Final = frozenset(
    {TaskQueue.CLOUD_SYNC_FULL, TaskQueue.CLOUD_SYNC_SLOW, TaskQueue.CLOUD_BILLING}
)
"""Queues that would use up any rate limit."""


class ProviderTokens:
    """Tokens by purpose. Queues with the same token share its rate limit."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._budgets = RateBudgets()

    def client(self, queue: TaskQueue) -> AbstractAsyncContextManager[DigitalOcean]:
        """The client of a queue's activities."""
        token = self._token(queue)
        budget = self._budgets.of(token).share(self.leaving(queue))
        return DigitalOcean.open(self._settings.provider_url(), token, budget)

    def leaving(self, queue: TaskQueue) -> Fraction:
        """The part of the rate limit reserved for provisioning, if both use one token."""
        if queue in SWEEPING and self._token(queue) == self._token(TaskQueue.PROVISIONING):
            return LEFT_FOR_OTHERS
        return Fraction(0)

    def _token(self, purpose: str) -> str:
        return self._settings.provider_token(purpose) or FOR_THE_SIMULATOR


@asynccontextmanager
async def spaces_of(settings: Settings) -> AsyncIterator[Spaces | None]:
    """The Spaces client; None if no keys are configured."""
    secret = settings.spaces_secret_access_key.get_secret_value()
    endpoint = settings.spaces_endpoint
    keys = SpacesKeys(settings.spaces_access_key_id, secret)
    if settings.simulated and not (keys.access_key_id or secret):
        # As with tokens, the simulator accepts any.
        endpoint = f"{settings.provider_url()}/s3/{{region}}"
        keys = SpacesKeys(FOR_THE_SIMULATOR, FOR_THE_SIMULATOR)
    if not (keys.access_key_id and keys.secret_access_key):
        yield None
        return
    regions = tuple(settings.spaces_regions.split())
    async with Spaces.open(endpoint, regions, keys) as spaces:
        yield spaces

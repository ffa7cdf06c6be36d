"""What each task queue's worker can do: its workflows, and its activities with what they need."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import grpc
from arcadia.analytics.v1.attribution_service_pb2_grpc import AttributionServiceStub
from arcadia.analytics.v1.metering_service_pb2_grpc import MeteringServiceStub
from arcadia.billing.v1.balance_service_pb2_grpc import BalanceServiceStub
from arcadia.billing.v1.ingest_service_pb2_grpc import IngestServiceStub
from arcadia.catalog.v1.lifecycle_service_pb2_grpc import LifecycleServiceStub
from arcadia.inventory.v1.lookup_service_pb2_grpc import LookupServiceStub
from arcadia.inventory.v1.reconcile_service_pb2_grpc import ReconcileServiceStub
from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceStub

from contracts.queues import TaskQueue
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.sources import Sources
from workflows.collections.dunning import Dunning
from workflows.collections.dunning_sweep import DunningSweep
from workflows.collections.trial_end import TrialEnd
from workflows.costs.activities.bills import BillActivities
from workflows.costs.activities.daily_costs import DailyCostActivities
from workflows.costs.activities.ingesting import IngestActivities
from workflows.costs.activities.matching import MatchActivities
from workflows.costs.balance_snapshot import BalanceSnapshot
from workflows.costs.billing_history import BillingHistory
from workflows.costs.cost_rematch import CostRematch
from workflows.costs.daily_costs import DailyCosts
from workflows.costs.invoice_ingest import InvoiceIngest
from workflows.drift.activities.drift import DriftActivities
from workflows.drift.activities.reverting import RevertActivities
from workflows.drift.drift_sweep import DriftSweep
from workflows.drift.revert_drift import RevertDrift
from workflows.invoicing.hand_over import HandOver
from workflows.invoicing.invoice_rollup import InvoiceRollup
from workflows.invoicing.month_end import MonthEnd
from workflows.metering.activities.metering import AttributionActivities, MeteringActivities
from workflows.metering.margin_refresh import MarginRefresh
from workflows.metering.metering import Metering
from workflows.provisioning.activities.powering import PowerActivities
from workflows.provisioning.activities.provisioning import ProvisionActivities
from workflows.provisioning.droplet_turn import DropletTurn
from workflows.provisioning.provision import Provision
from workflows.spend.spend_breach import SpendBreach
from workflows.spend.spend_evaluation import SpendEvaluation
from workflows.sync.activities.claiming import ClaimActivities
from workflows.sync.activities.confirming import ConfirmActivities
from workflows.sync.activities.projects import ProjectActivities
from workflows.sync.activities.reading import ReadActivities
from workflows.sync.activities.sweeping import SweepActivities
from workflows.sync.ensure_project import EnsureProject
from workflows.sync.resource_sync import ResourceSync
from workflows.sync.sync_resource import SyncResource

if TYPE_CHECKING:
    from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceAsyncStub

__all__ = [
    "WORKFLOWS",
    "Activity",
    "billing_activities",
    "drift_activities",
    "metering_activities",
    "provisioning_activities",
    "sync_activities",
]

Activity = Callable[..., Any]

WORKFLOWS: Final[Mapping[TaskQueue, Sequence[type]]] = {
    TaskQueue.PROVISIONING: (Provision, RevertDrift, DropletTurn),
    TaskQueue.CLOUD_SYNC_FULL: (ResourceSync, EnsureProject, DriftSweep),
    TaskQueue.CLOUD_SYNC_SLOW: (ResourceSync, EnsureProject),
    TaskQueue.CLOUD_SYNC_FAST: (SyncResource,),
    TaskQueue.CLOUD_BILLING: (
        BalanceSnapshot,
        BillingHistory,
        InvoiceIngest,
        DailyCosts,
        CostRematch,
    ),
    TaskQueue.INVOICING: (
        InvoiceRollup,
        HandOver,
        MonthEnd,
        DunningSweep,
        Dunning,
        TrialEnd,
        SpendEvaluation,
        SpendBreach,
    ),
    TaskQueue.METERING: (Metering, MarginRefresh),
}


def sync_activities(
    queue: TaskQueue, provider: DigitalOcean, sources: Sources, inventory: "SyncServiceAsyncStub"
) -> Sequence[Activity]:
    """What syncs the inventory does on a queue."""
    if queue is TaskQueue.CLOUD_SYNC_FAST:
        return (ReadActivities(sources, inventory).read_resource,)
    sweeping = SweepActivities(sources, inventory)
    projects = ProjectActivities(provider, inventory)
    claiming = ClaimActivities(inventory)
    return (
        claiming.claim_kinds,
        claiming.claim_kinds_at_once,
        sweeping.sweep_kind,
        sweeping.fail_sweep,
        ConfirmActivities(sources, inventory).confirm_suspects,
        projects.project_exists,
        projects.ensure_project,
        projects.record_members,
    )


def drift_activities(provider: DigitalOcean, channel: grpc.aio.Channel) -> Sequence[Activity]:
    """What drift sweeps do."""
    drift = DriftActivities(provider, ReconcileServiceStub(channel))
    return (drift.record_list_prices, drift.sweep_drift, drift.explain_drifts)


def provisioning_activities(
    provider: DigitalOcean, inventory: grpc.aio.Channel, catalog: grpc.aio.Channel
) -> Sequence[Activity]:
    """What changes something at the provider does."""
    reconcile, lookup = ReconcileServiceStub(inventory), LookupServiceStub(inventory)
    sync = SyncServiceStub(inventory)
    reverting = RevertActivities(provider, reconcile, lookup, sync)
    provisioning = ProvisionActivities(
        provider, LifecycleServiceStub(catalog), reconcile, lookup, sync
    )
    return (
        provisioning.record_provision,
        provisioning.create_droplet,
        provisioning.await_droplet,
        provisioning.tag_droplet,
        provisioning.place_droplet,
        provisioning.find_resource,
        provisioning.record_spec,
        provisioning.assign_droplet,
        provisioning.unassign_droplet,
        provisioning.remove_spec,
        provisioning.delete_droplet,
        reverting.begin_revert,
        reverting.set_power,
        reverting.set_field,
        reverting.complete_revert,
        reverting.fail_revert,
        PowerActivities(provider, lookup).running_droplets,
    )


def billing_activities(provider: DigitalOcean, channel: grpc.aio.Channel) -> Sequence[Activity]:
    """What brings the provider's bills in does."""
    stub = IngestServiceStub(channel)
    bills = BillActivities(provider, BalanceServiceStub(channel), stub)
    ingesting = IngestActivities(provider, stub)
    return (
        bills.record_balance,
        bills.walk_history,
        bills.list_pending,
        ingesting.begin_ingest,
        ingesting.upload_csv,
        ingesting.record_items,
        ingesting.complete_ingest,
        ingesting.fail_ingest,
        MatchActivities(stub).match_invoice,
        DailyCostActivities(provider, stub).replace_daily_costs,
    )


def metering_activities(channel: grpc.aio.Channel) -> Sequence[Activity]:
    """What works on usage and margin does."""
    attribution = AttributionActivities(AttributionServiceStub(channel))
    metering = MeteringActivities(MeteringServiceStub(channel))
    return (
        metering.meter_day,
        metering.meter_month,
        attribution.attribute_daily_costs,
        attribution.attribute_costs,
        attribution.refresh_accrual,
        attribution.refresh_margin,
        attribution.unsettled_months,
    )

"""What a durable flow is known by to those who start or signal it: services, schedules, the CLI.

They name a workflow and never import one; the workers define what it does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, Generic, TypedDict, TypeVar

import temporalio.api.enums.v1 as enums
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import Client, WorkflowHandle
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
)
from temporalio.service import RPCError, RPCStatusCode

__all__ = [
    "BY_HAND",
    "KINDS",
    "OUTCOME",
    "PERIOD",
    "PROVIDER",
    "PROVIDER_INVOICE",
    "RESIDUAL",
    "TENANT",
    "Flow",
    "Start",
    "TaskQueue",
    "register_search_attributes",
    "start_flow",
]


class TaskQueue(StrEnum):
    """Named as in the schedules, and as the purpose of a DigitalOcean token."""

    PROVISIONING = "provisioning"
    """What changes something at the provider: never behind what only reads."""
    CLOUD_SYNC_FULL = "cloud-sync-full"
    """Every hour: the kinds that come and go."""
    CLOUD_SYNC_SLOW = "cloud-sync-slow"
    """Every six hours: the kinds that rarely change."""
    CLOUD_SYNC_FAST = "cloud-sync-fast"
    """One resource, right after something was done to it."""
    CLOUD_BILLING = "cloud-billing"
    """What the provider charges: balances, bills, estimates."""
    METERING = "metering"
    """Usage, accrual and margin: work on what the services know, never on the provider."""
    INVOICING = "invoicing"
    """The month's end, and the hand-over of what it issued."""


PROVIDER: Final = SearchAttributeKey.for_keyword("ArcadiaProvider")
KINDS: Final = SearchAttributeKey.for_keyword_list("ArcadiaKinds")
PERIOD: Final = SearchAttributeKey.for_keyword("ArcadiaPeriod")
TENANT: Final = SearchAttributeKey.for_keyword("ArcadiaTenant")
OUTCOME: Final = SearchAttributeKey.for_keyword("ArcadiaOutcome")
PROVIDER_INVOICE: Final = SearchAttributeKey.for_keyword("ArcadiaProviderInvoice")
"""The provider's UUID of its invoice."""
RESIDUAL: Final = SearchAttributeKey.for_keyword("ArcadiaResidual")
"""What an invoice's lines lack of its amount, USD, an exact decimal: `0` when they add up."""

INDEXED: Final = {
    key.name: enums.IndexedValueType.ValueType(key.indexed_value_type)
    for key in (PROVIDER, KINDS, PERIOD, TENANT, OUTCOME, PROVIDER_INVOICE, RESIDUAL)
}


async def register_search_attributes(client: Client) -> None:
    """Makes the namespace know our search attributes; those that it knows are left alone."""
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = {name: kind for name, kind in INDEXED.items() if name not in known.custom_attributes}
    if not missing:
        return
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        )
    except RPCError as error:
        # Another worker that starts at the same time was quicker.
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise


BY_HAND: Final = "manual"
"""What follows in the id of a run that an operator starts beside those of the schedule."""

Argument = TypeVar("Argument")


class StartOptions(TypedDict):
    """Options of a start, as clients and parent workflows take them."""

    id: str
    task_queue: str
    execution_timeout: timedelta | None
    search_attributes: TypedSearchAttributes
    static_summary: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A workflow type, with the ids of its runs, where they run and for how long."""

    name: str
    """The workflow type."""
    prefix: str
    """What the ids of its runs begin with. Of one id only one run goes on at a time."""
    queue: TaskQueue
    timeout: timedelta | None
    """For a run and those that continue it; None for no limit. A last resort: steps have their
    own, shorter timeouts."""
    purpose: str
    """What it does, for the operators' documents and Temporal's UI."""
    key: str = ""
    """What follows the prefix in an id, in words, as in `<tenant>`."""
    started_by: str = ""
    """Who starts it, in words; empty where a schedule does."""

    def id(self, *key: str) -> str:
        """The id of the run on a business key; of the schedule's own run without one."""
        return "/".join((self.prefix, *key))

    def start(
        self,
        argument: Argument,
        *key: str,
        summary: str,
        attributes: Mapping[SearchAttributeKey[Any], Any] | None = None,
    ) -> "Start[Argument]":
        """The start of a run; search attributes without a value are left out."""
        pairs = [SearchAttributePair(name, value) for name, value in (attributes or {}).items()]
        found = TypedSearchAttributes([pair for pair in pairs if pair.value])
        return Start(self, self.id(*key), argument, summary, found)


@dataclass(frozen=True, slots=True)
class Start(Generic[Argument]):
    """A run to be started."""

    flow: Flow
    id: str
    argument: Argument
    summary: str
    """What it is about, in a line, for people who look at the Temporal UI."""
    attributes: TypedSearchAttributes
    """By what it is found there: ids and words, never a secret."""

    def options(self) -> StartOptions:
        """For a client or a parent workflow."""
        return {
            "id": self.id,
            "task_queue": self.flow.queue,
            "execution_timeout": self.flow.timeout,
            "search_attributes": self.attributes,
            "static_summary": self.summary,
        }


async def start_flow(
    client: Client,
    start: Start[Any],
    run: Callable[..., Any] | None = None,
    *,
    replace: bool = False,
    signal: str = "",
    signal_args: Sequence[Any] = (),
) -> WorkflowHandle[Any, Any]:
    """Starts a run, or finds the one that goes on under its id, and signals it.

    To replace is to terminate the one that goes on, and to start another in the same step. The
    workflow's `run` method tells of which type the result is. Raises RPCError.
    """
    policy = WorkflowIDConflictPolicy
    return await client.start_workflow(
        run or start.flow.name,
        start.argument,
        id_conflict_policy=policy.TERMINATE_EXISTING if replace else policy.USE_EXISTING,
        start_signal=signal or None,
        start_signal_args=signal_args,
        **start.options(),
    )

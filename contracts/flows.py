"""Contracts of workflows for their callers: services, schedules and the CLI.

Callers use the name of a workflow and never import it; the workers define it.
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
    """Task queues, whose names are also the purposes of DigitalOcean tokens."""

    PROVISIONING = "provisioning"
    """Changes at the provider, which must not wait behind reads."""
    CLOUD_SYNC_FULL = "cloud-sync-full"
    """Every hour: kinds that change often."""
    CLOUD_SYNC_SLOW = "cloud-sync-slow"
    """Every six hours: kinds that rarely change."""
    CLOUD_SYNC_FAST = "cloud-sync-fast"
    """A single resource, right after a change."""
    CLOUD_BILLING = "cloud-billing"
    """The provider's charges: balances, bills, estimates."""
    METERING = "metering"
    """Usage, accruals and margin, without calls to the provider."""
    INVOICING = "invoicing"
    """The month-end roll-up and hand-overs."""


PROVIDER: Final = SearchAttributeKey.for_keyword("ArcadiaProvider")
KINDS: Final = SearchAttributeKey.for_keyword_list("ArcadiaKinds")
PERIOD: Final = SearchAttributeKey.for_keyword("ArcadiaPeriod")
TENANT: Final = SearchAttributeKey.for_keyword("ArcadiaTenant")
OUTCOME: Final = SearchAttributeKey.for_keyword("ArcadiaOutcome")
PROVIDER_INVOICE: Final = SearchAttributeKey.for_keyword("ArcadiaProviderInvoice")
"""The provider's UUID of its invoice."""
RESIDUAL: Final = SearchAttributeKey.for_keyword("ArcadiaResidual")
"""The invoice's amount less the sum of its lines, USD, exact; `0` if they add up."""

INDEXED: Final = {
    key.name: enums.IndexedValueType.ValueType(key.indexed_value_type)
    for key in (PROVIDER, KINDS, PERIOD, TENANT, OUTCOME, PROVIDER_INVOICE, RESIDUAL)
}


async def register_search_attributes(client: Client) -> None:
    """Registers our search attributes in the namespace. Idempotent."""
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
        # Another worker registered it concurrently.
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise


BY_HAND: Final = "manual"
"""Suffix of the id of a run that an operator starts in addition to scheduled runs."""

Argument = TypeVar("Argument")


class StartOptions(TypedDict):
    """Start options, common to clients and parent workflows."""

    id: str
    task_queue: str
    execution_timeout: timedelta | None
    search_attributes: TypedSearchAttributes
    static_summary: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A workflow type: run ids, queue and timeout."""

    name: str
    """The workflow type."""
    prefix: str
    """Prefix of run ids. Only one run per id is active at a time."""
    queue: TaskQueue
    timeout: timedelta | None
    """Execution timeout, including continued runs; None for no limit.

    A last resort: steps have shorter timeouts.
    """
    purpose: str
    """What it does, for the documentation and the Temporal UI."""
    key: str = ""
    """The part of an id after the prefix, in words, such as `<tenant>`."""
    started_by: str = ""
    """Who starts it, in words; empty for a schedule."""

    def id(self, *key: str) -> str:
        """The run id of a business key; without one, of the scheduled run."""
        return "/".join((self.prefix, *key))

    def start(
        self,
        argument: Argument,
        *key: str,
        summary: str,
        attributes: Mapping[SearchAttributeKey[Any], Any] | None = None,
    ) -> "Start[Argument]":
        """The start of a run; search attributes without a value are omitted."""
        pairs = [SearchAttributePair(name, value) for name, value in (attributes or {}).items()]
        found = TypedSearchAttributes([pair for pair in pairs if pair.value])
        return Start(self, self.id(*key), argument, summary, found)


@dataclass(frozen=True, slots=True)
class Start(Generic[Argument]):
    """A run to start."""

    flow: Flow
    id: str
    argument: Argument
    summary: str
    """One-line summary for the Temporal UI."""
    attributes: TypedSearchAttributes
    """Search attributes: ids and words, never a secret."""

    def options(self) -> StartOptions:
        """The options for a client or a parent workflow."""
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
    """Starts a run, or finds the active one of its id, and optionally signals it.

    To replace terminates the active run and starts another atomically. The workflow's `run` method
    has the result type. Raises RPCError.
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

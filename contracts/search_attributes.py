"""By what the operator finds runs in the Temporal UI: ids and periods only, never a secret."""

from typing import Final

import temporalio.api.enums.v1 as enums
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

__all__ = [
    "KINDS",
    "OUTCOME",
    "PERIOD",
    "PROVIDER",
    "PROVIDER_INVOICE",
    "RESIDUAL",
    "TENANT",
    "register_search_attributes",
]

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

from arcadia.common.v1 import access_pb2 as _access_pb2
from arcadia.inventory.v1 import drift_pb2 as _drift_pb2
from arcadia.inventory.v1 import resources_pb2 as _resources_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SweepDriftRequest(_message.Message):
    __slots__ = ("provider", "kind", "page_size", "page_token", "run_id", "in_flight_provider_ids")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_PROVIDER_IDS_FIELD_NUMBER: _ClassVar[int]
    provider: str
    kind: str
    page_size: int
    page_token: str
    run_id: str
    in_flight_provider_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, provider: _Optional[str] = ..., kind: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., run_id: _Optional[str] = ..., in_flight_provider_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class SweepDriftResponse(_message.Message):
    __slots__ = ("resource_count", "field_count", "opened_count", "updated_count", "stale_count", "unknown_count", "deferred_count", "muted_count", "frozen_reason", "next_page_token")
    RESOURCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    FIELD_COUNT_FIELD_NUMBER: _ClassVar[int]
    OPENED_COUNT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_COUNT_FIELD_NUMBER: _ClassVar[int]
    STALE_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_COUNT_FIELD_NUMBER: _ClassVar[int]
    DEFERRED_COUNT_FIELD_NUMBER: _ClassVar[int]
    MUTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FROZEN_REASON_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    resource_count: int
    field_count: int
    opened_count: int
    updated_count: int
    stale_count: int
    unknown_count: int
    deferred_count: int
    muted_count: int
    frozen_reason: str
    next_page_token: str
    def __init__(self, resource_count: _Optional[int] = ..., field_count: _Optional[int] = ..., opened_count: _Optional[int] = ..., updated_count: _Optional[int] = ..., stale_count: _Optional[int] = ..., unknown_count: _Optional[int] = ..., deferred_count: _Optional[int] = ..., muted_count: _Optional[int] = ..., frozen_reason: _Optional[str] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListUnexplainedDriftsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListUnexplainedDriftsResponse(_message.Message):
    __slots__ = ("drifts", "next_page_token")
    DRIFTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    drifts: _containers.RepeatedCompositeFieldContainer[_drift_pb2.Drift]
    next_page_token: str
    def __init__(self, drifts: _Optional[_Iterable[_Union[_drift_pb2.Drift, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RecordDriftCausesRequest(_message.Message):
    __slots__ = ("explained", "unexplained_drift_ids")
    EXPLAINED_FIELD_NUMBER: _ClassVar[int]
    UNEXPLAINED_DRIFT_IDS_FIELD_NUMBER: _ClassVar[int]
    explained: _containers.RepeatedCompositeFieldContainer[ExplainedDrift]
    unexplained_drift_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, explained: _Optional[_Iterable[_Union[ExplainedDrift, _Mapping]]] = ..., unexplained_drift_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ExplainedDrift(_message.Message):
    __slots__ = ("drift_id", "cause")
    DRIFT_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    drift_id: str
    cause: _drift_pb2.DriftCause
    def __init__(self, drift_id: _Optional[str] = ..., cause: _Optional[_Union[_drift_pb2.DriftCause, _Mapping]] = ...) -> None: ...

class RecordDriftCausesResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RecordListPricesRequest(_message.Message):
    __slots__ = ("provider", "kind", "prices")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    provider: str
    kind: str
    prices: _containers.RepeatedCompositeFieldContainer[ListPrice]
    def __init__(self, provider: _Optional[str] = ..., kind: _Optional[str] = ..., prices: _Optional[_Iterable[_Union[ListPrice, _Mapping]]] = ...) -> None: ...

class ListPrice(_message.Message):
    __slots__ = ("size", "monthly_usd")
    SIZE_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_USD_FIELD_NUMBER: _ClassVar[int]
    size: str
    monthly_usd: str
    def __init__(self, size: _Optional[str] = ..., monthly_usd: _Optional[str] = ...) -> None: ...

class RecordListPricesResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class BeginRevertRequest(_message.Message):
    __slots__ = ("drift_id", "workflow_id", "run_id")
    DRIFT_ID_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    drift_id: str
    workflow_id: str
    run_id: str
    def __init__(self, drift_id: _Optional[str] = ..., workflow_id: _Optional[str] = ..., run_id: _Optional[str] = ...) -> None: ...

class BeginRevertResponse(_message.Message):
    __slots__ = ("drift", "resource")
    DRIFT_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    drift: _drift_pb2.Drift
    resource: _resources_pb2.Resource
    def __init__(self, drift: _Optional[_Union[_drift_pb2.Drift, _Mapping]] = ..., resource: _Optional[_Union[_resources_pb2.Resource, _Mapping]] = ...) -> None: ...

class CompleteRevertRequest(_message.Message):
    __slots__ = ("drift_id", "run_id", "actor")
    DRIFT_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    drift_id: str
    run_id: str
    actor: str
    def __init__(self, drift_id: _Optional[str] = ..., run_id: _Optional[str] = ..., actor: _Optional[str] = ...) -> None: ...

class CompleteRevertResponse(_message.Message):
    __slots__ = ("drift",)
    DRIFT_FIELD_NUMBER: _ClassVar[int]
    drift: _drift_pb2.Drift
    def __init__(self, drift: _Optional[_Union[_drift_pb2.Drift, _Mapping]] = ...) -> None: ...

class FailRevertRequest(_message.Message):
    __slots__ = ("drift_id", "run_id", "reason")
    DRIFT_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    drift_id: str
    run_id: str
    reason: str
    def __init__(self, drift_id: _Optional[str] = ..., run_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class FailRevertResponse(_message.Message):
    __slots__ = ("drift",)
    DRIFT_FIELD_NUMBER: _ClassVar[int]
    drift: _drift_pb2.Drift
    def __init__(self, drift: _Optional[_Union[_drift_pb2.Drift, _Mapping]] = ...) -> None: ...

class RecordSpecsRequest(_message.Message):
    __slots__ = ("specs", "actor")
    SPECS_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    specs: _containers.RepeatedCompositeFieldContainer[DesiredResource]
    actor: str
    def __init__(self, specs: _Optional[_Iterable[_Union[DesiredResource, _Mapping]]] = ..., actor: _Optional[str] = ...) -> None: ...

class DesiredResource(_message.Message):
    __slots__ = ("resource_id", "spec_json")
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_JSON_FIELD_NUMBER: _ClassVar[int]
    resource_id: str
    spec_json: str
    def __init__(self, resource_id: _Optional[str] = ..., spec_json: _Optional[str] = ...) -> None: ...

class RecordSpecsResponse(_message.Message):
    __slots__ = ("created_count", "updated_count", "unchanged_count")
    CREATED_COUNT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    created_count: int
    updated_count: int
    unchanged_count: int
    def __init__(self, created_count: _Optional[int] = ..., updated_count: _Optional[int] = ..., unchanged_count: _Optional[int] = ...) -> None: ...

class RemoveSpecsRequest(_message.Message):
    __slots__ = ("resource_ids", "actor")
    RESOURCE_IDS_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    resource_ids: _containers.RepeatedScalarFieldContainer[str]
    actor: str
    def __init__(self, resource_ids: _Optional[_Iterable[str]] = ..., actor: _Optional[str] = ...) -> None: ...

class RemoveSpecsResponse(_message.Message):
    __slots__ = ("removed_count",)
    REMOVED_COUNT_FIELD_NUMBER: _ClassVar[int]
    removed_count: int
    def __init__(self, removed_count: _Optional[int] = ...) -> None: ...

class AssignResourcesRequest(_message.Message):
    __slots__ = ("resource_ids", "deployment_id", "tenant_id", "actor", "reason", "key")
    RESOURCE_IDS_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    resource_ids: _containers.RepeatedScalarFieldContainer[str]
    deployment_id: str
    tenant_id: str
    actor: str
    reason: str
    key: str
    def __init__(self, resource_ids: _Optional[_Iterable[str]] = ..., deployment_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., actor: _Optional[str] = ..., reason: _Optional[str] = ..., key: _Optional[str] = ...) -> None: ...

class AssignResourcesResponse(_message.Message):
    __slots__ = ("assigned_count",)
    ASSIGNED_COUNT_FIELD_NUMBER: _ClassVar[int]
    assigned_count: int
    def __init__(self, assigned_count: _Optional[int] = ...) -> None: ...

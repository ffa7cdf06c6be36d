import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Subscription(_message.Message):
    __slots__ = ("id", "deployment_id", "tenant_id", "plan_code", "plan_version", "plan_version_id", "status", "current_period_start", "current_period_end", "trial_end", "addons", "terms", "starts_on", "ends_on", "created_at", "pauses", "upcoming_changes")
    ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    PLAN_VERSION_FIELD_NUMBER: _ClassVar[int]
    PLAN_VERSION_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CURRENT_PERIOD_START_FIELD_NUMBER: _ClassVar[int]
    CURRENT_PERIOD_END_FIELD_NUMBER: _ClassVar[int]
    TRIAL_END_FIELD_NUMBER: _ClassVar[int]
    ADDONS_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    STARTS_ON_FIELD_NUMBER: _ClassVar[int]
    ENDS_ON_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    PAUSES_FIELD_NUMBER: _ClassVar[int]
    UPCOMING_CHANGES_FIELD_NUMBER: _ClassVar[int]
    id: str
    deployment_id: str
    tenant_id: str
    plan_code: str
    plan_version: int
    plan_version_id: str
    status: str
    current_period_start: str
    current_period_end: str
    trial_end: str
    addons: _containers.RepeatedCompositeFieldContainer[AttachedAddon]
    terms: _containers.RepeatedCompositeFieldContainer[PlanTerm]
    starts_on: str
    ends_on: str
    created_at: _timestamp_pb2.Timestamp
    pauses: _containers.RepeatedCompositeFieldContainer[PauseSpan]
    upcoming_changes: _containers.RepeatedCompositeFieldContainer[UpcomingChange]
    def __init__(self, id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., plan_code: _Optional[str] = ..., plan_version: _Optional[int] = ..., plan_version_id: _Optional[str] = ..., status: _Optional[str] = ..., current_period_start: _Optional[str] = ..., current_period_end: _Optional[str] = ..., trial_end: _Optional[str] = ..., addons: _Optional[_Iterable[_Union[AttachedAddon, _Mapping]]] = ..., terms: _Optional[_Iterable[_Union[PlanTerm, _Mapping]]] = ..., starts_on: _Optional[str] = ..., ends_on: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., pauses: _Optional[_Iterable[_Union[PauseSpan, _Mapping]]] = ..., upcoming_changes: _Optional[_Iterable[_Union[UpcomingChange, _Mapping]]] = ...) -> None: ...

class UpcomingChange(_message.Message):
    __slots__ = ("id", "kind", "effective_on", "plan_code", "plan_version", "attached_addon_id", "addon_code", "by_tenant", "migration_id", "noticed_on")
    ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_ON_FIELD_NUMBER: _ClassVar[int]
    PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    PLAN_VERSION_FIELD_NUMBER: _ClassVar[int]
    ATTACHED_ADDON_ID_FIELD_NUMBER: _ClassVar[int]
    ADDON_CODE_FIELD_NUMBER: _ClassVar[int]
    BY_TENANT_FIELD_NUMBER: _ClassVar[int]
    MIGRATION_ID_FIELD_NUMBER: _ClassVar[int]
    NOTICED_ON_FIELD_NUMBER: _ClassVar[int]
    id: str
    kind: str
    effective_on: str
    plan_code: str
    plan_version: int
    attached_addon_id: str
    addon_code: str
    by_tenant: bool
    migration_id: str
    noticed_on: str
    def __init__(self, id: _Optional[str] = ..., kind: _Optional[str] = ..., effective_on: _Optional[str] = ..., plan_code: _Optional[str] = ..., plan_version: _Optional[int] = ..., attached_addon_id: _Optional[str] = ..., addon_code: _Optional[str] = ..., by_tenant: _Optional[bool] = ..., migration_id: _Optional[str] = ..., noticed_on: _Optional[str] = ...) -> None: ...

class AttachedAddon(_message.Message):
    __slots__ = ("id", "code", "resource_kind", "qty", "price_cents", "currency", "attached_on", "detached_on")
    ID_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    QTY_FIELD_NUMBER: _ClassVar[int]
    PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ATTACHED_ON_FIELD_NUMBER: _ClassVar[int]
    DETACHED_ON_FIELD_NUMBER: _ClassVar[int]
    id: str
    code: str
    resource_kind: str
    qty: str
    price_cents: int
    currency: str
    attached_on: str
    detached_on: str
    def __init__(self, id: _Optional[str] = ..., code: _Optional[str] = ..., resource_kind: _Optional[str] = ..., qty: _Optional[str] = ..., price_cents: _Optional[int] = ..., currency: _Optional[str] = ..., attached_on: _Optional[str] = ..., detached_on: _Optional[str] = ...) -> None: ...

class PlanTerm(_message.Message):
    __slots__ = ("plan_code", "plan_version", "plan_version_id", "effective_from", "effective_to")
    PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    PLAN_VERSION_FIELD_NUMBER: _ClassVar[int]
    PLAN_VERSION_ID_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FROM_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TO_FIELD_NUMBER: _ClassVar[int]
    plan_code: str
    plan_version: int
    plan_version_id: str
    effective_from: str
    effective_to: str
    def __init__(self, plan_code: _Optional[str] = ..., plan_version: _Optional[int] = ..., plan_version_id: _Optional[str] = ..., effective_from: _Optional[str] = ..., effective_to: _Optional[str] = ...) -> None: ...

class PauseSpan(_message.Message):
    __slots__ = ("paused_on", "resumed_on")
    PAUSED_ON_FIELD_NUMBER: _ClassVar[int]
    RESUMED_ON_FIELD_NUMBER: _ClassVar[int]
    paused_on: str
    resumed_on: str
    def __init__(self, paused_on: _Optional[str] = ..., resumed_on: _Optional[str] = ...) -> None: ...

import datetime

from arcadia.common.v1 import access_pb2 as _access_pb2
from arcadia.common.v1 import runs_pb2 as _runs_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SpendPolicy(_message.Message):
    __slots__ = ("id", "tenant_id", "deployment_id", "cap_cents", "currency", "action", "created_by", "created_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    CAP_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    tenant_id: str
    deployment_id: str
    cap_cents: int
    currency: str
    action: str
    created_by: str
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., cap_cents: _Optional[int] = ..., currency: _Optional[str] = ..., action: _Optional[str] = ..., created_by: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SpendBreach(_message.Message):
    __slots__ = ("id", "policy", "period", "accrued_cents", "status", "run", "decided_by", "reason", "decided_at", "occurred_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    ACCRUED_CENTS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    policy: SpendPolicy
    period: str
    accrued_cents: int
    status: str
    run: _runs_pb2.Run
    decided_by: str
    reason: str
    decided_at: _timestamp_pb2.Timestamp
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., policy: _Optional[_Union[SpendPolicy, _Mapping]] = ..., period: _Optional[str] = ..., accrued_cents: _Optional[int] = ..., status: _Optional[str] = ..., run: _Optional[_Union[_runs_pb2.Run, _Mapping]] = ..., decided_by: _Optional[str] = ..., reason: _Optional[str] = ..., decided_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListSpendPoliciesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "tenant_id", "deployment_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    tenant_id: str
    deployment_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ...) -> None: ...

class ListSpendPoliciesResponse(_message.Message):
    __slots__ = ("spend_policies", "next_page_token")
    SPEND_POLICIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    spend_policies: _containers.RepeatedCompositeFieldContainer[SpendPolicy]
    next_page_token: str
    def __init__(self, spend_policies: _Optional[_Iterable[_Union[SpendPolicy, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CreateSpendPolicyRequest(_message.Message):
    __slots__ = ("tenant_id", "deployment_id", "cap_cents", "currency", "action", "request_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    CAP_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    deployment_id: str
    cap_cents: int
    currency: str
    action: str
    request_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., cap_cents: _Optional[int] = ..., currency: _Optional[str] = ..., action: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateSpendPolicyResponse(_message.Message):
    __slots__ = ("spend_policy",)
    SPEND_POLICY_FIELD_NUMBER: _ClassVar[int]
    spend_policy: SpendPolicy
    def __init__(self, spend_policy: _Optional[_Union[SpendPolicy, _Mapping]] = ...) -> None: ...

class UpdateSpendPolicyRequest(_message.Message):
    __slots__ = ("id", "cap_cents", "action", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    CAP_CENTS_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    cap_cents: int
    action: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., cap_cents: _Optional[int] = ..., action: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdateSpendPolicyResponse(_message.Message):
    __slots__ = ("spend_policy",)
    SPEND_POLICY_FIELD_NUMBER: _ClassVar[int]
    spend_policy: SpendPolicy
    def __init__(self, spend_policy: _Optional[_Union[SpendPolicy, _Mapping]] = ...) -> None: ...

class DeleteSpendPolicyRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteSpendPolicyResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListSpendBreachesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "tenant_id", "status")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    tenant_id: str
    status: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., tenant_id: _Optional[str] = ..., status: _Optional[str] = ...) -> None: ...

class ListSpendBreachesResponse(_message.Message):
    __slots__ = ("spend_breaches", "next_page_token")
    SPEND_BREACHES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    spend_breaches: _containers.RepeatedCompositeFieldContainer[SpendBreach]
    next_page_token: str
    def __init__(self, spend_breaches: _Optional[_Iterable[_Union[SpendBreach, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DecideSpendBreachRequest(_message.Message):
    __slots__ = ("id", "decision", "reason", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    decision: str
    reason: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., decision: _Optional[str] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DecideSpendBreachResponse(_message.Message):
    __slots__ = ("spend_breach",)
    SPEND_BREACH_FIELD_NUMBER: _ClassVar[int]
    spend_breach: SpendBreach
    def __init__(self, spend_breach: _Optional[_Union[SpendBreach, _Mapping]] = ...) -> None: ...

class EvaluateSpendPoliciesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class EvaluateSpendPoliciesResponse(_message.Message):
    __slots__ = ("spend_breaches", "next_page_token")
    SPEND_BREACHES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    spend_breaches: _containers.RepeatedCompositeFieldContainer[SpendBreach]
    next_page_token: str
    def __init__(self, spend_breaches: _Optional[_Iterable[_Union[SpendBreach, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RecordSpendOutcomeRequest(_message.Message):
    __slots__ = ("breach_id", "status", "workflow_id", "run_id")
    BREACH_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    breach_id: str
    status: str
    workflow_id: str
    run_id: str
    def __init__(self, breach_id: _Optional[str] = ..., status: _Optional[str] = ..., workflow_id: _Optional[str] = ..., run_id: _Optional[str] = ...) -> None: ...

class RecordSpendOutcomeResponse(_message.Message):
    __slots__ = ("spend_breach",)
    SPEND_BREACH_FIELD_NUMBER: _ClassVar[int]
    spend_breach: SpendBreach
    def __init__(self, spend_breach: _Optional[_Union[SpendBreach, _Mapping]] = ...) -> None: ...

import datetime

from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RebillingRule(_message.Message):
    __slots__ = ("id", "code", "basis", "match", "percent", "fixed_cents", "step_cents", "floor_cents", "currency", "takes_all", "effective_from", "effective_to", "created_by", "created_at", "late_bill")
    class MatchEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    MATCH_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    FIXED_CENTS_FIELD_NUMBER: _ClassVar[int]
    STEP_CENTS_FIELD_NUMBER: _ClassVar[int]
    FLOOR_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    TAKES_ALL_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FROM_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TO_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    LATE_BILL_FIELD_NUMBER: _ClassVar[int]
    id: str
    code: str
    basis: str
    match: _containers.MessageMap[str, _struct_pb2.Value]
    percent: str
    fixed_cents: str
    step_cents: str
    floor_cents: str
    currency: str
    takes_all: bool
    effective_from: str
    effective_to: str
    created_by: str
    created_at: _timestamp_pb2.Timestamp
    late_bill: str
    def __init__(self, id: _Optional[str] = ..., code: _Optional[str] = ..., basis: _Optional[str] = ..., match: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., percent: _Optional[str] = ..., fixed_cents: _Optional[str] = ..., step_cents: _Optional[str] = ..., floor_cents: _Optional[str] = ..., currency: _Optional[str] = ..., takes_all: _Optional[bool] = ..., effective_from: _Optional[str] = ..., effective_to: _Optional[str] = ..., created_by: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., late_bill: _Optional[str] = ...) -> None: ...

class ListRebillingRulesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "in_force_on")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    IN_FORCE_ON_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    in_force_on: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., in_force_on: _Optional[str] = ...) -> None: ...

class ListRebillingRulesResponse(_message.Message):
    __slots__ = ("rebilling_rules", "next_page_token")
    REBILLING_RULES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    rebilling_rules: _containers.RepeatedCompositeFieldContainer[RebillingRule]
    next_page_token: str
    def __init__(self, rebilling_rules: _Optional[_Iterable[_Union[RebillingRule, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CreateRebillingRuleRequest(_message.Message):
    __slots__ = ("code", "basis", "match", "percent", "fixed_cents", "step_cents", "floor_cents", "currency", "takes_all", "effective_from", "effective_to", "request_id", "late_bill")
    class MatchEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    CODE_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    MATCH_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    FIXED_CENTS_FIELD_NUMBER: _ClassVar[int]
    STEP_CENTS_FIELD_NUMBER: _ClassVar[int]
    FLOOR_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    TAKES_ALL_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FROM_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TO_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    LATE_BILL_FIELD_NUMBER: _ClassVar[int]
    code: str
    basis: str
    match: _containers.MessageMap[str, _struct_pb2.Value]
    percent: str
    fixed_cents: str
    step_cents: str
    floor_cents: str
    currency: str
    takes_all: bool
    effective_from: str
    effective_to: str
    request_id: str
    late_bill: str
    def __init__(self, code: _Optional[str] = ..., basis: _Optional[str] = ..., match: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., percent: _Optional[str] = ..., fixed_cents: _Optional[str] = ..., step_cents: _Optional[str] = ..., floor_cents: _Optional[str] = ..., currency: _Optional[str] = ..., takes_all: _Optional[bool] = ..., effective_from: _Optional[str] = ..., effective_to: _Optional[str] = ..., request_id: _Optional[str] = ..., late_bill: _Optional[str] = ...) -> None: ...

class CreateRebillingRuleResponse(_message.Message):
    __slots__ = ("rebilling_rule",)
    REBILLING_RULE_FIELD_NUMBER: _ClassVar[int]
    rebilling_rule: RebillingRule
    def __init__(self, rebilling_rule: _Optional[_Union[RebillingRule, _Mapping]] = ...) -> None: ...

class EndRebillingRuleRequest(_message.Message):
    __slots__ = ("code", "effective_to", "request_id")
    CODE_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TO_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    code: str
    effective_to: str
    request_id: str
    def __init__(self, code: _Optional[str] = ..., effective_to: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class EndRebillingRuleResponse(_message.Message):
    __slots__ = ("rebilling_rule",)
    REBILLING_RULE_FIELD_NUMBER: _ClassVar[int]
    rebilling_rule: RebillingRule
    def __init__(self, rebilling_rule: _Optional[_Union[RebillingRule, _Mapping]] = ...) -> None: ...

from arcadia.catalog.v1 import quotes_pb2 as _quotes_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateQuoteRequest(_message.Message):
    __slots__ = ("plan_code", "addons", "projected_usage", "starts_on", "plan_version", "subscription_id", "request_id")
    class ProjectedUsageEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    ADDONS_FIELD_NUMBER: _ClassVar[int]
    PROJECTED_USAGE_FIELD_NUMBER: _ClassVar[int]
    STARTS_ON_FIELD_NUMBER: _ClassVar[int]
    PLAN_VERSION_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    plan_code: str
    addons: _containers.RepeatedScalarFieldContainer[str]
    projected_usage: _containers.MessageMap[str, _struct_pb2.Value]
    starts_on: str
    plan_version: int
    subscription_id: str
    request_id: str
    def __init__(self, plan_code: _Optional[str] = ..., addons: _Optional[_Iterable[str]] = ..., projected_usage: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., starts_on: _Optional[str] = ..., plan_version: _Optional[int] = ..., subscription_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class GetQuoteRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetQuoteResponse(_message.Message):
    __slots__ = ("quote",)
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    quote: _quotes_pb2.Quote
    def __init__(self, quote: _Optional[_Union[_quotes_pb2.Quote, _Mapping]] = ...) -> None: ...

class VerifyQuoteRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class VerifyQuoteResponse(_message.Message):
    __slots__ = ("verification",)
    VERIFICATION_FIELD_NUMBER: _ClassVar[int]
    verification: _quotes_pb2.Verification
    def __init__(self, verification: _Optional[_Union[_quotes_pb2.Verification, _Mapping]] = ...) -> None: ...

class CompareQuotesRequest(_message.Message):
    __slots__ = ("id", "other_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    OTHER_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    other_id: str
    def __init__(self, id: _Optional[str] = ..., other_id: _Optional[str] = ...) -> None: ...

class CompareQuotesResponse(_message.Message):
    __slots__ = ("differences",)
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    differences: _containers.RepeatedCompositeFieldContainer[_quotes_pb2.InputDifference]
    def __init__(self, differences: _Optional[_Iterable[_Union[_quotes_pb2.InputDifference, _Mapping]]] = ...) -> None: ...

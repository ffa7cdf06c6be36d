from arcadia.catalog.v1 import pricing_service_pb2 as _pricing_service_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SimulateQuotesRequest(_message.Message):
    __slots__ = ("document", "plan_code", "plan_version", "catalog_revision", "items")
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    PLAN_VERSION_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    document: str
    plan_code: str
    plan_version: int
    catalog_revision: str
    items: _containers.RepeatedCompositeFieldContainer[SimulateQuotesItem]
    def __init__(self, document: _Optional[str] = ..., plan_code: _Optional[str] = ..., plan_version: _Optional[int] = ..., catalog_revision: _Optional[str] = ..., items: _Optional[_Iterable[_Union[SimulateQuotesItem, _Mapping]]] = ...) -> None: ...

class SimulateQuotesItem(_message.Message):
    __slots__ = ("inputs_json", "engine_version", "unsold_usage", "tenant_id")
    INPUTS_JSON_FIELD_NUMBER: _ClassVar[int]
    ENGINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    UNSOLD_USAGE_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    inputs_json: str
    engine_version: str
    unsold_usage: _containers.RepeatedCompositeFieldContainer[_pricing_service_pb2.UsageSeries]
    tenant_id: str
    def __init__(self, inputs_json: _Optional[str] = ..., engine_version: _Optional[str] = ..., unsold_usage: _Optional[_Iterable[_Union[_pricing_service_pb2.UsageSeries, _Mapping]]] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class SimulateQuotesResponse(_message.Message):
    __slots__ = ("results", "catalog_revision")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[SimulateQuotesResult]
    catalog_revision: str
    def __init__(self, results: _Optional[_Iterable[_Union[SimulateQuotesResult, _Mapping]]] = ..., catalog_revision: _Optional[str] = ...) -> None: ...

class SimulateQuotesResult(_message.Message):
    __slots__ = ("currency", "meter_amounts", "failure", "rules_left_out")
    class MeterAmountsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    METER_AMOUNTS_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    RULES_LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    currency: str
    meter_amounts: _containers.ScalarMap[str, int]
    failure: _pricing_service_pb2.QuoteFailure
    rules_left_out: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, currency: _Optional[str] = ..., meter_amounts: _Optional[_Mapping[str, int]] = ..., failure: _Optional[_Union[_pricing_service_pb2.QuoteFailure, _Mapping]] = ..., rules_left_out: _Optional[_Iterable[str]] = ...) -> None: ...

import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Meter(_message.Message):
    __slots__ = ("code", "name", "units", "aggregation", "basis", "dimensions", "source", "retired", "cost", "created_by", "created_at", "retired_at")
    CODE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    AGGREGATION_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    RETIRED_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    RETIRED_AT_FIELD_NUMBER: _ClassVar[int]
    code: str
    name: str
    units: _containers.RepeatedCompositeFieldContainer[MeterUnit]
    aggregation: str
    basis: str
    dimensions: _containers.RepeatedScalarFieldContainer[str]
    source: str
    retired: bool
    cost: MeterCost
    created_by: str
    created_at: _timestamp_pb2.Timestamp
    retired_at: _timestamp_pb2.Timestamp
    def __init__(self, code: _Optional[str] = ..., name: _Optional[str] = ..., units: _Optional[_Iterable[_Union[MeterUnit, _Mapping]]] = ..., aggregation: _Optional[str] = ..., basis: _Optional[str] = ..., dimensions: _Optional[_Iterable[str]] = ..., source: _Optional[str] = ..., retired: _Optional[bool] = ..., cost: _Optional[_Union[MeterCost, _Mapping]] = ..., created_by: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., retired_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class MeterUnit(_message.Message):
    __slots__ = ("unit", "factor")
    UNIT_FIELD_NUMBER: _ClassVar[int]
    FACTOR_FIELD_NUMBER: _ClassVar[int]
    unit: str
    factor: int
    def __init__(self, unit: _Optional[str] = ..., factor: _Optional[int] = ...) -> None: ...

class MeterCost(_message.Message):
    __slots__ = ("id", "meter_code", "unit", "unit_cost_cents", "currency", "effective_from", "effective_to", "created_by", "created_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    METER_CODE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    UNIT_COST_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FROM_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TO_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    meter_code: str
    unit: str
    unit_cost_cents: str
    currency: str
    effective_from: str
    effective_to: str
    created_by: str
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., meter_code: _Optional[str] = ..., unit: _Optional[str] = ..., unit_cost_cents: _Optional[str] = ..., currency: _Optional[str] = ..., effective_from: _Optional[str] = ..., effective_to: _Optional[str] = ..., created_by: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

from arcadia.catalog.v1 import catalog_pb2 as _catalog_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from arcadia.common.v1 import limits_pb2 as _limits_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListPlansRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "include_unpublished")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_UNPUBLISHED_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    include_unpublished: bool
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., include_unpublished: _Optional[bool] = ...) -> None: ...

class ListPlansResponse(_message.Message):
    __slots__ = ("plans", "next_page_token")
    PLANS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    plans: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.Plan]
    next_page_token: str
    def __init__(self, plans: _Optional[_Iterable[_Union[_catalog_pb2.Plan, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetPlanRequest(_message.Message):
    __slots__ = ("code",)
    CODE_FIELD_NUMBER: _ClassVar[int]
    code: str
    def __init__(self, code: _Optional[str] = ...) -> None: ...

class GetPlanResponse(_message.Message):
    __slots__ = ("plan",)
    PLAN_FIELD_NUMBER: _ClassVar[int]
    plan: _catalog_pb2.Plan
    def __init__(self, plan: _Optional[_Union[_catalog_pb2.Plan, _Mapping]] = ...) -> None: ...

class CreatePlanRequest(_message.Message):
    __slots__ = ("code", "name", "request_id")
    CODE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    code: str
    name: str
    request_id: str
    def __init__(self, code: _Optional[str] = ..., name: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreatePlanResponse(_message.Message):
    __slots__ = ("plan",)
    PLAN_FIELD_NUMBER: _ClassVar[int]
    plan: _catalog_pb2.Plan
    def __init__(self, plan: _Optional[_Union[_catalog_pb2.Plan, _Mapping]] = ...) -> None: ...

class UpdatePlanRequest(_message.Message):
    __slots__ = ("code", "name", "request_id")
    CODE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    code: str
    name: str
    request_id: str
    def __init__(self, code: _Optional[str] = ..., name: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdatePlanResponse(_message.Message):
    __slots__ = ("plan",)
    PLAN_FIELD_NUMBER: _ClassVar[int]
    plan: _catalog_pb2.Plan
    def __init__(self, plan: _Optional[_Union[_catalog_pb2.Plan, _Mapping]] = ...) -> None: ...

class ListPlanVersionsRequest(_message.Message):
    __slots__ = ("plan_code", "page_size", "page_token")
    PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    plan_code: str
    page_size: int
    page_token: str
    def __init__(self, plan_code: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListPlanVersionsResponse(_message.Message):
    __slots__ = ("plan_versions", "next_page_token")
    PLAN_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    plan_versions: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.PlanVersion]
    next_page_token: str
    def __init__(self, plan_versions: _Optional[_Iterable[_Union[_catalog_pb2.PlanVersion, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CreatePlanVersionRequest(_message.Message):
    __slots__ = ("plan_code", "price_cents", "currency", "items", "request_id")
    PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    plan_code: str
    price_cents: int
    currency: str
    items: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.PlanItem]
    request_id: str
    def __init__(self, plan_code: _Optional[str] = ..., price_cents: _Optional[int] = ..., currency: _Optional[str] = ..., items: _Optional[_Iterable[_Union[_catalog_pb2.PlanItem, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreatePlanVersionResponse(_message.Message):
    __slots__ = ("plan_version",)
    PLAN_VERSION_FIELD_NUMBER: _ClassVar[int]
    plan_version: _catalog_pb2.PlanVersion
    def __init__(self, plan_version: _Optional[_Union[_catalog_pb2.PlanVersion, _Mapping]] = ...) -> None: ...

class UpdatePlanVersionRequest(_message.Message):
    __slots__ = ("plan_code", "version", "price_cents", "currency", "items", "request_id")
    PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    plan_code: str
    version: int
    price_cents: int
    currency: str
    items: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.PlanItem]
    request_id: str
    def __init__(self, plan_code: _Optional[str] = ..., version: _Optional[int] = ..., price_cents: _Optional[int] = ..., currency: _Optional[str] = ..., items: _Optional[_Iterable[_Union[_catalog_pb2.PlanItem, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdatePlanVersionResponse(_message.Message):
    __slots__ = ("plan_version",)
    PLAN_VERSION_FIELD_NUMBER: _ClassVar[int]
    plan_version: _catalog_pb2.PlanVersion
    def __init__(self, plan_version: _Optional[_Union[_catalog_pb2.PlanVersion, _Mapping]] = ...) -> None: ...

class PublishPlanVersionRequest(_message.Message):
    __slots__ = ("plan_code", "version", "request_id")
    PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    plan_code: str
    version: int
    request_id: str
    def __init__(self, plan_code: _Optional[str] = ..., version: _Optional[int] = ..., request_id: _Optional[str] = ...) -> None: ...

class PublishPlanVersionResponse(_message.Message):
    __slots__ = ("plan_version", "retired_version")
    PLAN_VERSION_FIELD_NUMBER: _ClassVar[int]
    RETIRED_VERSION_FIELD_NUMBER: _ClassVar[int]
    plan_version: _catalog_pb2.PlanVersion
    retired_version: _catalog_pb2.PlanVersion
    def __init__(self, plan_version: _Optional[_Union[_catalog_pb2.PlanVersion, _Mapping]] = ..., retired_version: _Optional[_Union[_catalog_pb2.PlanVersion, _Mapping]] = ...) -> None: ...

class ListAddonsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "resource_kind")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    resource_kind: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., resource_kind: _Optional[str] = ...) -> None: ...

class ListAddonsResponse(_message.Message):
    __slots__ = ("addons", "next_page_token")
    ADDONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    addons: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.Addon]
    next_page_token: str
    def __init__(self, addons: _Optional[_Iterable[_Union[_catalog_pb2.Addon, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CreateAddonRequest(_message.Message):
    __slots__ = ("code", "resource_kind", "qty", "price_cents", "currency", "request_id")
    CODE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    QTY_FIELD_NUMBER: _ClassVar[int]
    PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    code: str
    resource_kind: str
    qty: str
    price_cents: int
    currency: str
    request_id: str
    def __init__(self, code: _Optional[str] = ..., resource_kind: _Optional[str] = ..., qty: _Optional[str] = ..., price_cents: _Optional[int] = ..., currency: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateAddonResponse(_message.Message):
    __slots__ = ("addon",)
    ADDON_FIELD_NUMBER: _ClassVar[int]
    addon: _catalog_pb2.Addon
    def __init__(self, addon: _Optional[_Union[_catalog_pb2.Addon, _Mapping]] = ...) -> None: ...

class UpdateAddonRequest(_message.Message):
    __slots__ = ("code", "qty", "price_cents", "request_id")
    CODE_FIELD_NUMBER: _ClassVar[int]
    QTY_FIELD_NUMBER: _ClassVar[int]
    PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    code: str
    qty: str
    price_cents: int
    request_id: str
    def __init__(self, code: _Optional[str] = ..., qty: _Optional[str] = ..., price_cents: _Optional[int] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdateAddonResponse(_message.Message):
    __slots__ = ("addon",)
    ADDON_FIELD_NUMBER: _ClassVar[int]
    addon: _catalog_pb2.Addon
    def __init__(self, addon: _Optional[_Union[_catalog_pb2.Addon, _Mapping]] = ...) -> None: ...

class ListResourcePricesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "resource_kind", "in_force_on")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    IN_FORCE_ON_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    resource_kind: str
    in_force_on: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., resource_kind: _Optional[str] = ..., in_force_on: _Optional[str] = ...) -> None: ...

class ListResourcePricesResponse(_message.Message):
    __slots__ = ("resource_prices", "next_page_token")
    RESOURCE_PRICES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    resource_prices: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.ResourcePrice]
    next_page_token: str
    def __init__(self, resource_prices: _Optional[_Iterable[_Union[_catalog_pb2.ResourcePrice, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CreateResourcePriceRequest(_message.Message):
    __slots__ = ("resource_kind", "unit", "unit_price_cents", "currency", "effective_from", "effective_to", "request_id", "match")
    class MatchEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    RESOURCE_KIND_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    UNIT_PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FROM_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TO_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    MATCH_FIELD_NUMBER: _ClassVar[int]
    resource_kind: str
    unit: str
    unit_price_cents: str
    currency: str
    effective_from: str
    effective_to: str
    request_id: str
    match: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, resource_kind: _Optional[str] = ..., unit: _Optional[str] = ..., unit_price_cents: _Optional[str] = ..., currency: _Optional[str] = ..., effective_from: _Optional[str] = ..., effective_to: _Optional[str] = ..., request_id: _Optional[str] = ..., match: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class CreateResourcePriceResponse(_message.Message):
    __slots__ = ("resource_price",)
    RESOURCE_PRICE_FIELD_NUMBER: _ClassVar[int]
    resource_price: _catalog_pb2.ResourcePrice
    def __init__(self, resource_price: _Optional[_Union[_catalog_pb2.ResourcePrice, _Mapping]] = ...) -> None: ...

class ExportCatalogRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ExportCatalogResponse(_message.Message):
    __slots__ = ("document", "state_hash")
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    STATE_HASH_FIELD_NUMBER: _ClassVar[int]
    document: str
    state_hash: str
    def __init__(self, document: _Optional[str] = ..., state_hash: _Optional[str] = ...) -> None: ...

class ApplyCatalogRequest(_message.Message):
    __slots__ = ("document", "validate_only", "state_hash", "request_id")
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    STATE_HASH_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    document: str
    validate_only: bool
    state_hash: str
    request_id: str
    def __init__(self, document: _Optional[str] = ..., validate_only: _Optional[bool] = ..., state_hash: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ApplyCatalogResponse(_message.Message):
    __slots__ = ("changes", "state_hash")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    STATE_HASH_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[CatalogChange]
    state_hash: str
    def __init__(self, changes: _Optional[_Iterable[_Union[CatalogChange, _Mapping]]] = ..., state_hash: _Optional[str] = ...) -> None: ...

class CatalogChange(_message.Message):
    __slots__ = ("action", "object_type", "object_key", "differences")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    OBJECT_TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_KEY_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    action: str
    object_type: str
    object_key: str
    differences: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, action: _Optional[str] = ..., object_type: _Optional[str] = ..., object_key: _Optional[str] = ..., differences: _Optional[_Iterable[str]] = ...) -> None: ...

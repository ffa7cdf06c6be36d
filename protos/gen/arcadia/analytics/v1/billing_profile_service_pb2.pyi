import datetime

from arcadia.analytics.v1 import invoices_pb2 as _invoices_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BillingProfile(_message.Message):
    __slots__ = ("tenant_id", "recipient", "tax_region", "updated_at", "purchase_order")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    RECIPIENT_FIELD_NUMBER: _ClassVar[int]
    TAX_REGION_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    PURCHASE_ORDER_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    recipient: _invoices_pb2.Party
    tax_region: str
    updated_at: _timestamp_pb2.Timestamp
    purchase_order: str
    def __init__(self, tenant_id: _Optional[str] = ..., recipient: _Optional[_Union[_invoices_pb2.Party, _Mapping]] = ..., tax_region: _Optional[str] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., purchase_order: _Optional[str] = ...) -> None: ...

class TaxRule(_message.Message):
    __slots__ = ("id", "tax_region", "label", "rate_percent", "effective_from", "effective_to")
    ID_FIELD_NUMBER: _ClassVar[int]
    TAX_REGION_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    RATE_PERCENT_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FROM_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TO_FIELD_NUMBER: _ClassVar[int]
    id: str
    tax_region: str
    label: str
    rate_percent: str
    effective_from: str
    effective_to: str
    def __init__(self, id: _Optional[str] = ..., tax_region: _Optional[str] = ..., label: _Optional[str] = ..., rate_percent: _Optional[str] = ..., effective_from: _Optional[str] = ..., effective_to: _Optional[str] = ...) -> None: ...

class GetBillingProfileRequest(_message.Message):
    __slots__ = ("tenant_id",)
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    def __init__(self, tenant_id: _Optional[str] = ...) -> None: ...

class GetBillingProfileResponse(_message.Message):
    __slots__ = ("billing_profile",)
    BILLING_PROFILE_FIELD_NUMBER: _ClassVar[int]
    billing_profile: BillingProfile
    def __init__(self, billing_profile: _Optional[_Union[BillingProfile, _Mapping]] = ...) -> None: ...

class ListBillingProfilesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListBillingProfilesResponse(_message.Message):
    __slots__ = ("billing_profiles", "next_page_token")
    BILLING_PROFILES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    billing_profiles: _containers.RepeatedCompositeFieldContainer[BillingProfile]
    next_page_token: str
    def __init__(self, billing_profiles: _Optional[_Iterable[_Union[BillingProfile, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class SaveBillingProfileRequest(_message.Message):
    __slots__ = ("tenant_id", "recipient", "tax_region", "request_id", "purchase_order")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    RECIPIENT_FIELD_NUMBER: _ClassVar[int]
    TAX_REGION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PURCHASE_ORDER_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    recipient: _invoices_pb2.Party
    tax_region: str
    request_id: str
    purchase_order: str
    def __init__(self, tenant_id: _Optional[str] = ..., recipient: _Optional[_Union[_invoices_pb2.Party, _Mapping]] = ..., tax_region: _Optional[str] = ..., request_id: _Optional[str] = ..., purchase_order: _Optional[str] = ...) -> None: ...

class SaveBillingProfileResponse(_message.Message):
    __slots__ = ("billing_profile",)
    BILLING_PROFILE_FIELD_NUMBER: _ClassVar[int]
    billing_profile: BillingProfile
    def __init__(self, billing_profile: _Optional[_Union[BillingProfile, _Mapping]] = ...) -> None: ...

class ListTaxRulesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "tax_region")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TAX_REGION_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    tax_region: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., tax_region: _Optional[str] = ...) -> None: ...

class ListTaxRulesResponse(_message.Message):
    __slots__ = ("tax_rules", "next_page_token")
    TAX_RULES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tax_rules: _containers.RepeatedCompositeFieldContainer[TaxRule]
    next_page_token: str
    def __init__(self, tax_rules: _Optional[_Iterable[_Union[TaxRule, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CreateTaxRuleRequest(_message.Message):
    __slots__ = ("tax_region", "label", "rate_percent", "effective_from", "effective_to", "request_id")
    TAX_REGION_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    RATE_PERCENT_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FROM_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TO_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    tax_region: str
    label: str
    rate_percent: str
    effective_from: str
    effective_to: str
    request_id: str
    def __init__(self, tax_region: _Optional[str] = ..., label: _Optional[str] = ..., rate_percent: _Optional[str] = ..., effective_from: _Optional[str] = ..., effective_to: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateTaxRuleResponse(_message.Message):
    __slots__ = ("tax_rule",)
    TAX_RULE_FIELD_NUMBER: _ClassVar[int]
    tax_rule: TaxRule
    def __init__(self, tax_rule: _Optional[_Union[TaxRule, _Mapping]] = ...) -> None: ...

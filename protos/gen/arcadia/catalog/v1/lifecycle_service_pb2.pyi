from arcadia.catalog.v1 import deployments_pb2 as _deployments_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LookupDeploymentsRequest(_message.Message):
    __slots__ = ("keys",)
    KEYS_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[DeploymentKey]
    def __init__(self, keys: _Optional[_Iterable[_Union[DeploymentKey, _Mapping]]] = ...) -> None: ...

class DeploymentKey(_message.Message):
    __slots__ = ("id", "tenant_id", "slug")
    ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SLUG_FIELD_NUMBER: _ClassVar[int]
    id: str
    tenant_id: str
    slug: str
    def __init__(self, id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., slug: _Optional[str] = ...) -> None: ...

class LookupDeploymentsResponse(_message.Message):
    __slots__ = ("matches",)
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    matches: _containers.RepeatedCompositeFieldContainer[DeploymentMatch]
    def __init__(self, matches: _Optional[_Iterable[_Union[DeploymentMatch, _Mapping]]] = ...) -> None: ...

class DeploymentMatch(_message.Message):
    __slots__ = ("deployment", "ambiguous")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    AMBIGUOUS_FIELD_NUMBER: _ClassVar[int]
    deployment: _deployments_pb2.Deployment
    ambiguous: bool
    def __init__(self, deployment: _Optional[_Union[_deployments_pb2.Deployment, _Mapping]] = ..., ambiguous: _Optional[bool] = ...) -> None: ...

class ApplyBillingActionRequest(_message.Message):
    __slots__ = ("deployment_id", "to_state", "from_states", "actor", "reason", "key")
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TO_STATE_FIELD_NUMBER: _ClassVar[int]
    FROM_STATES_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    to_state: str
    from_states: _containers.RepeatedScalarFieldContainer[str]
    actor: str
    reason: str
    key: str
    def __init__(self, deployment_id: _Optional[str] = ..., to_state: _Optional[str] = ..., from_states: _Optional[_Iterable[str]] = ..., actor: _Optional[str] = ..., reason: _Optional[str] = ..., key: _Optional[str] = ...) -> None: ...

class ApplyBillingActionResponse(_message.Message):
    __slots__ = ("deployment", "outcome")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    deployment: _deployments_pb2.Deployment
    outcome: str
    def __init__(self, deployment: _Optional[_Union[_deployments_pb2.Deployment, _Mapping]] = ..., outcome: _Optional[str] = ...) -> None: ...

class ListTenantDeploymentsRequest(_message.Message):
    __slots__ = ("tenant_id", "page_size", "page_token")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    page_size: int
    page_token: str
    def __init__(self, tenant_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListTenantDeploymentsResponse(_message.Message):
    __slots__ = ("deployments", "next_page_token")
    DEPLOYMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    deployments: _containers.RepeatedCompositeFieldContainer[_deployments_pb2.Deployment]
    next_page_token: str
    def __init__(self, deployments: _Optional[_Iterable[_Union[_deployments_pb2.Deployment, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class EndTrialsRequest(_message.Message):
    __slots__ = ("limit", "actor")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    limit: int
    actor: str
    def __init__(self, limit: _Optional[int] = ..., actor: _Optional[str] = ...) -> None: ...

class EndTrialsResponse(_message.Message):
    __slots__ = ("ended_count", "is_cut")
    ENDED_COUNT_FIELD_NUMBER: _ClassVar[int]
    IS_CUT_FIELD_NUMBER: _ClassVar[int]
    ended_count: int
    is_cut: bool
    def __init__(self, ended_count: _Optional[int] = ..., is_cut: _Optional[bool] = ...) -> None: ...

class RecordProvisionProgressRequest(_message.Message):
    __slots__ = ("provision_id", "status", "step", "reason", "resource_id")
    PROVISION_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    provision_id: str
    status: str
    step: str
    reason: str
    resource_id: str
    def __init__(self, provision_id: _Optional[str] = ..., status: _Optional[str] = ..., step: _Optional[str] = ..., reason: _Optional[str] = ..., resource_id: _Optional[str] = ...) -> None: ...

class RecordProvisionProgressResponse(_message.Message):
    __slots__ = ("provision",)
    PROVISION_FIELD_NUMBER: _ClassVar[int]
    provision: _deployments_pb2.Provision
    def __init__(self, provision: _Optional[_Union[_deployments_pb2.Provision, _Mapping]] = ...) -> None: ...

class GetProvisionUserDataRequest(_message.Message):
    __slots__ = ("provision_id",)
    PROVISION_ID_FIELD_NUMBER: _ClassVar[int]
    provision_id: str
    def __init__(self, provision_id: _Optional[str] = ...) -> None: ...

class GetProvisionUserDataResponse(_message.Message):
    __slots__ = ("user_data",)
    USER_DATA_FIELD_NUMBER: _ClassVar[int]
    user_data: str
    def __init__(self, user_data: _Optional[str] = ...) -> None: ...

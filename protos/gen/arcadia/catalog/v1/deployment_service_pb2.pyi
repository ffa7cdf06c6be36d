from arcadia.catalog.v1 import deployments_pb2 as _deployments_pb2
from arcadia.catalog.v1 import subscriptions_pb2 as _subscriptions_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from arcadia.common.v1 import limits_pb2 as _limits_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListDeploymentsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "tenant_id", "state", "slug")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SLUG_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    tenant_id: str
    state: str
    slug: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., tenant_id: _Optional[str] = ..., state: _Optional[str] = ..., slug: _Optional[str] = ...) -> None: ...

class ListDeploymentsResponse(_message.Message):
    __slots__ = ("deployments", "next_page_token")
    DEPLOYMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    deployments: _containers.RepeatedCompositeFieldContainer[_deployments_pb2.Deployment]
    next_page_token: str
    def __init__(self, deployments: _Optional[_Iterable[_Union[_deployments_pb2.Deployment, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetDeploymentRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetDeploymentResponse(_message.Message):
    __slots__ = ("deployment", "subscription", "events")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    deployment: _deployments_pb2.Deployment
    subscription: _subscriptions_pb2.Subscription
    events: _containers.RepeatedCompositeFieldContainer[_deployments_pb2.DeploymentEvent]
    def __init__(self, deployment: _Optional[_Union[_deployments_pb2.Deployment, _Mapping]] = ..., subscription: _Optional[_Union[_subscriptions_pb2.Subscription, _Mapping]] = ..., events: _Optional[_Iterable[_Union[_deployments_pb2.DeploymentEvent, _Mapping]]] = ...) -> None: ...

class CreateDeploymentRequest(_message.Message):
    __slots__ = ("tenant_id", "slug", "display_name", "region", "llm_mode", "template_code", "template_version", "trial", "trial_ends_on", "request_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SLUG_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    LLM_MODE_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_CODE_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_VERSION_FIELD_NUMBER: _ClassVar[int]
    TRIAL_FIELD_NUMBER: _ClassVar[int]
    TRIAL_ENDS_ON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    slug: str
    display_name: str
    region: str
    llm_mode: str
    template_code: str
    template_version: str
    trial: bool
    trial_ends_on: str
    request_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., slug: _Optional[str] = ..., display_name: _Optional[str] = ..., region: _Optional[str] = ..., llm_mode: _Optional[str] = ..., template_code: _Optional[str] = ..., template_version: _Optional[str] = ..., trial: _Optional[bool] = ..., trial_ends_on: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateDeploymentResponse(_message.Message):
    __slots__ = ("deployment",)
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    deployment: _deployments_pb2.Deployment
    def __init__(self, deployment: _Optional[_Union[_deployments_pb2.Deployment, _Mapping]] = ...) -> None: ...

class UpdateDeploymentRequest(_message.Message):
    __slots__ = ("id", "display_name", "llm_mode", "template_code", "template_version", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    LLM_MODE_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_CODE_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_VERSION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    display_name: str
    llm_mode: str
    template_code: str
    template_version: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., display_name: _Optional[str] = ..., llm_mode: _Optional[str] = ..., template_code: _Optional[str] = ..., template_version: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdateDeploymentResponse(_message.Message):
    __slots__ = ("deployment",)
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    deployment: _deployments_pb2.Deployment
    def __init__(self, deployment: _Optional[_Union[_deployments_pb2.Deployment, _Mapping]] = ...) -> None: ...

class TransitionDeploymentRequest(_message.Message):
    __slots__ = ("id", "to_state", "reason", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    TO_STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    to_state: str
    reason: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., to_state: _Optional[str] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class TransitionDeploymentResponse(_message.Message):
    __slots__ = ("deployment", "event")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    deployment: _deployments_pb2.Deployment
    event: _deployments_pb2.DeploymentEvent
    def __init__(self, deployment: _Optional[_Union[_deployments_pb2.Deployment, _Mapping]] = ..., event: _Optional[_Union[_deployments_pb2.DeploymentEvent, _Mapping]] = ...) -> None: ...

class ExtendTrialRequest(_message.Message):
    __slots__ = ("id", "trial_ends_on", "reason", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    TRIAL_ENDS_ON_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    trial_ends_on: str
    reason: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., trial_ends_on: _Optional[str] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ExtendTrialResponse(_message.Message):
    __slots__ = ("deployment",)
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    deployment: _deployments_pb2.Deployment
    def __init__(self, deployment: _Optional[_Union[_deployments_pb2.Deployment, _Mapping]] = ...) -> None: ...

class GrantTrialsRequest(_message.Message):
    __slots__ = ("tenant_id", "trials", "reason", "request_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    TRIALS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    trials: int
    reason: str
    request_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., trials: _Optional[int] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class GrantTrialsResponse(_message.Message):
    __slots__ = ("trial_grant",)
    TRIAL_GRANT_FIELD_NUMBER: _ClassVar[int]
    trial_grant: _deployments_pb2.TrialGrant
    def __init__(self, trial_grant: _Optional[_Union[_deployments_pb2.TrialGrant, _Mapping]] = ...) -> None: ...

class ListTrialGrantsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "tenant_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    tenant_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class ListTrialGrantsResponse(_message.Message):
    __slots__ = ("trial_grants", "next_page_token")
    TRIAL_GRANTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    trial_grants: _containers.RepeatedCompositeFieldContainer[_deployments_pb2.TrialGrant]
    next_page_token: str
    def __init__(self, trial_grants: _Optional[_Iterable[_Union[_deployments_pb2.TrialGrant, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateBillingActionsRequest(_message.Message):
    __slots__ = ("id", "billing_action_suspended", "power_off_when_suspended", "reason", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    BILLING_ACTION_SUSPENDED_FIELD_NUMBER: _ClassVar[int]
    POWER_OFF_WHEN_SUSPENDED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    billing_action_suspended: bool
    power_off_when_suspended: bool
    reason: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., billing_action_suspended: _Optional[bool] = ..., power_off_when_suspended: _Optional[bool] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdateBillingActionsResponse(_message.Message):
    __slots__ = ("deployment",)
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    deployment: _deployments_pb2.Deployment
    def __init__(self, deployment: _Optional[_Union[_deployments_pb2.Deployment, _Mapping]] = ...) -> None: ...

class ListDeploymentEventsRequest(_message.Message):
    __slots__ = ("deployment_id", "page_size", "page_token")
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    page_size: int
    page_token: str
    def __init__(self, deployment_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListDeploymentEventsResponse(_message.Message):
    __slots__ = ("events", "next_page_token")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_deployments_pb2.DeploymentEvent]
    next_page_token: str
    def __init__(self, events: _Optional[_Iterable[_Union[_deployments_pb2.DeploymentEvent, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ProvisionDeploymentRequest(_message.Message):
    __slots__ = ("id", "droplet", "request_id", "force_reason")
    ID_FIELD_NUMBER: _ClassVar[int]
    DROPLET_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    FORCE_REASON_FIELD_NUMBER: _ClassVar[int]
    id: str
    droplet: _deployments_pb2.DropletOrder
    request_id: str
    force_reason: str
    def __init__(self, id: _Optional[str] = ..., droplet: _Optional[_Union[_deployments_pb2.DropletOrder, _Mapping]] = ..., request_id: _Optional[str] = ..., force_reason: _Optional[str] = ...) -> None: ...

class ProvisionDeploymentResponse(_message.Message):
    __slots__ = ("provision",)
    PROVISION_FIELD_NUMBER: _ClassVar[int]
    provision: _deployments_pb2.Provision
    def __init__(self, provision: _Optional[_Union[_deployments_pb2.Provision, _Mapping]] = ...) -> None: ...

class GetProvisionRequest(_message.Message):
    __slots__ = ("deployment_id", "id")
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    id: str
    def __init__(self, deployment_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class GetProvisionResponse(_message.Message):
    __slots__ = ("provision",)
    PROVISION_FIELD_NUMBER: _ClassVar[int]
    provision: _deployments_pb2.Provision
    def __init__(self, provision: _Optional[_Union[_deployments_pb2.Provision, _Mapping]] = ...) -> None: ...

class ListProvisionsRequest(_message.Message):
    __slots__ = ("deployment_id", "page_size", "page_token")
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    page_size: int
    page_token: str
    def __init__(self, deployment_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListProvisionsResponse(_message.Message):
    __slots__ = ("provisions", "next_page_token")
    PROVISIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    provisions: _containers.RepeatedCompositeFieldContainer[_deployments_pb2.Provision]
    next_page_token: str
    def __init__(self, provisions: _Optional[_Iterable[_Union[_deployments_pb2.Provision, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

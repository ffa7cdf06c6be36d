import datetime

from arcadia.common.v1 import runs_pb2 as _runs_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Deployment(_message.Message):
    __slots__ = ("id", "tenant_id", "slug", "display_name", "region", "state", "llm_mode", "billing_action_suspended", "template_code", "template_version", "created_at", "state_changed_at", "power_off_when_suspended", "trial_ends_on")
    ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SLUG_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LLM_MODE_FIELD_NUMBER: _ClassVar[int]
    BILLING_ACTION_SUSPENDED_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_CODE_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    STATE_CHANGED_AT_FIELD_NUMBER: _ClassVar[int]
    POWER_OFF_WHEN_SUSPENDED_FIELD_NUMBER: _ClassVar[int]
    TRIAL_ENDS_ON_FIELD_NUMBER: _ClassVar[int]
    id: str
    tenant_id: str
    slug: str
    display_name: str
    region: str
    state: str
    llm_mode: str
    billing_action_suspended: bool
    template_code: str
    template_version: str
    created_at: _timestamp_pb2.Timestamp
    state_changed_at: _timestamp_pb2.Timestamp
    power_off_when_suspended: bool
    trial_ends_on: str
    def __init__(self, id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., slug: _Optional[str] = ..., display_name: _Optional[str] = ..., region: _Optional[str] = ..., state: _Optional[str] = ..., llm_mode: _Optional[str] = ..., billing_action_suspended: _Optional[bool] = ..., template_code: _Optional[str] = ..., template_version: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state_changed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., power_off_when_suspended: _Optional[bool] = ..., trial_ends_on: _Optional[str] = ...) -> None: ...

class DeploymentEvent(_message.Message):
    __slots__ = ("id", "deployment_id", "type", "from_state", "to_state", "actor", "reason", "occurred_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    FROM_STATE_FIELD_NUMBER: _ClassVar[int]
    TO_STATE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    id: int
    deployment_id: str
    type: str
    from_state: str
    to_state: str
    actor: str
    reason: str
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[int] = ..., deployment_id: _Optional[str] = ..., type: _Optional[str] = ..., from_state: _Optional[str] = ..., to_state: _Optional[str] = ..., actor: _Optional[str] = ..., reason: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TrialGrant(_message.Message):
    __slots__ = ("id", "tenant_id", "trials", "granted_by", "reason", "granted_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    TRIALS_FIELD_NUMBER: _ClassVar[int]
    GRANTED_BY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    GRANTED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    tenant_id: str
    trials: int
    granted_by: str
    reason: str
    granted_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., trials: _Optional[int] = ..., granted_by: _Optional[str] = ..., reason: _Optional[str] = ..., granted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Provision(_message.Message):
    __slots__ = ("id", "deployment_id", "droplet", "status", "step", "reason", "resource_id", "run", "requested_by", "requested_at", "force_reason")
    ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    DROPLET_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_BY_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_AT_FIELD_NUMBER: _ClassVar[int]
    FORCE_REASON_FIELD_NUMBER: _ClassVar[int]
    id: str
    deployment_id: str
    droplet: DropletOrder
    status: str
    step: str
    reason: str
    resource_id: str
    run: _runs_pb2.Run
    requested_by: str
    requested_at: _timestamp_pb2.Timestamp
    force_reason: str
    def __init__(self, id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., droplet: _Optional[_Union[DropletOrder, _Mapping]] = ..., status: _Optional[str] = ..., step: _Optional[str] = ..., reason: _Optional[str] = ..., resource_id: _Optional[str] = ..., run: _Optional[_Union[_runs_pb2.Run, _Mapping]] = ..., requested_by: _Optional[str] = ..., requested_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., force_reason: _Optional[str] = ...) -> None: ...

class DropletOrder(_message.Message):
    __slots__ = ("name", "region", "size", "image", "tags", "project_id", "ssh_keys", "user_data", "vpc_uuid")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    SSH_KEYS_FIELD_NUMBER: _ClassVar[int]
    USER_DATA_FIELD_NUMBER: _ClassVar[int]
    VPC_UUID_FIELD_NUMBER: _ClassVar[int]
    name: str
    region: str
    size: str
    image: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    project_id: str
    ssh_keys: _containers.RepeatedScalarFieldContainer[str]
    user_data: str
    vpc_uuid: str
    def __init__(self, name: _Optional[str] = ..., region: _Optional[str] = ..., size: _Optional[str] = ..., image: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., project_id: _Optional[str] = ..., ssh_keys: _Optional[_Iterable[str]] = ..., user_data: _Optional[str] = ..., vpc_uuid: _Optional[str] = ...) -> None: ...

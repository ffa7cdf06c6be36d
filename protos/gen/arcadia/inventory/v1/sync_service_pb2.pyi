import datetime

from arcadia.common.v1 import access_pb2 as _access_pb2
from arcadia.inventory.v1 import resources_pb2 as _resources_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Sighting(_message.Message):
    __slots__ = ("provider_id", "name", "region", "size", "status", "tags", "attrs_json", "provider_created_at", "unknown_fields")
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    ATTRS_JSON_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELDS_FIELD_NUMBER: _ClassVar[int]
    provider_id: str
    name: str
    region: str
    size: str
    status: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    attrs_json: str
    provider_created_at: _timestamp_pb2.Timestamp
    unknown_fields: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, provider_id: _Optional[str] = ..., name: _Optional[str] = ..., region: _Optional[str] = ..., size: _Optional[str] = ..., status: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., attrs_json: _Optional[str] = ..., provider_created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., unknown_fields: _Optional[_Iterable[str]] = ...) -> None: ...

class BeginSweepRequest(_message.Message):
    __slots__ = ("provider", "kind", "key", "run_id")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    provider: str
    kind: str
    key: str
    run_id: str
    def __init__(self, provider: _Optional[str] = ..., kind: _Optional[str] = ..., key: _Optional[str] = ..., run_id: _Optional[str] = ...) -> None: ...

class BeginSweepResponse(_message.Message):
    __slots__ = ("sweep",)
    SWEEP_FIELD_NUMBER: _ClassVar[int]
    sweep: _resources_pb2.Sweep
    def __init__(self, sweep: _Optional[_Union[_resources_pb2.Sweep, _Mapping]] = ...) -> None: ...

class RecordSightingsRequest(_message.Message):
    __slots__ = ("provider", "kind", "sweep_id", "sightings")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SWEEP_ID_FIELD_NUMBER: _ClassVar[int]
    SIGHTINGS_FIELD_NUMBER: _ClassVar[int]
    provider: str
    kind: str
    sweep_id: str
    sightings: _containers.RepeatedCompositeFieldContainer[Sighting]
    def __init__(self, provider: _Optional[str] = ..., kind: _Optional[str] = ..., sweep_id: _Optional[str] = ..., sightings: _Optional[_Iterable[_Union[Sighting, _Mapping]]] = ...) -> None: ...

class RecordSightingsResponse(_message.Message):
    __slots__ = ("discovered_count", "updated_count", "restored_count", "unchanged_count", "digests")
    DISCOVERED_COUNT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_COUNT_FIELD_NUMBER: _ClassVar[int]
    RESTORED_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    DIGESTS_FIELD_NUMBER: _ClassVar[int]
    discovered_count: int
    updated_count: int
    restored_count: int
    unchanged_count: int
    digests: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, discovered_count: _Optional[int] = ..., updated_count: _Optional[int] = ..., restored_count: _Optional[int] = ..., unchanged_count: _Optional[int] = ..., digests: _Optional[_Iterable[int]] = ...) -> None: ...

class RecordUnchangedRequest(_message.Message):
    __slots__ = ("provider", "kind", "sweep_id", "provider_ids", "digests")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SWEEP_ID_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_IDS_FIELD_NUMBER: _ClassVar[int]
    DIGESTS_FIELD_NUMBER: _ClassVar[int]
    provider: str
    kind: str
    sweep_id: str
    provider_ids: _containers.RepeatedScalarFieldContainer[str]
    digests: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, provider: _Optional[str] = ..., kind: _Optional[str] = ..., sweep_id: _Optional[str] = ..., provider_ids: _Optional[_Iterable[str]] = ..., digests: _Optional[_Iterable[int]] = ...) -> None: ...

class RecordUnchangedResponse(_message.Message):
    __slots__ = ("changed_positions",)
    CHANGED_POSITIONS_FIELD_NUMBER: _ClassVar[int]
    changed_positions: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, changed_positions: _Optional[_Iterable[int]] = ...) -> None: ...

class CompleteSweepRequest(_message.Message):
    __slots__ = ("sweep_id", "reported_total", "scope_fingerprint", "gives_claim_back", "deployments_are_learned")
    SWEEP_ID_FIELD_NUMBER: _ClassVar[int]
    REPORTED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    GIVES_CLAIM_BACK_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENTS_ARE_LEARNED_FIELD_NUMBER: _ClassVar[int]
    sweep_id: str
    reported_total: int
    scope_fingerprint: _containers.RepeatedScalarFieldContainer[str]
    gives_claim_back: bool
    deployments_are_learned: bool
    def __init__(self, sweep_id: _Optional[str] = ..., reported_total: _Optional[int] = ..., scope_fingerprint: _Optional[_Iterable[str]] = ..., gives_claim_back: _Optional[bool] = ..., deployments_are_learned: _Optional[bool] = ...) -> None: ...

class LearnDeploymentsRequest(_message.Message):
    __slots__ = ("provider", "kind")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    provider: str
    kind: str
    def __init__(self, provider: _Optional[str] = ..., kind: _Optional[str] = ...) -> None: ...

class LearnDeploymentsResponse(_message.Message):
    __slots__ = ("named_count",)
    NAMED_COUNT_FIELD_NUMBER: _ClassVar[int]
    named_count: int
    def __init__(self, named_count: _Optional[int] = ...) -> None: ...

class CompleteSweepResponse(_message.Message):
    __slots__ = ("sweep", "suspect_count", "last_complete_at")
    SWEEP_FIELD_NUMBER: _ClassVar[int]
    SUSPECT_COUNT_FIELD_NUMBER: _ClassVar[int]
    LAST_COMPLETE_AT_FIELD_NUMBER: _ClassVar[int]
    sweep: _resources_pb2.Sweep
    suspect_count: int
    last_complete_at: _timestamp_pb2.Timestamp
    def __init__(self, sweep: _Optional[_Union[_resources_pb2.Sweep, _Mapping]] = ..., suspect_count: _Optional[int] = ..., last_complete_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class FailSweepRequest(_message.Message):
    __slots__ = ("sweep_id", "reason", "is_denied")
    SWEEP_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    IS_DENIED_FIELD_NUMBER: _ClassVar[int]
    sweep_id: str
    reason: str
    is_denied: bool
    def __init__(self, sweep_id: _Optional[str] = ..., reason: _Optional[str] = ..., is_denied: _Optional[bool] = ...) -> None: ...

class FailSweepResponse(_message.Message):
    __slots__ = ("sweep", "last_complete_at")
    SWEEP_FIELD_NUMBER: _ClassVar[int]
    LAST_COMPLETE_AT_FIELD_NUMBER: _ClassVar[int]
    sweep: _resources_pb2.Sweep
    last_complete_at: _timestamp_pb2.Timestamp
    def __init__(self, sweep: _Optional[_Union[_resources_pb2.Sweep, _Mapping]] = ..., last_complete_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListSuspectsRequest(_message.Message):
    __slots__ = ("sweep_id", "page_size", "page_token")
    SWEEP_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    sweep_id: str
    page_size: int
    page_token: str
    def __init__(self, sweep_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListSuspectsResponse(_message.Message):
    __slots__ = ("provider_ids", "next_page_token")
    PROVIDER_IDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    provider_ids: _containers.RepeatedScalarFieldContainer[str]
    next_page_token: str
    def __init__(self, provider_ids: _Optional[_Iterable[str]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RecordConfirmationsRequest(_message.Message):
    __slots__ = ("sweep_id", "gone_provider_ids", "found_provider_ids")
    SWEEP_ID_FIELD_NUMBER: _ClassVar[int]
    GONE_PROVIDER_IDS_FIELD_NUMBER: _ClassVar[int]
    FOUND_PROVIDER_IDS_FIELD_NUMBER: _ClassVar[int]
    sweep_id: str
    gone_provider_ids: _containers.RepeatedScalarFieldContainer[str]
    found_provider_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, sweep_id: _Optional[str] = ..., gone_provider_ids: _Optional[_Iterable[str]] = ..., found_provider_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class RecordConfirmationsResponse(_message.Message):
    __slots__ = ("sweep",)
    SWEEP_FIELD_NUMBER: _ClassVar[int]
    sweep: _resources_pb2.Sweep
    def __init__(self, sweep: _Optional[_Union[_resources_pb2.Sweep, _Mapping]] = ...) -> None: ...

class ProjectSighting(_message.Message):
    __slots__ = ("provider_id", "name", "description", "purpose", "environment", "is_default")
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    IS_DEFAULT_FIELD_NUMBER: _ClassVar[int]
    provider_id: str
    name: str
    description: str
    purpose: str
    environment: str
    is_default: bool
    def __init__(self, provider_id: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., purpose: _Optional[str] = ..., environment: _Optional[str] = ..., is_default: _Optional[bool] = ...) -> None: ...

class RecordProjectsRequest(_message.Message):
    __slots__ = ("provider", "sweep_id", "projects")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    SWEEP_ID_FIELD_NUMBER: _ClassVar[int]
    PROJECTS_FIELD_NUMBER: _ClassVar[int]
    provider: str
    sweep_id: str
    projects: _containers.RepeatedCompositeFieldContainer[ProjectSighting]
    def __init__(self, provider: _Optional[str] = ..., sweep_id: _Optional[str] = ..., projects: _Optional[_Iterable[_Union[ProjectSighting, _Mapping]]] = ...) -> None: ...

class RecordProjectsResponse(_message.Message):
    __slots__ = ("discovered_count", "updated_count", "unchanged_count")
    DISCOVERED_COUNT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    discovered_count: int
    updated_count: int
    unchanged_count: int
    def __init__(self, discovered_count: _Optional[int] = ..., updated_count: _Optional[int] = ..., unchanged_count: _Optional[int] = ...) -> None: ...

class RecordProjectMembersRequest(_message.Message):
    __slots__ = ("provider", "project_provider_id", "members")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    PROJECT_PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    provider: str
    project_provider_id: str
    members: _containers.RepeatedCompositeFieldContainer[ProjectMember]
    def __init__(self, provider: _Optional[str] = ..., project_provider_id: _Optional[str] = ..., members: _Optional[_Iterable[_Union[ProjectMember, _Mapping]]] = ...) -> None: ...

class ProjectMember(_message.Message):
    __slots__ = ("kind", "provider_id")
    KIND_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    kind: str
    provider_id: str
    def __init__(self, kind: _Optional[str] = ..., provider_id: _Optional[str] = ...) -> None: ...

class RecordProjectMembersResponse(_message.Message):
    __slots__ = ("moved_count",)
    MOVED_COUNT_FIELD_NUMBER: _ClassVar[int]
    moved_count: int
    def __init__(self, moved_count: _Optional[int] = ...) -> None: ...

class ClaimKindsRequest(_message.Message):
    __slots__ = ("provider", "kinds", "workflow_id", "run_id", "ended_run_ids", "sweep_keys")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    ENDED_RUN_IDS_FIELD_NUMBER: _ClassVar[int]
    SWEEP_KEYS_FIELD_NUMBER: _ClassVar[int]
    provider: str
    kinds: _containers.RepeatedScalarFieldContainer[str]
    workflow_id: str
    run_id: str
    ended_run_ids: _containers.RepeatedScalarFieldContainer[str]
    sweep_keys: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, provider: _Optional[str] = ..., kinds: _Optional[_Iterable[str]] = ..., workflow_id: _Optional[str] = ..., run_id: _Optional[str] = ..., ended_run_ids: _Optional[_Iterable[str]] = ..., sweep_keys: _Optional[_Iterable[str]] = ...) -> None: ...

class ClaimKindsResponse(_message.Message):
    __slots__ = ("standing", "sweep_ids")
    STANDING_FIELD_NUMBER: _ClassVar[int]
    SWEEP_IDS_FIELD_NUMBER: _ClassVar[int]
    standing: _containers.RepeatedCompositeFieldContainer[KindClaim]
    sweep_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, standing: _Optional[_Iterable[_Union[KindClaim, _Mapping]]] = ..., sweep_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class KindClaim(_message.Message):
    __slots__ = ("kind", "workflow_id", "run_id")
    KIND_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    kind: str
    workflow_id: str
    run_id: str
    def __init__(self, kind: _Optional[str] = ..., workflow_id: _Optional[str] = ..., run_id: _Optional[str] = ...) -> None: ...

class RecordUnreadableRowsRequest(_message.Message):
    __slots__ = ("sweep_id", "rows")
    SWEEP_ID_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    sweep_id: str
    rows: _containers.RepeatedCompositeFieldContainer[_resources_pb2.UnreadableRow]
    def __init__(self, sweep_id: _Optional[str] = ..., rows: _Optional[_Iterable[_Union[_resources_pb2.UnreadableRow, _Mapping]]] = ...) -> None: ...

class RecordUnreadableRowsResponse(_message.Message):
    __slots__ = ("unreadable_count",)
    UNREADABLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    unreadable_count: int
    def __init__(self, unreadable_count: _Optional[int] = ...) -> None: ...

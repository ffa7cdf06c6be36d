from arcadia.catalog.v1 import migrations_pb2 as _migrations_pb2
from arcadia.common.v1 import access_pb2 as _access_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PreviewMigrationRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "from_plan_code", "from_version", "plan_code", "plan_version", "tenant_id", "started_before", "effective_on")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FROM_PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    FROM_VERSION_FIELD_NUMBER: _ClassVar[int]
    PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    PLAN_VERSION_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STARTED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_ON_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    from_plan_code: str
    from_version: int
    plan_code: str
    plan_version: int
    tenant_id: str
    started_before: str
    effective_on: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., from_plan_code: _Optional[str] = ..., from_version: _Optional[int] = ..., plan_code: _Optional[str] = ..., plan_version: _Optional[int] = ..., tenant_id: _Optional[str] = ..., started_before: _Optional[str] = ..., effective_on: _Optional[str] = ...) -> None: ...

class PreviewMigrationResponse(_message.Message):
    __slots__ = ("previews", "next_page_token")
    PREVIEWS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    previews: _containers.RepeatedCompositeFieldContainer[MigrationPreview]
    next_page_token: str
    def __init__(self, previews: _Optional[_Iterable[_Union[MigrationPreview, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class MigrationPreview(_message.Message):
    __slots__ = ("subscription_id", "deployment_id", "tenant_id", "from_plan_code", "from_version", "outcome", "reason", "currency", "monthly_before_cents", "monthly_after_cents", "monthly_change_cents", "first_month_change_cents")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    FROM_VERSION_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_BEFORE_CENTS_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_AFTER_CENTS_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_CHANGE_CENTS_FIELD_NUMBER: _ClassVar[int]
    FIRST_MONTH_CHANGE_CENTS_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    deployment_id: str
    tenant_id: str
    from_plan_code: str
    from_version: int
    outcome: str
    reason: str
    currency: str
    monthly_before_cents: int
    monthly_after_cents: int
    monthly_change_cents: int
    first_month_change_cents: int
    def __init__(self, subscription_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., from_plan_code: _Optional[str] = ..., from_version: _Optional[int] = ..., outcome: _Optional[str] = ..., reason: _Optional[str] = ..., currency: _Optional[str] = ..., monthly_before_cents: _Optional[int] = ..., monthly_after_cents: _Optional[int] = ..., monthly_change_cents: _Optional[int] = ..., first_month_change_cents: _Optional[int] = ...) -> None: ...

class StartMigrationRequest(_message.Message):
    __slots__ = ("request_id", "from_plan_code", "from_version", "plan_code", "plan_version", "tenant_id", "started_before", "notice_on", "effective_on", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    FROM_VERSION_FIELD_NUMBER: _ClassVar[int]
    PLAN_CODE_FIELD_NUMBER: _ClassVar[int]
    PLAN_VERSION_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STARTED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    NOTICE_ON_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_ON_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    from_plan_code: str
    from_version: int
    plan_code: str
    plan_version: int
    tenant_id: str
    started_before: str
    notice_on: str
    effective_on: str
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., from_plan_code: _Optional[str] = ..., from_version: _Optional[int] = ..., plan_code: _Optional[str] = ..., plan_version: _Optional[int] = ..., tenant_id: _Optional[str] = ..., started_before: _Optional[str] = ..., notice_on: _Optional[str] = ..., effective_on: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class StartMigrationResponse(_message.Message):
    __slots__ = ("migration",)
    MIGRATION_FIELD_NUMBER: _ClassVar[int]
    migration: _migrations_pb2.Migration
    def __init__(self, migration: _Optional[_Union[_migrations_pb2.Migration, _Mapping]] = ...) -> None: ...

class ListMigrationsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListMigrationsResponse(_message.Message):
    __slots__ = ("migrations", "next_page_token")
    MIGRATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    migrations: _containers.RepeatedCompositeFieldContainer[_migrations_pb2.Migration]
    next_page_token: str
    def __init__(self, migrations: _Optional[_Iterable[_Union[_migrations_pb2.Migration, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetMigrationRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetMigrationResponse(_message.Message):
    __slots__ = ("migration",)
    MIGRATION_FIELD_NUMBER: _ClassVar[int]
    migration: _migrations_pb2.Migration
    def __init__(self, migration: _Optional[_Union[_migrations_pb2.Migration, _Mapping]] = ...) -> None: ...

class ListMigrationSubscriptionsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "migration_id", "outcome")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MIGRATION_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    migration_id: str
    outcome: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., migration_id: _Optional[str] = ..., outcome: _Optional[str] = ...) -> None: ...

class ListMigrationSubscriptionsResponse(_message.Message):
    __slots__ = ("migration_subscriptions", "next_page_token")
    MIGRATION_SUBSCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    migration_subscriptions: _containers.RepeatedCompositeFieldContainer[_migrations_pb2.MigrationSubscription]
    next_page_token: str
    def __init__(self, migration_subscriptions: _Optional[_Iterable[_Union[_migrations_pb2.MigrationSubscription, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DecideMigrationRequest(_message.Message):
    __slots__ = ("id", "decision", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    decision: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., decision: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DecideMigrationResponse(_message.Message):
    __slots__ = ("migration",)
    MIGRATION_FIELD_NUMBER: _ClassVar[int]
    migration: _migrations_pb2.Migration
    def __init__(self, migration: _Optional[_Union[_migrations_pb2.Migration, _Mapping]] = ...) -> None: ...

class SelectSubscriptionsRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class SelectSubscriptionsResponse(_message.Message):
    __slots__ = ("step",)
    STEP_FIELD_NUMBER: _ClassVar[int]
    step: MigrationStep
    def __init__(self, step: _Optional[_Union[MigrationStep, _Mapping]] = ...) -> None: ...

class AdvanceMigrationRequest(_message.Message):
    __slots__ = ("id", "limit")
    ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    id: str
    limit: int
    def __init__(self, id: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class AdvanceMigrationResponse(_message.Message):
    __slots__ = ("step",)
    STEP_FIELD_NUMBER: _ClassVar[int]
    step: MigrationStep
    def __init__(self, step: _Optional[_Union[MigrationStep, _Mapping]] = ...) -> None: ...

class FinishMigrationRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class FinishMigrationResponse(_message.Message):
    __slots__ = ("step",)
    STEP_FIELD_NUMBER: _ClassVar[int]
    step: MigrationStep
    def __init__(self, step: _Optional[_Union[MigrationStep, _Mapping]] = ...) -> None: ...

class MigrationStep(_message.Message):
    __slots__ = ("status", "is_paused", "done_count", "remaining_count")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    IS_PAUSED_FIELD_NUMBER: _ClassVar[int]
    DONE_COUNT_FIELD_NUMBER: _ClassVar[int]
    REMAINING_COUNT_FIELD_NUMBER: _ClassVar[int]
    status: str
    is_paused: bool
    done_count: int
    remaining_count: int
    def __init__(self, status: _Optional[str] = ..., is_paused: _Optional[bool] = ..., done_count: _Optional[int] = ..., remaining_count: _Optional[int] = ...) -> None: ...

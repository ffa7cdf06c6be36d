"""The errors of the system, each mapped once to a gRPC status with a reason.

The tree:

    ArcadiaError
    ├── Unauthenticated        no token, or an invalid one           UNAUTHENTICATED     401
    ├── PermissionDenied       a valid token without the power        PERMISSION_DENIED   403
    ├── NotFound               not there, or another tenant's         NOT_FOUND           404
    ├── InvalidArgument        a malformed request, by its fields     INVALID_ARGUMENT    400
    ├── FailedPrecondition     a move that the state does not allow   FAILED_PRECONDITION 422
    ├── Aborted                a lost race: read again and retry      ABORTED             409
    ├── AlreadyExists          the same key or slug, something else   ALREADY_EXISTS      409
    ├── ResourceExhausted      too many requests                      RESOURCE_EXHAUSTED  429
    │   ├── QuotaExceeded      a tenant has as many of something as it may                429
    │   ├── TooManyCalls       a tenant, or a caller, asks too often                      429
    │   └── RequestTooLarge    a message above its method's limit                         413
    ├── Unavailable            what this stands on is down            UNAVAILABLE         503
    ├── OutcomeUnknown         a commit whose answer was lost         UNKNOWN             500
    ├── Internal               a bug of ours; tells the caller nothing  INTERNAL          500
    └── Unimplemented          declared in the protos, not yet built  UNIMPLEMENTED       501

Every status carries an `ErrorInfo` after AIP-193, a `BadRequest` where fields are to blame, a
`QuotaFailure` where a quota is used up, and a `RetryInfo` where waiting helps.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

__all__ = [
    "COMMIT_UNCERTAIN",
    "DOMAIN",
    "HTTP_STATUS_KEY",
    "Aborted",
    "AlreadyExists",
    "ArcadiaError",
    "FailedPrecondition",
    "FieldViolation",
    "Internal",
    "InvalidArgument",
    "NotFound",
    "OutcomeUnknown",
    "PermissionDenied",
    "QuotaExceeded",
    "RequestTooLarge",
    "ResourceExhausted",
    "TooManyCalls",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "quota_headers",
    "to_status",
]

DOMAIN = "arcadia"
"""The `domain` of every `ErrorInfo`: together with the reason it names the error."""

HTTP_STATUS_KEY: Final = "x-http-code"
"""Trailing metadata by which a service forces the gateway's HTTP status."""

COMMIT_UNCERTAIN: Final = "COMMIT_UNCERTAIN"
"""The reason of a write that was done or was not: with a key it is safe to send it again."""

MAX_TEXT: Final = 300
"""Maximum length of a message, description or value in an error.

They quote input and are sent as HTTP/2 headers; too long headers would close the connection.
"""

MAX_VIOLATIONS: Final = 10


def _short(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """The error of one field of a request; `field` is its path in the message."""

    field: str
    description: str


class ArcadiaError(Exception):
    """An expected error. `reason` is its stable name, `metadata` is for programs.

    `headers` go with the answer: as trailing metadata, and through the gateway as HTTP headers.
    """

    code: ClassVar[int] = code_pb2.UNKNOWN
    http_status: ClassVar[int | None] = None
    """The HTTP status, if it differs from the one that the gateway derives from the code."""

    def __init__(
        self,
        message: str,
        *,
        reason: str,
        metadata: Mapping[str, str] | None = None,
        violations: tuple[FieldViolation, ...] = (),
    ) -> None:
        super().__init__(_short(message))
        self.message = _short(message)
        self.reason = reason
        self.headers: dict[str, str] = {}
        self.metadata = {key: _short(value) for key, value in (metadata or {}).items()}
        self.violations = tuple(
            FieldViolation(_short(violation.field), _short(violation.description))
            for violation in violations[:MAX_VIOLATIONS]
        )


class Unauthenticated(ArcadiaError):
    """The caller is not authenticated."""

    code = code_pb2.UNAUTHENTICATED


class PermissionDenied(ArcadiaError):
    """The caller lacks a permission."""

    code = code_pb2.PERMISSION_DENIED


class NotFound(ArcadiaError):
    """The object does not exist, or belongs to another tenant."""

    code = code_pb2.NOT_FOUND

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(
            f"{kind} {identifier!r} was not found",
            reason=f"{kind.upper().replace(' ', '_')}_NOT_FOUND",
            metadata={"id": identifier},
        )


class InvalidArgument(ArcadiaError):
    """The request is malformed; the message names the first invalid field."""

    code = code_pb2.INVALID_ARGUMENT

    def __init__(
        self, field: str, description: str, *more: FieldViolation, reason: str = "INVALID_ARGUMENT"
    ) -> None:
        super().__init__(
            f"{field}: {description}",
            reason=reason,
            metadata={"field": field},
            violations=(FieldViolation(field, description), *more),
        )

    def within(self, path: str) -> "InvalidArgument":
        """The error with a path prefix: `qty` within `usage[0]` is `usage[0].qty`."""
        first, *more = [
            FieldViolation(f"{path}.{violation.field}", violation.description)
            for violation in self.violations
        ]
        return InvalidArgument(first.field, first.description, *more, reason=self.reason)


class FailedPrecondition(ArcadiaError):
    """The object's state does not allow the request; nothing was changed."""

    code = code_pb2.FAILED_PRECONDITION
    http_status = 422


class Aborted(ArcadiaError):
    """A concurrent change was first; reading again and retrying may succeed."""

    code = code_pb2.ABORTED


class AlreadyExists(ArcadiaError):
    """The key, slug or name is already used."""

    code = code_pb2.ALREADY_EXISTS

    @classmethod
    def of_field(
        cls, field: str, description: str, *, reason: str, **metadata: str
    ) -> "AlreadyExists":
        """The error for a field whose value is taken."""
        return cls(
            f"{field}: {description}",
            reason=reason,
            metadata={"field": field, **metadata},
            violations=(FieldViolation(field, description),),
        )


class ResourceExhausted(ArcadiaError):
    """Too many requests, or a too large one."""

    code = code_pb2.RESOURCE_EXHAUSTED


class QuotaExceeded(ResourceExhausted):
    """A tenant has reached a quota; nothing was created."""

    def __init__(
        self, quota: str, *, tenant_id: str, limit: int, used: int, field: str = ""
    ) -> None:
        where = f"{field}: " if field else ""
        super().__init__(
            f"{where}the tenant has used {used:,} of {limit:,} {quota.replace('_', ' ')};"
            " an operator can raise the limit",
            reason=f"QUOTA_{quota.upper()}",
            metadata={
                "quota": quota, "limit": str(limit), "used": str(used), "tenant_id": tenant_id
            },
        )  # fmt: skip  # a table
        self.headers = quota_headers(quota, limit=limit, used=used)


class TooManyCalls(ResourceExhausted):
    """The caller has too many concurrent calls or exceeds its rate. Retry later."""

    def __init__(self, message: str, *, reason: str, wait_seconds: int) -> None:
        super().__init__(message, reason=reason)
        self.wait_seconds = wait_seconds
        self.headers = {"retry-after": str(wait_seconds)}


class RequestTooLarge(ResourceExhausted):
    """The message exceeds the limit of its method."""

    http_status = 413

    def __init__(self, limit: int, of: str = "bytes") -> None:
        super().__init__(f"the request has more than {limit} {of}", reason="REQUEST_TOO_LARGE")


class Unavailable(ArcadiaError):
    """A dependency is down; the same call may succeed later."""

    code = code_pb2.UNAVAILABLE


class OutcomeUnknown(ArcadiaError):
    """The result of a COMMIT is unknown. Read the object before retrying."""

    code = code_pb2.UNKNOWN

    def __init__(self) -> None:
        super().__init__(
            "the connection was lost while the write was committed: it may have been done;"
            " read the object before you send the request again",
            reason=COMMIT_UNCERTAIN,
        )


class Internal(ArcadiaError):
    """A bug. The details are only in the log."""

    code = code_pb2.INTERNAL

    def __init__(self) -> None:
        super().__init__("internal error", reason="INTERNAL")


class Unimplemented(ArcadiaError):
    """The protos declare the RPC, but this release does not implement it."""

    code = code_pb2.UNIMPLEMENTED

    def __init__(self) -> None:
        super().__init__("this release does not support this call", reason="UNIMPLEMENTED")


def quota_headers(quota: str, *, limit: int, used: int) -> dict[str, str]:
    """The response headers about a quota."""
    return {
        "x-quota-name": quota,
        "x-quota-limit": str(limit),
        "x-quota-remaining": str(max(0, limit - used)),
    }


def to_status(error: ArcadiaError) -> grpc.Status:
    """The gRPC status of an error, with its details packed in the trailing metadata."""
    details = [
        _pack(
            error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata)
        )
    ]
    if error.violations:
        details.append(
            _pack(
                error_details_pb2.BadRequest(
                    field_violations=[
                        error_details_pb2.BadRequest.FieldViolation(
                            field=violation.field, description=violation.description
                        )
                        for violation in error.violations
                    ]
                )
            )
        )
    if isinstance(error, QuotaExceeded):
        subject = f"tenant:{error.metadata['tenant_id']}"
        violation = error_details_pb2.QuotaFailure.Violation(
            subject=subject, description=error.message
        )
        details.append(_pack(error_details_pb2.QuotaFailure(violations=[violation])))
    if isinstance(error, TooManyCalls):
        wait = duration_pb2.Duration(seconds=error.wait_seconds)
        details.append(_pack(error_details_pb2.RetryInfo(retry_delay=wait)))
    return rpc_status.to_status(
        status_pb2.Status(code=error.code, message=error.message, details=details)
    )


def _pack(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed

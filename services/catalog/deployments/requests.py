"""Parsers of deployment requests."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from arcadia.catalog.v1 import deployment_service_pb2 as pb
from arcadia.catalog.v1 import deployments_pb2
from arcadia.catalog.v1 import lifecycle_service_pb2 as lifecycle_pb

from services.catalog import requests
from services.catalog.deployments.rules.deployments import (
    Changes,
    DeploymentFilter,
    DeploymentKey,
    DropletOrder,
    NewDeployment,
)
from services.common.errors import InvalidArgument
from services.common.identity.callers import Caller
from services.common.rpc.fields import given
from services.common.values.periods import optional_day

__all__ = [
    "deployment_changes",
    "deployment_filter",
    "droplet_order",
    "keys",
    "new_deployment",
    "with_bounded_trial",
]

MAX_BATCH: Final = 5_000

SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
WORD: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}", re.ASCII)
REGION: Final = re.compile(r"[a-z0-9-]{1,63}", re.ASCII)
HOST: Final = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?", re.ASCII)
WORDS: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}", re.ASCII)
TAG: Final = re.compile(r"[a-zA-Z0-9_:-]{1,255}", re.ASCII)
SSH_KEY: Final = re.compile(r"[0-9]{1,19}|[0-9a-f]{2}(?::[0-9a-f]{2}){15}", re.ASCII)
"""The id of a key of the account, or its MD5 fingerprint."""
MAX_SSH_KEYS: Final = 50
MAX_USER_DATA: Final = 65_536
"""Bytes, as the provider bounds them."""


def new_deployment(request: pb.CreateDeploymentRequest, caller: Caller) -> NewDeployment:
    """The deployment to create, for the caller's own tenant unless they are an operator."""
    if not request.trial and request.trial_ends_on:
        raise InvalidArgument("trial_ends_on", "is for a trial only")
    return NewDeployment(
        tenant_id=_tenant(request.tenant_id, caller),
        slug=_matching("slug", requests.required("slug", request.slug), SLUG, "MALFORMED_SLUG"),
        display_name=requests.line("display_name", request.display_name).strip() or request.slug,
        region=_matching("region", request.region, REGION) if request.region else "",
        llm_mode=_llm_mode("llm_mode", request.llm_mode),
        template_code=requests.line("template_code", request.template_code) or None,
        template_version=requests.line("template_version", request.template_version) or None,
        trial=request.trial,
        trial_ends_on=optional_day(request.trial_ends_on, "trial_ends_on"),
    )


def droplet_order(order: deployments_pb2.DropletOrder) -> DropletOrder:
    """The droplet to create, in the provider's terms."""
    field = "droplet"
    return DropletOrder(
        name=_matching(f"{field}.name", order.name, HOST) if order.name else "",
        region=_matching(f"{field}.region", order.region, REGION) if order.region else "",
        size=_matching(f"{field}.size", requests.required(f"{field}.size", order.size), WORDS),
        image=_matching(f"{field}.image", requests.required(f"{field}.image", order.image), WORDS),
        tags=tuple(
            _matching(f"{field}.tags[{position}]", tag, TAG)
            for position, tag in enumerate(order.tags)
        ),
        project_id=(
            str(requests.uuid_of(f"{field}.project_id", order.project_id))
            if order.project_id
            else ""
        ),
        ssh_keys=_ssh_keys(f"{field}.ssh_keys", order.ssh_keys),
        vpc_uuid=(
            str(requests.uuid_of(f"{field}.vpc_uuid", order.vpc_uuid)) if order.vpc_uuid else ""
        ),
        user_data=_user_data(f"{field}.user_data", order.user_data),
    )


def _ssh_keys(field: str, keys: Sequence[str]) -> tuple[str, ...]:
    if len(keys) > MAX_SSH_KEYS:
        raise InvalidArgument(
            field, f"must not have more than {MAX_SSH_KEYS} keys", reason="OUT_OF_RANGE"
        )
    return tuple(
        _matching(f"{field}[{position}]", key, SSH_KEY, form="the id or fingerprint of a key")
        for position, key in enumerate(keys)
    )


def _user_data(field: str, user_data: str) -> str:
    if len(user_data.encode()) > MAX_USER_DATA:
        raise InvalidArgument(
            field, f"must not be longer than {MAX_USER_DATA} bytes", reason="OUT_OF_RANGE"
        )
    return requests.text(field, user_data, MAX_USER_DATA)


def with_bounded_trial(new: NewDeployment, today: date, longest: timedelta | None) -> NewDeployment:
    """The deployment with a bounded end of its trial, because a trial is free of charge.

    `longest` bounds the trials of tenants. Raises InvalidArgument for a longer trial, or one that
    ends before it begins.
    """
    ends_on = new.trial_ends_on
    if ends_on is not None and ends_on <= today:
        raise InvalidArgument("trial_ends_on", "must be after today", reason="OUT_OF_RANGE")
    if longest is None or not new.trial:
        return new
    last = today + longest
    if ends_on is not None and ends_on > last:
        raise InvalidArgument(
            "trial_ends_on", f"must be {last} at the latest", reason="TRIAL_TOO_LONG"
        )
    return replace(new, trial_ends_on=ends_on or last)


def _tenant(tenant_id: str, caller: Caller) -> str:
    if caller.is_operator:
        return requests.required("tenant_id", requests.text("tenant_id", tenant_id))
    own = caller.scope.tenant_id or ""
    if tenant_id not in ("", own):
        raise InvalidArgument("tenant_id", "is not the token's tenant", reason="FOREIGN_TENANT")
    return requests.text("tenant_id", own)


def deployment_changes(request: pb.UpdateDeploymentRequest) -> Changes:
    """The changes. Raises InvalidArgument if there are none."""
    changes = Changes(
        display_name=given(request, "display_name", requests.name),
        llm_mode=given(request, "llm_mode", _llm_mode),
        template_code=given(request, "template_code", requests.line),
        template_version=given(request, "template_version", requests.line),
    )
    if changes == Changes(None, None, None, None):
        raise InvalidArgument("display_name", "or another field to change is required")
    return changes


def deployment_filter(request: pb.ListDeploymentsRequest) -> DeploymentFilter:
    """The filter of a list of deployments."""
    return DeploymentFilter(
        tenant_id=requests.text("tenant_id", request.tenant_id),
        state=requests.state("state", request.state) if request.state else "",
        slug=requests.text("slug", request.slug),
    )


def keys(request: lifecycle_pb.LookupDeploymentsRequest) -> Sequence[DeploymentKey]:
    """The keys to look up."""
    if len(request.keys) > MAX_BATCH:
        raise InvalidArgument("keys", f"has {len(request.keys)} entries, at most {MAX_BATCH}")
    found = []
    for position, key in enumerate(request.keys):
        field = f"keys[{position}]"
        if not key.id:
            requests.required(f"{field}.slug", key.slug)
        found.append(
            DeploymentKey(
                id=_id_or_none(key.id),
                tenant_id=requests.text(f"{field}.tenant_id", key.tenant_id),
                slug="" if key.id else requests.text(f"{field}.slug", key.slug),
            )
        )
    return found


def _llm_mode(field: str, value: str) -> str:
    return _matching(field, value, WORD) if value else ""


def _id_or_none(value: str) -> UUID | None:
    """An id; None if a tag contains something else, which matches nothing."""
    try:
        return UUID(value)
    except ValueError:
        return None


def _matching(
    field: str,
    value: str,
    pattern: re.Pattern[str],
    reason: str = "MALFORMED_WORD",
    form: str = "lower-case letters, digits and hyphens",
) -> str:
    if not pattern.fullmatch(value):
        raise InvalidArgument(field, f"{value!r} is not {form}", reason=reason)
    return value

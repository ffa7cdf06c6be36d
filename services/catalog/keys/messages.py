"""Renders API keys without their secrets."""

from datetime import datetime

from arcadia.catalog.v1 import api_key_service_pb2 as pb

from services.catalog.keys.rules import ApiKey
from services.common.identity.api_keys import KEY_PREFIX
from services.common.rpc.messages import message_of

__all__ = ["api_key_message"]


def api_key_message(key: ApiKey, now: datetime) -> pb.ApiKey:
    """The message of a key."""
    return message_of(
        pb.ApiKey,
        key,
        tenant_id=key.powers.tenant_id or "",
        roles=sorted(key.powers.roles),
        may_create_keys=key.powers.may_create_keys,
        status=key.status(now),
        prefix=f"{KEY_PREFIX}{key.id.hex}",
    )

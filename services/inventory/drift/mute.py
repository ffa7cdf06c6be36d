"""Muting drifts by ignore rules."""

from services.common.db.database import WriteSession
from services.common.errors import InvalidArgument
from services.inventory.drift.store import ignore_rules
from services.inventory.drift.store.ignore_rules import IgnoreRule, NewRule

__all__ = ["create_rule"]


async def create_rule(session: WriteSession, rule: NewRule, *, operator: str) -> IgnoreRule:
    """Makes a rule.

    Raises NotFound for an unknown resource, InvalidArgument for one of another kind and for
    an end in the past.
    """
    if rule.resource_id is not None:
        kind = await ignore_rules.kind_of(session, rule.resource_id)
        if kind != rule.kind:
            raise InvalidArgument("resource_id", f"is a {kind}, not a {rule.kind}")
    return await ignore_rules.create_rule(session, rule, operator=operator)

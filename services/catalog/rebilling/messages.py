"""Renders rebilling rules as messages."""

from arcadia.catalog.v1 import rebilling_service_pb2 as pb

from services.catalog.rebilling.rules.rebilling import RebillingRule
from services.common.rpc.messages import message_of

__all__ = ["rule_message"]


def rule_message(rule: RebillingRule) -> pb.RebillingRule:
    """A rule."""
    markup = rule.rule.markup
    return message_of(
        pb.RebillingRule,
        rule,
        basis=rule.rule.basis.value,
        percent=markup.percent,
        fixed_cents=markup.fixed_cents,
        step_cents=markup.step_cents,
        floor_cents=markup.floor_cents,
    )

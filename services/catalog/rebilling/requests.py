"""Parsers of requests about rebilling rules."""

from decimal import Decimal
from typing import Final

from arcadia.catalog.v1 import rebilling_service_pb2 as pb

from services.catalog import requests
from services.catalog.meters.rules.meters import Meters
from services.catalog.plans.requests import read_match
from services.catalog.plans.rules.terms import MAX_PRICE
from services.catalog.rebilling.rules.rebilling import Basis, LateBill, NewRule, check_rule
from services.common.errors import InvalidArgument
from services.common.values.cost_plus import Markup
from services.common.values.money import currency_code, exact
from services.common.values.periods import optional_day, read_day

__all__ = ["new_rule"]

MAX_PERCENT: Final = 10_000


def new_rule(request: pb.CreateRebillingRuleRequest, meters: Meters, field: str = "") -> NewRule:
    """The rule to set; `field` is the path of the rule in the input. Raises InvalidArgument."""
    basis = Basis(requests.one_of(f"{field}basis", request.basis, tuple(Basis), "UNKNOWN_BASIS"))
    if request.late_bill and basis is not Basis.BILL:
        raise InvalidArgument(f"{field}late_bill", "is only for the basis bill")
    rule = NewRule(
        code=requests.code(f"{field}code", request.code),
        basis=basis,
        match=read_match(f"{field}match", request.match),
        markup=Markup(
            percent=_amount(f"{field}percent", request.percent, MAX_PERCENT),
            fixed_cents=_amount(f"{field}fixed_cents", request.fixed_cents),
            step_cents=_amount(f"{field}step_cents", request.step_cents),
            floor_cents=_amount(f"{field}floor_cents", request.floor_cents),
        ),
        currency=currency_code(f"{field}currency", request.currency),
        takes_all=request.takes_all,
        effective_from=read_day(
            requests.required(f"{field}effective_from", request.effective_from),
            f"{field}effective_from",
        ),
        effective_to=optional_day(request.effective_to, f"{field}effective_to"),
        late_bill=_late_bill(f"{field}late_bill", request.late_bill)
        if basis is Basis.BILL
        else None,
    )
    for key, values in rule.match:
        if key == "meter":
            for value in values:
                if not value.endswith("*"):
                    meters.for_sale(f"{field}match.meter", value)
    check_rule(rule, field)
    return rule


def _amount(field: str, value: str, most: int = MAX_PRICE) -> Decimal:
    return exact(value, field, minimum=0, maximum=most) if value else Decimal(0)


def _late_bill(field: str, value: str) -> LateBill:
    known = tuple(LateBill)
    return LateBill(requests.one_of(field, value or LateBill.WAIT, known, "UNKNOWN_SETTING"))

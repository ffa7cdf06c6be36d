"""Billing profiles, and the tax rules of regions."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from services.analytics.invoicing.profiles.rules.parties import Party, Recipient, TaxRule
from services.analytics.invoicing.profiles.tables import billing_profiles, tax_rules
from services.common.db.database import ReadSession, WriteSession
from services.common.db.effective_rows import set_row
from services.common.errors import NotFound
from services.common.rpc.access import Scope
from services.common.values.effective_dates import Span

__all__ = [
    "create_tax_rule",
    "list_profiles",
    "list_tax_rules",
    "read_profile",
    "recipients",
    "save_profile",
    "tax_regions",
    "tax_rules_on",
]

_PROFILE = billing_profiles.c
_RULE = tax_rules.c


async def read_profile(session: ReadSession, scope: Scope, tenant_id: str) -> Row[Any]:
    """A tenant's profile. Raises NotFound, also for another tenant's."""
    found = None
    if scope.everything or scope.tenant_id == tenant_id:
        statement = select(billing_profiles).where(_PROFILE.tenant_id == tenant_id)
        found = (await session.execute(statement)).first()
    if found is None:
        raise NotFound("billing profile", tenant_id)
    return found


async def list_profiles(session: ReadSession, *, after: str, limit: int) -> Sequence[Row[Any]]:
    """Profiles by tenant."""
    statement = select(billing_profiles).order_by(_PROFILE.tenant_id).limit(limit)
    if after:
        statement = statement.where(_PROFILE.tenant_id > after)
    return (await session.execute(statement)).all()


async def save_profile(
    session: WriteSession,
    tenant_id: str,
    recipient: Recipient,
    tax_region: str,
    *,
    by: str,
    at: datetime,
) -> Row[Any]:
    """Makes or replaces a tenant's profile."""
    party = recipient.party
    values = {
        "name": party.name,
        "abn": party.abn,
        "address_lines": list(party.address_lines),
        "email": party.email,
        "tax_region": tax_region,
        "purchase_order": recipient.purchase_order,
        "updated_by": by,
        "updated_at": at,
    }
    return (
        await session.execute(
            insert(billing_profiles)
            .values(tenant_id=tenant_id, **values)
            .on_conflict_do_update(constraint="billing_profiles_pkey", set_=values)
            .returning(billing_profiles)
        )
    ).one()


async def recipients(session: ReadSession, tenant_ids: Sequence[str]) -> Mapping[str, Recipient]:
    """To whom the invoices of tenants are made out: to their slug, without a profile."""
    rows = await session.execute(
        select(billing_profiles).where(_PROFILE.tenant_id.in_(set(tenant_ids)))
    )
    known = {
        row.tenant_id: Recipient(
            Party(row.name, row.abn, tuple(row.address_lines), row.email), row.purchase_order
        )
        for row in rows
    }
    return {tenant: known.get(tenant) or Recipient(Party(tenant)) for tenant in tenant_ids}


async def tax_regions(
    session: ReadSession, tenant_ids: Sequence[str], default: str
) -> Mapping[str, str]:
    """The tax region of each tenant; `default` for one without a profile."""
    rows = await session.execute(
        select(_PROFILE.tenant_id, _PROFILE.tax_region).where(
            _PROFILE.tenant_id.in_(set(tenant_ids))
        )
    )
    known = {row.tenant_id: row.tax_region for row in rows}
    return {tenant: known.get(tenant, default) for tenant in tenant_ids}


async def tax_rules_on(session: ReadSession, day: date) -> Mapping[str, TaxRule]:
    """The rule of each region that is in force on a day."""
    rows = await session.execute(select(tax_rules).where(*_in_force_on(day)))
    return {
        row.tax_region: TaxRule(row.id, row.tax_region, row.label, row.rate_percent) for row in rows
    }


async def list_tax_rules(
    session: ReadSession,
    *,
    region: str,
    after: tuple[str, date] | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Tax rules by region, newest first; `after` is where the page before ended."""
    statement = (
        select(tax_rules)
        .where(_RULE.superseded_at.is_(None))
        .order_by(_RULE.tax_region, _RULE.effective_from.desc())
        .limit(limit)
    )
    if region:
        statement = statement.where(_RULE.tax_region == region)
    if after is not None:
        statement = statement.where(
            or_(
                _RULE.tax_region > after[0],
                and_(_RULE.tax_region == after[0], _RULE.effective_from < after[1]),
            )
        )
    return (await session.execute(statement)).all()


async def create_tax_rule(
    session: WriteSession,
    *,
    region: str,
    label: str,
    rate_percent: Decimal,
    effective_from: date,
    effective_to: date | None,
    by: str,
    at: datetime,
) -> Row[Any]:
    """Sets a region's tax for some days; what held before goes on outside of them.

    Raises FailedPrecondition for one without an end over one that was set from a later day.
    """
    return await set_row(
        session,
        tax_rules,
        same={"tax_region": region},
        values={"label": label, "rate_percent": rate_percent, "created_by": by, "created_at": at},
        span=Span(effective_from, effective_to),
        reason="TAX_RULE_OVERLAPS",
    )


def _in_force_on(day: date) -> tuple[ColumnElement[bool], ...]:
    return (
        _RULE.superseded_at.is_(None),
        _RULE.effective_from <= day,
        func.coalesce(_RULE.effective_to > day, True),
    )

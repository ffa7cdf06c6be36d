"""Billing profiles, and the tax rules of regions."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter

from sqlalchemy import and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from services.analytics.invoicing.profiles.rules.parties import BillingProfile, TaxRule
from services.analytics.invoicing.profiles.tables import billing_profiles, tax_rules
from services.common.db.database import ReadSession, WriteSession
from services.common.db.effective_rows import set_row
from services.common.db.pages import page_of
from services.common.db.records import found_of, records_of
from services.common.errors import NotFound
from services.common.identity.callers import Scope
from services.common.rpc.paging import Page, PageRequest
from services.common.values.effective_dates import Span

__all__ = [
    "create_tax_rule",
    "list_profiles",
    "list_tax_rules",
    "profiles_of",
    "read_profile",
    "save_profile",
    "tax_regions",
    "tax_rules_on",
]

_PROFILE = billing_profiles.c
_RULE = tax_rules.c


async def read_profile(session: ReadSession, scope: Scope, tenant_id: str) -> BillingProfile:
    """A tenant's profile. Raises NotFound, also for another tenant's."""
    if not (scope.everything or scope.tenant_id == tenant_id):
        raise NotFound("billing profile", tenant_id)
    found = await session.execute(select(billing_profiles).where(_PROFILE.tenant_id == tenant_id))
    return found_of(BillingProfile, found, "billing profile", tenant_id)


async def list_profiles(session: ReadSession, asked: PageRequest) -> Page[BillingProfile]:
    """Profiles by tenant."""
    every = select(billing_profiles)
    return await page_of(session, BillingProfile, every, asked, _PROFILE.tenant_id)


async def save_profile(session: WriteSession, profile: BillingProfile, *, by: str) -> None:
    """Upserts a tenant's profile."""
    values = asdict(profile.recipient) | {
        "tax_region": profile.tax_region,
        "purchase_order": profile.purchase_order,
        "updated_by": by,
        "updated_at": profile.updated_at,
    }
    await session.execute(
        insert(billing_profiles)
        .values(tenant_id=profile.tenant_id, **values)
        .on_conflict_do_update(constraint="billing_profiles_pkey", set_=values)
    )


async def profiles_of(
    session: ReadSession, tenant_ids: Sequence[str]
) -> Mapping[str, BillingProfile]:
    """The profiles of those of the given tenants that have one."""
    statement = select(billing_profiles).where(_PROFILE.tenant_id.in_(set(tenant_ids)))
    profiles = records_of(BillingProfile, await session.execute(statement))
    return {one.tenant_id: one for one in profiles}


async def tax_regions(
    session: ReadSession, tenant_ids: Sequence[str], default: str
) -> Mapping[str, str]:
    """The tax region of each tenant; `default` for one without a profile."""
    known = await profiles_of(session, tenant_ids)
    return {
        tenant: known[tenant].tax_region if tenant in known else default for tenant in tenant_ids
    }


async def tax_rules_on(session: ReadSession, day: date) -> Mapping[str, TaxRule]:
    """The rule of each region in force on a day."""
    statement = select(tax_rules).where(
        _RULE.superseded_at.is_(None),
        _RULE.effective_from <= day,
        func.coalesce(_RULE.effective_to > day, True),
    )
    rules = records_of(TaxRule, await session.execute(statement))
    return {rule.tax_region: rule for rule in rules}


async def list_tax_rules(session: ReadSession, region: str, asked: PageRequest) -> Page[TaxRule]:
    """Tax rules by region, newest first."""
    statement = (
        select(tax_rules)
        .where(_RULE.superseded_at.is_(None))
        .order_by(_RULE.tax_region, _RULE.effective_from.desc())
        .limit(asked.limit)
    )
    if region:
        statement = statement.where(_RULE.tax_region == region)
    if asked.after is not None:
        last_region, start = asked.after
        statement = statement.where(
            or_(
                _RULE.tax_region > last_region,
                and_(_RULE.tax_region == last_region, _RULE.effective_from < start),
            )
        )
    rules = records_of(TaxRule, await session.execute(statement))
    return asked.page(rules, attrgetter("tax_region", "effective_from"))


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
) -> TaxRule:
    """Sets a region's tax for a range of days; earlier rules stay in force outside it.

    Raises FailedPrecondition if a rule without an end would overlap one with a later start.
    """
    return await set_row(
        session,
        tax_rules,
        TaxRule,
        same={"tax_region": region},
        values={"label": label, "rate_percent": rate_percent, "created_by": by, "created_at": at},
        span=Span(effective_from, effective_to),
        reason="TAX_RULE_OVERLAPS",
    )

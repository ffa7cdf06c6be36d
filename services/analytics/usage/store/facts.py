"""Usage facts and unmetered spans of a day, by generation and page."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import text

from services.analytics.generations.store import Generation, page_of, prepare_month
from services.analytics.usage.rules.figures import UnmeteredResource
from services.analytics.usage.rules.metering import MeteredFact, Unmeasured
from services.analytics.usage.store.reading import UsageFilter
from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import arrays_of, records_of, unnested
from services.common.identity.callers import Scope
from services.common.rpc.paging import Page, PageRequest

__all__ = ["list_unmeasured", "replace_unmeasured", "write_facts", "write_unmeasured"]

FORGET_PAGE: Final = """
DELETE FROM usage_facts WHERE day = %(day)s AND pass_id = %(pass_id)s AND page = %(page)s
"""
WRITE: Final = f"""
INSERT INTO usage_facts (day, pass_id, page, tenant_id, deployment_id, resource_kind, resource_id,
                         inventory_kind, resource_name, fact_from, fact_to, size_gb, qty,
                         dimensions)
SELECT %(day)s, %(pass_id)s, %(page)s, tenant_id, deployment_id, resource_kind, resource_id,
       inventory_kind, resource_name, fact_from, fact_to, size_gb, qty, dimensions::jsonb
FROM {unnested(MeteredFact, "fact")}
"""


async def write_facts(
    session: WriteSession, of: Generation, token: str, facts: Sequence[MeteredFact]
) -> None:
    """Writes the facts of a page, replacing earlier writes of the page."""
    await prepare_month(session, of.subject, "usage_facts")
    page: dict[str, Any] = {"day": of.subject, "pass_id": of.id, "page": page_of(token)}
    await session.on_driver(FORGET_PAGE, page)
    await session.on_driver(WRITE, page | arrays_of(MeteredFact, facts, "fact"))


FORGET_UNMEASURED_PAGE: Final = text("""
DELETE FROM unmeasured_spans WHERE day = :day AND pass_id = :pass_id AND page = :page
""")
WRITE_UNMEASURED: Final = f"""
INSERT INTO unmeasured_spans (day, pass_id, page, resource_id, inventory_kind, resource_name,
                              tenant_id, deployment_id, resource_kind, span_from, span_to, reason)
SELECT %(day)s, %(pass_id)s, %(page)s, span.* FROM {unnested(Unmeasured, "span")}
"""
# Generations are visible to operators only, and these rows to their tenant, so the row says
# whether it is current.
COUNT: Final = text("""
UPDATE unmeasured_spans SET is_current = true WHERE day = :day AND pass_id = :pass_id
""")
FORGET: Final = text("DELETE FROM unmeasured_spans WHERE day = :day AND pass_id = ANY(:pass_ids)")
LIST: Final = """
SELECT s.resource_id, s.tenant_id, s.deployment_id, s.inventory_kind, s.resource_kind,
       (array_agg(s.resource_name ORDER BY s.span_from DESC))[1] AS resource_name,
       (array_agg(s.reason ORDER BY s.span_from DESC))[1] AS reason,
       min(s.day) AS first_day, max(s.day) AS last_day,
       sum(extract(epoch FROM s.span_to - s.span_from))::bigint AS seconds
FROM unmeasured_spans AS s
WHERE s.is_current AND {conditions}
GROUP BY s.resource_id, s.tenant_id, s.deployment_id, s.inventory_kind, s.resource_kind
{after}
ORDER BY s.resource_id, s.tenant_id, s.deployment_id
LIMIT :limit
"""
CONDITIONS: Final = {
    "tenant_id": "s.tenant_id = :tenant_id",
    "deployment_id": "s.deployment_id = :deployment_id",
    "resource_kind": "s.resource_kind = :resource_kind",
    "from_day": "s.day >= :from_day",
    "to_day": "s.day < :to_day",
}
AFTER: Final = """
HAVING (s.resource_id, s.tenant_id, s.deployment_id)
     > (CAST(:after_resource AS uuid), :after_tenant, :after_deployment)
"""


async def write_unmeasured(
    session: WriteSession, of: Generation, token: str, spans: Sequence[Unmeasured]
) -> None:
    """Writes the unmetered resources of a page, replacing earlier writes of the page."""
    page: dict[str, Any] = {"day": of.subject, "pass_id": of.id, "page": page_of(token)}
    await session.execute(FORGET_UNMEASURED_PAGE, page)
    if spans:
        await session.on_driver(WRITE_UNMEASURED, page | arrays_of(Unmeasured, spans, "span"))


async def replace_unmeasured(
    session: WriteSession, of: Generation, replaced: Sequence[int]
) -> None:
    """Makes the unmetered resources of a generation current, replacing those of others."""
    if replaced:
        await session.execute(FORGET, {"day": of.subject, "pass_ids": list(replaced)})
    await session.execute(COUNT, {"day": of.subject, "pass_id": of.id})


async def list_unmeasured(
    session: ReadSession, scope: Scope, wanted: UsageFilter, asked_page: PageRequest
) -> Page[UnmeteredResource]:
    """The resources of unknown size, by id, with one row per owner."""
    after = asked_page.after
    values: dict[str, Any] = {name: getattr(wanted, name) for name in CONDITIONS}
    asked = [CONDITIONS[name] for name, value in values.items() if value]
    if not scope.everything:
        # Restricts to the tenant in addition to row-level security.
        asked.append("s.tenant_id = :scope")
        values["scope"] = scope.tenant_id
    if after is not None:
        names = ("after_resource", "after_tenant", "after_deployment")
        values |= dict(zip(names, after, strict=True))
    statement = LIST.format(
        conditions=" AND ".join(asked) or "true", after=AFTER if after is not None else ""
    )
    kept = {name: value for name, value in values.items() if value or name.startswith("after_")}
    found = await session.execute(text(statement), {**kept, "limit": asked_page.limit})
    place = attrgetter("resource_id", "tenant_id", "deployment_id")
    return asked_page.page(records_of(UnmeteredResource, found), place)

"""Usage facts of a day, by generation and page."""

from collections.abc import Sequence
from typing import Any, Final

from services.analytics.generations.store import Generation, page_of, prepare_month
from services.analytics.usage.rules.metering import MeteredFact
from services.common.db.database import WriteSession
from services.common.db.records import arrays_of, unnested

__all__ = ["write_facts"]

FORGET_PAGE: Final = """
DELETE FROM usage_facts WHERE day = %(day)s AND pass_id = %(pass_id)s AND page = %(page)s
"""
WRITE: Final = f"""
INSERT INTO usage_facts (day, pass_id, page, tenant_id, deployment_id, resource_kind, resource_id,
                         inventory_kind, resource_name, fact_from, fact_to, size_gb, qty)
SELECT %(day)s, %(pass_id)s, %(page)s, fact.* FROM {unnested(MeteredFact, "fact")}
"""


async def write_facts(
    session: WriteSession, of: Generation, token: str, facts: Sequence[MeteredFact]
) -> None:
    """Writes the facts of a page, replacing earlier writes of the page."""
    await prepare_month(session, of.subject, "usage_facts")
    driver = await session.driver()
    page: dict[str, Any] = {"day": of.subject, "pass_id": of.id, "page": page_of(token)}
    await driver.execute(FORGET_PAGE, page)
    await driver.execute(WRITE, page | arrays_of(MeteredFact, facts, "fact"))

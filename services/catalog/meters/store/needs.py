"""What of the catalog needs a meter."""

from datetime import date
from typing import Final

from sqlalchemy import text

from services.common.db.database import ReadSession

__all__ = ["needs_of"]

NEEDS: Final = text("""
(SELECT DISTINCT 'version ' || v.version || ' of the plan ' || p.code
 FROM plan_items AS i JOIN plan_versions AS v ON v.id = i.plan_version_id
     JOIN plans AS p ON p.id = v.plan_id
 WHERE i.resource_kind = :code
   AND (v.status <> 'retired' OR EXISTS (
       SELECT FROM subscription_terms AS t JOIN subscriptions AS s ON s.id = t.subscription_id
       WHERE t.plan_version_id = v.id AND (t.effective_to IS NULL OR t.effective_to > :day)
         AND (s.ends_on IS NULL OR s.ends_on > :day)))
 LIMIT 3)
UNION ALL
(SELECT 'the addon ' || code FROM addons WHERE resource_kind = :code ORDER BY code LIMIT 3)
UNION ALL
(SELECT DISTINCT 'the resource price in ' || currency FROM resource_prices
 WHERE resource_kind = :code AND superseded_at IS NULL
   AND (effective_to IS NULL OR effective_to > :day) LIMIT 3)
UNION ALL
(SELECT DISTINCT 'the rebilling rule ' || code FROM rebilling_rules
 WHERE match -> 'meter' ? :code AND superseded_at IS NULL
   AND (effective_to IS NULL OR effective_to > :day) LIMIT 3)
""")
"""At most three of each kind; `?` asks whether an array has a text."""


async def needs_of(session: ReadSession, code: str, day: date) -> list[str]:
    """What needs a meter on a day or later, such as `the addon calls_1m`; at most a dozen."""
    rows = await session.execute(NEEDS, {"code": code, "day": day})
    return list(rows.scalars())

"""Which ignore rule mutes a drift: the one place that says so."""

from typing import Final

__all__ = ["MUTES", "MUTING_RULE"]

MUTES: Final = """
m.kind = d.kind AND m.field = d.field AND m.deleted_at IS NULL
AND (m.expires_at IS NULL OR m.expires_at > now())
AND (m.tenant_id IS NULL OR m.tenant_id = r.tenant_id)
AND (m.resource_id IS NULL OR m.resource_id = d.resource_id)
"""
"""Whether the rule `m` mutes the drift `d` of the resource `r`."""

MUTING_RULE: Final = f"""
LEFT JOIN LATERAL (
    SELECT m.id FROM cloud_drift_ignore_rules AS m WHERE {MUTES}
    ORDER BY m.resource_id IS NULL, m.tenant_id IS NULL, m.id
    LIMIT 1
) AS mute ON true
"""
"""Joins the narrowest rule that mutes a drift, null where none does."""

"""A certificate is identified by its name: its id is another one after each renewal.

So the rows of a name, one for each renewal, become one: a living one where there is one, with the
spec of any of them. Drift on what a renewal left behind is closed as stale. A row that lived
beside the one that is kept ends without a `deleted`: it is the same certificate, and its history
says whose. The ids are still known here, so that specs which name certificates by nothing else
are given their names.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# One that an operator assigned is kept before others, and the first that was seen before later
# ones: its history is the longest. Of those that are gone, the one that went last.
CERTIFICATES = """
CREATE TEMPORARY TABLE renewed ON COMMIT DROP AS
SELECT id, provider, provider_id, name, deleted_at IS NULL AS lives,
       first_value(id) OVER preferred AS kept_id
FROM cloud_resources
WHERE kind = 'certificate' AND name <> ''
WINDOW preferred AS (
    PARTITION BY provider, name
    ORDER BY deleted_at IS NOT NULL, ownership_source <> 'explicit', deleted_at DESC,
             first_seen_at, id
)
"""

NAMING = """
CREATE FUNCTION pg_temp.with_names(of_provider text, rules jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT coalesce(jsonb_agg(
        CASE WHEN renewed.name IS NULL OR rule ? 'certificate_name' THEN rule
             ELSE rule || jsonb_build_object('certificate_name', renewed.name) END
        ORDER BY position), '[]')
    FROM jsonb_array_elements(rules) WITH ORDINALITY AS listed (rule, position)
    LEFT JOIN renewed
        ON renewed.provider = of_provider AND renewed.provider_id = rule ->> 'certificate_id'
$$
"""

NAMES_IN_SPECS = """
UPDATE cloud_provisioned
SET spec = spec || jsonb_build_object('{field}', pg_temp.with_names(provider, spec -> '{field}'))
WHERE kind = 'load_balancer' AND jsonb_typeof(spec -> '{field}') = 'array'
"""

NAMES_OF_ENDPOINTS = """
UPDATE cloud_provisioned AS s
SET spec = s.spec || jsonb_build_object('certificate_name', renewed.name)
FROM renewed
WHERE s.kind = 'cdn_endpoint' AND NOT s.spec ? 'certificate_name'
  AND renewed.provider = s.provider AND renewed.provider_id = s.spec ->> 'certificate_id'
"""

STALE = """
WITH closed AS (
    UPDATE cloud_drift AS d
    SET status = 'stale', resolved_at = now(), resolved_by = 'migration'
    FROM renewed
    WHERE d.resource_id = renewed.id AND d.status = 'open' AND renewed.id <> renewed.kept_id
    RETURNING d.resource_id, d.kind, d.field, d.actual
)
INSERT INTO cloud_resource_events
    (resource_id, kind, tenant_id, type, changes, actor, occurred_at)
SELECT closed.resource_id, closed.kind, r.tenant_id, 'drift_resolved',
       jsonb_build_object(
           closed.field, jsonb_build_object('old', closed.actual, 'new', closed.actual),
           'drift', jsonb_build_object('old', 'open', 'new', 'stale')),
       'migration', now()
FROM closed JOIN cloud_resources AS r ON r.id = closed.resource_id
"""

# The newest wish counts where several of a name have one.
SPECS = """
WITH wishes AS (
    SELECT DISTINCT ON (renewed.kept_id) renewed.kept_id, s.*
    FROM renewed JOIN cloud_provisioned AS s ON s.resource_id = renewed.id
    ORDER BY renewed.kept_id, s.recorded_at DESC, s.resource_id
), moved AS (
    INSERT INTO cloud_provisioned AS kept
        (resource_id, provider, kind, spec, spec_version, recorded_by, recorded_at)
    SELECT kept_id, provider, kind, spec, spec_version, recorded_by, recorded_at FROM wishes
    ON CONFLICT ON CONSTRAINT cloud_provisioned_pkey DO UPDATE SET
        spec = excluded.spec,
        spec_version = greatest(kept.spec_version, excluded.spec_version)
            + (kept.spec IS DISTINCT FROM excluded.spec)::int,
        recorded_by = excluded.recorded_by,
        recorded_at = excluded.recorded_at
    WHERE kept.recorded_at < excluded.recorded_at
)
DELETE FROM cloud_provisioned AS s USING renewed
WHERE s.resource_id = renewed.id AND renewed.id <> renewed.kept_id
"""

MUTED = """
UPDATE cloud_drift_ignore_rules AS rule SET resource_id = renewed.kept_id
FROM renewed WHERE rule.resource_id = renewed.id AND renewed.id <> renewed.kept_id
"""

# What lived beside the row that is kept: one of both is at the provider, under the other id.
MERGED = """
WITH ended AS (
    UPDATE cloud_resources AS r SET deleted_at = now()
    FROM renewed
    WHERE r.id = renewed.id AND renewed.lives AND renewed.id <> renewed.kept_id
    RETURNING r.id, r.kind, r.tenant_id, r.last_seen_at, renewed.kept_id
), spans AS (
    UPDATE cloud_resource_assignments AS a
    SET valid_to = greatest(ended.last_seen_at, a.valid_from + interval '1 microsecond')
    FROM ended WHERE a.resource_id = ended.id AND a.valid_to IS NULL
)
INSERT INTO cloud_resource_events
    (resource_id, kind, tenant_id, type, changes, actor, occurred_at)
SELECT id, kind, tenant_id, 'updated',
       jsonb_build_object('merged_into', jsonb_build_object('old', NULL, 'new', kept_id)),
       'migration', now()
FROM ended
"""

# Strikes were given to an id, and the next sighting brings the certificate of today.
NAMED = """
UPDATE cloud_resources AS r
SET provider_id = r.name,
    attrs = r.attrs || jsonb_build_object('id', r.provider_id),
    stale_strike_count = 0,
    last_strike_sweep_id = NULL
FROM renewed WHERE r.id = renewed.kept_id AND renewed.id = renewed.kept_id
"""


def upgrade() -> None:
    op.execute("SELECT prepare_event_months(0)")
    op.execute(CERTIFICATES)
    op.execute(NAMING)
    for field in ("forwarding_rules", "domains"):
        op.execute(NAMES_IN_SPECS.format(field=field))
    for statement in (NAMES_OF_ENDPOINTS, STALE, SPECS, MUTED, MERGED, NAMED):
        op.execute(statement)

"""The tables of the audit log, which every service has in its own database.

An entry is written once, by `audit_record`, in the partition of its month. At COMMIT the database
adds it to the chain: a deferred trigger takes a lock, reads the newest link, and adds the next.
Inside COMMIT the lock is never held while waiting for a client.

The service's role may read both tables and call `audit_record`. It may not insert into them, and
nobody, not even their owner, can update, delete or truncate.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import BigInteger, Column, MetaData, Text
from sqlalchemy.dialects.postgresql import ARRAY

from services.common.db.tables import declare, index, instants, key, names, unique, uuids

__all__ = ["MAX_CHANGES", "audit_tables_in", "months_for", "tables_for", "watched"]

MAX_CHANGES: Final = 50
"""Maximum changed rows of a transaction with their values; further ones are only counted."""

MAX_CHANGES_LENGTH: Final = 100_000
"""Maximum characters of all values of a transaction's changed rows."""

MAX_VALUE_LENGTH: Final = 1_000
"""Maximum characters of a value; a longer one is replaced by its length."""

CHAIN_LOCK: Final = 6_842_907_113
"""The advisory lock that serializes additions to the chain."""

_ENTRIES: Final = """
CREATE TABLE audit_entries (
    id         uuid        NOT NULL,
    at         timestamptz NOT NULL,
    actor      text        NOT NULL,
    tenant_id  text,
    rpc        text        NOT NULL,
    outcome    text        NOT NULL,
    request_id text        NOT NULL,
    objects    text[]      NOT NULL,
    content    text        NOT NULL,
    CONSTRAINT audit_entries_pkey PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
CREATE INDEX audit_entries_actor_idx ON audit_entries (actor, at, id);
CREATE INDEX audit_entries_tenant_idx ON audit_entries (tenant_id, at, id);
CREATE INDEX audit_entries_request_idx ON audit_entries (request_id, at, id);
CREATE INDEX audit_entries_objects_idx ON audit_entries USING gin (objects);
GRANT SELECT ON audit_entries TO {role};

CREATE TABLE audit_links (
    seq           bigint      NOT NULL,
    entry_id      uuid        NOT NULL,
    entry_at      timestamptz NOT NULL,
    previous_hash text        NOT NULL,
    hash          text        NOT NULL,
    CONSTRAINT audit_links_pkey PRIMARY KEY (seq),
    CONSTRAINT audit_links_entry_key UNIQUE (entry_id)
);
GRANT SELECT ON audit_links TO {role};
"""

_APPEND_ONLY: Final = """
CREATE FUNCTION refuse_rewriting_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %: the audit log is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
"""

_APPEND_ONLY_TABLE: Final = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_audit();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_audit();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only_truncate;
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
"""

# A tenant reads what concerns it alone; links are only useful with all entries.
_POLICIES: Final = """
CREATE POLICY visible ON audit_entries FOR SELECT TO {role} USING (
    CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true
    ELSE tenant_id = (SELECT nullif(current_setting('arcadia.tenant', true), '')) END);
CREATE POLICY visible ON audit_links FOR SELECT TO {role} USING (
    CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END);
"""

# Row-level security prevents the use of an index on `objects`, because the operator @> is not
# leakproof. So the table's owner searches, and applies the rule of the policy itself.
_OF_OBJECT: Final = """
CREATE FUNCTION audit_of_object(wanted text, since timestamptz, until timestamptz)
RETURNS TABLE (at timestamptz, id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    RETURN QUERY SELECT e.at, e.id FROM public.audit_entries AS e
    WHERE e.objects @> ARRAY[wanted] AND e.at >= since AND e.at < until
        AND CASE current_setting('arcadia.scope', true) WHEN 'all' THEN true
            ELSE e.tenant_id = nullif(current_setting('arcadia.tenant', true), '') END;
END $$;
REVOKE ALL ON FUNCTION audit_of_object(text, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_of_object(text, timestamptz, timestamptz) TO {role};
"""

# The partition of a month is created when the month before it is first written to, so that writers
# of the new month do not wait for it. After the lock it is checked again with a query, because
# `to_regclass` may use a stale cache.
_RECORD: Final = """
CREATE FUNCTION prepare_audit_month(month date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    partition text := 'audit_entries_' || to_char(month, 'YYYY_MM');
BEGIN
    IF to_regclass('partitions.' || partition) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('prepare_audit_month', 0));
    IF EXISTS (SELECT FROM pg_class WHERE relname = partition
               AND relnamespace = 'partitions'::regnamespace) THEN
        RETURN;
    END IF;
    EXECUTE format(
        'CREATE TABLE partitions.%I PARTITION OF public.audit_entries FOR VALUES FROM (%L) TO (%L)',
        partition, month::timestamp AT TIME ZONE 'UTC',
        (month + interval '1 month') AT TIME ZONE 'UTC');
    EXECUTE format(
        'CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON partitions.%I'
        ' FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_rewriting_audit()', partition);
    EXECUTE format(
        'ALTER TABLE partitions.%I ENABLE ALWAYS TRIGGER append_only_truncate', partition);
END $$;
REVOKE ALL ON FUNCTION prepare_audit_month(date) FROM PUBLIC;

CREATE FUNCTION audit_record(
    id uuid, at timestamptz, actor text, tenant_id text, rpc text, outcome text, request_id text,
    objects text[], content text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    month date := date_trunc('month', at AT TIME ZONE 'UTC');
BEGIN
    PERFORM public.prepare_audit_month(month);
    PERFORM public.prepare_audit_month((month + interval '1 month')::date);
    INSERT INTO public.audit_entries
    VALUES (id, at, actor, tenant_id, rpc, outcome, request_id, objects, content);
    RETURN id;
END $$;
REVOKE ALL ON FUNCTION audit_record(uuid, timestamptz, text, text, text, text, text, text[], text)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    audit_record(uuid, timestamptz, text, text, text, text, text, text[], text) TO {role};
SELECT prepare_audit_month(date_trunc('month', now() AT TIME ZONE 'UTC')::date);
"""

# READ COMMITTED: each statement sees what was committed before it, so the newest link is read
# after the lock is acquired. The lock is released when the commit is durable.
_CHAIN: Final = """
CREATE FUNCTION audit_link() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    newest public.audit_links;
BEGIN
    PERFORM pg_advisory_xact_lock({lock});
    SELECT * INTO newest FROM public.audit_links ORDER BY seq DESC LIMIT 1;
    newest.previous_hash := coalesce(newest.hash, repeat('0', 64));
    INSERT INTO public.audit_links VALUES (
        coalesce(newest.seq, 0) + 1, NEW.id, NEW.at, newest.previous_hash,
        encode(sha256(convert_to(newest.previous_hash || chr(10) || NEW.content, 'UTF8')), 'hex'));
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION audit_link() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER audit_link AFTER INSERT ON audit_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_link();
"""

# Collects changed rows in settings of the transaction, so that rolling back a savepoint removes
# its rows. `arcadia.audit_tenant` is the one tenant that they belong to, or `*`.
_CHANGE: Final = """
CREATE FUNCTION audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    counted  integer := coalesce(nullif(current_setting('arcadia.audit_rows', true), ''), '0');
    told     text := coalesce(current_setting('arcadia.audit_changes', true), '');
    tenant   text := coalesce(current_setting('arcadia.audit_tenant', true), '');
    old_row  jsonb := '{{}}';
    new_row  jsonb := '{{}}';
    keys     text;
    owner    text;
    change   text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        old_row := to_jsonb(OLD) - TG_ARGV[1]::text[];
    END IF;
    IF TG_OP <> 'DELETE' THEN
        new_row := to_jsonb(NEW) - TG_ARGV[1]::text[];
    END IF;
    IF old_row = new_row THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('arcadia.audit_rows', (counted + 1)::text, true);
    FOREACH owner IN ARRAY array_remove(
        ARRAY[nullif(old_row ->> 'tenant_id', ''), nullif(new_row ->> 'tenant_id', '')], NULL)
    LOOP
        IF tenant NOT IN (owner, '*') THEN
            tenant := CASE tenant WHEN '' THEN owner ELSE '*' END;
            PERFORM set_config('arcadia.audit_tenant', tenant, true);
        END IF;
    END LOOP;
    IF counted >= {changes} OR length(told) >= {length} THEN
        RETURN NULL;
    END IF;
    SELECT string_agg((old_row || new_row) ->> name, ',') INTO keys
    FROM unnest(TG_ARGV[0]::text[]) AS name;
    SELECT jsonb_build_object(
        -- A partitioned table by its own name, which its rows are searched by.
        'table', (SELECT relname FROM pg_class
                  WHERE oid = coalesce(pg_partition_root(TG_RELID), TG_RELID)),
        'operation', lower(TG_OP), 'key', coalesce(keys, ''),
        'before', coalesce(jsonb_object_agg(name, audit_short(old_row -> name))
                           FILTER (WHERE old_row ? name), '{{}}'),
        'after', coalesce(jsonb_object_agg(name, audit_short(new_row -> name))
                          FILTER (WHERE new_row ? name), '{{}}'))::text
    INTO change
    FROM jsonb_object_keys(old_row || new_row) AS name
    WHERE old_row -> name IS DISTINCT FROM new_row -> name;
    PERFORM set_config(
        'arcadia.audit_changes', told || CASE told WHEN '' THEN '' ELSE ',' END || change, true);
    RETURN NULL;
END $$;

CREATE FUNCTION audit_short(value jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN length(value::text) <= {value} THEN value
           ELSE to_jsonb(format('[%s characters]', length(value::text))) END
$$;
"""

_WATCHED: Final = """
DO $watched$
DECLARE
    keys text;
BEGIN
    SELECT coalesce(
        CASE WHEN bool_or(a.attname = 'id') THEN '{{id}}'
        ELSE array_agg(a.attname ORDER BY array_position(i.indkey::int2[], a.attnum))::text END,
        '{{}}')  -- a table without a primary key
    INTO keys
    FROM pg_index AS i
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
    WHERE i.indrelid = '{table}'::regclass AND i.indisprimary;
    EXECUTE format(
        'CREATE TRIGGER audit_change AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW'
        ' WHEN (current_setting(''arcadia.audit'', true) <> '''')'
        ' EXECUTE FUNCTION audit_change(%L, %L)', keys, '{left_out}');
END $watched$;
"""


_MONTHS: Final = """
CREATE FUNCTION prepare_audit_months() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
BEGIN
    PERFORM public.prepare_audit_month(
        (date_trunc('month', now() AT TIME ZONE 'UTC') + ahead * interval '1 month')::date)
    FROM generate_series(0, 2) AS ahead;
END $$;
REVOKE ALL ON FUNCTION prepare_audit_months() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prepare_audit_months() TO {role};

CREATE OR REPLACE FUNCTION audit_record(
    id uuid, at timestamptz, actor text, tenant_id text, rpc text, outcome text, request_id text,
    objects text[], content text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM public.prepare_audit_month(date_trunc('month', at AT TIME ZONE 'UTC')::date);
    INSERT INTO public.audit_entries
    VALUES (id, at, actor, tenant_id, rpc, outcome, request_id, objects, content);
    RETURN id;
END $$;
SELECT prepare_audit_months();
"""


def months_for(role: str) -> str:
    """The SQL with which a service's role makes the partitions ahead, for one of its migrations."""
    return _MONTHS.format(role=role)


def tables_for(role: str) -> str:
    """The SQL of a service's audit log, for a migration; `role` is the service's.

    It needs the schema `partitions`.
    """
    return "".join(
        (
            _ENTRIES.format(role=role),
            _APPEND_ONLY,
            _APPEND_ONLY_TABLE.format(table="audit_entries"),
            _APPEND_ONLY_TABLE.format(table="audit_links"),
            _POLICIES.format(role=role),
            _OF_OBJECT.format(role=role),
            _RECORD.format(role=role),
            _CHAIN.format(lock=CHAIN_LOCK),
            _CHANGE.format(changes=MAX_CHANGES, length=MAX_CHANGES_LENGTH, value=MAX_VALUE_LENGTH),
        )
    )


def watched(table: str, left_out: Sequence[str] = ()) -> str:
    """The SQL that makes changes of a table's rows part of audit entries.

    `left_out` are columns that are not logged: secrets that `kinds.redaction` does not recognise,
    and long columns that repeat others.
    """
    return _WATCHED.format(table=table, left_out="{" + ",".join(left_out) + "}")


def audit_tables_in(metadata: MetaData) -> None:
    """The same tables, declared among a service's models."""
    declare(
        metadata,
        "audit_entries",
        uuids("id"),
        instants("at"),
        names("actor"),
        names("tenant_id", nullable=True),
        names("rpc", "outcome", "request_id"),
        Column("objects", ARRAY(Text), nullable=False),
        names("content"),
        key("at", "id"),
        index("actor", "actor", "at", "id"),
        index("tenant", "tenant_id", "at", "id"),
        index("request", "request_id", "at", "id"),
        index("objects", "objects", postgresql_using="gin"),
        partitioned_by="at",
    )
    declare(
        metadata,
        "audit_links",
        Column("seq", BigInteger, nullable=False, autoincrement=False),
        uuids("entry_id"),
        instants("entry_at"),
        names("previous_hash", "hash"),
        key("seq"),
        unique("entry_id", name="entry"),
    )

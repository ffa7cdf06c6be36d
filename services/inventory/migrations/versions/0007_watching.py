"""Up to where the history is settled, so that it can be read as a stream; and a notice of more.

Ids are drawn in one order and committed in another. Who reads "all after 41" while 42 is
not yet committed and 43 is, would never see 42. So each transaction that writes events
first marks from where its ids may begin: by a shared advisory lock whose key is the newest
id drawn so far. Nobody waits for it, and it ends with the transaction, whichever way that
ends. Below the lowest mark nothing can appear any more: that is the horizon.

It is exact, because a transaction holds its mark before it draws an id, and lets go of it
only after its rows can be seen; and because the horizon reads the sequence before the marks.
Unlike with transaction ids, no long transaction elsewhere on the server holds it back, and
a restored backup keeps it true.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Of the lock's two 32-bit keys the first says what it is for, the second is the id without
# its upper half, which the horizon adds again.
MARKS = """
CREATE FUNCTION mark_and_announce_events() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    newest bigint;
BEGIN
    SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END
    INTO newest FROM public.cloud_resource_events_id_seq;
    PERFORM pg_advisory_xact_lock_shared(1163284301, newest::bit(32)::integer);
    -- Delivered at the commit, and once a transaction.
    PERFORM pg_notify('cloud_resource_events', '');
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION mark_and_announce_events() FROM PUBLIC;

-- Before the statement, and so before any of its rows draws an id.
CREATE TRIGGER mark_and_announce BEFORE INSERT ON cloud_resource_events
    FOR EACH STATEMENT EXECUTE FUNCTION mark_and_announce_events();
"""

# A mark above `newest` is of a transaction that began in between, and holds nothing back.
HORIZON = """
CREATE FUNCTION resource_event_horizon(OUT newest bigint, OUT settled bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END
    INTO newest FROM public.cloud_resource_events_id_seq;
    SELECT coalesce(min(newest - marks.behind), newest) INTO settled
    FROM (
        SELECT (newest - objid::bigint) & 4294967295 AS behind
        FROM pg_locks
        WHERE locktype = 'advisory' AND classid = 1163284301 AND objsubid = 2
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ) AS marks
    WHERE marks.behind < 2147483648;
END $$;
REVOKE ALL ON FUNCTION resource_event_horizon() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION resource_event_horizon() TO inventory;
"""


def upgrade() -> None:
    op.execute(MARKS)
    op.execute(HORIZON)

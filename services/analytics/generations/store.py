"""Generations: results for a subject that are written page by page and become current at the end.

The rows of a page carry the id of its generation. Only the rows of a subject's current generation
count, so an interrupted generation changes nothing, and a repeated page replaces itself. Finishing
swaps in the new generation atomically.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import text

from services.common.db.database import ReadSession, WriteSession
from services.common.db.single_statements import Compiled, compiled
from services.common.errors import Aborted

__all__ = [
    "FRESHNESS",
    "Generation",
    "Page",
    "Work",
    "complete_generation",
    "current_generation",
    "known_page",
    "open_generation",
    "page_of",
    "prepare_month",
    "record_page",
]


class Work(StrEnum):
    """The type of a generation; its subject is a day for metering, else a month's first day."""

    METERING = "metering"
    COSTS = "costs"
    DAILY_COSTS = "daily_costs"
    ACCRUAL = "accrual"


OPEN: Final = text("""
INSERT INTO work_passes (work, subject, pass_key, until, started_at)
VALUES (:work, :subject, :pass_key, :until, :now)
ON CONFLICT ON CONSTRAINT work_passes_key_key DO NOTHING
""")
READ: Final = text("""
SELECT id, state, until, complete FROM work_passes
WHERE work = :work AND subject = :subject AND pass_key = :pass_key
""")
CURRENT: Final = text("""
SELECT id, state, until, complete FROM work_passes
WHERE work = :work AND subject = :subject AND state = 'current'
""")
# Held until the end of the transaction, so that finishing waits for the generation's pages.
LOCK: Final = text("SELECT state FROM work_passes WHERE id = :id FOR UPDATE")
PAGE: Final = text("""
INSERT INTO work_pass_pages (pass_id, token, next_token, counts)
VALUES (:id, :token, :next_token, :counts)
ON CONFLICT ON CONSTRAINT work_pass_pages_pkey
DO UPDATE SET next_token = excluded.next_token, counts = excluded.counts
""")
KNOWN_PAGE: Final = text("""
SELECT next_token, counts FROM work_pass_pages WHERE pass_id = :id AND token = :token
""")
INCOMPLETE: Final = text("""
UPDATE work_passes SET complete = false WHERE id = :id AND complete
""")
READ_FROM: Final = text("UPDATE work_passes SET source_version = :source_version WHERE id = :id")
# The pages form a chain from the first to the last.
GAPS: Final = text("""
SELECT count(*) FROM (
    SELECT '' AS token UNION SELECT next_token FROM work_pass_pages WHERE pass_id = :id
) AS wanted
WHERE NOT EXISTS (SELECT FROM work_pass_pages AS p
                  WHERE p.pass_id = :id AND p.token = wanted.token)
""")
ONE_AT_A_TIME: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('pass/' || :work || '/' || :subject, 0))"
)
SUPERSEDE: Final = text("""
UPDATE work_passes SET state = 'superseded'
WHERE work = :work AND subject = :subject AND id < :id AND state <> 'superseded'
RETURNING id
""")
COMPLETE: Final = text("""
UPDATE work_passes SET state = 'current', completed_at = :now WHERE id = :id
""")
# Long enough that no late retry can be mistaken for a new generation.
FORGET: Final = text("""
DELETE FROM work_passes WHERE id IN (
    SELECT id FROM work_passes
    WHERE work = :work AND state = 'superseded' AND started_at < :now - interval '7 days'
    ORDER BY id LIMIT 50)
""")
PREPARE: Final = text("SELECT prepare_month(CAST(:parents AS text[]), :month)")


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation of a subject."""

    id: int
    work: Work
    subject: date
    until: datetime | None
    """The end of the time it covers; the same on all its pages."""
    complete: bool
    """Whether its sources were complete."""
    is_current: bool
    """Whether it is finished, so that its rows count."""


@dataclass(frozen=True, slots=True)
class Page:
    """The result of a page."""

    next_token: str
    """Empty on the last."""
    counts: tuple[int, ...]


async def open_generation(
    session: WriteSession,
    work: Work,
    subject: date,
    pass_key: str,
    *,
    now: datetime,
    until: datetime | None = None,
) -> Generation:
    """Opens the generation of a key, or returns it if it exists.

    Raises Aborted if a younger one finished already: its results would be outdated.
    """
    key = {"work": work, "subject": subject, "pass_key": pass_key}
    await session.execute(OPEN, {**key, "until": until, "now": now})
    row = (await session.execute(READ, key)).one()
    if row.state == "superseded":
        raise _superseded(work, subject)
    return Generation(row.id, work, subject, row.until, row.complete, row.state == "current")


async def current_generation(session: ReadSession, work: Work, subject: date) -> Generation | None:
    """The current generation; None if none was ever finished."""
    row = (await session.execute(CURRENT, {"work": work, "subject": subject})).first()
    return Generation(row.id, work, subject, row.until, row.complete, True) if row else None


async def known_page(session: ReadSession, of: Generation, token: str) -> Page:
    """A page of a finished generation. Raises Aborted for a page that it never had."""
    row = (await session.execute(KNOWN_PAGE, {"id": of.id, "token": token})).first()
    if row is None:
        raise Aborted("the generation was finished without this page", reason="PASS_ENDED")
    return Page(row.next_token, tuple(row.counts))


async def record_page(
    session: WriteSession,
    of: Generation,
    token: str,
    next_token: str,
    counts: Sequence[int],
    *,
    complete: bool = True,
    source_version: str = "",
) -> None:
    """Records a page, idempotently; write its rows in the same session.

    `source_version` identifies the source, if it has a version.

    Raises Aborted if a younger generation finished in the meantime.
    """
    state = (await session.execute(LOCK, {"id": of.id})).scalar_one()
    if state == "superseded":
        raise _superseded(of.work, of.subject)
    await session.execute(
        PAGE, {"id": of.id, "token": token, "next_token": next_token, "counts": list(counts)}
    )
    if not complete:
        await session.execute(INCOMPLETE, {"id": of.id})
    if source_version:
        await session.execute(READ_FROM, {"id": of.id, "source_version": source_version})


async def complete_generation(session: WriteSession, of: Generation, *, now: datetime) -> list[int]:
    """Finishes a generation: makes it the current one of its subject.

    Returns the ids of the replaced generations, whose rows are to be deleted. Raises Aborted if a
    page is missing, or a younger generation finished already.
    """
    subject = {"work": of.work, "subject": of.subject}
    await session.execute(ONE_AT_A_TIME, {"work": of.work, "subject": of.subject.isoformat()})
    state = (await session.execute(LOCK, {"id": of.id})).scalar_one()
    if state == "superseded":
        raise _superseded(of.work, of.subject)
    # The token after the last page is empty, as that of the first, whose page exists.
    if (await session.execute(GAPS, {"id": of.id})).scalar_one():
        raise Aborted(
            f"pages of the generation of {of.subject} are missing: start again",
            reason="PASS_INCOMPLETE",
        )
    replaced = (await session.execute(SUPERSEDE, {**subject, "id": of.id})).scalars().all()
    await session.execute(COMPLETE, {"id": of.id, "now": now})
    await session.execute(FORGET, {"work": of.work, "now": now})
    return list(replaced)


async def prepare_month(session: WriteSession, month: date, *parents: str) -> None:
    """Creates the partitions of a month if they do not exist."""
    await session.execute(PREPARE, {"parents": list(parents), "month": month})


def page_of(token: str) -> str:
    """A short id of a page, stored with its rows."""
    return hashlib.blake2b(token.encode(), digest_size=8).hexdigest()


def _superseded(work: Work, subject: date) -> Aborted:
    return Aborted(
        f"a younger generation of {work} of {subject} has finished: start again",
        reason="PASS_SUPERSEDED",
    )


FRESHNESS: Final[Compiled] = compiled(
    text(
        """
        SELECT 'metering', max(completed_at)
        FROM work_passes
        WHERE work = 'metering' AND complete
        """
    )
)
"""When a day was last metered completely."""

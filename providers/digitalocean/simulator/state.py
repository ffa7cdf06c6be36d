"""The simulator's state, in one SQLite file.

Every API object is stored as the JSON text of its list, so that a page is a join of bytes and
memory does not grow with the account. Only this module and `ledger.py` have SQL.
"""

import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

__all__ = ["Document", "Query", "Row", "Store", "as_set"]

Document = dict[str, Any]
"""A JSON object in the format of the OpenAPI document."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS object (
    position INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    bucket TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS object_id ON object (kind, id);
CREATE INDEX IF NOT EXISTS object_list ON object (kind, bucket, position);
CREATE TABLE IF NOT EXISTS assignment (
    position INTEGER PRIMARY KEY,
    urn TEXT NOT NULL UNIQUE,
    project_id TEXT NOT NULL,
    assigned_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS assignment_project ON assignment (project_id, position);
CREATE TABLE IF NOT EXISTS pending (
    action_id INTEGER PRIMARY KEY,
    due TEXT NOT NULL,
    effect TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS lifespan (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    resource_uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    sku TEXT NOT NULL,
    quantity TEXT NOT NULL,
    region TEXT NOT NULL,
    project TEXT NOT NULL,
    group_name TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT
);
DROP INDEX IF EXISTS lifespan_resource;
CREATE INDEX IF NOT EXISTS lifespan_of_resource ON lifespan (resource_id, kind);
CREATE TABLE IF NOT EXISTS invoice (
    uuid TEXT PRIMARY KEY,
    number TEXT NOT NULL,
    period TEXT NOT NULL UNIQUE,
    amount TEXT NOT NULL,
    issued_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS invoice_line (
    invoice_uuid TEXT NOT NULL,
    number INTEGER NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (invoice_uuid, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS token (
    token TEXT PRIMARY KEY,
    scope TEXT NOT NULL
) WITHOUT ROWID;
"""


def as_set(texts: Iterable[str]) -> str:
    """Any number of texts as one parameter, for `IN (SELECT value FROM json_each(?))`."""
    return orjson.dumps(list(texts)).decode()


@dataclass(frozen=True)
class Row:
    """An object to store.

    `bucket` separates the lists of a kind: GPU droplets from the others, the records of one domain
    from another's.
    """

    kind: str
    bucket: str
    id: str
    name: str
    body: bytes


@dataclass(frozen=True)
class Query:
    """The objects of a kind in a list, and their order.

    `condition` is SQL over the object table, from constants of this program.
    """

    kind: str
    bucket: str | None = None
    condition: str = ""
    parameters: tuple[str, ...] = ()
    newest_first: bool = False


class Store:
    """The SQLite file, opened by one process."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "temp_store=MEMORY"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.executescript(_SCHEMA)
        self._positions: dict[tuple[str, str | None], array[int]] = {}

    def close(self) -> None:
        """Close the file; everything committed is on disk."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; joins an open transaction."""
        if self.connection.in_transaction:
            yield
            return
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            self._positions.clear()
            raise
        self.connection.execute("COMMIT")

    def clear(self) -> None:
        """Deletes everything."""
        with self.transaction():
            tables = ("meta", "object", "assignment", "pending", "lifespan", "token")
            for table in (*tables, "invoice", "invoice_line"):
                self.connection.execute(f"DELETE FROM {table}")
        self._positions.clear()
        self.connection.execute("VACUUM")

    # Small facts about the world as a whole.

    def fact(self, name: str) -> str | None:
        """A named fact, None if it was never set."""
        found = self.connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    def set_fact(self, name: str, value: str) -> None:
        """Set a named fact."""
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def next_number(self, name: str, step: int = 1) -> int:
        """The next of a series of numbers started with `set_fact`."""
        number = int(self.fact(name) or "1")
        self.set_fact(name, str(number + step))
        return number

    # Objects.

    def insert(self, rows: Iterable[Row]) -> None:
        """Adds objects at the end of their lists, in bulk."""
        kinds: set[str] = set()

        def values() -> Iterator[tuple[str, str, str, str, str]]:
            for row in rows:
                kinds.add(row.kind)
                yield row.kind, row.bucket, row.id, row.name, row.body.decode()

        with self.transaction():
            self.connection.executemany(
                "INSERT INTO object (kind, bucket, id, name, body) VALUES (?, ?, ?, ?, ?)", values()
            )
        self.forget_positions(*kinds)

    def replace(self, kind: str, identifier: str, document: Document, name: str) -> None:
        """Replaces one object."""
        self.connection.execute(
            "UPDATE object SET body = ?, name = ? WHERE kind = ? AND id = ?",
            (orjson.dumps(document).decode(), name, kind, identifier),
        )

    def delete(self, kind: str, identifiers: Sequence[str]) -> int:
        """Deletes objects in one statement; returns their number."""
        gone = self.connection.execute(
            "DELETE FROM object WHERE kind = ? AND id IN (SELECT value FROM json_each(?))",
            (kind, as_set(identifiers)),
        ).rowcount
        self.forget_positions(kind)
        return gone

    def forget_positions(self, *kinds: str) -> None:
        """Clears the cached positions of these kinds, after rows were added or removed."""
        for key in [key for key in self._positions if key[0] in kinds]:
            del self._positions[key]

    def body(self, kind: str, identifier: str) -> bytes | None:
        """The JSON text of one object."""
        found = self.connection.execute(
            "SELECT CAST(body AS BLOB) FROM object WHERE kind = ? AND id = ?", (kind, identifier)
        ).fetchone()
        return None if found is None else bytes(found[0])

    def document(self, kind: str, identifier: str) -> Document | None:
        """One object, parsed."""
        body = self.body(kind, identifier)
        return None if body is None else orjson.loads(body)

    def documents(self, kind: str) -> list[Document]:
        """Every object of a small kind, parsed, in list order."""
        return [orjson.loads(body) for body in self.page(Query(kind), 0, -1)[0]]

    def page(self, query: Query, offset: int, limit: int) -> tuple[list[bytes], int]:
        """The bodies of one page and the total; a negative limit means all the rest."""
        if query.condition:
            return self._filtered_page(query, offset, limit)
        positions = self._list_positions(query.kind, query.bucket)
        total = len(positions)
        if offset >= total or limit == 0:
            return [], total
        end = total if limit < 0 else min(offset + limit, total)
        wanted = (
            positions[total - end : total - offset] if query.newest_first else positions[offset:end]
        )
        where, parameters = _list_condition(query.kind, query.bucket)
        found = self.connection.execute(
            "SELECT CAST(body AS BLOB) FROM object NOT INDEXED "  # reading by row id is fastest
            f"WHERE {where} AND position BETWEEN ? AND ? ORDER BY position",
            (*parameters, wanted[0], wanted[-1]),
        ).fetchall()
        bodies = [body for (body,) in found]
        return (bodies[::-1] if query.newest_first else bodies), total

    def _list_positions(self, kind: str, bucket: str | None) -> "array[int]":
        """The positions of the objects of a list: 8 bytes each, cached until the list changes."""
        cached = self._positions.get((kind, bucket))
        if cached is None:
            where, parameters = _list_condition(kind, bucket)
            cached = array("q")
            rows = self.connection.execute(
                f"SELECT position FROM object WHERE {where} ORDER BY position", parameters
            )
            cached.extend(position for (position,) in rows)
            self._positions[kind, bucket] = cached
        return cached

    def _filtered_page(self, query: Query, offset: int, limit: int) -> tuple[list[bytes], int]:
        where, parameters = _list_condition(query.kind, query.bucket)
        where, parameters = f"{where} AND {query.condition}", [*parameters, *query.parameters]
        (total,) = self.connection.execute(
            f"SELECT count(*) FROM object WHERE {where}", parameters
        ).fetchone()
        order = "DESC" if query.newest_first else "ASC"
        found = self.connection.execute(
            f"SELECT CAST(body AS BLOB) FROM object WHERE {where} "
            f"ORDER BY position {order} LIMIT ? OFFSET ?",
            (*parameters, limit, offset),
        ).fetchall()
        return [body for (body,) in found], int(total)


def _list_condition(kind: str, bucket: str | None) -> tuple[str, list[str]]:
    """The SQL that selects a list, and its parameters."""
    if bucket is None:
        return "kind = ?", [kind]
    return "kind = ? AND bucket = ?", [kind, bucket]

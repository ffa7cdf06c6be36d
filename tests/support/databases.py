"""A real PostgreSQL for tests, with a fresh database for each."""

import uuid
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from services.common.db.migrations import migrate, owner_role
from services.common.settings import DEVELOPMENT_SECRETS, Service, Settings

__all__ = ["PostgresServer"]

PASSWORD = DEVELOPMENT_SECRETS["database"]

UNREACHABLE = {
    "TEMPORAL_ADDRESS": "127.0.0.1:1",
    **{f"{service}_address": "127.0.0.1:1" for service in Service},
}
"""Without a peer there is none: a developer's stack may run on the default ports."""


@dataclass
class PostgresServer:
    """A running server. Databases are copied from a migrated template, one per service."""

    port: int
    _templates: dict[Service, str] = field(default_factory=dict)

    def url(self, database: str, role: str = "postgres") -> str:
        """The URL of a database, for a role."""
        return f"postgresql://{role}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    @property
    def admin_url(self) -> str:
        """The superuser's URL."""
        return self.url("postgres")

    def create(self, service: Service) -> str:
        """Makes a fresh, migrated database of a service; returns its name."""
        template = self._template(service)
        name = f"{service}_{uuid.uuid4().hex[:12]}"
        database, owner = sql.Identifier(name), sql.Identifier(owner_role(service))
        with self._connect() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                    database, sql.Identifier(template), owner
                )
            )
            # Rights on a database are not copied with it.
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
            connection.execute(
                sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
                    database, sql.Identifier(service)
                )
            )
        return name

    def drop(self, name: str) -> None:
        """Drops a database, also with open connections."""
        with self._connect() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def settings(self, databases: dict[Service, str], **overrides: Any) -> Settings:
        """Settings of a program with services on these databases."""
        urls = {
            f"{service}_database_url": self.url(name, service)
            for service, name in databases.items()
        }
        return Settings(
            **{"database_admin_url": self.admin_url, **urls, **UNREACHABLE, **overrides}
        )

    def _template(self, service: Service) -> str:
        if service not in self._templates:
            name = f"{service}_template"
            migrate(self.settings({service: name}), service)
            self._templates[service] = name
        return self._templates[service]

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.admin_url, autocommit=True)

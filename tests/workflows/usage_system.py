"""Analytics on a fresh database, with programmed peers, and a worker."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

from tests.analytics.peers import FakePeers
from tests.workflows.system import System

__all__ = ["Usage"]


@dataclass(frozen=True)
class Usage:
    """The parts, and what a test asks of them."""

    system: System
    """Its rows are those of the analytics' database."""
    peers: FakePeers

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of the analytics' database."""
        with psycopg.connect(self.system.admin_url) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def used(self, day: date) -> dict[str, Any]:
        """What was used on a day, by kind. Other days may be the schedule's doing."""
        query = "SELECT resource_kind, sum(qty) FROM daily_usage WHERE day = %s GROUP BY 1"
        return dict(self.rows(query, day))

"""Where the local stack keeps what it needs, below one data directory."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.common.settings import Settings

__all__ = ["Layout"]

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Layout:
    """The data directory of one stack."""

    folder: Path

    @classmethod
    def of(cls, settings: Settings) -> "Layout":
        """The layout that the settings name.

        A relative path is taken from the checkout, so that `arcadia` finds the same
        stack from every directory; installed without a checkout, from the current one.
        """
        base = PROJECT if (PROJECT / "pyproject.toml").exists() else Path.cwd()
        return cls((base / settings.data_dir).resolve())

    @property
    def lock(self) -> Path:
        """Held by the one supervisor that runs here."""
        return self.folder / "lock"

    @property
    def state(self) -> Path:
        """What runs here."""
        return self.folder / "state.json"

    @property
    def logs(self) -> Path:
        """One file for each part."""
        return self.folder / "logs"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data."""
        return self.folder / "postgres"

    @property
    def temporal(self) -> Path:
        """Temporal's data."""
        return self.folder / "temporal"

    @property
    def simulator(self) -> Path:
        """The simulated account."""
        return self.folder / "simulator"

    @property
    def gateway(self) -> Path:
        """Envoy's rendered configuration."""
        return self.folder / "gateway"

    def log(self, part: str) -> Path:
        """The log of a part."""
        return self.logs / f"{part}.log"

    def make(self) -> None:
        """Makes the directories. Raises OSError when they cannot be."""
        for private in (self.logs, self.temporal, self.simulator):
            private.mkdir(parents=True, exist_ok=True)
            # Logs, histories and the account are nobody else's to read.
            private.chmod(0o700)

    def contents(self) -> Iterator[Path]:
        """What of ours is there. Nothing else in the directory is ours to remove."""
        ours = (self.postgres, self.temporal, self.simulator, self.gateway, self.logs, self.state)
        making = self.postgres.with_name(f"{self.postgres.name}.making")
        yield from (path for path in (*ours, making) if path.exists())

    def clear(self) -> None:
        """Removes all data for good; the directory itself only when nothing else is in it."""
        for path in self.contents():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

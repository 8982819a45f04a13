"""The operating system's user that an embedded server runs as."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import attrs

from karez.kernel.database.errors import ServerUserError

SYSTEM_USER = "karez"

T = TypeVar("T")


@attrs.frozen
class ServerUser:
    """The operating system's user that the server runs as."""

    name: str
    user_id: int
    group_id: int

    def run(self, *command: str, keep: Sequence[int] = ()) -> subprocess.CompletedProcess[str]:
        """Run a command as this user to its end; it inherits the descriptors ``keep``."""
        return subprocess.run(  # noqa: S603 - our own commands
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            pass_fds=keep,
            cwd="/",
            env=_bare_environment(),
            user=self._change_to(self.user_id),
            group=self._change_to(self.group_id),
            extra_groups=self._change_to([]),
        )

    def spawn(self, *command: str, log: int, keep: Sequence[int]) -> subprocess.Popen[bytes]:
        """Start a command as this user in a session of its own; it inherits ``keep``."""
        return subprocess.Popen(  # noqa: S603 - our own commands
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=keep,
            start_new_session=True,
            cwd="/",
            env=_bare_environment(),
            user=self._change_to(self.user_id),
            group=self._change_to(self.group_id),
            extra_groups=self._change_to([]),
        )

    def _change_to(self, value: T) -> T | None:
        return None if os.geteuid() == self.user_id else value


def _bare_environment() -> dict[str, str]:
    """Return nothing of ours but the search path: a PGDATA or LANG of ours is none of theirs."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def server_user(*folders: Path) -> ServerUser:
    """Return who the server runs as: this user, or as root whoever owns one of these folders.

    Where all are root's, it is the system user ``karez``, who is made if need be.

    Raises:
        ServerUserError: this user has no name, or the system user cannot be made.
    """
    if os.geteuid() != 0:
        return _user(os.geteuid())
    for folder in folders:
        if folder.exists() and folder.stat().st_uid != 0:
            return _user(folder.stat().st_uid)
    return _system_user()


def _user(user_id: int) -> ServerUser:
    try:
        found = pwd.getpwuid(user_id)
    except KeyError as fault:
        remedy = "give that number a name in /etc/passwd, or set KAREZ_DATABASE_URL"
        raise ServerUserError(
            user=f"user {user_id}", reason="it has no name", remedy=remedy
        ) from fault
    return ServerUser(found.pw_name, found.pw_uid, found.pw_gid)


def _system_user() -> ServerUser:
    makers = (
        ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"],
        ["adduser", "-S", "-D", "-H"],  # BusyBox
    )
    reason = "no program here makes users"
    for maker in ([], *makers):
        if maker and not shutil.which(maker[0]):
            continue
        if maker:
            made = subprocess.run(  # noqa: S603 - a fixed command
                [*maker, SYSTEM_USER], capture_output=True, text=True, check=False
            )
            reason = made.stderr.strip() or reason
        try:
            # Also if the program failed: another command may have made the user meanwhile.
            return _user(pwd.getpwnam(SYSTEM_USER).pw_uid)
        except KeyError:
            continue
    remedy = f"make a system user {SYSTEM_USER}, or run Karez as an ordinary user"
    raise ServerUserError(user=SYSTEM_USER, reason=reason, remedy=remedy)

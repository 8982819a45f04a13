"""How the database can fail those who use it, one class for each way."""

from __future__ import annotations

from karez.kernel.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError


class DatabaseUnreachableError(UnavailableError):
    """The database cannot be reached ({reason}); check that it runs and its address is right."""

    code = "database-unreachable"


class DatabaseTooOldError(UnavailableError):
    """The database is PostgreSQL {found}, and Karez needs {wanted} or newer: upgrade the server."""

    code = "database-too-old"


class DatabaseOptionsLostError(UnavailableError):
    """The connection dropped the options that Karez sets; go past the pooler, or let it pass them.

    The role that a connection acts as is one of those options.
    """

    code = "database-options-lost"


class RolesMissingError(UnavailableError):
    """The login {login} may not make the roles of Karez; have a superuser run: {sql}"""  # noqa: D415 - SQL ends it.

    code = "roles-missing"


class ConnectionLostError(UnavailableError):
    """The connection to the database broke ({reason}); nothing of this was written: try again."""

    code = "connection-lost"


class CommitUnknownError(UnavailableError):
    """The answer to a commit was lost ({reason}): all stands or none; retry with the same id."""

    code = "commit-unknown"


class DatabaseStoppedError(UnavailableError):
    """The database was stopped during this ({reason}); nothing of it was written: try again."""

    code = "database-stopped"


class DatabaseFullError(UnavailableError):
    """The database's disk is full ({reason}); nothing of it was written: free some, try again."""

    code = "database-full"


class LockTimeoutError(UnavailableError):
    """Another command held what this one waited for too long ({reason}); nothing was written."""

    code = "lock-timeout"


class IdleTimeoutError(UnavailableError):
    """The transaction stood idle too long ({reason}) and was rolled back; nothing was written."""

    code = "idle-timeout"


class DatabaseFailedError(UnavailableError):
    """The database gave up on this ({reason}); nothing of it was written: try again."""

    code = "database-failed"


class InstitutionNotFoundError(NotFoundError):
    """There is no institution {code!r} here; see `karez institution list` for those there are."""

    code = "institution-not-found"


class InstitutionCodeError(InvalidInputError):
    """{code!r} cannot be an institution's code: use 1 to 63 of a-z, 0-9, - and _."""

    code = "institution-code"


class InstitutionTakenError(ConflictError):
    """The institution {code} is here already, and is named {name!r}."""

    code = "institution-taken"


class MigrationEditedError(ConflictError):
    """The migration {name} was edited after it was applied; restore it, add a new one instead."""

    code = "migration-edited"


class MigrationOrderError(ConflictError):
    """{name} is not applied yet, and {later} waits for it: migrate all phases."""

    code = "migration-order"


class MigrationFailedError(ConflictError):
    """The migration {name} failed ({reason}); what came before stands: mend it and run again."""

    code = "migration-failed"


class DatabaseNewerError(ConflictError):
    """The database has the migration {name}, unknown to this Karez: install a newer one."""

    code = "database-newer"


class ProgramsMissingError(UnavailableError):
    """No PostgreSQL {wanted} or newer is in {places}; set KAREZ_POSTGRES_BIN."""

    code = "programs-missing"


class ServerUserError(UnavailableError):
    """PostgreSQL may not run as root, nor as {user} ({reason}); {remedy}."""

    code = "server-user"


class HomeUnusableError(UnavailableError):
    """The folder {path} cannot hold the database ({reason}); {remedy}."""

    code = "home-unusable"


class DataVersionError(UnavailableError):
    """The data in {path} is of PostgreSQL {found}, and the programs here are of {programs}: with
    KAREZ_POSTGRES_BIN set to programs of {found} run `karez backup`, then without it and with
    another KAREZ_HOME run `karez restore`.
    """  # noqa: D205 - one sentence.

    code = "data-version"


class ServerStartError(UnavailableError):
    """The embedded server does not start ({reason}); the whole story is in {log}."""

    code = "server-start"


class ServerStopError(UnavailableError):
    """The embedded server, process {pid}, still runs {seconds} s after it was told to stop."""

    code = "server-stop"


class BackupExistsError(ConflictError):
    """The file {file} exists already; name another, or replace it with --force."""

    code = "backup-exists"


class BackupFailedError(UnavailableError):
    """The backup failed ({reason}); no file was written."""

    code = "backup-failed"


class BackupInvalidError(InvalidInputError):
    """The file {file} is no backup that can be restored ({reason}); name one of `karez backup`."""

    code = "backup-invalid"


class DatabaseNotEmptyError(ConflictError):
    """The database holds books ({tables}); to back them up and replace them, add --replace."""

    code = "database-not-empty"


class RestoreFailedError(UnavailableError):
    """The backup {file} could not be restored ({reason}); the database is as it was."""

    code = "restore-failed"

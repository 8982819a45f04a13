"""How the database can fail those who use it, one class for each way."""

from __future__ import annotations

from karez.kernel.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError


class DatabaseUnreachableError(UnavailableError):
    """The database cannot be reached ({reason}); check that it runs and that its address is right."""

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
    """The login {login} may not make the roles that Karez works with; ask a superuser to run: {sql}"""

    code = "roles-missing"


class ConnectionLostError(UnavailableError):
    """The connection to the database broke ({reason}); nothing of this was written: try again."""

    code = "connection-lost"


class CommitUnknownError(UnavailableError):
    """The answer to a commit was lost ({reason}): all of it stands or none; retry with the same id."""

    code = "commit-unknown"


class DatabaseStoppedError(UnavailableError):
    """The database was stopped during this ({reason}); nothing of it was written: try again."""

    code = "database-stopped"


class DatabaseFullError(UnavailableError):
    """The database's disk is full ({reason}); nothing of this was written: free space, try again."""

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
    """There is no institution {code!r} here; check KAREZ_INSTITUTION or --institution."""

    code = "institution-not-found"


class InstitutionCodeError(InvalidInputError):
    """{code!r} cannot be an institution's code: use 1 to 63 of a-z, 0-9, - and _, no - or _ first."""

    code = "institution-code"


class InstitutionTakenError(ConflictError):
    """The institution {code} is here already, and is named {name!r}."""

    code = "institution-taken"


class MigrationEditedError(ConflictError):
    """The migration {name} was edited after it was applied; restore its text, add a new one instead."""

    code = "migration-edited"


class MigrationOrderError(ConflictError):
    """{name} is a post step of an earlier release, and {later} waits for it: migrate all phases."""

    code = "migration-order"


class MigrationFailedError(ConflictError):
    """The migration {name} failed ({reason}); what came before it stands: mend the cause, run again."""

    code = "migration-failed"


class DatabaseNewerError(ConflictError):
    """The database has the migration {name}, which this Karez does not know: install a newer Karez."""

    code = "database-newer"

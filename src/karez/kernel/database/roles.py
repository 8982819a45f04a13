"""The roles that Karez works with. They belong to the whole server and outlive any database.

They are made before migrations, which grant to them. Several commands may do so at once, in
several databases, where no lock of PostgreSQL's would keep them apart: who comes second finds it
done.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

from karez.kernel.database.connection import QUERIES, Role
from karez.kernel.database.errors import RolesMissingError
from karez.kernel.errors import ensure

_TRIES = 20


def ensure_roles(connection: psycopg.Connection) -> None:
    """Make what is missing of the roles, as the login itself.

    Raises:
        RolesMissingError: the login may not, and what somebody else must run.
    """
    for _ in range(_TRIES):
        missing = missing_steps(connection)
        if not missing:
            return
        try:
            with connection.transaction():
                for step in missing:
                    connection.execute(step)
        except (
            psycopg.errors.DuplicateObject,
            psycopg.errors.UniqueViolation,
            psycopg.errors.InternalError_,  # "tuple concurrently updated"
        ):
            continue
        except psycopg.errors.InsufficientPrivilege as fault:
            statements = "; ".join(step.as_string(connection) for step in missing)
            raise RolesMissingError(login=connection.info.user, sql=f"{statements};") from fault
    ensure(not missing_steps(connection), f"the roles stand after {_TRIES} tries")


def missing_steps(connection: psycopg.Connection) -> list[sql.Composed]:
    """Return the statements that are still to be run before this login can work in the roles."""
    rows = connection.execute(QUERIES["role_state"].text, {"roles": [role.value for role in Role]})
    state = {name: rights for name, *rights in rows}
    steps: list[sql.Composed] = []
    for role in Role:
        bypasses, may_be_taken, may_create = state.get(role, (False, False, False))
        name = sql.Identifier(role)
        if role not in state:
            steps.append(sql.SQL("CREATE ROLE {} NOLOGIN").format(name))
        if role is Role.POSTER and not bypasses:
            steps.append(sql.SQL("ALTER ROLE {} BYPASSRLS").format(name))
        if not may_be_taken and not _is_superuser(connection):
            login = sql.Identifier(connection.info.user)
            steps.append(sql.SQL("GRANT {} TO {}").format(name, login))
        if role is Role.OWNER and not may_create:
            database = sql.Identifier(connection.info.dbname)
            steps.append(sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(database, name))
    return steps


def _is_superuser(connection: psycopg.Connection) -> bool:
    return connection.info.parameter_status("is_superuser") == "on"

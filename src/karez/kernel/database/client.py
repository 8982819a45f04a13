"""PostgreSQL's client programs, called with an address of ours."""

from __future__ import annotations

import os

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from karez.kernel.database.binaries import Programs


def client_command(
    programs: Programs, program: str, conninfo: str, *arguments: str
) -> tuple[list[str], dict[str, str]]:
    """Return a command line, which others can read, and an environment with the password."""
    address = {name: str(value) for name, value in conninfo_to_dict(conninfo).items()}
    password = address.pop("password", None)
    environment = {**os.environ, **({} if password is None else {"PGPASSWORD": password})}
    shown = make_conninfo("", **address)
    command = [programs / program, f"--dbname={shown}", *arguments]
    return command, environment

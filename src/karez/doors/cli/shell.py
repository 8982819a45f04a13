"""What every command shares: how it is found, what it is given, how it prints, how it fails.

Imported by ``karez --help``, so nothing heavy may be imported here but within a function.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from karez.kernel.errors import (
    ConflictError,
    InvalidInputError,
    KarezError,
    NotFoundError,
    ensure,
)

if TYPE_CHECKING:
    from types import FrameType

    import psycopg

    from karez.kernel.config import Config
    from karez.kernel.database import Database, Institution


class ExitCode(IntEnum):
    """What a script learns of how a command ended."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    INVALID_INPUT = 5
    FOUND = 6  # a check found something
    INTERRUPTED = 130


_FAMILIES: dict[type[KarezError], ExitCode] = {
    NotFoundError: ExitCode.NOT_FOUND,
    ConflictError: ExitCode.CONFLICT,
    InvalidInputError: ExitCode.INVALID_INPUT,
}


class Shell:
    """What a command is given: the settings, the database, and the one way to print."""

    def __init__(self, as_json: bool, institution: str | None) -> None:  # noqa: FBT001
        self.as_json = as_json
        self.institution = institution

    @cached_property
    def config(self) -> Config:
        """The settings, with the institution that the command line names."""
        import attrs  # noqa: PLC0415 - see above

        from karez.kernel.config import load_config  # noqa: PLC0415

        config = load_config()
        if self.institution is None:
            return config
        origins = {**config.origins, "institution": "--institution"}
        return attrs.evolve(config, institution=self.institution, origins=origins)

    @contextlib.contextmanager
    def database(self) -> Generator[Database]:
        """Give the database, up to date, while the block runs."""
        from karez.kernel.database import open_database  # noqa: PLC0415

        with open_database(self.config) as database:
            yield database

    @contextlib.contextmanager
    def transaction(self) -> Generator[tuple[psycopg.Connection, Institution]]:
        """Run the block in one transaction of the institution, as the application."""
        from karez.kernel.database import find_institution, transaction  # noqa: PLC0415

        with self.database() as database, database.connect() as connection:
            institution = find_institution(connection, self.config.institution)
            with transaction(connection, institution.institution_id):
                yield connection, institution

    def show(self, document: object, lines: Iterable[str]) -> None:
        """Print the document as JSON, or the lines for people; a command does so once."""
        if self.as_json:
            click.echo(to_json(document))
            return
        for line in lines:
            click.echo(line)


def to_json(document: object) -> str:
    """Return one JSON document: instants and dates in the form of ISO 8601, decimals as text."""
    return json.dumps(document, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, date):  # which a datetime is too
        return value.isoformat()
    ensure(isinstance(value, UUID | Path | Decimal), f"JSON has a form for {value!r}")
    return str(value)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return lines with the values in columns; numbers stand at the right."""
    values = [list(row) for row in rows]
    texts = [
        list(headings),
        *(["" if cell is None else str(cell) for cell in row] for row in values),
    ]
    columns = list(zip(*texts, strict=True))
    widths = [max(map(len, column)) for column in columns]
    numeric = [
        bool(values) and all(isinstance(row[place], int | Decimal | None) for row in values)
        for place in range(len(headings))
    ]
    return [
        "  ".join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in texts
    ]


def command_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that all have, and a ``Shell`` as its first argument."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
    @click.option("--institution", metavar="CODE", help="Whose books.")
    @click.pass_context
    @functools.wraps(command)
    def with_shell(
        context: click.Context,
        *,
        as_json: bool,
        institution: str | None,
        **rest: Any,  # whatever options the command has of its own
    ) -> None:
        before = context.obj
        command(Shell(as_json or before.as_json, institution or before.institution), **rest)

    return with_shell


class LazyGroup(click.Group):
    """A group that imports the module of a command only when that command is called.

    ``table`` maps a name to ``module:attribute`` and to the command's help text.
    """

    def __init__(self, *args: Any, table: Mapping[str, tuple[str, str]], **rest: Any) -> None:
        super().__init__(*args, **rest)  # what click gives a group
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click names it
        """Return the names, in the order of the table."""
        return list(self.table)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click names it
        cmd_name: str,
    ) -> click.Command | None:
        """Return the command, imported now."""
        if cmd_name not in self.table:
            return None
        module, attribute = self.table[cmd_name][0].split(":")
        command = getattr(importlib.import_module(module), attribute)
        ensure(isinstance(command, click.Command), f"{cmd_name} is a command")
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click names it
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the list of commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.table.items()])


def run(cli: click.Command, arguments: list[str]) -> int:
    """Run a command line; say on the error channel what failed, and return the exit code."""
    as_json = "--json" in arguments
    try:
        with _database_faults_explained():
            code = cli.main(arguments, prog_name="karez", standalone_mode=False)
        sys.stdout.flush()
    except KarezError as error:
        say(error, as_json=as_json)
        return next((_FAMILIES[kind] for kind in _FAMILIES if isinstance(error, kind)), 1)
    except click.exceptions.Abort:  # what click makes of Ctrl-C
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        if as_json:
            _say(
                {"code": "usage", "message": error.format_message(), "details": {}},
                "",
                as_json=True,
            )
        else:
            error.show()
        return error.exit_code
    except BrokenPipeError:
        # Nobody reads on; what is still to be flushed at the end must not fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    return code or ExitCode.DONE


@contextlib.contextmanager
def _database_faults_explained() -> Generator[None]:
    """Raise what a database that went away means; within a transaction that was done before."""
    try:
        yield
    except Exception as fault:
        if "psycopg" not in sys.modules:
            raise
        import psycopg  # noqa: PLC0415 - see above

        from karez.kernel.database.connection import explain  # noqa: PLC0415

        explained = explain(fault) if isinstance(fault, psycopg.Error) else None
        if explained is None:
            raise
        raise explained from fault


def say(error: KarezError, *, as_json: bool) -> None:
    """Name an error on the error channel, as a sentence or as JSON."""
    _say(error.as_dict(), f"error[{error.code}]: {error.message}", as_json=as_json)


def _say(error: Mapping[str, object], sentence: str, *, as_json: bool) -> None:
    text = json.dumps({"error": error}, ensure_ascii=False, default=str) if as_json else sentence
    click.echo(text, err=True)


def unwind_when_told_to_end() -> None:
    """Leave through every ``with`` when a signal ends us; so the last user stops the server."""

    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)

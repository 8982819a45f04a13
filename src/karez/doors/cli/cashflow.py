"""``karez cashflow``: what the terms of contracts make, as anyone can check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from karez.doors.cli.bookkeeping import exit_with
from karez.doors.cli.shell import ExitCode, Shell, command_options, say, table
from karez.doors.files.actus import events_of, read_cases
from karez.doors.files.calendars import read_calendar
from karez.doors.files.schedule_cases import answer_cases
from karez.doors.files.schedule_cases import read_cases as read_schedule_cases
from karez.engines.cashflow.arithmetic import Conformance, Ledger
from karez.kernel.errors import KarezError

_COLUMNS = {
    "date": "eventDate",
    "event": "eventType",
    "payoff": "payoff",
    "principal": "notionalPrincipal",
    "rate": "nominalInterestRate",
    "accrued": "accruedInterest",
}


@click.group()
def cashflow() -> None:
    """Compute what the terms of contracts make; no database is needed."""


@cashflow.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--mode",
    type=click.Choice(["conformance", "ledger"]),
    default="conformance",
    show_default=True,
    help="In floating point as ACTUS has it; or in minor units of the currency, to the cent.",
)
@click.option(
    "--calendar",
    "calendars",
    type=(str, click.Path(path_type=Path)),
    metavar="NAME FILE",
    multiple=True,
    help="A business calendar of your own: its closed days, one a line. Countries are known.",
)
@command_options
def events(shell: Shell, *, file: Path, mode: str, calendars: Sequence[tuple[str, Path]]) -> None:
    """Show the events of the contracts in FILE, which is laid out as the ACTUS test cases are.

    A contract that is wrong is named on the error channel; the others are computed. The exit code
    is then 5.
    """
    numbers = Conformance() if mode == "conformance" else Ledger()
    own = {name: read_calendar(path) for name, path in calendars}
    answers: dict[str, list[dict[str, Any]]] = {}
    failed, unused = False, Counter[str]()
    for case in read_cases(file):
        unused.update(case.unused)
        try:
            answers[case.case_id] = events_of(case, numbers, own)
        except KarezError as error:
            failed = True
            say(error, as_json=shell.as_json)
    for name, count in unused.items():
        click.echo(f"{name} is not looked at (in {count} contracts)", err=True)
    lines: list[str] = []
    for case_id, rows in answers.items():
        cells = [[_cell(row[name]) for name in _COLUMNS.values()] for row in rows]
        lines += [case_id, *table(list(_COLUMNS), cells), ""]
    shell.show(answers, lines)
    exit_with(ExitCode.INVALID_INPUT if failed else ExitCode.DONE)


def _cell(value: object) -> object:
    return round(value, 10) if isinstance(value, float) else value


_ROW_COLUMNS = (
    "nr", "due_date", "principal", "interest", "fees", "penalties", "total", "paid", "outstanding",
    "balance",
)  # fmt: skip


@cashflow.command()
@click.argument("file", type=click.Path(path_type=Path))
@command_options
def schedule(shell: Shell, *, file: Path) -> None:
    """Show the repayment schedules of the loans in FILE, as each stands after its events.

    FILE is a JSON list of cases, plain or gzipped: terms, settings of the product, events, and the
    checkpoints that a schedule is asked for. A case that is wrong is named on the error channel;
    the others are computed. The exit code is then 5.
    """
    found = answer_cases(read_schedule_cases(file))
    answers = {name: answer for name, answer in found.items() if isinstance(answer, list)}
    faults = [answer for answer in found.values() if isinstance(answer, KarezError)]
    for fault in faults:
        say(fault, as_json=shell.as_json)
    lines: list[str] = []
    for name, tables in answers.items():
        for shown in tables:
            rows = [[row.get(column, "") for column in _ROW_COLUMNS] for row in shown["rows"]]
            head = f"{name}, after event {shown['after_event']}, on {shown['business_date']}"
            lines += [head, *table(_ROW_COLUMNS, rows), ""]
    shell.show(answers, lines)
    exit_with(ExitCode.INVALID_INPUT if faults else ExitCode.DONE)

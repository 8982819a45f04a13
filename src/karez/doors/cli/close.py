"""``karez close``: the end of days, for every loan."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta

import attrs
import click

from karez.doors.cli.bookkeeping import open_books_of, progress
from karez.doors.cli.shell import Shell, command_options, table
from karez.kernel.time import parse_date
from karez.services.bookkeeping import Books, seal_due
from karez.services.closing import close_days, closed_through

SHOWN_MOST = 7
"""So many days are shown; of more, the last ones."""


@click.command()
@click.option(
    "--date", "through", type=parse_date, metavar="DATE",
    help="End all days that are missing through this one; by default the next day.",
)  # fmt: skip
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True,
    help="So many parts of a day at a time.",
)  # fmt: skip
@command_options
def close(shell: Shell, *, through: date | None, workers: int) -> None:
    """End days: interest, what falls due, late charges, stages and provisions, all posted.

    May be stopped at any moment and run again; what is ended stays ended. A day that is ended
    already is passed over.
    """
    with _open_crew(shell, workers) as crew:
        before = closed_through(crew[0])
        through = through or before + timedelta(days=1)
        with _told(shell, (through - before).days) as tell:
            ended = close_days(crew, through, tell=tell)
        with progress(shell, "sealing") as tell_sealed:
            seal_due(crew[0], tell_sealed)
        closed = closed_through(crew[0])
    rows = [attrs.asdict(day) for day in ended]
    heads = ["day", "loans", "postings", "changed", "late", "provided"]
    names = ["day", "loan_count", "posting_count", "changed_count", "late_count", "provided_count"]
    lines = table(heads, [[row[name] for name in names] for row in rows[-SHOWN_MOST:]])
    said = f"{len(ended):,} days ended" if len(ended) != 1 else "One day ended"
    lines += [f"{said}: every day is ended through {closed}."]
    shell.show({"closed_through": closed, "days": rows}, lines if ended else lines[-1:])


@contextmanager
def _open_crew(shell: Shell, workers: int) -> Generator[Sequence[Books]]:
    """Give books with a connection for each worker; what is known of accounts they share."""
    with ExitStack() as stack:
        database = stack.enter_context(shell.database())
        code = shell.config.institution
        crew = [stack.enter_context(open_books_of(database, code)) for _ in range(workers)]
        yield [attrs.evolve(books, money=crew[0].money) for books in crew]


@contextmanager
def _told(shell: Shell, days: int) -> Generator[Callable[[date, int], None]]:
    """Give a function that shows which day is being ended and how far, to who watches."""
    watched = sys.stderr.isatty() and not shell.as_json

    def tell(day: date, loans: int) -> None:
        click.echo(f"\r\x1b[K{day}  {loans:,} loans, {days:,} days in all", err=True, nl=False)

    try:
        yield tell if watched else lambda _day, _loans: None
    finally:
        if watched:
            click.echo("\r\x1b[K", err=True, nl=False)

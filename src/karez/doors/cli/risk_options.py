"""What the commands of ``karez risk`` share: options, faults, and how amounts are shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import click

from karez.doors.cli.bookkeeping import exit_with
from karez.doors.cli.shell import ExitCode, Shell, say
from karez.kernel.errors import KarezError

level_option = click.option(
    "--level", default=0.99, metavar="LEVEL", help="Of the tail; 0.99 by default."
)
change_option = click.option(
    "--hurry",
    default=0.0,
    metavar="LOG-ODDS",
    help="Multiply the odds of default after the change by exp of this; 0 by default.",
)
decimals_option = click.option(
    "--decimals",
    default=2,
    type=click.IntRange(0, 4),
    metavar="N",
    help="Decimals of the currency; 2 by default.",
)


def book_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command what a book is read and modelled by."""
    factors = click.option(
        "--factors",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        metavar="FILE",
        help="Shares of the common factors by sector, in TOML.",
    )
    return factors(decimals_option(command))


def money(minor: float, decimals: int) -> Decimal:
    """Return an amount of a statistic in major units, rounded to the minor unit."""
    return Decimal(round(float(minor))).scaleb(-decimals)


def rounded(value: float | None) -> float | None:
    """Return a ratio to six figures; one that is infinite is none that JSON could hold."""
    return float(f"{value:.6g}") if value is not None and math.isfinite(value) else None


def say_faults(shell: Shell, faults: Sequence[KarezError]) -> None:
    """Name each row that is left out on the error channel."""
    for fault in faults:
        say(fault, as_json=shell.as_json)


def end(faults: Sequence[KarezError]) -> None:
    """End a command: with the code of invalid input if a row was left out."""
    exit_with(ExitCode.INVALID_INPUT if faults else ExitCode.DONE)

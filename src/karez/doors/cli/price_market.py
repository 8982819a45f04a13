"""What the commands of pricing read: terms, firms, the curve of customers lost, and caps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import attrs
import click
import numpy as np

from karez.doors.cli.bookkeeping import today
from karez.doors.files.price.caps import read_caps
from karez.doors.files.price.firms import read_answers, read_curve, read_firms
from karez.doors.files.price.terms import PlanTerms, read_terms
from karez.doors.files.refusals import Refusal
from karez.engines.price.caps import highest_rate, monthly_caps
from karez.engines.price.curve import Curve, learn_curve
from karez.engines.price.question import Firms
from karez.engines.price.rate import Floats
from karez.kernel.time import parse_date


@attrs.frozen(eq=False)
class Market:
    """What is known of those who might be lent to."""

    terms: PlanTerms
    curve: Curve
    firms: Firms
    highest: Floats
    """The highest rate that caps allow each firm; infinite where none does."""
    refusals: Sequence[Refusal]


def market_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the files that a market is read from."""
    file = click.Path(path_type=Path)
    options = (
        click.argument("file", type=file),
        click.option("--terms", type=file, required=True, metavar="FILE",
                     help="Costs, budget and bounds, a TOML file."),
        click.option("--curve", type=file, required=True, metavar="FILE",
                     help="The share of customers lost at each rate, a table."),
        click.option("--answers", type=file, metavar="FILE",
                     help="Own offers and how many declined, a table; they move the curve."),
        click.option("--caps", type=file, metavar="FILE", help="Legal caps, a TOML file."),
        click.option("--jurisdiction", help="Whose caps hold."),
        click.option("--on", type=parse_date, metavar="DATE", help="The day of the loans; today."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def read_market(  # noqa: PLR0913 - one for each option
    file: Path,
    *,
    terms: Path,
    curve: Path,
    answers: Path | None,
    caps: Path | None,
    jurisdiction: str | None,
    on: date | None,
) -> Market:
    """Return what the files of ``market_options`` say; rows that are wrong stand beside it."""
    if (caps is None) != (jurisdiction is None):
        raise click.UsageError("--caps and --jurisdiction need each other")
    found = read_terms(terms)
    lost = read_curve(curve)
    refusals: list[Refusal] = []
    if answers is not None:
        told, refusals = read_answers(answers, lost)
        lost = learn_curve(lost, told)
    firms, refused = read_firms(file, found, lost)
    highest = np.full(len(firms), np.inf)
    if caps is not None and jurisdiction is not None:
        table = read_caps(caps, found.currency)
        amounts = (firms.least_minor, firms.most_minor)
        monthly = monthly_caps(table, jurisdiction, on or today(), *amounts)
        every = np.ones(len(firms))
        highest = highest_rate(monthly, found.fee * every, np.full(len(firms), found.months))
    return Market(found, lost, firms, highest, [*refusals, *refused])

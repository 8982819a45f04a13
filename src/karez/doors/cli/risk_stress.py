"""``karez risk stress``: what shocks do to a book, and which year would use up the capital."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import numpy as np

from karez.doors.cli.risk_options import book_options, end, level_option, money, rounded, say_faults
from karez.doors.cli.shell import Shell, command_options, table
from karez.doors.files.loan_books import read_book
from karez.doors.files.risk_models import read_factors, read_shocks
from karez.engines.risk.book import Book
from karez.engines.risk.distribution import portfolio
from karez.engines.risk.factors import Factors
from karez.engines.risk.stress import Breaking, Shock, reverse_stress, stressed


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("shocks", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@book_options
@level_option
@click.option("--capital", type=Decimal, metavar="AMOUNT", help="Find the year that uses it up.")
@click.option("--top", default=10, metavar="N", help="Show so many loans; 10 by default.")
@command_options
def stress(  # noqa: PLR0913 - one argument for each option
    shell: Shell,
    *,
    file: Path,
    shocks: Path,
    factors: Path | None,
    decimals: int,
    level: float,
    capital: Decimal | None,
    top: int,
) -> None:
    """Show what the shocks in SHOCKS, one by one and all at once, do to the book in FILE.

    FILE is as for `karez risk loss`. SHOCKS is TOML: each shock has a name, severity_sd, lgd_times,
    and where it hits.
    """
    read = read_book(file, decimals)
    say_faults(shell, read.faults)
    model = Factors() if factors is None else read_factors(factors)
    given = read_shocks(shocks)
    runs: dict[str, list[Shock]] = {"as it is": []}
    runs |= {shock.name: [shock] for shock in given}
    if len(given) > 1:
        runs["all at once"] = given
    document: dict[str, Any] = {
        "level": level,
        "runs": [
            _run(name, read.book, model, each, level, decimals) for name, each in runs.items()
        ],
        "loans": _hardest(read.book, stressed(read.book, model, given), top, decimals),
    }
    if capital is not None:
        breaking = reverse_stress(read.book, model, float(capital.scaleb(decimals)))
        document["breaking"] = None if breaking is None else _breaking(breaking, decimals)
    shell.show(document, _lines(document))
    end(read.faults)


def _run(  # noqa: PLR0913, PLR0917 - a run and how it is shown
    name: str, book: Book, model: Factors, shocks: list[Shock], level: float, decimals: int
) -> dict[str, Any]:
    after = stressed(book, model, shocks)
    losses = portfolio(after, model).losses
    hit = np.zeros(len(book), np.bool_)
    for shock in shocks:
        hit |= shock.hits(book)
    return {
        "name": name,
        "loans_hit": int(hit.sum()),
        "expected_loss": money(after.expected_loss.sum(), decimals),
        "value_at_risk": money(losses.value_at_risk(level), decimals),
        "expected_shortfall": money(losses.expected_shortfall(level), decimals),
    }


def _hardest(before: Book, after: Book, top: int, decimals: int) -> list[dict[str, Any]]:
    rise = after.expected_loss - before.expected_loss
    return [
        {
            "id": before.ids[row],
            "exposure": money(before.exposure.item(row), decimals),
            "expected_loss": money(before.expected_loss.item(row), decimals),
            "stressed": money(after.expected_loss.item(row), decimals),
        }
        for row in np.argsort(-rise, kind="stable")[:top].tolist()
    ]


def _breaking(found: Breaking, decimals: int) -> dict[str, Any]:
    return {
        "national_sd": rounded(found.national_sd),
        "sector_sd": {name: rounded(value) for name, value in found.sector_sd.items()},
        "expected_loss": money(found.expected_loss, decimals),
        "distance_sd": rounded(found.distance_sd),
        "chance": rounded(found.chance),
    }


def _lines(document: dict[str, Any]) -> list[str]:
    heads = ["shock", "loans hit", "expected loss", "value at risk", "expected shortfall"]
    lines = table(heads, [tuple(run.values()) for run in document["runs"]])
    heads = ["loan", "exposure", "expected loss", "with all shocks"]
    lines += ["", *table(heads, [tuple(loan.values()) for loan in document["loans"]])]
    if "breaking" not in document:
        return lines
    found = document["breaking"]
    if found is None:
        return [*lines, "", "no year uses up the capital"]
    falls = [("nation", found["national_sd"]), *found["sector_sd"].items()]
    lines += ["", f"likeliest year that uses up the capital: {found['chance']} or less"]
    return lines + [f"  {name} falls by {fall} sd" for name, fall in falls]

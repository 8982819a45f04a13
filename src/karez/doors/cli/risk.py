"""``karez risk``: what a book of loans may lose, and which loans make it so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import click
import numpy as np

from karez.doors.cli.risk_options import (
    book_options,
    change_option,
    end,
    level_option,
    money,
    rounded,
    say_faults,
)
from karez.doors.cli.shell import LazyGroup, Shell, command_options, table
from karez.doors.files.loan_books import read_book, read_trade
from karez.doors.files.risk_models import read_factors
from karez.engines.risk.amplification import Standing, TradeShocks, amplification, hurried
from karez.engines.risk.book import Book, Floats, sums
from karez.engines.risk.contagion import lost_assets
from karez.engines.risk.distribution import Portfolio, portfolio
from karez.engines.risk.factors import Factors
from karez.engines.risk.granularity import (
    basel_loss,
    concentration,
    granularity_adjustment,
    slices,
)
from karez.engines.risk.losses import Losses
from karez.engines.risk.moments import loss_sd

_LEVELS = (0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999)
_BAR = 40


@click.group(
    cls=LazyGroup,
    table={
        "loss": ("karez.doors.cli.risk:loss", "Show the distribution of a book's losses."),
        "stress": ("karez.doors.cli.risk_stress:stress", "Shock a book."),
        "ecl": ("karez.doors.cli.risk_ecl:ecl", "Stage loans and provide for them (IFRS 9)."),
        "amplification": (
            "karez.doors.cli.risk:amplification_",
            "Show what a change of policy does to the tail.",
        ),
    },
)
def risk() -> None:
    """Say what a book of loans may lose; no database is needed."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@book_options
@level_option
@click.option("--by", "labels", multiple=True, metavar="COLUMN", help="Split by this column.")
@click.option("--top", default=10, metavar="N", help="Show so many loans; 10 by default.")
@command_options
def loss(  # noqa: PLR0913 - one argument for each option
    shell: Shell,
    *,
    file: Path,
    factors: Path | None,
    decimals: int,
    level: float,
    labels: tuple[str, ...],
    top: int,
) -> None:
    """Show the distribution of the losses of the book in FILE, and whose they are.

    FILE is CSV or Parquet with a row a loan: id, exposure, pd, lgd, and as labels sector, county,
    buyer and so on. A row that is wrong is named on the error channel; the others are counted, and
    the exit code is then 5.
    """
    read = read_book(file, decimals)
    say_faults(shell, read.faults)
    for label in labels:
        if label != "sector" and label not in read.book.labels:
            raise click.BadParameter(f"{file.name} has no column {label}", param_hint="--by")
    model = Factors() if factors is None else read_factors(factors)
    found = portfolio(read.book, model)
    shares = found.shortfall_shares(level)
    document = _loss_document(found, model, level, decimals)
    document["slices"] = {
        label: [
            {
                "value": one.value,
                "loans": one.loans,
                **{
                    name: money(getattr(one, name), decimals)
                    for name in ("exposure", "expected_loss", "shortfall")
                },
            }
            for one in slices(
                read.book,
                shares,
                read.book.sector if label == "sector" else read.book.labels[label],
            )
        ]
        for label in labels
    }
    document["contributions"] = _contributions(read.book, shares, top, decimals)
    shell.show(document, _loss_lines(document, found.losses))
    end(read.faults)


def _loss_document(found: Portfolio, model: Factors, level: float, decimals: int) -> dict[str, Any]:
    book, losses = found.book, found.losses
    shares = model.of(book)
    weight = book.loss / max(book.loss.sum(), 1e-300)
    common = sum(
        float(weight[row]) * (shares[name].national + shares[name].sector)
        for row, name in enumerate(book.sector)
    )
    basel = basel_loss(book, common, level)
    lumps = {"loans": book.ids, "sector": book.sector, **book.labels}
    return {
        "loans": len(book),
        "exposure": money(book.exposure.sum(), decimals),
        "expected_loss": money(book.expected_loss.sum(), decimals),
        "sd": money(losses.sd, decimals),
        "sd_by_series": money(loss_sd(book, model), decimals),
        "level": level,
        "value_at_risk": money(losses.value_at_risk(level), decimals),
        "expected_shortfall": money(losses.expected_shortfall(level), decimals),
        "one_factor": {
            "correlation": rounded(common),
            "fine_book": money(basel, decimals),
            "granularity_adjustment": money(granularity_adjustment(book, common, level), decimals),
        },
        "levels": [
            {
                "level": each,
                "value_at_risk": money(losses.value_at_risk(each), decimals),
                "expected_shortfall": money(losses.expected_shortfall(each), decimals),
            }
            for each in _LEVELS
        ],
        "concentration": {
            name: {
                field: rounded(value)
                for field, value in attrs.asdict(concentration(_by_value(book, values))).items()
            }
            for name, values in lumps.items()
        },
    }


def _by_value(book: Book, values: Sequence[str]) -> Floats:
    names, place = np.unique(np.array(values, dtype=str), return_inverse=True)
    return sums(place, book.exposure, len(names))


def _contributions(book: Book, shares: Floats, top: int, decimals: int) -> list[dict[str, Any]]:
    total = float(shares.sum())
    return [
        {
            "id": book.ids[row],
            "exposure": money(book.exposure.item(row), decimals),
            "expected_loss": money(book.expected_loss.item(row), decimals),
            "shortfall": money(shares.item(row), decimals),
            "share": rounded(shares.item(row) / total) if total else 0.0,
        }
        for row in np.argsort(-shares, kind="stable")[:top].tolist()
    ]


def _loss_lines(document: dict[str, Any], losses: Losses) -> list[str]:
    one = document["one_factor"]
    level = f"{100 * document['level']:g} %"
    rows: list[tuple[str, object]] = [
        ("loans", document["loans"]),
        ("exposure", document["exposure"]),
        ("expected loss", document["expected_loss"]),
        ("standard deviation", document["sd"]),
        (f"value at risk, {level}", document["value_at_risk"]),
        (f"expected shortfall, {level}", document["expected_shortfall"]),
        ("  were the book fine (Basel)", one["fine_book"]),
        ("  granularity adjustment", one["granularity_adjustment"]),
        ("loans as lumpy, if equal", document["concentration"]["loans"]["effective_number"]),
    ]
    lines = [f"{name:<30}{value!s:>20}" for name, value in rows]
    most = losses.value_at_risk(_LEVELS[-1]) or 1.0
    lines += ["", "not more than this is lost"]
    for each in document["levels"]:
        length = round(_BAR * losses.value_at_risk(each["level"]) / most)
        lines.append(
            f"  {100 * each['level']:>5g} %{each['value_at_risk']!s:>20}  {'#' * length}".rstrip()
        )
    for label, parts in document["slices"].items():
        lines += ["", *table([label, "loans", "exposure", "expected loss", "shortfall"],
                             [tuple(part.values()) for part in parts])]  # fmt: skip
    lines += ["", *table(
        ["loan", "exposure", "expected loss", "shortfall", "share"],
        [
            (*list(part.values())[:4], f"{100 * part['share']:.1f} %")
            for part in document["contributions"]
        ],
    )]  # fmt: skip
    return lines


@click.command("amplification")
@click.argument("before", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("after", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@book_options
@level_option
@change_option
@click.option("--firms", type=click.Path(path_type=Path, exists=True), metavar="FILE",
              help="Firms of the trade network: id, assets, debts, pd.")  # fmt: skip
@click.option("--links", type=click.Path(path_type=Path, exists=True), metavar="FILE",
              help="Who owes whom: debtor, creditor, amount.")  # fmt: skip
@click.option("--recovery", default=0.5, metavar="SHARE", help="Left of a firm that fails: 0.5.")
@click.option("--scenarios", default=3_000, metavar="N", help="Of the network; 3000 by default.")
@click.option("--seed", default=1, metavar="N", help="Of the scenarios; 1 by default.")
@command_options
def amplification_(  # noqa: PLR0913 - one argument for each option
    shell: Shell,
    *,
    before: Path,
    after: Path,
    factors: Path | None,
    decimals: int,
    level: float,
    hurry: float,
    firms: Path | None,
    links: Path | None,
    recovery: float,
    scenarios: int,
    seed: int,
) -> None:
    """Show what the change from the book in BEFORE to that in AFTER does to the tail of losses.

    The two files are as for `karez risk loss`. With --firms and --links, losses that spread along
    the trade network are shown too; each loan is then to the firm of its id.
    """
    if (firms is None) != (links is None):
        raise click.UsageError("--firms and --links go together")
    books = [read_book(path, decimals) for path in (before, after)]
    faults = [fault for read in books for fault in read.faults]
    say_faults(shell, faults)
    model = Factors() if factors is None else read_factors(factors)
    shocks = None
    if firms is not None and links is not None:
        trade = read_trade(firms, links, decimals, recovery)
        common = model.rest.national if model.rest else 0.0
        lost = lost_assets(
            trade.network, trade.pd, correlation=common, scenarios=scenarios, seed=seed
        )
        shocks = TradeShocks(trade.network, lost)
    changed = hurried(books[1].book, hurry)
    found = amplification(books[0].book, changed, model, level=level, shocks=shocks)
    document = {
        "level": level,
        "before": _standing(found.before, decimals),
        "after": _standing(found.after, decimals),
        "amplification": rounded(found.amplification),
        "tail_per_unit_added": rounded(found.tail_per_unit_added),
        "loss_per_unit_added": rounded(found.loss_per_unit_added),
    }
    shell.show(document, _amplification_lines(document))
    end(faults)


def _standing(one: Standing, decimals: int) -> dict[str, Any]:
    amounts = ("lent", "expected_loss", "value_at_risk", "shortfall")
    shown: dict[str, Any] = {name: money(getattr(one, name), decimals) for name in amounts}
    shown["tail_per_unit"] = rounded(one.tail_per_unit)
    if one.contagion is not None:
        spread = one.contagion
        shown["contagion"] = {
            "a_el": rounded(spread.a_el),
            "a_es": rounded(spread.a_es),
            **{name: money(value, decimals) for name, value in attrs.asdict(spread).items()},
        }
    return shown


def _amplification_lines(document: dict[str, Any]) -> list[str]:
    names = {
        "lent": "lent",
        "expected_loss": "expected loss",
        "value_at_risk": "value at risk",
        "shortfall": "expected shortfall",
        "tail_per_unit": "tail per unit lent",
    }
    before, after = document["before"], document["after"]
    rows: list[tuple[object, ...]] = [
        (words, before[name], after[name]) for name, words in names.items()
    ]
    if "contagion" in before:
        rows += [
            (f"contagion multiplies {words}", before["contagion"][name], after["contagion"][name])
            for name, words in (("a_el", "the mean by"), ("a_es", "the tail by"))
        ]
    lines = [f"{name:<34}{was!s:>18}{now!s:>18}" for name, was, now in [("", "before", "after")]]
    lines += [f"{name!s:<34}{was!s:>18}{now!s:>18}" for name, was, now in rows]
    lines += ["", f"amplification: {document['amplification']}"]
    if document["tail_per_unit_added"] is not None:
        lines.append(
            f"each unit lent more adds {document['loss_per_unit_added']} to the expected loss and"
            f" {document['tail_per_unit_added']} to the tail"
        )
    return lines

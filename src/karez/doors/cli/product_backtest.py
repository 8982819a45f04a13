"""``karez product backtest``: a term sheet tried on past applications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from karez.doors.cli.bookkeeping import exit_with, open_books, tell_refusals
from karez.doors.cli.price_words import major_of
from karez.doors.cli.shell import ExitCode, Shell, command_options, table
from karez.doors.files.products.applications import read_applications
from karez.doors.files.products.sheets import open_sheet
from karez.engines.price.policy import Decision
from karez.kernel.money import Currency
from karez.services.products import list_published
from karez.services.products.backtest import Past, Trial
from karez.services.products.backtest import backtest as try_product

SHOWN_MOST = 20


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("past_file", metavar="APPLICATIONS", type=click.Path(path_type=Path))
@click.option("--alone", is_flag=True, help="Do not compare with what is published.")
@command_options
def backtest(shell: Shell, *, file: Path, past_file: Path, alone: bool) -> None:
    """Show what the term sheet in FILE would have done with past applications.

    Beside it stands the latest published version of the same product, if there is one. Expected
    figures follow from default probabilities; realised ones from the column of outcomes. A row
    that is wrong is named on the error channel and left out; the exit code is then 5.
    """
    sheet = open_sheet(file)
    sheets = {"new": sheet}
    if not alone:
        with open_books(shell) as books, books.transaction() as connection:
            published = list_published(connection, sheet.code)
        if published:
            sheets["published"] = published[-1].sheet
    past, refusals = read_applications(past_file, list(sheets.values()))
    tell_refusals(shell, refusals, len(refusals))
    trials = {name: try_product(each, past) for name, each in sheets.items()}
    tallies = {name: _tally(trial, sheet.currency) for name, trial in trials.items()}
    document = {
        "product": sheet.code,
        "currency": sheet.currency.code,
        "applications": past.applications.count,
        **tallies,
        "published_version": sheets["published"].version if "published" in sheets else None,
        **_swaps(past, trials),
        "refused_rows": [refusal.as_dict() for refusal in refusals],
    }
    shell.show(document, _lines(document, list(tallies)))
    exit_with(ExitCode.INVALID_INPUT if refusals else ExitCode.DONE)


def _tally(trial: Trial, unit: Currency) -> dict[str, Any]:
    granted, eligible = trial.granted, trial.decision == Decision.APPROVE
    amount = int(trial.granted_minor.sum())
    rate = float(trial.rate_pct_year @ trial.granted_minor / amount) if amount else None
    defaults_known = int(trial.has_outcome.sum())
    return {
        "eligible": int(eligible.sum()),
        "referred": int((trial.decision == Decision.REFER).sum()),
        "refused": int((trial.decision == Decision.REFUSE).sum()),
        "within_limits": int((eligible & trial.within).sum()),
        "granted": int(granted.sum()),
        "amount": str(major_of(amount, unit)),
        "rate_pct": None if rate is None else f"{rate:.2f}",
        "expected_loss": str(major_of(float(trial.expected_loss.sum()), unit)),
        "expected_profit": str(major_of(float(trial.expected_profit.sum()), unit)),
        "with_outcome": defaults_known,
        "realised_loss": str(major_of(float(trial.realised_loss.sum()), unit)),
        "realised_profit": str(major_of(float(trial.realised_profit.sum()), unit)),
    }


def _swaps(past: Past, trials: Mapping[str, Trial]) -> dict[str, Any]:
    """Return which applications only one of the two grants."""
    if "published" not in trials:
        return {"only_new": [], "only_published": []}
    new, old = trials["new"].granted, trials["published"].granted
    return {
        "only_new": [past.names[place] for place in np.flatnonzero(new & ~old).tolist()],
        "only_published": [past.names[place] for place in np.flatnonzero(old & ~new).tolist()],
    }


def _lines(document: Mapping[str, Any], columns: Sequence[str]) -> list[str]:
    version = document["published_version"]
    names = {"new": "new", "published": f"version {version}"}
    rows = [
        (key.replace("_", " "), *(_shown(document[column][key]) for column in columns))
        for key in document["new"]
    ]
    headings = [f"of {document['applications']}", *(names[column] for column in columns)]
    lines = table(headings, rows)
    if version is not None:
        lines += ["", _listed("only the new one lends to", document["only_new"])]
        lines.append(_listed(f"only version {version} lends to", document["only_published"]))
    return lines


def _shown(value: object) -> str:
    return "" if value is None else str(value)


def _listed(what: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN_MOST} more" if len(names) > SHOWN_MOST else ""
    return f"{what}: {', '.join(names[:SHOWN_MOST]) or 'nobody'}{more}"

"""``karez price rate``: what each loan must bring, and the rate that earns most."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import numpy as np

from karez.doors.cli.bookkeeping import exit_with, tell_refusals, today
from karez.doors.cli.price_words import major_of, pct
from karez.doors.cli.shell import ExitCode, Shell, command_options, table
from karez.doors.files.price.caps import read_caps
from karez.doors.files.price.firms import read_curve, read_firms
from karez.doors.files.price.terms import PlanTerms, read_terms
from karez.engines.price.best import BestRate, best_rate
from karez.engines.price.caps import highest_rate, monthly_caps
from karez.engines.price.question import Firms
from karez.engines.price.rate import Floats, RateParts, collected_share, rate_parts
from karez.kernel.time import parse_date

_PARTS = ("funding", "capital", "expected_loss", "fixed_cost", "variable_cost", "margin")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--terms",
    "terms_file",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="Costs and terms, the TOML file of a plan.",
)
@click.option(
    "--curve",
    "curve_file",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="The share of customers lost at each rate, a table.",
)
@click.option(
    "--caps",
    "caps_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Legal caps, a TOML file.",
)
@click.option("--jurisdiction", help="Whose caps hold.")
@click.option("--on", type=parse_date, metavar="DATE", help="The day of the loan; today.")
@command_options
def rate(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    file: Path,
    terms_file: Path,
    curve_file: Path,
    caps_file: Path | None,
    jurisdiction: str | None,
    on: date | None,
) -> None:
    """Show what each loan must bring, part by part, and the rate that earns most.

    FILE is a table of firms as of a plan; each is priced for the most that it may have. With caps,
    a loan that no allowed rate can pay for is named; the exit code is then 6.
    """  # fmt: skip
    if caps_file is not None and jurisdiction is None:
        raise click.UsageError("--caps needs --jurisdiction")
    terms = read_terms(terms_file)
    curve = read_curve(curve_file)
    firms, refusals = read_firms(file, terms, curve)
    tell_refusals(shell, refusals, len(refusals))
    balance = np.maximum((firms.most_minor * terms.balance_share).astype(np.int64), 1)
    parts = rate_parts(terms.costs, firms.pd, firms.lgd, balance)
    highest = np.full(len(firms), np.inf)
    if caps_file is not None and jurisdiction is not None:
        caps = read_caps(caps_file, terms.currency)
        monthly = monthly_caps(caps, jurisdiction, on or today(), firms.most_minor)
        highest = _highest(monthly, terms)
    cost = terms.costs.running_rate(firms.pd, firms.lgd) + terms.costs.fixed_minor / balance
    best = best_rate(curve, firms.segment, cost, collected_share(firms.pd), highest)
    shut_out = ~(highest >= parts.total)
    documents = _documents(firms, parts, best, highest, terms)
    for document, shut in zip(documents, shut_out.tolist(), strict=True):
        document["shut_out"] = shut
    shown = ("break_even_pct", "best_pct", "lost_pct", "profit")
    rows = [
        (
            each["firm"],
            *(None if each[name] is None else Decimal(each[name]) for name in shown),
            _remark(each),
        )
        for each in documents
    ]
    lines = table(["firm", "break-even %", "best rate %", "lost %", "profit", ""], rows)
    document = {"rates": documents, "refused_rows": [refusal.as_dict() for refusal in refusals]}
    shell.show(document, lines)
    if refusals:
        exit_with(ExitCode.INVALID_INPUT)
    exit_with(ExitCode.FOUND if shut_out.any() else ExitCode.DONE)


def _remark(document: dict[str, Any]) -> str:
    if document["shut_out"]:
        return "shut out by a cap"
    if document["profit"] is None:
        return "the cap is below all rates of the curve"
    return "earns nothing at any rate" if Decimal(document["profit"]) <= 0 else ""


def _highest(monthly: Floats, terms: PlanTerms) -> Floats:
    count = len(monthly)
    return highest_rate(monthly, np.full(count, terms.fee), np.full(count, terms.months))


def _documents(
    firms: Firms, parts: RateParts, best: BestRate, highest: Floats, terms: PlanTerms
) -> list[dict[str, Any]]:
    total = parts.total
    amount = firms.most_minor * terms.balance_share
    return [
        {
            "firm": name,
            "amount": str(major_of(int(firms.most_minor[row]), terms.currency)),
            "parts_pct": {part: pct(float(getattr(parts, part)[row])) for part in _PARTS},
            "break_even_pct": pct(float(total[row])),
            "highest_pct": None if np.isinf(highest[row]) else pct(float(highest[row])),
            "best_pct": pct(float(best.rate[row])),
            "lost_pct": pct(float(best.lost[row])),
            "profit": None
            if np.isnan(best.profit[row])
            else str(major_of(float(best.profit[row] * amount[row]), terms.currency)),
            "profit_per_point_below": _point(best.slope_below[row], amount[row], terms),
            "profit_per_point_above": _point(best.slope_above[row], amount[row], terms),
        }
        for row, name in enumerate(firms.names)
    ]


def _point(slope: float, amount: float, terms: PlanTerms) -> str | None:
    """Return what one more point of rate changes of the profit; None where there is no rate."""
    return None if np.isnan(slope) else str(major_of(slope * amount / 100, terms.currency))

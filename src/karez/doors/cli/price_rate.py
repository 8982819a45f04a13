"""``karez price rate``: what each loan must bring, and the rate that earns most."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import click
import numpy as np

from karez.doors.cli.bookkeeping import exit_with, tell_refusals
from karez.doors.cli.price_market import market_options, read_market
from karez.doors.cli.price_words import major_of, pct
from karez.doors.cli.shell import ExitCode, Shell, command_options, table
from karez.doors.files.price.terms import PlanTerms
from karez.engines.price.best import BestRate, best_rate
from karez.engines.price.question import Firms
from karez.engines.price.rate import Floats, RateParts, collected_share, rate_parts

_PARTS = ("funding", "capital", "expected_loss", "fixed_cost", "variable_cost", "margin")


@click.command()
@market_options
@command_options
def rate(shell: Shell, **files: Any) -> None:
    """Show what each loan must bring, part by part, and the rate that earns most.

    FILE is a table of firms as of a plan; each is priced for the most that it may have. With caps,
    a loan that no allowed rate can pay for is named; the exit code is then 6.
    """  # fmt: skip
    market = read_market(**files)
    terms, firms, highest, refusals = market.terms, market.firms, market.highest, market.refusals
    tell_refusals(shell, refusals, len(refusals))
    balance = np.maximum((firms.most_minor * terms.balance_share).astype(np.int64), 1)
    parts = rate_parts(terms.costs, firms.pd, firms.lgd, balance)
    cost = terms.costs.running_rate(firms.pd, firms.lgd) + terms.costs.fixed_minor / balance
    best = best_rate(market.curve, firms.segment, cost, collected_share(firms.pd), highest)
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

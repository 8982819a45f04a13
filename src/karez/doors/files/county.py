"""A made-up county as the files that a lender is given: invoices, firms, answers to rates."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from karez.engines.county import INDUSTRIES, County, draw_invoices
from karez.kernel.money import currency, format_amount

RATES = np.linspace(0.04, 0.15, 23)
SEGMENTS = ("A", "B", "C")
_PATIENCE = (0.12, 0.14, 0.16)  # above the lowest rate, where two in three have gone


def write_county(county: County, folder: Path, through: date, unit: str) -> None:
    """Write what is known of a county's firms into a folder, as its own lists would say it.

    ``sales.csv`` and ``purchases.csv``, ``firms_rated.csv``, ``firms_unrated.csv`` and
    ``churn_by_rate.csv``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    invoices = draw_invoices(county, through)
    for name, other, sells in (("sales", "buyer", True), ("purchases", "seller", False)):
        header = ["firm", "number", "valid_on", other, "net", "tax", "total", "currency", "status"]
        rows = _invoice_rows(county, invoices[invoices["sells"] == sells], unit)
        _write(folder / f"{name}.csv", header, rows)
    firms = county.firms
    every = [_firm_row(county, firm) for firm in range(len(firms.ids))]
    known, header = int(firms.had_loan.sum()), ["firm", "name", "industry", "town"]
    outcomes = ["yes" if failed else "no" for failed in firms.defaulted[:known]]
    rated = ((*row, outcome) for row, outcome in zip(every[:known], outcomes, strict=True))
    _write(folder / "firms_rated.csv", [*header, "defaulted"], rated)
    _write(folder / "firms_unrated.csv", header, every[known:])
    lost = [1 - np.exp(-np.maximum(RATES - RATES[0], 0) / each) for each in _PATIENCE]
    curve = ((f"{rate:.4f}", *(f"{share:.6f}" for share in row))
             for rate, row in zip(RATES, np.array(lost).T.tolist(), strict=True))  # fmt: skip
    names = [f"churn_{segment}" for segment in SEGMENTS]
    _write(folder / "churn_by_rate.csv", ["annual_rate", *names], curve)


def _firm_row(county: County, firm: int) -> tuple[str, ...]:
    firms = county.firms
    industry, town = int(firms.industry[firm]), int(firms.town[firm])
    return firms.ids[firm], firms.names[firm], INDUSTRIES[industry].name, county.towns[town]


def _invoice_rows(
    county: County, invoices: npt.NDArray[np.void], unit: str
) -> Iterable[Sequence[str]]:
    form = currency(unit)
    for firm, _, other, number, day, net, tax, void in invoices.tolist():
        partner = _partner(county, int(other))
        amounts = (format_amount(amount, form) for amount in (net, tax, net + tax))
        status = "void" if void else "issued"
        yield (
            county.firms.ids[firm],
            str(number),
            day.isoformat(),
            partner,
            *amounts,
            unit,
            status,
        )


def _partner(county: County, number: int) -> str:
    return county.firms.ids[-number - 1] if number < 0 else f"C{number:06}"


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)

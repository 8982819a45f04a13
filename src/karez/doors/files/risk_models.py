"""Factors of a book, shocks to it, and paths of the economy, from TOML."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import numpy as np

from karez.doors.files.case_errors import CaseBrokenError, Fields
from karez.doors.files.priority_claims import texts_of
from karez.engines.risk.ecl import Paths
from karez.engines.risk.factors import Factors, Shares
from karez.engines.risk.stress import Shock


def _toml(path: Path) -> Fields:
    try:
        values = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CaseBrokenError(
            case=path.name, field="file", value=str(error), rule="it must be TOML in UTF-8"
        ) from None
    return Fields(path.name, "file", values)


def _tables(fields: Fields, name: str) -> list[Fields]:
    found = fields.get(name)
    if not isinstance(found, list) or not found:
        raise fields.broken(name, "it must be a list of tables")
    return [
        Fields(fields.case, f"{name}[{place}]", values)
        for place, values in enumerate(cast("list[Any]", found), 1)
    ]


def read_factors(path: Path) -> Factors:
    """Read the shares of variance of sectors: tables ``sectors.NAME``, and ``rest`` for others.

    Raises:
        CaseBrokenError: a field is missing, or holds what it must not.
    """
    fields = _toml(path)

    def shares(name: str, values: object) -> Shares:
        table = Fields(fields.case, name, values)
        sector = float(table.number("sector")) if table.get("sector") is not None else 0.0
        return Shares(float(table.number("national")), sector)

    named = Fields(fields.case, "sectors", fields.get("sectors") or {}).values
    rest = fields.get("rest")
    return Factors(
        None if rest is None else shares("rest", rest),
        {name: shares(f"sectors.{name}", values) for name, values in named.items()},
    )


def read_shocks(path: Path) -> list[Shock]:
    """Read shocks: tables ``shocks`` with a name, severity_sd, lgd_times, and where they hit.

    Raises:
        CaseBrokenError: a field is missing, or holds what it must not.
        ShockMalformedError: a severity or a multiplier is out of bounds.
    """
    shocks: list[Shock] = []
    for table in _tables(_toml(path), "shocks"):
        where = Fields(table.case, f"{table.name}.where", table.get("where") or {})
        numbers = {
            name: float(table.number(name))
            for name in ("severity_sd", "lgd_times")
            if table.get(name) is not None
        }
        hit = {label: texts_of(where, label) for label in where.values}
        shocks.append(Shock(table.text("name"), where=hit, **numbers))
    return shocks


def read_paths(path: Path) -> Paths:
    """Read paths of the economy: tables ``paths`` with a weight, and multipliers by month.

    ``defaults`` and ``losses`` are lists; the last month holds on, and what is missing is 1.

    Raises:
        CaseBrokenError: a field is missing, or holds what it must not.
        WeightsError: the weights do not add up to 1.
    """
    tables = _tables(_toml(path), "paths")
    columns = [[_months(table, name) for table in tables] for name in ("defaults", "losses")]
    padded: list[Any] = []
    for rows in columns:
        longest = max(map(len, rows))
        padded.append([row + row[-1:] * (longest - len(row)) for row in rows])
    weight = np.array([float(table.number("weight")) for table in tables])
    return Paths.of(weight, defaults=padded[0], losses=padded[1])


def _months(table: Fields, name: str) -> list[float]:
    values = table.get(name)
    if values is None:
        return [1.0]
    if not isinstance(values, list) or not values:
        raise table.broken(name, "it must be a list of numbers, one a month")
    months = Fields(table.case, f"{table.name}.{name}", dict(enumerate(cast("list[Any]", values))))
    found = [months.number(cast("Any", place)) for place in months.values]
    if min(found) < 0:
        raise table.broken(name, "a multiplier is not negative")
    return [float(number) for number in found]

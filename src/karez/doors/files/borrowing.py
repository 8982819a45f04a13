"""A borrowing base in a TOML file: the steps of the agreement in their order, debtors and lines."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import numpy as np

from karez.doors.files.case_errors import CaseBrokenError, Fields
from karez.doors.files.priority_claims import texts_of
from karez.engines.collateral.borrowing import (
    WHOLE_PPM,
    EligibilityStep,
    Pool,
    borrowing_base_minor,
    eligible,
    receivables_rate_ppm,
)


def answer_borrowing_base(path: Path) -> dict[str, Any]:
    """Return eligible receivables, what each step took, the rate and the base, in minor units.

    Raises:
        CaseBrokenError: a field is missing, or holds what it must not.
        StepUnknownError: a step is none of those that are known.
    """
    try:
        values = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CaseBrokenError(
            case=path.name, field="file", value=str(error), rule="it must be TOML in UTF-8"
        ) from None
    fields = Fields(path.name, "file", values)
    steps = [_step(step) for step in _tables(fields, "steps")]
    debtors = _tables(fields, "debtors")
    found = eligible(_pool(debtors), steps, 1)
    rates = Fields(path.name, "rates", fields.get("rates"))
    rate = receivables_rate_ppm(
        _ppm(rates, "receivables"), _ppm(rates, "dilution"), _ppm(rates, "dilution_covered")
    )
    reserves = Fields(path.name, "reserves", fields.get("reserves") or {})
    reserved = {name: reserves.whole(name) for name in reserves.values}
    inventory = fields.whole("inventory_minor", default=0)
    base = borrowing_base_minor(
        found.by_base_minor, rate, inventory, _ppm(rates, "inventory"), sum(reserved.values())
    )
    return {
        "steps": [
            {"step": step.kind, "taken_minor": int(taken[0])}
            for step, taken in zip(steps, found.taken_minor, strict=True)
        ],
        "debtors": {
            debtor.text("name"): int(amount)
            for debtor, amount in zip(debtors, found.by_debtor_minor, strict=True)
        },
        "eligible_minor": int(found.by_base_minor[0]),
        "receivables_rate": str(Decimal(rate) / WHOLE_PPM),
        "inventory_minor": inventory,
        "reserves": reserved,
        "borrowing_base_minor": int(base[0]),
    }


def _tables(fields: Fields, name: str) -> list[Fields]:
    found = fields.get(name)
    if not isinstance(found, list):
        raise fields.broken(name, "it must be a list of tables")
    return [
        Fields(fields.case, f"{name}[{place}]", values)
        for place, values in enumerate(cast("list[Any]", found), 1)
    ]


def _ppm(fields: Fields, name: str) -> int:
    """Return a share between 0 and 1 in millionths; none is zero."""
    if fields.get(name) is None:
        return 0
    share = fields.number(name) * WHOLE_PPM
    if share != share.to_integral_value() or not 0 <= share <= WHOLE_PPM:
        raise fields.broken(name, "it is a share from 0 to 1, with six decimals at most")
    return int(share)


def _step(fields: Fields) -> EligibilityStep:
    return EligibilityStep(
        fields.text("step"),
        days=fields.whole("days", default=0),
        share_ppm=_ppm(fields, "share"),
        flag=str(fields.get("flag") or ""),
    )


def _pool(debtors: list[Fields]) -> Pool:
    owners: list[int] = []
    rows: list[tuple[int, int, int]] = []
    marks: list[set[str]] = []
    for place, debtor in enumerate(debtors):
        flags = set(texts_of(debtor, "flags"))
        for line in _tables(debtor, "lines"):
            owners.append(place)
            rows.append(
                (
                    line.whole("amount_minor"),
                    line.whole("age_days"),
                    line.whole("disputed_minor", default=0),
                )
            )
            marks.append(flags)
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    names = sorted(set[str]().union(*marks))
    return Pool(
        debtor=np.array(owners, dtype=np.int64),
        amount_minor=table[:, 0],
        age_days=table[:, 1],
        disputed_minor=table[:, 2],
        flags={name: np.array([name in mark for mark in marks]) for name in names},
        base_of_debtor=np.zeros(len(debtors), dtype=np.int64),
        contra_minor=np.array(
            [debtor.whole("contra_minor", default=0) for debtor in debtors], dtype=np.int64
        ),
    )

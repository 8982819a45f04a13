"""The guaranteed loans, and what was known of each on the day of its approval.

Left out, because it became known later: the charge-off and its date, the balance, what was paid out
and when, and the ``term``, which the file states as it turned out (a loan that failed has a short
one). The name of the town is left out as well: the postal code says it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
from pyarrow import Table, parquet

FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "sba_loans" / "sba_loans.parquet"

NUMBERS = (
    "guarantee_share", "log_amount", "log_employees", "log_created", "log_retained", "time",
)  # fmt: skip
FACTORS = ("existing", "franchise", "urban", "revolving", "low_doc", "local_bank", "year")
"""The fiscal year is there twice, as ``time`` for those who use its order, and as a label for those
who would draw a straight line through it."""
SEGMENTS: Mapping[str, str | None] = {
    "place": "state", "state": None, "industry": "sector", "sector": None, "bank": None,
}  # fmt: skip
"""Each segment and the one it falls back to: three digits of the postal code to the state, four
digits of the industry to two."""

WEIGHTS = (49.31, 10.50)
"""How many loans of the whole register one paid and one charged-off loan of the file stand for."""

Floats = npt.NDArray[np.float64]
Objects = npt.NDArray[np.object_]


@attrs.frozen
class Loans:
    """Columns of equal length. ``numbers`` may be NaN and ``labels`` None: not known."""

    ids: npt.NDArray[np.int64]
    numbers: Mapping[str, Floats]
    labels: Mapping[str, Objects]
    default: Floats
    weight: Floats
    loss_share: Floats
    fiscal_year: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: npt.NDArray[Any]) -> Loans:
        """Return these rows, by place or by a mask."""
        return Loans(
            self.ids[rows],
            {name: column[rows] for name, column in self.numbers.items()},
            {name: column[rows] for name, column in self.labels.items()},
            self.default[rows],
            self.weight[rows],
            self.loss_share[rows],
            self.fiscal_year[rows],
        )

    def without(self, *names: str) -> Loans:
        """Return the loans without some of the columns."""
        return attrs.evolve(
            self,
            numbers={name: each for name, each in self.numbers.items() if name not in names},
            labels={name: each for name, each in self.labels.items() if name not in names},
        )


def read_loans(path: Path = FILE) -> Loans:
    """Return all loans of the file, in the order of their numbers."""
    table = parquet.read_table(path)
    table = table.take(np.argsort(table["loan_nr_chk_dgt"].to_numpy(), kind="stable"))
    amount = _number(table, "gr_appv")
    default = (_texts(table, "mis_status") == "CHGOFF").astype(np.float64)
    return Loans(
        table["loan_nr_chk_dgt"].to_numpy(),
        {
            "guarantee_share": np.round(_number(table, "sba_appv") / amount, 3),
            "log_amount": np.log(amount),
            "log_employees": np.log1p(_number(table, "no_emp")),
            "log_created": np.log1p(_number(table, "create_job")),
            "log_retained": np.log1p(_number(table, "retained_job")),
            "time": _number(table, "approval_fy"),
        },
        _labels(table),
        default,
        np.where(default == 1, WEIGHTS[1], WEIGHTS[0]),
        np.clip(_number(table, "chg_off_prin_gr") / amount, 0, 1),
        _number(table, "approval_fy").astype(np.int64),
    )


def _labels(table: Table) -> dict[str, Objects]:
    code = table["naics"].to_pylist()
    franchise = _number(table, "franchise_code") > 1
    state, postal = _texts(table, "state"), _texts(table, "zip")
    bank, seat = _texts(table, "bank"), _texts(table, "bank_state")
    same = [
        None if there is None else str(there == here)
        for there, here in zip(seat, state, strict=True)
    ]
    return {
        "existing": _codes(table, "new_exist", {1: "existing", 2: "new"}),
        "franchise": _objects("yes" if each else "no" for each in franchise),
        "urban": _codes(table, "urban_rural", {1: "urban", 2: "rural"}),
        "revolving": _texts(table, "rev_line_cr"),
        "low_doc": _texts(table, "low_doc"),
        "local_bank": _objects(same),
        "year": _objects(f"{each:.0f}" for each in _number(table, "approval_fy")),
        "place": _objects(each[:3] for each in postal),
        "state": state,
        "industry": _objects(f"{each:06d}"[:4] if each else None for each in code),
        "sector": _objects(f"{each:06d}"[:2] if each else None for each in code),
        "bank": bank,
    }


def _number(table: Table, name: str) -> Floats:
    return table[name].to_numpy().astype(np.float64)


def _texts(table: Table, name: str) -> Objects:
    return _objects(table[name].to_pylist())


def _codes(table: Table, name: str, words: Mapping[int, str]) -> Objects:
    return _objects(words.get(each) for each in table[name].to_pylist())


def _objects(values: Any) -> Objects:
    return np.array([*values], dtype=np.object_)

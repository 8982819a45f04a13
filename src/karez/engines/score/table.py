"""Columns of one table: what a score is fitted to, and what it is applied to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score.errors import (
    ColumnLengthError,
    ColumnMalformedError,
    ColumnRepeatedError,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Labels = Sequence[str | None] | npt.NDArray[np.object_] | npt.NDArray[np.str_]


def _as_floats(columns: Mapping[str, npt.ArrayLike]) -> dict[str, Floats]:
    return {name: _floats(name, values) for name, values in columns.items()}


def _floats(name: str, values: npt.ArrayLike) -> Floats:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        for row, value in enumerate(np.asarray(values, dtype=object).tolist()):
            try:
                float(value)
            except (TypeError, ValueError):
                raise ColumnMalformedError(
                    column=name, row=row, value=value, kind="number"
                ) from None
        raise


@attrs.frozen
class Table:
    """Rows by columns. ``ids`` names each row.

    ``numbers`` are float64 with NaN where nothing is known; an infinite number counts as unknown.
    ``labels`` are texts, None where nothing is known.

    Raises: ColumnLengthError, ColumnMalformedError, ColumnRepeatedError.
    """

    ids: Sequence[str]
    numbers: Mapping[str, Floats] = attrs.field(factory=dict[str, Floats], converter=_as_floats)
    labels: Mapping[str, Labels] = attrs.field(factory=dict[str, Labels])

    def __attrs_post_init__(self) -> None:
        for name in self.numbers:
            if name in self.labels:
                raise ColumnRepeatedError(column=name)
        for name, values in [*self.numbers.items(), *self.labels.items()]:
            if len(values) != len(self.ids):
                raise ColumnLengthError(column=name, found=len(values), expected=len(self.ids))

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> Table:
        """Return the rows at these places, or where this mask is true, in order."""
        every = np.flatnonzero(rows) if rows.dtype == np.bool_ else np.asarray(rows, np.intp)
        places: list[int] = every.tolist()
        return Table(
            [self.ids[place] for place in places],
            {name: values[every] for name, values in self.numbers.items()},
            {
                name: values[every]
                if isinstance(values, np.ndarray)
                else [values[place] for place in places]
                for name, values in self.labels.items()
            },
        )

"""Where the bins of a number end, and which level each value of a column is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from karez.engines.score.errors import ColumnMalformedError
from karez.engines.score.table import Floats, Ints, Labels


def edges(values: Floats, most_bins: int, least_rows: int) -> Floats:
    """Return the sorted inner edges of the bins of a number; none where all values are alike.

    Quantiles of the rows alone would merge rare values into common ones: where 97 of 100 loans
    have a guarantee of one half, what the others have is lost. So an edge is a quantile of the
    rows or of the distinct values, and stays if every bin holds ``least_rows`` rows. Missing and
    infinite values have no part in it.
    """
    known = np.sort(values[np.isfinite(values)])
    if len(known) < 2 * least_rows or known[0] == known[-1]:
        return np.empty(0)
    distinct = np.flatnonzero(np.concatenate([[True], known[1:] != known[:-1]]))
    shares = np.arange(1, most_bins) / most_bins
    by_rows = known[(shares * len(known)).astype(np.intp)]
    by_values = known[distinct[(shares * len(distinct)).astype(np.intp)]]
    kept: list[float] = []
    begun = 0
    for edge in np.unique(np.concatenate([by_rows, by_values])).tolist():
        place = int(np.searchsorted(known, edge))
        if place - begun >= least_rows and len(known) - place >= least_rows:
            kept.append(edge)
            begun = place
    return np.array(kept)


def number_codes(values: Floats, inner: Floats) -> Ints:
    """Return the bin of each value; the last level, ``len(inner) + 1``, is a missing one."""
    codes = np.searchsorted(inner, values, side="right").astype(np.int32)
    codes[~np.isfinite(values)] = len(inner) + 1
    return codes


def label_codes(column: str, values: Labels) -> tuple[Ints, tuple[str | None, ...]]:
    """Return a code for each row and the labels by code: sorted, and None after all others.

    Raises: ColumnMalformedError.
    """
    encoded = _texts(column, values).dictionary_encode()
    found: list[str] = encoded.dictionary.to_pylist()
    order = sorted(range(len(found)), key=found.__getitem__)
    places = np.empty(len(found) + 1, np.int32)
    places[np.array(order, np.intp)] = np.arange(len(found), dtype=np.int32)
    places[-1] = len(found)
    codes = encoded.indices.fill_null(len(found)).to_numpy(zero_copy_only=False)
    missing = (None,) if encoded.null_count else ()
    return places[codes], (*(found[place] for place in order), *missing)


def known_codes(column: str, values: Labels, labels: tuple[str | None, ...]) -> Ints:
    """Return the code of each row among ``labels``, and ``len(labels)`` where it is none of them.

    Raises: ColumnMalformedError.
    """
    codes, found = label_codes(column, values)
    place = {label: code for code, label in enumerate(labels)}
    unseen = len(labels)
    return np.array([place.get(label, unseen) for label in found] or [unseen], np.int32)[codes]


def _texts(column: str, values: Labels) -> pa.StringArray:
    try:
        return pa.array(values, type=pa.string(), from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError):
        pass
    texts = np.asarray(values, dtype=object).tolist()
    for row, value in enumerate(texts):
        missing = value is None or value != value  # noqa: PLR0124 - NaN is not itself
        if not (missing or isinstance(value, str)):
            raise ColumnMalformedError(column=column, row=row, value=value, kind="text")
    return pa.array(texts, type=pa.string(), from_pandas=True)


def pair_codes(first: Ints, second: Ints, cells: npt.NDArray[np.int32]) -> Ints:
    """Return the place of each pair of levels in ``cells``, and ``len(cells)`` where it is none."""
    if not len(cells):
        return np.zeros(len(first), np.int32)
    width = np.int64(2**31)
    keys = cells[:, 0] * width + cells[:, 1]
    asked = first * width + second
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[place] == asked, place, len(keys)).astype(np.int32)

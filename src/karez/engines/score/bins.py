"""Where the bins of a number end, and which level each value of a column is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from karez.engines.score.errors import ColumnMalformedError
from karez.engines.score.table import Floats, Ints, Labels


def edges(values: Floats, weight: Floats, most_bins: int, least_weight: float) -> Floats:
    """Return the sorted inner edges of the bins of a number; none where all values are alike.

    Quantiles of the rows alone would merge rare values into common ones: where 97 of 100 loans
    have a guarantee of one half, what the others have is lost. So an edge is a quantile of the
    rows or of the distinct values, and stays if every bin weighs ``least_weight``. Missing and
    infinite values have no part in it.
    """
    known = np.isfinite(values) & (weight > 0)
    distinct, place = np.unique(values[known], return_inverse=True)
    if len(distinct) < 2:
        return np.empty(0)
    below = np.cumsum(np.bincount(place, weight[known]))  # the weight up to and with each value
    shares = np.arange(1, most_bins) / most_bins
    by_rows = np.searchsorted(below, shares * below[-1], side="right")
    by_values = (shares * len(distinct)).astype(np.intp)
    kept: list[float] = []
    begun = 0.0
    for at in np.union1d(by_rows, by_values).tolist():
        if at == 0 or at >= len(distinct):
            continue
        if below[at - 1] - begun >= least_weight and below[-1] - below[at - 1] >= least_weight:
            kept.append(distinct[at])
            begun = below[at - 1]
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


def coarse_levels(below: Floats, groups: int) -> Ints:
    """Return for each bin of a number, whose weights are given, which of few groups it is in.

    The groups weigh about alike. A missing number, the level after all bins, is a group of its own.
    """
    middle = (np.cumsum(below) - below / 2) / max(below.sum(), 1e-300)
    whole = np.minimum(middle * groups, groups - 1).astype(np.int32)
    _, group = np.unique(whole, return_inverse=True)
    return np.append(group, group.max() + 1).astype(np.int32)


def pair_codes(first: Ints, second: Ints, cells: npt.NDArray[np.int32]) -> Ints:
    """Return the place of each pair of levels in ``cells``, and ``len(cells)`` where it is none."""
    if not len(cells):
        return np.zeros(len(first), np.int32)
    width = np.int64(2**31)
    keys = cells[:, 0] * width + cells[:, 1]
    asked = first * width + second
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[place] == asked, place, len(keys)).astype(np.int32)

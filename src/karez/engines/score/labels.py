# pyright: basic
"""Which level each label of a column is."""

# pyarrow has no types to give.

from __future__ import annotations

import numpy as np
import pyarrow as pa

from karez.engines.score.errors import ColumnMalformedError
from karez.engines.score.table import Ints, Labels


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

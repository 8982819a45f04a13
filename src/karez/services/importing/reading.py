"""A mapping from TOML, with the reader of term sheets: faults by file, line and key."""

from __future__ import annotations

from karez.services.importing.mapping import Assume, LoansMapping
from karez.services.products import KeyReader, refuse


def read_mapping(text: str, name: str) -> LoansMapping:
    """Return the mapping in a text; ``name`` is what its errors call it.

    Raises:
        SheetBrokenError: with ``faults``, one for each key that is wrong.
    """
    values, reader = KeyReader.of(text, name)
    mapping: LoansMapping | None = None
    if not reader.faults:
        mapping = reader.whole(LoansMapping, values)
    if mapping is not None:
        words = [str(word) for word in Assume]
        for status, word in mapping.statuses.items():
            if word not in words:
                reader.wrong(("statuses", status), f"it is one of {', '.join(words)}, not {word!r}")
        for path, joined in (("rows", mapping.rows), ("payments", mapping.payments)):
            if joined is not None and joined.on is None:
                reader.wrong((path, "on"), "it is missing: column of its days")
    refuse(reader.faults)
    assert mapping is not None  # noqa: S101 - what has no fault was read
    return mapping

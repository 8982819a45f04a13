"""Fingerprints of invoices: enough to see that two are one, nothing to read a book by.

A register that several lenders share holds these and no documents. They are keyed: a plain hash of
an invoice could be guessed from its number. F1 is exact; F2 forgets the number, F3 the date, so
that an invoice that was renumbered or re-dated is still seen; F4 is a MinHash of the lines.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Sequence
from hashlib import blake2b

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.trust.minhash import Signatures, signatures
from karez.kernel.errors import ensure

_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_NOT_WORD = re.compile(r"[\W_]+")


@attrs.frozen(kw_only=True)
class Invoices:
    """Invoices by column. ``line_ends[i]`` is how many lines the invoices up to ``i`` have.

    A line is an item's id, its quantity in thousandths, and its amount in minor units.
    """

    seller_tax_id: Sequence[str]
    buyer_tax_id: Sequence[str]
    number: Sequence[str]
    issued_on: Sequence[str]  # as ISO 8601 has it
    currency: Sequence[str]
    total_minor: Sequence[int]
    line_ends: Sequence[int]
    lines: Sequence[tuple[str, int, int]]


@attrs.frozen
class Prints:
    """The fingerprints of invoices, by row; empty octets where there is no invoice."""

    exact: Sequence[bytes]  # F1
    renumbered: Sequence[bytes]  # F2
    redated: Sequence[bytes]  # F3
    seller: Sequence[bytes]  # a token for the seller, within whose invoices F4 is compared
    lines: Signatures  # F4

    def __len__(self) -> int:
        return len(self.exact)

    def first(self, count: int) -> Prints:
        """Return the first rows."""
        return Prints(
            self.exact[:count],
            self.renumbered[:count],
            self.redated[:count],
            self.seller[:count],
            self.lines[:count],
        )

    def spread(self, places: Sequence[int], count: int) -> Prints:
        """Return so many rows with these at their places, and no invoice in the others."""
        columns: list[list[bytes]] = []
        for column in (self.exact, self.renumbered, self.redated, self.seller):
            wide = [b""] * count
            for place, token in zip(places, column, strict=True):
                wide[place] = token
            columns.append(wide)
        lines = signatures(np.zeros(0, np.uint64), np.zeros(count, np.int64))
        lines[list(places)] = self.lines
        exact, renumbered, redated, seller = columns
        return Prints(exact, renumbered, redated, seller, lines)


def normal_number(text: str) -> str:
    """Return an invoice number without case, separators, and zeros that lead a run of digits."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _NOT_WORD.sub("", _ZEROS.sub("", folded))


def normal_tax_id(text: str) -> str:
    """Return a tax id in capitals, letters and digits alone."""
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", text)).upper()


def fingerprints(key: bytes, invoices: Invoices) -> Prints:
    """Return the four fingerprints of each invoice under the register's key."""
    ensure(len(key) >= 16, "a register's key has at least 128 bits")
    exact: list[bytes] = []
    renumbered: list[bytes] = []
    redated: list[bytes] = []
    sellers: list[bytes] = []
    tax_ids = {one: normal_tax_id(one) for one in {*invoices.seller_tax_id, *invoices.buyer_tax_id}}
    for seller, buyer, number, on, currency, total in zip(
        invoices.seller_tax_id, invoices.buyer_tax_id, invoices.number,
        invoices.issued_on, invoices.currency, invoices.total_minor, strict=True,
    ):  # fmt: skip
        who = f"{tax_ids[seller]}|{tax_ids[buyer]}"
        money, name = f"{currency.upper()}|{total}", normal_number(number)
        exact.append(_token(key, f"F1|{who}|{name}|{on}|{money}"))
        renumbered.append(_token(key, f"F2|{who}|{on}|{money}"))
        redated.append(_token(key, f"F3|{who}|{name}|{money}"))
        sellers.append(_token(key, f"seller|{tax_ids[seller]}"))
    tokens = _line_tokens(key, invoices.lines)
    ends = np.asarray(invoices.line_ends, np.int64)
    return Prints(exact, renumbered, redated, sellers, signatures(tokens, ends))


def _token(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _line_tokens(key: bytes, lines: Sequence[tuple[str, int, int]]) -> npt.NDArray[np.uint64]:
    """Return a keyed number for each line: item, quantity, and by the amount its price."""
    secret = key[:64]  # the most that BLAKE2b takes
    octets = b"".join(
        blake2b(f"{item}|{quantity}|{amount}".encode(), digest_size=8, key=secret).digest()
        for item, quantity, amount in lines
    )
    return np.frombuffer(octets, np.uint64)

"""A mapping: what the columns of a bank's table of bookings mean, as a TOML file says it."""

from __future__ import annotations

import codecs
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Self

import attrs

from karez.doors.files.trade.errors import (
    ColumnsMissingError,
    ColumnUnmappedError,
    MappingMalformedError,
    MappingUnknownError,
)
from karez.kernel.errors import KarezError
from karez.kernel.money import Currency, currency

IGNORE = "ignore"
FIELDS = (
    "account", "number", "booked_on", "valid_on", "amount", "credit", "debit", "direction",
    "currency", "balance", "bank_reference", "end_to_end", "mandate", "creditor_reference",
    "remittance", "name", "other_account", "code", "reversal", IGNORE,
)  # fmt: skip
_WORDS = ("account", "number", "encoding", "decimal_mark", "group_mark")
_LISTS = ("dates", "credit_words", "debit_words")


@attrs.frozen(kw_only=True)
class StatementMapping:
    """How to read a table; ``docs/reference/statements.md`` has the file's form."""

    columns: Mapping[str, str]
    account: str = ""
    number: str = ""
    currency: Currency | None = None
    encoding: str = "utf-8"
    dates: Sequence[str] = ("%Y-%m-%d",)
    decimal_mark: str = "."
    group_mark: str = ""
    credit_words: Sequence[str] = ("credit", "C", "CRDT", "+")
    debit_words: Sequence[str] = ("debit", "D", "DBIT", "-")
    skip_lines: int = 0

    @classmethod
    def load(cls, name: str) -> Self:
        """Return the mapping in a file, or one that comes with Karez by its name.

        Raises:
            MappingUnknownError: there is no such file, nor such a name.
            MappingMalformedError: it is no mapping.
        """
        shipped = resources.files("karez.doors.files.statements") / "mappings"
        file = Path(name)
        if file.is_file():
            return cls.parse(file.read_bytes(), name)
        known = sorted(each.name.removesuffix(".toml") for each in shipped.iterdir())
        if name not in known:
            raise MappingUnknownError(name=name, known=", ".join(known))
        return cls.parse((shipped / f"{name}.toml").read_bytes(), name)

    @classmethod
    def parse(cls, octets: bytes, file: str) -> Self:
        """Return the mapping that a TOML text holds; ``file`` is what errors call it.

        Raises:
            MappingMalformedError: it is no mapping.
        """
        try:
            found = tomllib.loads(octets.decode())
            found.pop("title", None)
            if "currency" in found:
                found["currency"] = currency(found["currency"])
            _check(found)
            return cls(**found)
        except (UnicodeDecodeError, LookupError, TypeError, ValueError, KarezError) as fault:
            raise MappingMalformedError(file=file, reason=str(fault)) from fault

    def places(self, file: str, header: Sequence[str]) -> dict[str, list[int]]:
        """Return where each field stands in a file with this header.

        Raises:
            ColumnUnmappedError: a column has no meaning here.
            ColumnsMissingError: a field that each booking needs has no column.
        """
        found: dict[str, list[int]] = {}
        for place, column in enumerate(header):
            if not column:
                continue  # a separator at the end of each line makes one
            if column not in self.columns:
                raise ColumnUnmappedError(file=file, column=repr(column))
            found.setdefault(self.columns[column], []).append(place)
        needed = [("booked_on", "valid_on"), ("amount", "credit"), ("amount", "debit")]
        needed += [] if self.account else [("account",)]
        needed += [] if self.currency else [("currency",)]
        for fields in needed:
            if not any(field in found for field in fields):
                wanted = [name for name, field in self.columns.items() if field in fields]
                shown = ", ".join(wanted) or "no column"
                raise ColumnsMissingError(file=file, missing=" or ".join(fields), wanted=shown)
        return found


def _check(found: Mapping[str, Any]) -> None:
    settings = {field.name for field in attrs.fields(StatementMapping)}
    for name, value in found.items():
        if name not in settings:
            raise ValueError(f"{name} is no setting; there are {', '.join(sorted(settings))}")
        wanted = str if name in _WORDS else list if name in _LISTS else object
        if not isinstance(value, wanted):
            raise TypeError(f"{name} is {value!r}")
    if not isinstance(found.get("skip_lines", 0), int):
        raise TypeError(f"skip_lines is {found['skip_lines']!r}")
    for column, field in found["columns"].items():
        if field not in FIELDS:
            raise ValueError(f"column {column!r} means {field!r}, which is none of {FIELDS}")
    codecs.lookup(found.get("encoding", "utf-8"))

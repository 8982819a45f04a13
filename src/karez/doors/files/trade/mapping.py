"""A mapping: what the columns of somebody's invoice table mean, as a TOML file says it."""

from __future__ import annotations

import codecs
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Self, get_args

import attrs

from karez.doors.files.shapes import ERROR_PREFIX
from karez.doors.files.trade.errors import (
    ColumnsMissingError,
    ColumnUnmappedError,
    MappingMalformedError,
    MappingUnknownError,
)
from karez.kernel.errors import KarezError
from karez.kernel.money import Currency, currency

Side = Literal["seller", "buyer"]
Status = Literal["issued", "void", "unknown"]

IGNORE = "ignore"
FIELDS = (
    "subject", "subject_name", "seller", "seller_name", "buyer", "buyer_name", "number", "valid_on",
    "due_on", "net", "tax", "total", "currency", "status", "kind", "order_number", IGNORE,
)  # fmt: skip
NEEDED = ("number", "valid_on", "total")
_SETTINGS = {
    "title", "currency", "subject", "party_scheme", "attester", "control_group", "encoding",
    "dates", "decimal_mark", "group_mark", "amounts", "status", "columns",
}  # fmt: skip


@attrs.frozen
class InvoiceMapping:
    """How to read a table of invoices; ``docs/reference/file-formats.md`` has the file's form."""

    columns: Mapping[str, str]
    statuses: Mapping[str, Status]
    currency: Currency | None = None
    subject: Side = "seller"
    party_scheme: str = ""
    attester: str = ""
    control_group: str = ""
    encoding: str = "utf-8"
    dates: Sequence[str] = ()
    decimal_mark: str = "."
    group_mark: str = ""
    amounts: Literal["major", "minor"] = "major"

    @classmethod
    def load(cls, name: str) -> Self:
        """Return the mapping in a file, or one that comes with Karez by its name.

        Raises:
            MappingUnknownError: there is no such file, nor such a name.
            MappingMalformedError: it is no mapping.
        """
        shipped = resources.files("karez.doors.files.trade") / "mappings"
        file = Path(name)
        if not file.is_file():
            known = sorted(each.name.removesuffix(".toml") for each in shipped.iterdir())
            if name not in known:
                raise MappingUnknownError(name=name, known=", ".join(known))
            return cls.parse((shipped / f"{name}.toml").read_bytes(), name)
        return cls.parse(file.read_bytes(), name)

    @classmethod
    def parse(cls, octets: bytes, file: str) -> Self:
        """Return the mapping that a TOML text holds; ``file`` is what errors call it.

        Raises:
            MappingMalformedError: it is no mapping.
        """
        try:
            return _built(cls, tomllib.loads(octets.decode()))
        except (UnicodeDecodeError, LookupError, TypeError, ValueError, KarezError) as fault:
            raise MappingMalformedError(file=file, reason=str(fault)) from fault

    def places(self, file: str, header: Sequence[str]) -> dict[str, int]:
        """Return where each field stands in a file with this header.

        Raises:
            ColumnUnmappedError: a column has no meaning here.
            ColumnsMissingError: a field that each invoice needs has no column.
        """
        found: dict[str, int] = {}
        for place, column in enumerate(header):
            if column.startswith(ERROR_PREFIX):
                continue
            if column not in self.columns:
                raise ColumnUnmappedError(file=file, column=repr(column))
            if self.columns[column] != IGNORE:
                found[self.columns[column]] = place
        parties = ("seller", "buyer") if "subject" not in found else ()
        by_default = () if self.currency else ("currency",)
        for field in (*NEEDED, *by_default, *parties):
            if field not in found:
                self._refuse_missing(file, field)
        if "seller" not in found and "buyer" not in found:
            self._refuse_missing(file, "seller or buyer")
        return found

    def _refuse_missing(self, file: str, field: str) -> None:
        asked = field.split(" or ")
        wanted = [column for column, meaning in self.columns.items() if meaning in asked]
        shown = ", ".join(wanted) or "no column"
        raise ColumnsMissingError(file=file, missing=field, wanted=shown)


def _built(kind: type[InvoiceMapping], found: dict[str, Any]) -> Any:  # as TOML has it
    for name in found:
        if name not in _SETTINGS:
            raise ValueError(f"{name} is no setting; there are {', '.join(sorted(_SETTINGS))}")
    columns: dict[str, str] = found.pop("columns", {})
    for column, field in columns.items():
        if field not in FIELDS:
            raise ValueError(f"column {column!r} means {field!r}, which is none of {FIELDS}")
    words: dict[str, list[str]] = found.pop("status", {})
    statuses: dict[str, Any] = {}  # of the words that were checked
    for status, said in words.items():
        if status not in get_args(Status):
            raise ValueError(f"status {status!r} is none of {get_args(Status)}")
        statuses |= {word.strip(): status for word in said}
    _check_choice(found, "subject", get_args(Side))
    _check_choice(found, "amounts", ("major", "minor"))
    for name, value in found.items():
        wanted = list if name == "dates" else str
        if not isinstance(value, wanted):
            raise TypeError(f"{name} is {value!r}")
    codecs.lookup(found.get("encoding", "utf-8"))
    found.pop("title", None)
    if "currency" in found:
        found["currency"] = currency(found["currency"])
    return kind(columns=columns, statuses=statuses, **found)


def _check_choice(found: Mapping[str, Any], name: str, choices: Sequence[str]) -> None:
    if found.get(name, choices[0]) not in choices:
        raise ValueError(f"{name} is {found[name]!r}, and can be {' or '.join(choices)}")

"""Files of claims: a row a registration, and what the register answered to each.

A row names itself by ``id``, in the scope of its source; a file without that column by what it
holds. The same row is then the same claim, however often it is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import IO, TypeVar
from uuid import UUID

import attrs

from karez.doors.files.errors import (
    ChoiceUnknownError,
    FieldMissingError,
)
from karez.doors.files.jsonl import read_jsonl
from karez.doors.files.records import check_columns
from karez.doors.files.rows import Block, Fault, Format, Table
from karez.doors.files.tables import format_of
from karez.kernel.errors import KarezError
from karez.kernel.money import currency, parse_amount
from karez.kernel.time import parse_date, parse_instant
from karez.services.bookkeeping import derive_id
from karez.services.rights import (
    Claim,
    Debt,
    Debtor,
    Done,
    Event,
    Kind,
    Register,
    Scheme,
    Thing,
)

COLUMNS = (
    "id", "kind", "holder", "business", "person", "things", "description", "amount", "currency",
    "attached_on", "until", "rules", "by", "effective_at", "evidence",
)  # fmt: skip
NEEDED = ("kind", "holder")
_SEVERAL = ";"  # between the debtors or the things of one field

T = TypeVar("T")


@attrs.frozen
class ClaimChunk:
    """Rows of a file, and the registrations of those that could be read, each with its row."""

    block: Block
    rows: Sequence[int]
    events: Sequence[Event]

    def mark_refused(self, header: Sequence[str], answers: Sequence[Done]) -> None:
        """Add what the register refused to the faults of the rows."""
        for row, done in zip(self.rows, answers, strict=True):
            if done.error is not None:
                field = str(done.error.details.get("field", ""))
                field = {"number of a thing": "things", "debtor": "business"}.get(field, field)
                field = field if field in header else ""
                value = self.block.rows[row][header.index(field)] if field else ""
                self.block.faults[row] = Fault(field, value, done.error)


@contextmanager
def open_claims(path: Path) -> Generator[Table]:
    """Give the table in a file while the block runs: CSV, JSON lines, Parquet or XLSX by its name.

    Raises:
        HeaderIncompleteError, HeaderUnknownError: a column is missing, or means nothing here.

    Else raises as ``open_table`` and ``read_jsonl`` do.
    """
    if format_of(path) is Format.JSONL:
        with path.open("rb") as stream:
            yield _read_json(stream, path)
        return
    from karez.doors.files.trade.sheets import open_table  # noqa: PLC0415 - Arrow is slow

    with open_table(path, "utf-8") as table:
        check_columns(table, COLUMNS, NEEDED)
        yield table


def _read_json(stream: IO[bytes], path: Path) -> Table:
    def columns_for(keys: Sequence[str]) -> tuple[str, ...]:
        return COLUMNS if "id" in keys else COLUMNS[1:]

    return read_jsonl(stream, str(path), columns_for)


def read_claims_file(table: Table, institution: str, source: str) -> Iterator[ClaimChunk]:
    """Give the registrations of a file chunk by chunk; what is wrong with a row is in its block."""
    seen: Counter[str] = Counter()
    for block in table.blocks:
        rows: list[int] = []
        events: list[Event] = []
        for place, fields in enumerate(block.rows):
            if place in block.faults:
                continue
            values = dict(zip(table.header, fields, strict=True))
            row = _Row({name: text.strip() for name, text in values.items()})
            claim = row.event(_row_id(institution, source, row.values, seen))
            if row.fault is not None:
                block.faults[place] = row.fault
            elif claim is not None:
                rows.append(place)
                events.append(claim)
        yield ClaimChunk(block, rows, events)


def _row_id(
    institution: str, source: str, values: Mapping[str, str], seen: Counter[str]
) -> tuple[UUID, UUID]:
    """Return the ids of a row's claim and event: the same for the same row, in any run."""
    name = values.get("id", "")
    if "id" not in values:  # the second row that says the same is another claim
        name = "\x1f".join(values.get(column, "") for column in COLUMNS)
        seen[name] += 1
        name = f"{name}\x1f{seen[name]}"
    scope = (institution, source)
    return derive_id(*scope, "claim", name), derive_id(*scope, "event", name)


@attrs.define
class _Row:
    """One row, field by field; the first fault is kept."""

    values: Mapping[str, str]
    fault: Fault | None = None

    def event(self, ids: tuple[UUID, UUID]) -> Event | None:
        """Return the registration that the row asks for, or None with its fault."""
        if "id" in self.values:
            self.needed("id", str)
        unit = self.values.get("currency", "").upper() or None
        claim = Claim(
            kind=self.needed("kind", _kind) or Kind.PLEDGE,
            holder=self.needed("holder", str) or "",
            debtors=(*(self.read("business", _businesses) or ()),
                     *(self.read("person", _persons) or ())),
            things=self.read("things", _things) or (),
            description=self.values.get("description", ""),
            amount_minor=self.read("amount", lambda text: _amount(text, unit)),
            currency=unit if self.values.get("amount") else None,
            attached_on=self.read("attached_on", _day),
            ends_at=self.read("until", _instant),
            rules=self.values.get("rules", "") or "own",
        )  # fmt: skip
        at = self.read("effective_at", _instant)
        if self.fault is not None:
            return None
        by, evidence = self.values.get("by", ""), self.values.get("evidence", "")
        right_id, event_id = ids
        return Event(right_id, Register(claim), at, by, evidence, event_id)

    def needed(self, name: str, parse: Callable[[str], T]) -> T | None:
        """Return a field that may not be empty."""
        if not self.values.get(name):
            self._broken(name, FieldMissingError(field=name))
            return None
        return self.read(name, parse)

    def read(self, name: str, parse: Callable[[str], T]) -> T | None:
        """Return a field, None where it is empty or at fault."""
        text = self.values.get(name, "")
        if not text:
            return None
        try:
            return parse(text)
        except KarezError as error:
            self._broken(name, error)
            return None

    def _broken(self, name: str, error: KarezError) -> None:
        self.fault = self.fault or Fault(name, self.values.get(name, ""), error)


def _kind(text: str) -> Kind:
    if text not in set(Kind):
        raise ChoiceUnknownError(value=text, choices=", ".join(Kind))
    return Kind(text)


def _parts(text: str) -> list[str]:
    return [part for each in text.split(_SEVERAL) if (part := each.strip())]


def _businesses(text: str) -> tuple[Debtor, ...]:
    return tuple(Debtor(Debt.BUSINESS, part) for part in _parts(text))


def _persons(text: str) -> tuple[Debtor, ...]:
    names = [part.partition(",") for part in _parts(text)]
    return tuple(Debtor(Debt.INDIVIDUAL, last.strip(), given.strip()) for last, _, given in names)


def _things(text: str) -> tuple[Thing, ...]:
    things: list[Thing] = []
    for part in _parts(text):
        scheme, _, number = part.partition("=")
        if scheme.upper() not in set(Scheme):
            known = ", ".join(f"{each}=NUMBER" for each in Scheme)
            raise ChoiceUnknownError(value=part, choices=known)
        things.append(Thing(Scheme(scheme.upper()), number))
    return tuple(things)


def _amount(text: str, unit: str | None) -> int:
    if unit is None:
        raise FieldMissingError(field="currency")
    return parse_amount(text, currency(unit))


def _day(text: str) -> date:
    return parse_date(text)


def _instant(text: str) -> datetime:
    return parse_instant(text)

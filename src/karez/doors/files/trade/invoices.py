"""A table of invoices as facts. Read ``read_invoices`` first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from typing import Any

import attrs

from karez.doors.files.errors import FieldMissingError
from karez.doors.files.rows import Block, Fault, Table
from karez.doors.files.trade.errors import DateFormError, StatusUnknownError
from karez.doors.files.trade.mapping import InvoiceMapping, Status
from karez.kernel.errors import KarezError
from karez.kernel.money import AmountMalformedError, Currency, currency, parse_amounts
from karez.services.evidence import Appended, Batch, canonical
from karez.services.trade import Intake, Invoice, Party, Repeats, digests_of, keys_of_repeats

CHANNEL = "file"
_DATES_KEPT = 20_000
_FIELD_OF_ERROR = {"total_minor": "total", "net_minor": "net", "tax_minor": "tax"}


@attrs.define
class InvoiceChunk:
    """The invoices of a block of rows. Rows at fault stand in the block's ``faults``."""

    block: Block
    header: Sequence[str]
    columns: dict[str, int]
    invoices: list[Invoice]
    rows: list[int]  # of the block, one for each invoice
    keys: list[str] = attrs.field(factory=list[str])

    @property
    def batch(self) -> Batch:
        """The invoices, ready to be recorded."""
        return Batch(self.invoices, self.keys)

    def mark_refused(self, done: Appended) -> None:
        """Add what the book refused to the faults of the rows."""
        for place, error in done.refused.items():
            row = self.rows[place]
            said = str(error.details.get("field", ""))
            column = self.columns.get(_FIELD_OF_ERROR.get(said, said))
            field = "" if column is None else self.header[column]
            value = "" if column is None else self.block.rows[row][column]
            self.block.faults[row] = Fault(field, value, error)


def read_invoices(
    table: Table, mapping: InvoiceMapping, intake: Intake, numbers: dict[str, Repeats]
) -> Iterator[InvoiceChunk]:
    """Yield the invoices of a table, a block of rows at a time.

    What is odd goes to the notes of ``intake``. ``numbers`` remembers, for the seller's side and
    the buyer's, which numbers each subject had before; share it between tables of one import.

    Raises:
        ColumnUnmappedError, ColumnsMissingError: the mapping does not fit the header.
    """
    columns = mapping.places(table.file, table.header)
    side = mapping.subject if "subject" not in columns else _other_side(columns)
    reader = _Reader(mapping, table.header, columns, side)
    contents_before = Repeats()
    numbers_before = numbers.setdefault(side, Repeats())
    for block in table.blocks:
        chunk = reader.chunk(block)
        contents = [canonical(invoice) for invoice in chunk.invoices]
        repeats = contents_before.take(digests_of(contents))
        chunk.keys = keys_of_repeats(repeats, contents)
        named = (f"{each.subject}\0{each.number}".encode() for each in chunk.invoices)
        again = numbers_before.take(digests_of(named))
        _note(intake, chunk.invoices, int((repeats > 0).sum()), int((again > 0).sum()))
        yield chunk


def _other_side(columns: dict[str, int]) -> str:
    return "seller" if "buyer" in columns else "buyer"


def _note(intake: Intake, invoices: Sequence[Invoice], repeats: int, again: int) -> None:
    void = [each.total_minor < 0 for each in invoices if each.status == "void"]
    intake.noted["void"] += len(void)
    intake.noted["negative"] += sum(each.total_minor < 0 for each in invoices)
    intake.noted["negative_and_void"] += sum(void)
    intake.noted["repeated_numbers"] += again
    intake.noted["repeated_word_for_word"] += repeats


@attrs.define
class _Reader:
    """Reads blocks of one table, column by column."""

    mapping: InvoiceMapping
    header: Sequence[str]
    columns: dict[str, int]
    side: str
    _dates: dict[str, date | KarezError] = attrs.field(factory=dict[str, "date | KarezError"])

    def chunk(self, block: Block) -> InvoiceChunk:
        """Return the invoices of a block, and mark the rows that cannot be read as one."""
        texts = {field: self._column(block, place) for field, place in self.columns.items()}
        units = self._units(block, texts.get("currency"))
        read = partial(self._each, block)
        days = read("valid_on", texts["valid_on"], self._date, needed=True)
        dues = read("due_on", texts.get("due_on"), self._date)
        statuses = read("status", texts.get("status"), self._status)
        net, tax, total = (
            self._amounts(block, field, texts.get(field), units)
            for field in ("net", "tax", "total")
        )
        numbers = read("number", texts["number"], str, needed=True)
        parties = self._parties(block, texts)
        orders, kinds = texts.get("order_number"), texts.get("kind")
        codes = ["" if unit is None else unit.code for unit in units]
        rows = [row for row in range(len(block)) if row not in block.faults]
        mapping, by_seller = self.mapping, self.side == "seller"
        invoices: list[Invoice] = []
        for row in rows:
            seller, buyer = parties[0][row], parties[1][row]
            subject = seller if by_seller else buyer
            invoices.append(
                Invoice(
                    subject=subject.party_id or f"name:{subject.name}",
                    valid_on=days[row],
                    attester=mapping.attester,
                    channel=CHANNEL,
                    control_group=mapping.control_group,
                    number=numbers[row],
                    seller=seller,
                    buyer=buyer,
                    currency=codes[row],
                    total_minor=total[row],
                    net_minor=net[row],
                    tax_minor=tax[row],
                    order_number=orders[row] if orders else "",
                    due_on=dues[row],
                    status=statuses[row] or "unknown",
                    kind=kinds[row] if kinds else "",
                )
            )
        return InvoiceChunk(block, self.header, self.columns, invoices, rows)

    def _column(self, block: Block, place: int) -> list[str]:
        return [text.strip() for text in block.column(place)]

    def _fault(self, block: Block, row: int, field: str, error: KarezError) -> None:
        place = self.columns[field]
        fault = Fault(self.header[place], block.rows[row][place], error)
        block.faults.setdefault(row, fault)

    def _each(
        self,
        block: Block,
        field: str,
        texts: Sequence[str] | None,
        read: Callable[[str], object],
        *,
        needed: bool = False,
    ) -> list[Any]:  # what the reader makes of them
        """Return what each text says, None where it is empty; ``needed`` ones may not be."""
        if texts is None:
            return [None] * len(block)
        values: list[Any] = []
        for row, text in enumerate(texts):
            value = read(text) if text else None
            if value is None and needed:
                value = FieldMissingError(field=field)
            if isinstance(value, KarezError):
                self._fault(block, row, field, value)
                value = None
            values.append(value)
        return values

    def _date(self, text: str) -> date | KarezError:
        found = self._dates.get(text)
        if found is None:
            if len(self._dates) > _DATES_KEPT:
                self._dates.clear()
            found = self._dates[text] = _parse_date(text, self.mapping.dates)
        return found

    def _status(self, text: str) -> Status | KarezError:
        found = self.mapping.statuses.get(text)
        if found is not None:
            return found
        return StatusUnknownError(value=text, known=", ".join(self.mapping.statuses) or "none")

    def _units(self, block: Block, texts: Sequence[str] | None) -> list[Currency | None]:
        """Return the currency of each row; None where it cannot be read, which is a fault."""
        default = self.mapping.currency
        if texts is None and default is not None:
            return [default] * len(block)
        known: dict[str, Currency | KarezError] = {
            "": default or FieldMissingError(field="currency")
        }
        units: list[Currency | None] = []
        for row, text in enumerate(texts or ()):
            if text not in known:
                try:
                    known[text] = currency(text)
                except KarezError as error:
                    known[text] = error
            found = known[text]
            if isinstance(found, KarezError):
                self._fault(block, row, "currency", found)
                units.append(None)
            else:
                units.append(found)
        return units

    def _amounts(
        self,
        block: Block,
        field: str,
        texts: Sequence[str] | None,
        units: Sequence[Currency | None],
    ) -> list[Any]:  # int; of a row at fault, or a column that may be missing, None
        """Return minor units; None where the column is not there or the cell is empty."""
        if texts is None:
            return [None] * len(block)
        if field == "total":
            for row, text in enumerate(texts):
                if not text:
                    self._fault(block, row, field, FieldMissingError(field=field))
        plain = [self._plain(text) for text in texts]
        minor = self.mapping.amounts == "minor"
        amounts: list[Any] = [None] * len(block)
        exponents = [None if unit is None else 0 if minor else unit.exponent for unit in units]
        for exponent in {each for each in exponents if each is not None}:
            rows = [row for row, each in enumerate(exponents) if each == exponent and plain[row]]
            values, errors = parse_amounts([plain[row] for row in rows], exponent)
            for row, value in zip(rows, values.tolist(), strict=True):
                amounts[row] = value
            for place, error in errors:
                row = rows[place]
                malformed = isinstance(error, AmountMalformedError)
                found = AmountMalformedError(text=texts[row]) if malformed else error
                self._fault(block, row, field, found)
        return amounts

    def _plain(self, text: str) -> str:
        """Return an amount with a point as its decimal mark and without groups."""
        mark, group = self.mapping.decimal_mark, self.mapping.group_mark
        if group:
            text = text.replace(group, "")
        if mark != ".":
            # A point that is no mark here must not become one.
            text = text.replace(".", "?").replace(mark, ".")
        return text

    def _parties(self, block: Block, texts: dict[str, list[str]]) -> list[list[Party]]:
        found: list[list[Party]] = []
        for side in ("seller", "buyer"):
            whose = "subject" if side == self.side and "subject" in texts else side
            ids, names = texts.get(whose), texts.get(f"{whose}_name")
            known: dict[tuple[str, str], Party] = {}
            parties: list[Party] = []
            for row in range(len(block)):
                key = (ids[row] if ids else "", names[row] if names else "")
                if key not in known:
                    known[key] = Party(party_id=self._scheme(key[0]), name=key[1])
                if not any(key):
                    self._fault(block, row, whose, FieldMissingError(field=side))
                parties.append(known[key])
            found.append(parties)
        return found

    def _scheme(self, text: str) -> str:
        scheme = self.mapping.party_scheme
        return f"{scheme}:{text}" if scheme and text and ":" not in text else text


def _parse_date(text: str, forms: Sequence[str]) -> date | KarezError:
    for form in ("%Y-%m-%d", *forms):
        try:
            return date(*time.strptime(text, form)[:3])
        except ValueError:
            continue
    return DateFormError(text=text, forms=", ".join(("%Y-%m-%d", *forms)))

"""What was refused of a file: told by line, and kept so that it can be mended and sent again."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import attrs

from karez.books.money.judge import Answer
from karez.doors.files.errors import FileUnwritableError
from karez.doors.files.postings import Chunk
from karez.doors.files.rows import Block, Fault, Table, as_csv
from karez.doors.files.shapes import ERROR_PREFIX, Shape
from karez.kernel.errors import KarezError, ensure
from karez.services.bookkeeping import Outcomes

_COLUMNS = ("error.line", "error.field", "error.code", "error.message")
_ON_DEBIT = {Answer.ACCOUNT_UNKNOWN_DEBIT, Answer.ACCOUNT_CLOSED_DEBIT, Answer.SAME_ACCOUNT}
_ON_CREDIT = {
    Answer.ACCOUNT_UNKNOWN_CREDIT,
    Answer.ACCOUNT_CLOSED_CREDIT,
    Answer.CURRENCY_MIXED,
}
# Of the whole entry: told once, by its first row.
_OF_ENTRY = {
    Answer.DATE_RANGE: "valid_on",
    Answer.PERIOD_CLOSED: "valid_on",
    Answer.ENTRY_CONFLICT: "id",
    Answer.ENTRY_MALFORMED: "id",
}


@attrs.frozen
class Refusal:
    """One row that was refused: where it stands, the column at fault, its value, the error."""

    file: str
    unit: str
    line: int
    field: str
    value: str
    error: KarezError

    def __str__(self) -> str:
        column = f", {self.field} {self.value!r}" if self.field else ""
        return f"{self.file}, {self.unit} {self.line}{column}: {self.error.message}"

    def as_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        where = {"file": self.file, self.unit: self.line, "field": self.field, "value": self.value}
        return where | {"error": self.error.as_dict()}


def find_refusals(table: Table, block: Block) -> Iterator[Refusal]:
    """Give the rows of a block that are at fault, in order."""
    for row, fault in sorted(block.faults.items()):
        line = block.lines[row]
        yield Refusal(table.file, table.unit, line, fault.field, fault.value, fault.error)


def mark_refused(table: Table, shape: Shape, chunk: Chunk, outcomes: Outcomes) -> None:
    """Add what the book refused of a chunk's batch to the faults of its rows."""
    for place in outcomes.refused:
        answer = Answer(outcomes.answer[place])
        of_entry = answer in _OF_ENTRY
        if answer is Answer.LINKED_REFUSED or (of_entry and chunk.batch.rows["line"][place]):
            continue
        on_credit = answer in _ON_CREDIT or answer is Answer.LIMIT_CREDIT
        row = int((chunk.credit_rows if on_credit else chunk.debit_rows)[place])
        side = "credit" if on_credit else "debit"
        if of_entry:
            field = _OF_ENTRY[answer]
        elif answer is Answer.PENDING_EXPIRED:
            field = "expires_at"
        elif answer in _ON_DEBIT | _ON_CREDIT:
            field = side if shape is Shape.TRANSFERS else "account"
        else:
            field = "amount" if shape is Shape.TRANSFERS else side
        value = chunk.block.rows[row][table.header.index(field)] if field in table.header else ""
        chunk.block.faults.setdefault(row, Fault(field, value, outcomes.error(place)))


@attrs.define
class RefusalFile:
    """Where refused entries are kept: every row as it stood, behind what was wrong with it."""

    path: Path
    table: Table
    encoding: str = "utf-8"
    _stream: IO[str] | None = None

    def __enter__(self) -> Self:
        # Octets that are not UTF-8 go out as they came in.
        try:
            self._stream = self.path.open(
                "w", encoding=self.encoding, errors="surrogateescape", newline=""
            )
        except OSError as fault:
            raise FileUnwritableError(file=str(self.path), reason=fault.strerror) from fault
        self._write(_COLUMNS, as_csv(self.table.header, self.table.separator))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._stream is not None:
            self._stream.close()

    def write(self, chunk: Chunk) -> None:
        """Keep every row of each entry that has a row at fault."""
        block = chunk.block
        for row in sorted({r for faulty in block.faults for r in chunk.entry_rows(faulty)}):
            fault = block.faults.get(row)
            why = ("", "", "refused with another row of its entry")
            if fault is not None:
                why = (fault.field, fault.error.code, fault.error.message)
            self._write((str(block.lines[row]), *why), block.texts[row])

    def write_rows(self, block: Block) -> None:
        """Keep the rows at fault where each stands for itself."""
        for row, fault in sorted(block.faults.items()):
            why = (str(block.lines[row]), fault.field, fault.error.code, fault.error.message)
            text = block.texts[row] or as_csv(block.rows[row], self.table.separator)
            self._write(why, text)

    def _write(self, why: Sequence[str], text: str) -> None:
        ensure(self._stream is not None, "refusals are written inside the with block")
        separator = self.table.separator
        text = text.rstrip("\r\n")
        already = sum(name.startswith(ERROR_PREFIX) for name in self.table.header)
        if already:  # an earlier file of refusals put these in front
            lines = text.splitlines(keepends=True)
            text = as_csv(next(csv.reader(lines, delimiter=separator))[already:], separator)
        if self._stream is not None:
            self._stream.write(f"{as_csv(why, separator)}{separator}{text}\n")

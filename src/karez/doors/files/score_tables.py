"""Loans from a file, as a score reads them; a row at fault is refused, and no other with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

import attrs
import numpy as np
import numpy.typing as npt

from karez.doors.files.errors import FieldMissingError
from karez.doors.files.rows import Block, Fault, refuse_incomplete, refuse_repeated
from karez.doors.files.rows import Table as FileTable
from karez.doors.files.score_errors import (
    LoanDayError,
    LoanDaysOrderError,
    LoanNumberError,
    LoanOutcomeError,
    LoanPropensityError,
    LoanRepeatedError,
    LoansNoneError,
    LoanWeightError,
    RecipeFileError,
)
from karez.doors.files.score_recipe import LoanColumns, ScoreRecipe
from karez.doors.files.trade.sheets import open_table
from karez.engines.score import Table
from karez.engines.score.develop import Evidence
from karez.engines.score.windows import months_between, outcomes_after
from karez.kernel.errors import KarezError

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]
Keep = Callable[[FileTable, Block], None]
Tell = Callable[[int], None]
T = TypeVar("T")
_OUTCOME, _WEIGHT, _PROPENSITY = (
    "\0outcome",
    "\0weight",
    "\0propensity",
)  # beside the names of columns, which have no NUL


@attrs.define
class _Gathered:
    """What was read so far, column by column."""

    ids: list[str] = attrs.field(factory=list[str])
    numbers: dict[str, list[float]] = attrs.field(factory=dict[str, "list[float]"])
    labels: dict[str, list[str | None]] = attrs.field(factory=dict[str, "list[str | None]"])
    days: dict[str, list[date | None]] = attrs.field(factory=dict[str, "list[date | None]"])
    refused: int = 0
    outside: int = 0
    """Rows without an outcome because the file that has the outcomes does not know them."""


@attrs.frozen(eq=False)
class Loans:
    """The rows of a file: columns of features, and what is known of the outcomes, if it is read."""

    table: Table
    evidence: Evidence | None
    refused: int


@attrs.frozen
class Ask:
    """What to read: the recipe, whether outcomes too, and a file with ``more`` columns by id."""

    recipe: ScoreRecipe
    with_outcome: bool
    more: Path | None = None


def read_loans(path: Path, ask: Ask, keep: Keep, tell: Tell) -> Loans:
    """Return the loans of a CSV, Parquet or XLSX file. ``keep`` is given blocks with faults.

    A column that has no meaning in the recipe is not looked at. A number may be empty, and so may a
    label and a day; an id may not, nor an outcome where they are asked for. A row that the file of
    more columns lacks has them empty; where these are the outcomes, it is left out and counted.

    Raises:
        HeaderIncompleteError: a column of the recipe is missing.
        HeaderRepeatedError: both files have a column.
        LoanRepeatedError: an id stands twice in the file of more columns.
        LoansNoneError: no row could be read, or none has an outcome.

    Else raises as ``open_table`` does.
    """
    gathered = _Gathered()
    with open_table(path, "utf-8") as opened:
        file = opened if ask.more is None else _joined(opened, ask.more, ask, gathered)
        wanted = _wanted(ask.recipe, with_outcome=ask.with_outcome)
        refuse_incomplete(file.header, file.file, wanted)
        seen: dict[str, int] = {}
        for block in file.blocks:
            reader = _Block(file.header, block, ask.recipe, seen)
            reader.read(gathered, with_outcome=ask.with_outcome)
            if block.faults:
                keep(file, block)
            tell(len(gathered.ids) + gathered.refused)
    if not gathered.ids:
        raise LoansNoneError(file=path)
    return _loans(path, gathered, ask)


def _joined(file: FileTable, more: Path, ask: Ask, gathered: _Gathered) -> FileTable:
    """Return the table with the columns of another file beside its own, by the id of each row."""
    key = ask.recipe.columns.id
    if key is None or key not in file.header:
        rule = "more columns are found by id: name the column of ids"
        raise RecipeFileError(file=file.file, field="loans.id", value=key, rule=rule)
    held: dict[str, list[str]] = {}
    with open_table(more, "utf-8") as other:
        refuse_incomplete(other.header, other.file, [key])
        place = other.header.index(key)
        names = [name for name in other.header if name != key]
        header = (*file.header, *names)
        refuse_repeated(header, f"{file.file} with {other.file}")
        lines: dict[str, int] = {}
        for block in other.blocks:
            for line, row in zip(block.lines, block.rows, strict=True):
                name = row[place].strip() if len(row) > place else ""
                if name in held:
                    raise LoanRepeatedError(id=name, line=lines[name])
                held[name], lines[name] = [*row[:place], *row[place + 1 :]], line

    needed = ask.with_outcome and ask.recipe.columns.outcome in names

    def blocks() -> Iterator[Block]:
        at, wide, none = file.header.index(key), len(file.header), [""] * len(names)
        for block in file.blocks:
            lines, rows = list[int](), list[list[str]]()
            for line, row in zip(block.lines, block.rows, strict=True):
                known = held.get(row[at].strip()) if len(row) == wide else []
                if known is None and needed:
                    gathered.outside += 1
                    continue
                lines.append(line)
                rows.append([*row, *(none if known is None else known)])
            yield attrs.evolve(block, lines=lines, rows=rows, texts=[""] * len(rows))

    return attrs.evolve(file, header=header, blocks=blocks())


def _loans(path: Path, gathered: _Gathered, ask: Ask) -> Loans:
    """Return what was gathered as columns."""
    columns = ask.recipe.columns
    numbers = {name: np.array(values) for name, values in gathered.numbers.items()}
    weight, outcome, propensity = (
        numbers.pop(name, None) for name in (_WEIGHT, _OUTCOME, _PROPENSITY)
    )
    used = {each.name for each in ask.recipe.recipe.features}
    labels = {name: values for name, values in gathered.labels.items() if name in used}
    table = Table(gathered.ids, numbers, labels)
    if not ask.with_outcome:
        return Loans(table, None, gathered.refused)
    days = {name: np.array(values, "datetime64[D]") for name, values in gathered.days.items()}
    evidence = Evidence(
        outcome=np.zeros(len(table)) if outcome is None else outcome,
        weight=weight,
        propensity=propensity,
        decided_on=days.get(columns.decided_on or ""),
        known_on={name: days[column] for name, column in columns.known_on.items()},
        groups={name: gathered.labels[name] for name in columns.groups},
        left_out={
            "rows that could not be read": gathered.refused,
            "rows that the file of outcomes does not know": gathered.outside,
        },
    )
    if columns.window_months is not None:
        table, evidence = _after_window(path, table, evidence, columns, days)
    return Loans(table, _weighted(evidence, columns, days), gathered.refused)


def _wanted(recipe: ScoreRecipe, *, with_outcome: bool) -> list[str]:
    columns = recipe.columns
    names = [columns.id, *(each.name for each in recipe.recipe.features)]
    if with_outcome:
        names += [columns.outcome, columns.weight, columns.propensity]
        names += [columns.decided_on, columns.defaulted_on]
        names += [*columns.groups, *columns.known_on.values()]
    return list(dict.fromkeys(name for name in names if name is not None))


def _after_window(
    path: Path, table: Table, evidence: Evidence, columns: LoanColumns, days: dict[str, Days]
) -> tuple[Table, Evidence]:
    """Keep the loans whose window has passed, and say of the others how many they are."""
    months, until = columns.window_months or 0, np.datetime64(columns.seen_until or date.min)
    decided, defaulted = days[columns.decided_on or ""], days[columns.defaulted_on or ""]
    found = outcomes_after(decided, defaulted, months=months, seen_until=until)
    if not len(found.rows):
        raise LoansNoneError(file=path)
    rows = found.rows
    left_out = {
        "loans without a day of decision": found.undated,
        f"loans whose window of {months} months has not passed": found.young,
    }
    kept = attrs.evolve(
        evidence,
        outcome=found.outcome,
        weight=None if evidence.weight is None else np.asarray(evidence.weight)[rows],
        propensity=None if evidence.propensity is None else np.asarray(evidence.propensity)[rows],
        decided_on=decided[rows],
        months_to_default=found.months_to_default,
        window_months=months,
        known_on={name: known[rows] for name, known in evidence.known_on.items()},
        groups={name: [group[row] for row in rows] for name, group in evidence.groups.items()},
        left_out={**evidence.left_out, **left_out},
    )
    return table.take(rows), kept


def _weighted(evidence: Evidence, columns: LoanColumns, days: dict[str, Days]) -> Evidence:
    """Add weights by outcome, and the time of default where the file has both days."""
    if columns.weights is not None:
        bad, good = columns.weights
        weight = np.where(np.asarray(evidence.outcome) == 1, bad, good)
        evidence = attrs.evolve(evidence, weight=weight)
    both = columns.decided_on is not None and columns.defaulted_on is not None
    if both and evidence.months_to_default is None:
        gone = days[columns.defaulted_on or ""]
        months = months_between(days[columns.decided_on or ""], gone)
        evidence = attrs.evolve(evidence, months_to_default=months)
    return evidence


@attrs.define
class _Block:
    """One block of rows being read; faults gather in it."""

    header: Sequence[str]
    block: Block
    recipe: ScoreRecipe
    seen: dict[str, int]

    def read(self, gathered: _Gathered, *, with_outcome: bool) -> None:
        """Read every column, and add the rows without fault to what was gathered."""
        ids = self._ids(self.recipe.columns)
        read = _Gathered()
        for feature in self.recipe.recipe.features:
            if feature.kind == "number":
                read.numbers[feature.name] = self._each(feature.name, number_of, math.nan)
            else:
                read.labels[feature.name] = self._labels(feature.name)
        if with_outcome:
            self._read_facts(read, self.recipe.columns)
        sound = [row for row in range(len(self.block)) if row not in self.block.faults]
        gathered.refused += len(self.block) - len(sound)
        gathered.ids += [ids[row] for row in sound]
        for name, numbers in read.numbers.items():
            gathered.numbers.setdefault(name, []).extend(numbers[row] for row in sound)
        for name, labels in read.labels.items():
            gathered.labels.setdefault(name, []).extend(labels[row] for row in sound)
        for name, days in read.days.items():
            gathered.days.setdefault(name, []).extend(days[row] for row in sound)

    def _read_facts(self, read: _Gathered, columns: LoanColumns) -> None:
        """Read what came of the loans, and by what they are weighed and grouped."""
        for name in columns.groups:
            read.labels[name] = self._labels(name)
        for name in (columns.decided_on, columns.defaulted_on, *columns.known_on.values()):
            if name is not None:
                read.days[name] = self._each(name, day_of, None)
        if columns.outcome is not None:
            read.numbers[_OUTCOME] = self._outcomes(columns.outcome, columns)
        if columns.weight is not None:
            read.numbers[_WEIGHT] = self._every(columns.weight, _weight)
        if columns.propensity is not None:
            read.numbers[_PROPENSITY] = self._every(columns.propensity, _propensity)
        self._in_order(columns, read.days)

    def _texts(self, name: str) -> list[str]:
        place = self.header.index(name)
        short = [row for row in self.block.rows if len(row) <= place]
        if short:  # a fault of the row is known already
            return [row[place] if len(row) > place else "" for row in self.block.rows]
        return self.block.column(place)

    def _fault(self, row: int, field: str, value: str, error: KarezError) -> None:
        self.block.faults.setdefault(row, Fault(field, value, error))

    def _ids(self, columns: LoanColumns) -> list[str]:
        if columns.id is None:
            return [str(line) for line in self.block.lines]
        ids = [text.strip() for text in self._texts(columns.id)]
        for row, name in enumerate(ids):
            line = self.block.lines[row]
            if not name:
                self._fault(row, columns.id, name, FieldMissingError(field=columns.id))
            elif self.seen.setdefault(name, line) != line:
                error = LoanRepeatedError(id=name, line=self.seen[name])
                self._fault(row, columns.id, name, error)
        return ids

    def _each(self, name: str, read: Callable[[str], T], missing: T) -> list[T]:
        """Return what is read of each text, ``missing`` for none and for what cannot be read."""
        found: list[T] = []
        for row, text in enumerate(self._texts(name)):
            value = missing
            if text and text != "nan":
                try:
                    value = read(text)
                except KarezError as error:
                    self._fault(row, name, text, error)
            found.append(value)
        return found

    def _every(self, name: str, read: Callable[[str], float]) -> list[float]:
        """Return a number of each row; a row without one is at fault."""
        for row, text in enumerate(self._texts(name)):
            if not text or text == "nan":
                self._fault(row, name, text, FieldMissingError(field=name))
        return self._each(name, read, math.nan)

    def _labels(self, name: str) -> list[str | None]:
        return [text.strip() or None for text in self._texts(name)]

    def _outcomes(self, name: str, columns: LoanColumns) -> list[float]:
        bad, good = ({value.lower() for value in side} for side in (columns.default, columns.paid))
        found: list[float] = []
        for row, text in enumerate(self._texts(name)):
            value = text.strip().lower()
            if value not in bad | good:
                error: KarezError = FieldMissingError(field=name)
                if value:
                    said = {"bad": ", ".join(columns.default), "good": ", ".join(columns.paid)}
                    error = LoanOutcomeError(value=text, **said)
                self._fault(row, name, text, error)
            found.append(float(value in bad))
        return found

    def _in_order(self, columns: LoanColumns, days: dict[str, list[date | None]]) -> None:
        if columns.defaulted_on is None:
            return
        decided = days.get(columns.decided_on or "", [None] * len(self.block))
        for row, (made, gone) in enumerate(zip(decided, days[columns.defaulted_on], strict=True)):
            fault = None
            if made is not None and gone is not None and gone < made:
                fault = f"before the decision on {made}"
            elif gone is not None and columns.seen_until is not None and gone > columns.seen_until:
                fault = f"after {columns.seen_until}, up to which defaults are known"
            if fault is not None:
                error = LoanDaysOrderError(defaulted_on=str(gone), fault=fault)
                self._fault(row, columns.defaulted_on, str(gone), error)


def number_of(text: str) -> float:
    """Return the finite number that a text is, or raise LoanNumberError."""
    try:
        value = float(text)
    except ValueError:
        raise LoanNumberError(value=text) from None
    if not math.isfinite(value) or "_" in text:
        raise LoanNumberError(value=text)
    return value


def _weight(text: str) -> float:
    value = number_of(text)
    if value < 0:
        raise LoanWeightError(value=text)
    return value


def _propensity(text: str) -> float:
    value = number_of(text)
    if not 0 < value <= 1:
        raise LoanPropensityError(value=text)
    return value


def day_of(text: str) -> date:
    """Return the day that a text begins with, or raise LoanDayError."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise LoanDayError(value=text) from None

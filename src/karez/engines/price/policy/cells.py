"""The language of a cell: which values a condition lets through.

``-`` or nothing is any value, a missing one too. Of numbers: ``>= 600``, ``< 3``, ``= 5`` or ``5``,
``!= 5``, ``[3, 12)`` with a bracket where the end belongs to it. Of labels: ``farm``,
``in (farm, mill)``, ``not in (bar)``, ``!= bar``; a label in double quotes is taken as it stands.
``missing`` is a value that is not there. Any of these are joined by ``or``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from math import inf, isfinite

import attrs

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
_COMPARED = re.compile(rf"(>=|<=|>|<|=|!=)?\s*({_NUMBER})")
_RANGE = re.compile(rf"([\[(])\s*({_NUMBER})\s*,\s*({_NUMBER})\s*([\])])")
_SET = re.compile(r"(in|not in)\s*\((.*)\)")
_UNEQUAL = re.compile(r"(=|!=)\s*(.+)")
_OR = re.compile(r'\s+or\s+(?=(?:[^"]*"[^"]*")*[^"]*$)')
_COMMA = re.compile(r'\s*,\s*(?=(?:[^"]*"[^"]*")*[^"]*$)')
_LABEL = re.compile(r'"([^"]*)"|([^"<>=!\[\]()]+)')
_MISSING = "missing"


class Kind(StrEnum):
    """What the values of a column are."""

    NUMBER = "number"
    LABEL = "label"


class CellError(ValueError):
    """What is wrong with a cell, as the end of a sentence."""


@attrs.frozen
class Interval:
    """Numbers from ``low`` to ``high``; each end belongs to it or not."""

    low: float = -inf
    high: float = inf
    low_in: bool = False
    high_in: bool = False


@attrs.frozen
class Condition:
    """What a cell lets through: numbers in an interval, or labels in a set or outside it."""

    text: str
    missing: bool
    intervals: tuple[Interval, ...] = ()
    labels: frozenset[str] = frozenset()
    others: bool = False
    """Labels that are not among ``labels`` pass, and those do not."""

    def is_any(self) -> bool:
        """Say whether everything passes."""
        return self.missing and (
            (self.others and not self.labels) or self.intervals == (Interval(),)
        )


def is_any(text: str) -> bool:
    """Say whether a cell asks for nothing."""
    return text.strip() in {"", "-"}


def kind_of(cells: Iterable[str]) -> Kind:
    """Return what the cells of a column are about: numbers, if all that ask something can be."""
    asking = [part for cell in cells if not is_any(cell) for part in _OR.split(cell.strip())]
    parts = [part for part in asking if part != _MISSING]
    numbers = [bool(_COMPARED.fullmatch(part) or _RANGE.fullmatch(part)) for part in parts]
    ordered = [bool(_RANGE.fullmatch(part)) or part[0] in "<>" for part in parts]
    # Where order is asked for, a word among the cells is a slip, which reading it will name.
    return Kind.NUMBER if parts and (all(numbers) or any(ordered)) else Kind.LABEL


def read_cell(text: str, kind: Kind) -> Condition:
    """Return the condition of a cell.

    Raises:
        CellError: it is none.
    """
    whole = text.strip()
    if is_any(whole):
        if kind is Kind.NUMBER:
            return Condition(whole, missing=True, intervals=(Interval(),))
        return Condition(whole, missing=True, others=True)
    parts = _OR.split(whole)
    missing = _MISSING in parts
    asked = [part for part in parts if part != _MISSING]
    if kind is Kind.NUMBER:
        found = tuple(interval for part in asked for interval in _intervals(part))
        return Condition(whole, missing, intervals=found)
    sets = [_labels(part) for part in asked]
    if len(sets) > 1 and any(others for _, others in sets):
        raise CellError("labels that are excluded cannot be joined by or")
    labels = frozenset(label for of_part, _ in sets for label in of_part)
    return Condition(whole, missing, labels=labels, others=any(others for _, others in sets))


def _intervals(part: str) -> list[Interval]:
    if found := _RANGE.fullmatch(part):
        low, high = float(found[2]), float(found[3])
        interval = Interval(low, high, found[1] == "[", found[4] == "]")
        if low > high or (low == high and not (interval.low_in and interval.high_in)):
            raise CellError("nothing lies between these ends")
        return [interval]
    found = _COMPARED.fullmatch(part)
    if found is None or not isfinite(float(found[2])):
        raise CellError("this column is of numbers: >= 600, [3, 12), 5, missing or -")
    value = float(found[2])
    return {
        ">=": [Interval(low=value, low_in=True)],
        ">": [Interval(low=value)],
        "<=": [Interval(high=value, high_in=True)],
        "<": [Interval(high=value)],
        "!=": [Interval(high=value), Interval(low=value)],
    }.get(found[1], [Interval(value, value, low_in=True, high_in=True)])


def _labels(part: str) -> tuple[list[str], bool]:
    """Return labels, and whether they are the ones that do not pass."""
    if found := _SET.fullmatch(part):
        return [_label(name) for name in _COMMA.split(found[2].strip())], found[1] == "not in"
    if found := _UNEQUAL.fullmatch(part):
        return [_label(found[2])], found[1] == "!="
    return [_label(part)], False


def _label(text: str) -> str:
    found = _LABEL.fullmatch(text.strip())
    if found is None:
        raise CellError("this column is of labels: farm, in (farm, mill), != bar, missing or -")
    return found[1] if found[1] is not None else found[2].strip()

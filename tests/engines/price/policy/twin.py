"""Policies read row by row and cell by cell, and tables and applications made by chance."""

import re
from itertools import product
from typing import Any

import attrs
import numpy as np
from hypothesis import strategies as st

from karez.engines.price.policy import Applications, Coded, Decision, Hit, Line, Outcome, Policy
from karez.engines.price.policy import read_policy as read

Value = float | str | None
NUMBERS = ("-", "", "missing", ">= 3", "> 3", "< 3", "<= 5", "= 5", "5", "!= 5", "[3, 5)", "(3, 5]",
           "[5, 5]", "< 3 or > 5", "[3, 5] or missing", "-2.5")  # fmt: skip
LABELS = ("-", "missing", "farm", "= farm", "in (farm, mill)", "not in (farm, mill)", "!= mill",
          "farm or missing", '"farm" or bar', "not in (bar) or missing")  # fmt: skip
SOME_NUMBERS = (None, -2.5, 0.0, 3.0, np.nextafter(3, 4), 4.0, 5.0, 6.0)
SOME_LABELS = (None, "farm", "mill", "bar", "else")


def passes(cell: str, value: Value) -> bool:
    """Read a cell the slow way, in its own words."""
    if cell in {"", "-"}:
        return True
    return any(_part(part, value) for part in cell.split(" or "))


def _part(part: str, value: Value) -> bool:
    if part == "missing" or value is None:
        return part == "missing" and value is None
    if isinstance(value, str):
        inside = not part.startswith(("!=", "not in"))
        names = re.sub(r'^(not in|in|!=|=)\s*|[()"]', "", part).split(", ")
        return (value in names) == inside
    if part[0] in "[(":
        low, high = (float(end) for end in part[1:-1].split(","))
        above = value >= low if part[0] == "[" else value > low
        return above and (value <= high if part[-1] == "]" else value < high)
    sign, number = re.fullmatch(r"(>=|<=|>|<|=|!=)?\s*(.+)", part).groups()
    wanted = float(number)
    return {">=": value >= wanted, "<=": value <= wanted, ">": value > wanted, "<": value < wanted,
            "!=": value != wanted}.get(sign, value == wanted)  # fmt: skip


def decide_slowly(lines: list[Line], hit: Hit, values: tuple[Value, ...]) -> tuple[Any, ...]:
    """Return decision, place of the row, and largest amount."""
    pairs = [zip(line.cells, values, strict=True) for line in lines]
    fit = [row for row, cells in enumerate(pairs) if all(passes(*pair) for pair in cells)]
    if not fit:
        return Decision.REFER, -1, None
    if hit is Hit.FIRST:
        fit = fit[:1]
    strictest = max(lines[place].outcome.decision for place in fit)
    first = next(place for place in fit if lines[place].outcome.decision is strictest)
    amounts = [lines[place].outcome.most_minor for place in fit]
    return strictest, first, min((each for each in amounts if each is not None), default=None)


@attrs.frozen
class Made:
    policy: Policy
    lines: list[Line]


@st.composite
def tables(draw: st.DrawFn, most_rows: int = 6) -> Made:
    """Tables of two columns of numbers and one of labels."""
    outcomes = st.builds(
        Outcome, st.sampled_from(Decision), st.just("why"), st.none() | st.integers(1, 3)
    )
    cells = st.tuples(st.sampled_from(NUMBERS), st.sampled_from(NUMBERS), st.sampled_from(LABELS))
    rows = draw(st.lists(st.tuples(cells, outcomes), min_size=1, max_size=most_rows))
    # A row of the plainest cells makes sure of the kinds of the columns.
    rows.append(((">= 3", "< 3", "farm"), Outcome(Decision.REFER, "rest")))
    lines = [Line(place + 2, *row) for place, row in enumerate(rows)]
    policy, errors = read("made", ("age", "debt", "trade"), lines, draw(st.sampled_from(Hit)))
    assert not errors
    return Made(policy, lines)


def every_application() -> list[tuple[Value, ...]]:
    return list(product(SOME_NUMBERS, SOME_NUMBERS, SOME_LABELS))


def columns(values: list[tuple[Value, ...]]) -> Applications:
    ages, debts, trades = zip(*values, strict=True)
    numbers = {name: np.array([np.nan if value is None else value for value in column])
               for name, column in (("age", ages), ("debt", debts))}  # fmt: skip
    names = ("else", "bar", "mill", "farm")
    codes = [-1 if trade is None else names.index(trade) for trade in trades]
    return Applications(len(values), numbers, {"trade": Coded(np.array(codes, np.int32), names)})

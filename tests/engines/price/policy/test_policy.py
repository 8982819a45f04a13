"""Decision tables: their language, what they decide beside slow twins, what is wrong with them."""

import json

import attrs
import numpy as np
import pytest
import zen
from hypothesis import given, settings

from engines.price.policy.twin import (
    LABELS,
    NUMBERS,
    SOME_LABELS,
    SOME_NUMBERS,
    Made,
    columns,
    decide_slowly,
    every_application,
    passes,
    tables,
)
from karez.engines.price.errors import PolicyColumnError, PolicyTooLargeError
from karez.engines.price.limit import NO_LIMIT
from karez.engines.price.policy import (
    Applications,
    Coded,
    Decision,
    Hit,
    Line,
    Outcome,
    Past,
    Policy,
    check,
    decide,
    read_policy,
    simulate,
    to_zen,
)
from karez.engines.price.policy.decide import fitting_rows

APPLICATIONS = every_application()
YES, NO, ASK = (Outcome(decision, decision.name.lower()) for decision in
                (Decision.APPROVE, Decision.REFUSE, Decision.REFER))  # fmt: skip


def policy(
    *rows: tuple[object, ...], hit: Hit = Hit.FIRST, names: str = "age debt trade"
) -> Policy:
    """Make a policy of rows, each some cells and an outcome; the first stands in line 2."""
    lines = [Line(place + 2, tuple(map(str, row[:-1])), row[-1]) for place, row in enumerate(rows)]
    found, errors = read_policy("test", names.split(), lines, hit)
    assert not errors
    return found


@pytest.mark.parametrize("cell", NUMBERS)
def test_cell__of_numbers(cell: str):
    made = policy((cell, YES), (">= 99", NO), names="age")
    values = np.array([np.nan if value is None else value for value in SOME_NUMBERS])
    found = decide(made, Applications(len(values), {"age": values}, {}))
    assert (found.row == 0).tolist() == [passes(cell, value) for value in SOME_NUMBERS]


@pytest.mark.parametrize("cell", LABELS)
def test_cell__of_labels(cell: str):
    made = policy((cell, YES), ("nobody", NO), names="trade")
    codes = np.array([-1, 0, 1, 2, 3], np.int32)
    found = decide(made, Applications(5, {}, {"trade": Coded(codes, SOME_LABELS[1:])}))
    assert (found.row == 0).tolist() == [passes(cell, value) for value in SOME_LABELS]


@pytest.mark.parametrize(
    "cell", ["[5, 3)", "(5, 5]", ">= x", "about 5", "in (1, 2)", ">= 1e999", "[1, 2", "5 or"]
)
def test_cell__of_numbers_that_is_none(cell: str):
    lines = [Line(2, ("> 3",), YES), Line(3, (cell,), YES), Line(4, ("< 1",), NO)]
    found, [error] = read_policy("table.csv", ["age"], lines)
    assert error.details["row"] == 3
    assert error.details["column"] == "age"
    # The rows around it are read all the same.
    assert [row.number for row in found.rows] == [2, 4]


@pytest.mark.parametrize("cell", ["in ()", "in farm)", "!= a or != b", "a,(b"])
def test_cell__of_labels_that_is_none(cell: str):
    _, [error] = read_policy("t", ["trade"], [Line(2, ("farm",), YES), Line(3, (cell,), NO)])
    assert error.details["row"] == 3


def test_column__of_numbers_in_quotes_is_one_of_labels():
    made = policy(('"31"', YES), ('"32"', NO), names="industry")
    codes = Coded(np.array([1, 0], np.int32), ("31", "32"))
    found = decide(made, Applications(2, {}, {"industry": codes}))
    assert found.decision.tolist() == [Decision.REFUSE, Decision.APPROVE]


@settings(max_examples=60)
@given(tables())
def test_decide__is_what_reading_row_by_row_finds(made: Made):
    found = decide(made.policy, columns(APPLICATIONS))
    for place, values in enumerate(APPLICATIONS):
        decision, row, most = decide_slowly(made.lines, made.policy.hit, values)
        assert found.decision[place] == decision, values
        assert found.row[place] == row, values
        assert found.most_minor[place] == (NO_LIMIT if most is None else most), values


@settings(max_examples=25)
@given(tables())
def test_decide__is_what_zen_finds(made: Made):
    graph = zen.ZenEngine().create_decision(json.dumps(to_zen(made.policy)))
    applications = columns(APPLICATIONS)
    found = decide(made.policy, applications)
    for place, values in list(enumerate(APPLICATIONS))[::3]:
        if np.nextafter(3, 4) in values:  # zen counts in decimals, with fewer digits
            continue
        result = graph.evaluate(dict(zip(made.policy.columns, values, strict=True)))["result"]
        hits = result if isinstance(result, list) else [result] if result else []
        rows = [hit["row"] - 2 for hit in hits]
        if made.policy.hit is Hit.COLLECT:
            assert rows == fitting_rows(made.policy, applications, place)
        else:
            assert rows == [row for row in [int(found.row[place])] if row >= 0], values
        for hit in hits:  # zen leaves out what is null
            outcome = made.lines[hit["row"] - 2].outcome
            assert hit["decision"] == outcome.decision.name.lower()
            assert hit.get("most_minor") == outcome.most_minor
            assert hit["reason"] == outcome.reason


def test_decide__one_is_as_one_of_many_rows_beyond_a_word():
    lines = [(f"= {place}", Outcome(Decision(place % 3), str(place))) for place in range(200)]
    made = policy(*lines, names="age")
    ages = np.arange(-1.0, 201.0)
    found = decide(made, Applications(len(ages), {"age": ages}, {}))
    assert found.row.tolist() == [-1, *range(200), -1]
    collected = decide(
        attrs.evolve(made, hit=Hit.COLLECT), Applications(len(ages), {"age": ages}, {})
    )
    assert collected.row.tolist() == found.row.tolist()
    assert collected.decision.tolist() == found.decision.tolist()


def test_decide__names_a_column_that_is_not_there():
    made = policy((">= 3", YES), names="age")
    with pytest.raises(PolicyColumnError, match="not in them"):
        decide(made, Applications(1, {}, {}))
    with pytest.raises(PolicyColumnError, match="holds numbers here"):
        decide(made, Applications(1, {}, {"age": Coded(np.zeros(1, np.int32), ("a",))}))
    with pytest.raises(PolicyColumnError):
        read_policy("t", ["age"], [])


@settings(max_examples=60)
@given(tables())
def test_check__finds_rows_that_decide_nothing_and_cases_without_a_row(made: Made):
    found = check(made.policy)
    decided = {decide_slowly(made.lines, made.policy.hit, values)[1] for values in APPLICATIONS}
    if made.policy.hit is Hit.FIRST:
        dead = {line.number for place, line in enumerate(made.lines) if place not in decided}
        # The applications here have a value in each piece of each column.
        assert set(found.dead) == dead
    assert bool(found.gaps) == (-1 in decided)
    for gap in found.gaps:
        inside = [values for values in APPLICATIONS
                  if all(_in_gap(gap[name], value)
                         for name, value in zip(made.policy.columns, values, strict=True)
                         if name in gap)]  # fmt: skip
        assert inside
        assert all(decide_slowly(made.lines, made.policy.hit, values)[1] == -1 for values in inside)


def _in_gap(words: str, value: object) -> bool:
    """Read a gap; its words are those of cells, and two of its own."""
    parts = words.split(" or ")
    if value is not None and {"any number", "any label"} & set(parts):
        return True
    return passes(words, value)


def test_check__says_what_clashes_and_what_does_not():
    # 2 and 3 cut across each other; 4 is the rule that both are exceptions of.
    rows = [(">= 5", "-", "-", YES), ("-", "< 3", "-", NO), ("-", "-", "-", ASK)]
    found = check(policy(*rows))
    assert [(clash.upper, clash.lower) for clash in found.clashes] == [(2, 3)]
    # A refusal above is how a policy refuses; where all rows count the strictest holds anyway.
    assert check(policy(rows[1], rows[0], rows[2])).sound
    assert check(policy(*rows, hit=Hit.COLLECT)).sound
    small = attrs.evolve(YES, most_minor=5)
    assert len(check(policy(rows[0], ("-", "< 3", "-", small), rows[2])).clashes) == 1
    assert not found.dead
    assert not found.gaps
    assert check(policy((">= 5", YES), ("-", ASK), names="age")).sound


def test_check__names_gaps_in_the_language_of_cells():
    rows = [("[3, 5)", "farm", YES), ("> 5", "-", NO), ("3", "mill", YES)]
    assert check(policy(*rows, names="age trade")).gaps == (
        {"age": "< 3 or 5 or missing"},
        {"age": "3", "trade": "not in (farm, mill) or missing"},
        {"age": "(3, 5)", "trade": "not in (farm) or missing"},
    )
    assert check(policy((">= 3", YES), names="age")).gaps == ({"age": "< 3 or missing"},)
    assert check(policy(("missing", YES), names="age")).gaps == ({"age": "any label"},)


def test_check__stops_where_there_is_too_much_to_look_through():
    made = policy((">= 5", "-", "-", YES), ("-", "< 3", "-", NO), ("-", "-", "farm", ASK))
    assert not check(made).sound
    with pytest.raises(PolicyTooLargeError):
        check(made, steps_most=2)


def past(ages: list[float], trades: list[int], group: str | None = None) -> Past:
    count = len(ages)
    codes = Coded(np.array(trades, np.int32), ("farm", "mill"))
    applications = Applications(count, {"age": np.array(ages)}, {"trade": codes})
    return Past(applications, np.full(count, 100), np.full(count, 0.1), np.full(count, 0.05), group)


def test_simulate__counts_what_moves():
    old = policy((">= 5", YES), ("-", NO), names="age")
    new = policy((">= 4", attrs.evolve(YES, most_minor=60)), ("< 2", ASK), names="age")
    found = simulate(new, old, past([1, 2, 4, 5, 6], [0, 0, 1, 1, -1], "trade"))
    assert (found.new.approved, found.new.referred, found.new.refused) == (3, 2, 0)
    assert (found.old.approved, found.old.referred, found.old.refused) == (2, 0, 3)
    assert (found.new.amount_minor, found.old.amount_minor) == (180, 200)
    assert found.new.loss_minor == pytest.approx(18)
    assert found.new.profit_minor == pytest.approx(9)
    assert found.swap_in.tolist() == [2]
    assert found.swap_out.tolist() == []
    assert found.by_row.tolist() == [3, 1, 1]
    assert found.groups is not None
    assert found.groups.names == ("farm", "mill", "missing")
    assert found.groups.new_share.tolist() == [0, 1, 1]
    assert found.groups.old_share.tolist() == [0, 0.5, 1]
    assert found.groups.ratio(found.groups.old_share).tolist() == [0, 0.5, 1]
    turned = simulate(old, new, past([1, 2, 4, 5, 6], [0, 0, 1, 1, -1]))
    assert turned.swap_out.tolist() == [2]
    assert turned.groups is None


def test_simulate__says_what_each_application_gets():
    old, new = policy((">= 5", YES), names="age"), policy((">= 1", YES), names="age")
    found = simulate(new, old, past([1, 9], [0, 0]))
    assert found.new_granted_minor.sum() == found.new.amount_minor > found.old.amount_minor
    assert found.old_granted_minor.tolist()[0] == 0
    assert found.old_granted_minor.sum() == found.old.amount_minor

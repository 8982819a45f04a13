"""Charts: well-formed whatever they are given, linear in values, and their labels keep apart."""

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doors.console.gallery_charts import drawings
from karez.doors.console import charts
from karez.doors.console.charts.drawing import Drawing, Scale, keep_apart, short, stack_rows, ticks
from karez.doors.console.charts.graph import layers_of

VALUES = st.floats(-1e9, 1e9, allow_nan=False)
TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]), max_size=12
)  # what XML can hold: a control character is no text of anyone's
NUMBERS = r"-?[0-9.]+"


def elements(svg: str, name: str, class_: str = "") -> list[ET.Element]:
    return [
        element
        for element in ET.fromstring(svg).iter(name)
        if class_ in element.get("class", "").split() or not class_
    ]


# ---- Scales, ticks, labels


@given(VALUES, VALUES, VALUES)
def test_scale__is_linear(low, high, value):
    scale = Scale(low, high, 10, 110)
    if high - low > 1e-3:
        assert scale(low) == pytest.approx(10)
        assert scale(high) == pytest.approx(110)
        middle = scale((low + value) / 2)
        assert middle == pytest.approx((10 + scale(value)) / 2, abs=1e-4, rel=1e-6)


@given(VALUES, VALUES)
def test_ticks__cover_and_are_round(one, other):
    low, high = sorted((one, other))
    marks = ticks(low, high)
    slack = 1e-6 * max(abs(low), abs(high), 1)
    assert marks[0] <= low + slack
    assert marks[-1] >= high - slack
    assert 2 <= len(marks) <= 9
    steps = {
        round((later - earlier) / (marks[1] - marks[0]), 6) for earlier, later in pairwise(marks)
    }
    assert steps == {1.0}


@given(st.lists(st.floats(-50, 350), max_size=12))
def test_keep_apart__in_order_within_bounds(wanted):
    placed = keep_apart(wanted, 15, 0, 300)
    gap = min(15, 300 / max(len(wanted) - 1, 1))
    assert all(-1e-6 <= place <= 300 + 1e-6 for place in placed)
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    assert all(placed[b] - placed[a] >= gap - 1e-6 for a, b in pairwise(order))


def test_keep_apart__what_is_apart_stays():
    assert keep_apart([10, 100, 40], 15, 0, 300) == [10, 100, 40]


SPANS = st.lists(st.tuples(st.integers(0, 80), st.integers(1, 30)), max_size=12)


@given(SPANS)
def test_stack_rows__no_overlap_and_no_line_through_a_label(spans):
    spans = [(left, left + width) for left, width in spans]
    rows = stack_rows(spans)
    for number, (left, right) in enumerate(spans):
        for other, (begin, end) in enumerate(spans[:number]):
            if left < end and right > begin:
                assert rows[number] > rows[other]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (950, "950"),
        (1_250_000, "1.25\xa0M"),
        (-88_000, "\N{MINUS SIGN}88\xa0k"),
        (0.031, "0.031"),
    ],
)
def test_short(value, said):
    assert short(value) == said


# ---- Drawings


@pytest.mark.parametrize(
    "name", [name for name, made in drawings().items() if isinstance(made, Drawing)]
)
def test_drawing__has_a_name_and_no_style(name):
    drawing = drawings()[name]
    assert isinstance(drawing, Drawing)
    root = ET.fromstring(drawing.svg)
    assert root.find("title").text == drawing.title
    assert "style" not in drawing.svg
    assert all(len(row) == len(drawing.headings) for row in drawing.rows)
    assert drawing.rows


@given(
    st.dictionaries(TEXTS, st.lists(st.none() | VALUES, min_size=3, max_size=3), max_size=8), TEXTS
)
def test_lines__well_formed_and_each_value_in_its_place(series, title):
    drawing = charts.lines(title, ["a<", "b&", '"c'], series, heading="x", filled=True)
    known = [value for values in series.values() for value in values if value is not None]
    dots = elements(drawing.svg, "circle")
    assert len(dots) == len(known)
    marks = ticks(min([0.0, *known]), max([0.0, *known]))
    down = Scale(marks[0], marks[-1], 240 - 26, 14)
    for dot, value in zip(dots, known, strict=True):
        assert float(dot.get("cy")) == pytest.approx(down(value), abs=0.06)
    assert len(drawing.rows) == 3


@given(st.lists(st.tuples(*[st.integers(0, 10**8)] * 2), min_size=1, max_size=30))
def test_stacked__parts_stand_on_each_other_to_their_sum(parts):
    labels = [str(number) for number in range(len(parts))]
    series = {"p": [part[0] for part in parts], "i": [part[1] for part in parts]}
    svg = charts.stacked("t", labels, series, heading="x").svg
    bars = [bar for bar in elements(svg, "rect", "chart-bar") if bar.find("title") is not None]
    most = ticks(0, max(map(sum, parts)))[-1]
    per_unit = (240 - 26 - 29) / most
    for index, part in enumerate(parts):
        pair = bars[index], bars[index + len(parts)]
        for bar, value in zip(pair, part, strict=True):
            assert float(bar.get("height")) == pytest.approx(value * per_unit, abs=0.11)
        top = float(pair[1].get("y")) + float(pair[1].get("height"))
        assert top == pytest.approx(float(pair[0].get("y")), abs=0.16)


@given(
    st.lists(st.integers(0, 1000), min_size=1, max_size=40),
    st.lists(st.tuples(TEXTS, st.floats(0, 60)), max_size=6),
)
def test_histogram__markers_never_collide(counts, marks):
    markers = [charts.Marker(label, value) for label, value in marks]
    svg = charts.histogram(
        "t", list(range(len(counts) + 1)), counts, headings=("a", "b"), markers=markers
    ).svg
    assert len(elements(svg, "line", "chart-marker")) == len(markers)
    assert len(elements(svg, "rect")) == len(counts)


@given(st.floats(-1e6, 1e6), st.lists(VALUES, max_size=8))
def test_waterfall__ends_at_the_sum(start, changes):
    steps = [(str(number), change) for number, change in enumerate(changes)]
    drawing = charts.waterfall("t", ("a", start), steps, "b", headings=("x", "y"), form=repr)
    assert float(drawing.rows[-1][1]) == pytest.approx(start + sum(changes), abs=1e-3)
    ET.fromstring(drawing.svg)


@given(st.lists(VALUES, max_size=9))
def test_spark__well_formed_or_nothing(values):
    svg = charts.spark("t", values)
    assert not svg if not values else ET.fromstring(svg) is not None


# ---- The graph


PAIRS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=16)


@given(PAIRS)
def test_layers__lead_right_unless_they_would_close_a_circle(pairs):
    keys = [str(number) for number in range(8)]
    forward = [(str(min(pair)), str(max(pair))) for pair in pairs if pair[0] != pair[1]]
    layers = layers_of(keys, forward)
    assert all(layers[begin] < layers[end] for begin, end in forward)
    assert set(layers_of(keys, [(str(a), str(b)) for a, b in pairs])) == set(keys)


@given(PAIRS)
def test_layered__every_edge_is_drawn_and_no_box_covers_another(pairs):
    nodes = [charts.Node(str(number), f"<{number}>") for number in range(8)]
    edges = [charts.Edge(str(a), str(b)) for a, b in pairs]
    drawing = charts.layered("t", nodes, edges, headings=("a", "b", "c"))
    assert len(elements(drawing.svg, "path", "chart-link")) == len(edges)
    boxes = [
        tuple(float(box.get(side)) for side in ("x", "y", "width", "height"))
        for box in elements(drawing.svg, "rect")
    ]
    for index, (x, y, width, height) in enumerate(boxes):
        for left, top, wide, high in boxes[:index]:
            assert x >= left + wide or left >= x + width or y >= top + high or top >= y + height
    assert re.search(rf'viewBox="0 0 {NUMBERS} {NUMBERS}"', drawing.svg)


# ---- Tints


def test_heat__the_greatest_is_the_deepest():
    grid = charts.heat("t", ["a", "b", "c"], [("r", [0, 0.5, 1.0]), ("s", [None, -1, 0.05])],
                       corner="x", form=str)  # fmt: skip
    assert [[cell.step for cell in cells] for _, cells in grid.rows] == [[0, 5, 9], [0, 0, 0]]
    assert grid.rows[1][1][0].text == "\N{EN DASH}"

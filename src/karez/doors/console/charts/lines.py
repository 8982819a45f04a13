"""Lines over time, each named where it ends, and the small line inside a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from karez.doors.console.charts.drawing import (
    BOTTOM,
    HEIGHT,
    LEFT,
    LINE_PX,
    TOP,
    WIDTH,
    Drawing,
    Form,
    Scale,
    keep_apart,
    label_axis,
    place,
    short,
    svg_of,
    tag,
    ticks,
    value_axis,
    width_of,
)

Values = Sequence[float | None]
_DASH = "\N{EN DASH}"


def lines(  # noqa: PLR0913 - what a chart of lines is made of
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Values],
    *,
    heading: str,
    form: Form = short,
    description: str = "",
    filled: bool = False,
) -> Drawing:
    """Return lines over common labels; None is a gap. ``filled`` tints what is below them."""
    known = [value for values in series.values() for value in values if value is not None]
    marks = ticks(min([0.0, *known]), max([0.0, *known]))
    right = WIDTH - 14 - max([width_of(name) for name in series], default=0)
    across = Scale(0, max(len(labels) - 1, 1), LEFT + 8, right)
    down = Scale(marks[0], marks[-1], HEIGHT - BOTTOM, TOP)
    parts = value_axis(down, marks, right, form) + label_axis(labels, across, HEIGHT - 8)
    ends: list[tuple[str, int, float, float]] = []
    for number, (name, values) in enumerate(series.items(), start=1):
        points = [(across(index), down(value)) for index, value in _known(values)]
        parts += _line(_runs(values, across, down), number, down(0) if filled else None)
        parts += _dots(labels, values, name, number, across, down, form)
        if points:
            ends.append((name, number, *points[-1]))
    tops = keep_apart([end[3] for end in ends], LINE_PX, TOP, HEIGHT - BOTTOM)
    parts += [
        tag(
            "text", name, x=right + 8, y=top + 4, class_=f"chart-name series-{(number - 1) % 6 + 1}"
        )
        for (name, number, _, _), top in zip(ends, tops, strict=True)
    ]
    rows = tuple(
        (label, *(_said(values, index, form) for values in series.values()))
        for index, label in enumerate(labels)
    )
    return Drawing(title, svg_of(title, description, parts), (heading, *series), rows)


def spark(title: str, values: Sequence[float]) -> Markup:
    """Return a small line without axes, to stand beside a figure."""
    if not values:
        return Markup("")
    across = Scale(0, max(len(values) - 1, 1), 2, 78)
    down = Scale(min(values), max(values), 22, 2)
    points = [(across(index), down(value)) for index, value in enumerate(values)]
    drawn = [
        tag("path", d=_path(points), class_="chart-line"),
        tag("circle", cx=points[-1][0], cy=points[-1][1], r="2", class_="chart-dot"),
    ]
    return svg_of(title, "", drawn, width=80, height=24, class_="spark series-1")


def _known(values: Values) -> list[tuple[int, float]]:
    return [(index, value) for index, value in enumerate(values) if value is not None]


def _runs(values: Values, across: Scale, down: Scale) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((across(index), down(value)))
    return [run for run in runs if run]


def _line(
    runs: Sequence[list[tuple[float, float]]], number: int, floor: float | None
) -> list[Markup]:
    drawn: list[Markup] = []
    class_ = f"series-{(number - 1) % 6 + 1}"
    for run in runs:
        if floor is not None:
            closed = f"{_path(run)}L{place(run[-1][0])} {place(floor)}L{place(run[0][0])} "
            drawn.append(tag("path", d=f"{closed}{place(floor)}Z", class_=f"chart-area {class_}"))
        drawn.append(tag("path", d=_path(run), class_=f"chart-line {class_}"))
    return drawn


def _dots(  # noqa: PLR0913, PLR0917 - a tip says all of it
    labels: Sequence[str],
    values: Values,
    name: str,
    number: int,
    across: Scale,
    down: Scale,
    form: Form,
) -> list[Markup]:
    return [
        tag("circle", tip=f"{name}, {labels[index]}: {form(value)}", cx=across(index),
            cy=down(value), r="2.5", class_=f"chart-dot series-{(number - 1) % 6 + 1}")
        for index, value in _known(values)
    ]  # fmt: skip


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{place(x)} {place(y)}" for x, y in points)


def _said(values: Values, index: int, form: Form) -> str:
    value = values[index]
    return _DASH if value is None else form(value)

"""Bars: stacked by part, a distribution with its marks, the steps from one figure to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

import attrs
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
    label_axis,
    short,
    stack_rows,
    svg_of,
    tag,
    ticks,
    value_axis,
    width_of,
)

RIGHT = WIDTH - 20


@attrs.frozen
class Marker:
    """A value that a distribution is judged by, and its name: VaR, expected loss."""

    label: str
    value: float


def stacked(  # noqa: PLR0913 - what a chart of bars is made of
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[float]],
    *,
    heading: str,
    form: Form = short,
    description: str = "",
) -> Drawing:
    """Return a bar for each label, of parts that are not below nothing: principal and interest."""
    sums = [sum(parts) for parts in zip(*series.values(), strict=True)]
    marks = ticks(0, max([0.0, *sums]))
    top = TOP + LINE_PX
    down = Scale(0, marks[-1], HEIGHT - BOTTOM, top)
    step, across = _bands(len(labels))
    drawn = value_axis(down, marks, RIGHT, form) + _legend(list(series))
    heights = [0.0] * len(labels)
    for number, (name, values) in enumerate(series.items()):
        for index, value in enumerate(values):
            low, high = heights[index], heights[index] + value
            heights[index] = high
            drawn.append(
                tag("rect", tip=f"{labels[index]}, {name}: {form(value)}",
                    x=across(index) - step * 0.38, width=step * 0.76,
                    y=down(high), height=down(low) - down(high),
                    class_=f"chart-bar series-{number % 6 + 1}")
            )  # fmt: skip
    drawn += label_axis(labels, across, HEIGHT - 8)
    rows = tuple(
        (label, *(form(values[index]) for values in series.values()))
        for index, label in enumerate(labels)
    )
    return Drawing(title, svg_of(title, description, drawn), (heading, *series), rows)


def histogram(  # noqa: PLR0913 - what a distribution is made of
    title: str,
    edges: Sequence[float],
    counts: Sequence[float],
    *,
    headings: tuple[str, str],
    markers: Sequence[Marker] = (),
    form: Form = short,
    description: str = "",
) -> Drawing:
    """Return a distribution over ``len(counts) + 1`` edges, and its markers in rows above it."""
    marks = ticks(0, max([0.0, *counts]), 4)
    across = Scale(min(edges), max([*edges, *(marker.value for marker in markers)]), LEFT, RIGHT)
    markers = sorted(markers, key=lambda marker: -marker.value)
    lefts = [max(across(marker.value) - width_of(_named(marker, form)), LEFT) for marker in markers]
    rows = stack_rows(
        [
            (left, left + width_of(_named(marker, form)) + 6)
            for marker, left in zip(markers, lefts, strict=True)
        ]
    )
    top = TOP + LINE_PX * (max(rows, default=-1) + 1)
    down = Scale(0, marks[-1], HEIGHT - BOTTOM, top)
    drawn = value_axis(down, marks, RIGHT, short)
    for begin, end, count in zip(edges, edges[1:], counts, strict=False):
        left, right = across(begin), across(end)
        drawn.append(
            tag("rect", tip=f"{form(begin)} \N{EN DASH} {form(end)}: {short(count)}",
                x=left + 0.5, width=max(right - left - 1, 0.5),
                y=down(count), height=down(0) - down(count), class_="chart-bar series-1")
        )  # fmt: skip
    for marker, left, row in zip(markers, lefts, rows, strict=True):
        x, y = across(marker.value), TOP + LINE_PX * row
        drawn += [
            tag("line", x1=x, x2=x, y1=y + 4, y2=HEIGHT - BOTTOM, class_="chart-marker"),
            tag("text", _named(marker, form), x=left, y=y),
        ]
    below = [mark for mark in ticks(across.low, across.high) if across.low <= mark <= across.high]
    drawn += label_axis(
        [form(mark) for mark in below], lambda index: across(below[index]), HEIGHT - 8
    )
    table = [
        (f"{form(begin)} \N{EN DASH} {form(end)}", short(count))
        for begin, end, count in zip(edges, edges[1:], counts, strict=False)
    ]
    table += [(marker.label, form(marker.value)) for marker in markers]
    return Drawing(title, svg_of(title, description, drawn), headings, tuple(table))


def waterfall(  # noqa: PLR0913 - what a waterfall is made of
    title: str,
    start: tuple[str, float],
    steps: Sequence[tuple[str, float]],
    end: str,
    *,
    headings: tuple[str, str],
    form: Form = short,
    description: str = "",
) -> Drawing:
    """Return how a figure became another: where it began, each step up or down, where it ended."""
    levels = list(accumulate((change for _, change in steps), initial=start[1]))
    bars = [(start[0], 0.0, start[1], start[1], 1)]
    bars += [
        (name, before, after, change, 3 if change >= 0 else 2)
        for (name, change), before, after in zip(steps, levels, levels[1:], strict=False)
    ]
    bars.append((end, 0.0, levels[-1], levels[-1], 1))
    marks = ticks(min(0.0, *levels), max(0.0, *levels))
    down = Scale(marks[0], marks[-1], HEIGHT - BOTTOM - LINE_PX, TOP + LINE_PX)
    step, across = _bands(len(bars))
    drawn = value_axis(down, marks, RIGHT, form)
    for index, (name, low, high, change, series) in enumerate(bars):
        y = min(down(low), down(high))
        drawn += [
            tag("rect", tip=f"{name}: {form(change)}", x=across(index) - step * 0.34,
                width=step * 0.68, y=y, height=max(abs(down(low) - down(high)), 0.5),
                class_=f"chart-bar series-{series}"),
            tag("text", form(change), x=across(index), y=y - 4, text_anchor="middle"),
        ]  # fmt: skip
    drawn += label_axis([bar[0] for bar in bars], across, HEIGHT - 8, rows=2)
    rows = tuple((bar[0], form(bar[3])) for bar in bars)
    return Drawing(title, svg_of(title, description, drawn), headings, rows)


def _bands(count: int) -> tuple[float, Scale]:
    step = (RIGHT - LEFT) / max(count, 1)
    return step, Scale(
        0, max(count - 1, 1), LEFT + step / 2, LEFT + step / 2 + step * max(count - 1, 1)
    )


def _legend(names: Sequence[str]) -> list[Markup]:
    drawn: list[Markup] = []
    x = float(LEFT)
    for number, name in enumerate(names):
        drawn += [
            tag("rect", x=x, y=2, width=10, height=10, class_=f"chart-bar series-{number % 6 + 1}"),
            tag("text", name, x=x + 15, y=11),
        ]
        x += width_of(name) + 32
    return drawn


def _named(marker: Marker, form: Form) -> str:
    return f"{marker.label} {form(marker.value)}"

"""What a drawing is, and what all need: scales, ticks, widths of text, labels that keep apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import attrs
from markupsafe import Markup, escape

WIDTH, HEIGHT = 560, 240
LEFT, TOP, BOTTOM = 56, 14, 26
LINE_PX = 15
FORMS = ((1e12, "T"), (1e9, "bn"), (1e6, "M"), (1e3, "k"))
_WIDE_FROM = 0x2E80  # ideographs and what surrounds them are as wide as they are high
_STEPS = (1, 2, 2.5, 5, 10)

Form = Callable[[float], str]
"""How a value is written on an axis, in a tip and in the table."""


@attrs.frozen
class Drawing:
    """A chart: its SVG, and the same as a table for who cannot see it or wants the figures."""

    title: str
    svg: Markup
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@attrs.frozen
class Scale:
    """Where a value lies on an axis: linear from ``low`` at ``start`` to ``high`` at ``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the coordinate of a value."""
        span = self.high - self.low
        share = (value - self.low) / span if span else 0.5
        return self.start + share * (self.end - self.start)


def short(value: float) -> str:
    """Return a figure as an axis has room for: 1250000 is ``1.25 M``."""
    sign = "\N{MINUS SIGN}" if value < 0 else ""
    size = abs(value)
    for least, word in FORMS:
        if size >= least:
            return f"{sign}{size / least:.3g}\N{NO-BREAK SPACE}{word}"
    return f"{sign}{size:.3g}"


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round values that cover ``low`` to ``high``, near ``about`` of them."""
    if high - low <= (abs(low) + abs(high)) * 1e-9 + 1e-12:  # as good as one value
        high = low + max(abs(low), 1.0)
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in _STEPS if step * power >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


def width_of(text: str) -> float:
    """Return about how wide a text of 12 pixels is drawn, rather too wide than too narrow."""
    return sum(12.5 if ord(letter) >= _WIDE_FROM else 7.2 for letter in text)


def keep_apart(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places near the wanted ones, in their order, ``gap`` apart and between the bounds.

    Where there is no room for all of them, the gap shrinks.
    """
    count = len(wanted)
    if count < 2:
        return [min(max(place, low), high) for place in wanted]
    gap = min(gap, (high - low) / (count - 1))
    order = sorted(range(count), key=lambda index: wanted[index])
    placed = [0.0] * count
    below = low - gap
    for index in order:
        below = placed[index] = max(wanted[index], below + gap)
    above = high + gap
    for index in reversed(order):
        above = placed[index] = min(placed[index], above - gap)
    return placed


def stack_rows(spans: Sequence[tuple[float, float]]) -> list[int]:
    """Return for each span the row below all earlier ones that it overlaps.

    A line dropped from inside a span thus meets no other span on its way down.
    """
    rows: list[int] = []
    for number, (left, right) in enumerate(spans):
        over = [
            row
            for row, (begin, end) in zip(rows, spans[:number], strict=True)
            if left < end and right > begin
        ]
        rows.append(max(over, default=-1) + 1)
    return rows


def place(value: float) -> str:
    """Return a coordinate, to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")


def tag(name: str, text: str = "", /, tip: str = "", **attributes: float | str) -> Markup:
    """Return an element with a text, and a tip that shows when one points at it."""
    written = Markup("").join(
        Markup(' {}="{}"').format(
            key.rstrip("_").replace("_", "-"),
            value if isinstance(value, str) else place(value),
        )
        for key, value in attributes.items()
    )
    inside = (Markup("<title>{}</title>").format(tip) if tip else Markup("")) + escape(text)
    return Markup("<{0}{1}>{2}</{0}>").format(name, written, inside)


def svg_of(  # noqa: PLR0913 - a drawing has so many parts
    title: str,
    description: str,
    parts: Sequence[Markup],
    *,
    width: float = WIDTH,
    height: float = HEIGHT,
    class_: str = "",
    role: str = "img",
) -> Markup:
    """Return a whole drawing, with its name and description for screen readers."""
    head = tag("title", title) + (tag("desc", description) if description else Markup(""))
    box = f"0 0 {place(width)} {place(height)}"
    attributes = {"class": class_} if class_ else {}
    if role == "group":  # it holds links, and is drawn in its own size
        attributes |= {"aria-label": title, "width": place(width), "height": place(height)}
    return tag("svg", head + Markup("").join(parts), viewBox=box, role=role, **attributes)


def value_axis(scale: Scale, marks: Sequence[float], right: float, form: Form) -> list[Markup]:
    """Return the lines and figures of a vertical axis of values."""
    drawn: list[Markup] = []
    for mark in marks:
        y = scale(mark)
        drawn += [
            tag("line", x1=LEFT, x2=right, y1=y, y2=y, class_="chart-axis"),
            tag("text", form(mark), x=LEFT - 6, y=y + 4, text_anchor="end", class_="chart-quiet"),
        ]
    return drawn


def label_axis(
    labels: Sequence[str], at: Callable[[int], float], y: float, rows: int = 1
) -> list[Markup]:
    """Return the labels below a chart, as many as find room beside each other in so many rows."""
    if not labels:
        return []
    widest = max(map(width_of, labels)) + 10
    room = abs(at(len(labels) - 1) - at(0)) + widest
    every = max(1, math.ceil(len(labels) * widest / room / rows))
    return [
        tag("text", labels[index], x=at(index), y=y - LINE_PX * (rows - 1 - turn % rows),
            text_anchor="middle", class_="chart-quiet")
        for turn, index in enumerate(range(0, len(labels), every))
    ]  # fmt: skip

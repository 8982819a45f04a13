"""Nodes in layers from left to right, as evidence leads to what it supports (Sugiyama's method)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import attrs
from markupsafe import Markup

from karez.doors.console.charts.drawing import (
    Drawing,
    place,
    svg_of,
    tag,
    width_of,
)

NODE_HEIGHT, ROW_GAP, LAYER_GAP, MARGIN = 34, 18, 64, 6
SWEEPS = 8


@attrs.frozen
class Node:
    """Something that is drawn as a box; ``series`` is its colour, from 1 to 6."""

    key: str
    label: str
    series: int = 1
    href: str = ""


@attrs.frozen
class Edge:
    """From one node to another, by their keys."""

    begin: str
    end: str
    label: str = ""


@attrs.frozen
class _Spot:
    x: float
    y: float
    width: float


def layered(
    title: str,
    nodes: Sequence[Node],
    edges: Sequence[Edge],
    *,
    headings: tuple[str, str, str],
    description: str = "",
) -> Drawing:
    """Return the graph with every edge leading right, save those that would close a circle."""
    layers = layers_of([node.key for node in nodes], [(edge.begin, edge.end) for edge in edges])
    columns, chains = _with_bends(layers, edges)
    _order(columns, chains)
    spots, width, height = _places(columns, {node.key: node for node in nodes})
    drawn = [
        part
        for edge, chain in zip(edges, chains, strict=True)
        for part in _edge(edge, [spots[key] for key in chain])
    ]
    drawn += [_node(node, spots[node.key]) for node in nodes]
    names = {node.key: node.label for node in nodes}
    rows = tuple((names[edge.begin], edge.label, names[edge.end]) for edge in edges)
    svg = svg_of(title, description, drawn, width=width, height=height, role="group")
    return Drawing(title, svg, headings, rows)


def layers_of(keys: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Return the layer of each node: one more than the greatest of those that lead to it.

    An edge back to a node that leads here is left out, so that a circle has layers too.
    """
    before: dict[str, list[str]] = {key: [] for key in keys}
    for begin, end in edges:
        before[end].append(begin)
    layers: dict[str, int] = {}
    for key in keys:
        path: list[tuple[str, int]] = [(key, 0)]
        open_keys = {key}
        while path:
            here, taken = path.pop()
            if here in layers:
                open_keys.discard(here)
                continue
            if taken < len(before[here]):
                path.append((here, taken + 1))
                there = before[here][taken]
                if there not in layers and there not in open_keys:
                    path.append((there, 0))
                    open_keys.add(there)
                continue
            known = [layers[there] for there in before[here] if there in layers]
            layers[here] = max(known, default=-1) + 1
            open_keys.discard(here)
    return layers


def _with_bends(
    layers: Mapping[str, int], edges: Sequence[Edge]
) -> tuple[list[list[str]], list[list[str]]]:
    """Return the nodes of each layer, with a bend where an edge crosses a layer, and the chains."""
    columns: list[list[str]] = [[] for _ in range(max(layers.values(), default=-1) + 1)]
    for key, layer in layers.items():
        columns[layer].append(key)
    chains: list[list[str]] = []
    for number, edge in enumerate(edges):
        low, high = layers[edge.begin], layers[edge.end]
        step = 1 if high >= low else -1
        bends = [(layer, f"\0{number}:{layer}") for layer in range(low + step, high, step)]
        for layer, key in bends:
            columns[layer].append(key)
        chains.append([edge.begin, *(key for _, key in bends), edge.end])
    return columns, chains


def _order(columns: list[list[str]], chains: Sequence[Sequence[str]]) -> None:
    """Order each layer by the middle of what its nodes are tied to, there and back a few times."""
    ties: dict[str, set[str]] = {key: set() for column in columns for key in column}
    for chain in chains:
        for one, other in pairwise(chain):
            ties[one].add(other)
            ties[other].add(one)
    for sweep in range(SWEEPS):
        numbers = range(1, len(columns)) if sweep % 2 == 0 else range(len(columns) - 2, -1, -1)
        for number in numbers:
            beside = columns[number - 1 if sweep % 2 == 0 else number + 1]
            ranks = {key: rank for rank, key in enumerate(beside)}
            own = {key: rank for rank, key in enumerate(columns[number])}

            def middle(key: str, ranks: dict[str, int] = ranks, own: dict[str, int] = own) -> float:
                found = [ranks[tied] for tied in ties[key] if tied in ranks]
                return sum(found) / len(found) if found else own[key]

            columns[number].sort(key=middle)


def _places(
    columns: Sequence[Sequence[str]], nodes: Mapping[str, Node]
) -> tuple[dict[str, _Spot], float, float]:
    row = NODE_HEIGHT + ROW_GAP
    height = MARGIN * 2 + max((len(column) for column in columns), default=1) * row - ROW_GAP
    spots: dict[str, _Spot] = {}
    x = float(MARGIN)
    for column in columns:
        wide = max(width_of(nodes[key].label) + 24 if key in nodes else 0 for key in column)
        top = (height - len(column) * row + ROW_GAP) / 2
        for rank, key in enumerate(column):
            spots[key] = _Spot(x, top + rank * row + NODE_HEIGHT / 2, wide)
        x += wide + LAYER_GAP
    return spots, max(x - LAYER_GAP + MARGIN, 2 * MARGIN), height


def _edge(edge: Edge, spots: Sequence[_Spot]) -> list[Markup]:
    path = ""
    for here, there in pairwise(spots):
        x1, x2 = here.x + here.width, there.x
        reach = max(abs(x2 - x1) / 2, 12)
        if not path:
            path = f"M{place(x1)} {place(here.y)}"
        path += (
            f"C{place(x1 + reach)} {place(here.y)} {place(x2 - reach)} {place(there.y)} "
            f"{place(x2)} {place(there.y)}"
        )
        path += f"L{place(x2 + there.width)} {place(there.y)}" if there is not spots[-1] else ""
    x, y = spots[-1].x, spots[-1].y
    head = f"M{place(x)} {place(y)}l-7 -4v8z"
    return [
        tag("path", tip=edge.label, d=path, class_="chart-link"),
        tag("path", d=head, class_="chart-arrow"),
    ]


def _node(node: Node, spot: _Spot) -> Markup:
    box = tag("rect", x=spot.x, y=spot.y - NODE_HEIGHT / 2, width=spot.width, height=NODE_HEIGHT,
              rx="6", class_=f"chart-node series-{node.series}")  # fmt: skip
    name = tag("text", node.label, x=spot.x + spot.width / 2, y=spot.y + 4, text_anchor="middle")
    drawn = box + name
    return tag("a", drawn, href=node.href) if node.href else tag("g", drawn)

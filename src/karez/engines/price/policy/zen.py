"""A policy as a decision graph of GoRules (JDM), for engines and editors that read it."""

from __future__ import annotations

import json
from math import isinf
from typing import Any

from karez.engines.price.policy.cells import Condition, Interval, Kind
from karez.engines.price.policy.table import Policy


def to_zen(policy: Policy) -> dict[str, Any]:
    """Return the graph: an input, one decision table, an output; ready for JSON.

    It gives ``row``, ``decision``, ``most_minor`` and ``reason`` of the first row that fits, or a
    list of all that do. A value that is missing must be null.
    """
    outputs = ("row", "decision", "most_minor", "reason")
    rules: list[dict[str, str]] = []
    for row in policy.rows:
        cells = {
            f"in{place}": _expression(cell, policy.kinds[place])
            for place, cell in enumerate(row.cells)
        }
        outcome = row.outcome
        values = (row.number, outcome.decision.name.lower(), outcome.most_minor, outcome.reason)
        decided = {f"out{place}": json.dumps(value) for place, value in enumerate(values)}
        rules.append({"_id": f"row{row.number}", **cells, **decided})
    table = {
        "hitPolicy": policy.hit.value,
        "inputs": _fields("in", policy.columns),
        "outputs": _fields("out", outputs),
        "rules": rules,
    }
    place = {"x": 0, "y": 0}
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "request", "type": "inputNode", "name": "request", "position": place},
            {"id": "table", "type": "decisionTableNode", "name": policy.name, "position": place,
             "content": table},
            {"id": "response", "type": "outputNode", "name": "response", "position": place},
        ],
        "edges": [
            {"id": "first", "sourceId": "request", "targetId": "table", "type": "edge"},
            {"id": "second", "sourceId": "table", "targetId": "response", "type": "edge"},
        ],
    }  # fmt: skip


def _fields(prefix: str, names: tuple[str, ...]) -> list[dict[str, str]]:
    return [
        {"id": f"{prefix}{place}", "name": name, "field": name} for place, name in enumerate(names)
    ]


def _expression(cell: Condition, kind: Kind) -> str:
    """Return a cell in the unary form of zen, in which a comma is an or."""
    if cell.is_any():
        return ""
    labels = sorted(cell.labels)
    if cell.others:
        return f"$ not in {_json(labels if cell.missing else [*labels, None])}"
    parts = ["null"] if cell.missing else []
    if kind is Kind.LABEL:
        parts += [_json(label) for label in labels]
    return ", ".join(parts + [_within(interval) for interval in cell.intervals])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _within(interval: Interval) -> str:
    low, high = f"{interval.low:.15g}", f"{interval.high:.15g}"
    if isinf(interval.low):
        return f"{'<=' if interval.high_in else '<'} {high}"
    if isinf(interval.high):
        return f"{'>=' if interval.low_in else '>'} {low}"
    return f"{'[' if interval.low_in else '('}{low}..{high}{']' if interval.high_in else ')'}"

"""The reference as pages: every operation with its example, every code of an error.

They are made from the table and the classes of errors, and ask for nothing from elsewhere.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from karez.doors.api.openapi import ABOUT, ALWAYS
from karez.doors.api.problems import CODES, REFERENCE, status_of_kind
from karez.doors.operations import OPERATIONS, AnyOperation, Retry
from karez.doors.operations.operation import Control
from karez.kernel.errors import KarezError

_FOLDER = Path(__file__).with_name("templates")
_REF = "#/{name}"
_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'"}
_RETRY = {
    Retry.READ: "it changes nothing",
    Retry.NATURAL: "asked for twice it is done once",
    Retry.KEYED: "it needs an Idempotency-Key",
}
_CONTROL = {
    Control.ALONE: "nobody else must agree",
    Control.ABOVE_LIMIT: "above your limit somebody else must agree",
    Control.ALWAYS: "somebody else must agree",
}
_STATUS = {
    "too-large": 413,
    "no-such-path": 404,
    "no-such-method": 405,
    "too-many-requests": 429,
    "fault": 500,
    "request-malformed": 422,
}


def reference_routes() -> list[BaseRoute]:
    """Return the routes of the reference."""
    loader = jinja2.FileSystemLoader(_FOLDER)
    template = jinja2.Environment(loader=loader, autoescape=True).get_template("reference.html")
    style = (_FOLDER / "reference.css").read_text()
    page = template.render(title="Operations", tags=_tags(), about=ABOUT)

    def operations(_: Request) -> Response:
        return HTMLResponse(page, headers=_POLICY)

    def errors(_: Request) -> Response:
        found = template.render(title="Errors", errors=_errors())
        return HTMLResponse(found, headers=_POLICY)

    def styled(_: Request) -> Response:
        return Response(style, media_type="text/css")

    return [
        Route("/docs", operations),
        Route(REFERENCE, errors),
        Route("/docs/reference.css", styled),
    ]


def _tags() -> dict[str, list[dict[str, Any]]]:
    tags: dict[str, list[dict[str, Any]]] = {}
    for operation in OPERATIONS.values():
        tags.setdefault(operation.name.partition(".")[0], []).append(_shown(operation))
    return tags


def _shown(operation: AnyOperation) -> dict[str, Any]:
    (given, got), parts = msgspec.json.schema_components(
        [operation.input, operation.output], ref_template=_REF
    )
    return {
        "name": operation.name,
        "method": operation.method,
        "path": operation.path,
        "summary": operation.summary,
        "permission": operation.permission,
        "control": _CONTROL[operation.control],
        "retry": _RETRY[operation.retry],
        "curl": _curl(operation, _resolved(given, parts)),
        "inputs": list(_fields(_resolved(given, parts))),
        "outputs": list(_fields(_resolved(got, parts))),
        "errors": sorted({kind.code for kind in (*ALWAYS, *operation.errors)}),
    }


def _resolved(schema: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    return parts[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _fields(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the fields of an object as a reader wants them."""
    must = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        meaning = field.get("description", "")
        yield {
            "name": name, "kind": _kind(field), "meaning": meaning, "required": name in must,
        }  # fmt: skip


def _kind(field: dict[str, Any]) -> str:
    """Return in a few words what a field holds."""
    if "anyOf" in field:
        return " or ".join(_kind(arm) for arm in field["anyOf"])
    if "$ref" in field:
        return field["$ref"].rpartition("/")[2]
    if "enum" in field:
        return "one of " + ", ".join(map(str, field["enum"]))
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items', {}))}"
    return field.get("format") or field.get("type", "any")


_EXAMPLES: dict[str, Any] = {
    "string": "...",
    "integer": 1,
    "number": 0.5,
    "boolean": True,
    "array": [],
    "object": {},
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
}


def _curl(operation: AnyOperation, schema: dict[str, Any]) -> str:
    """Return how to ask for it with curl, with all that must be given."""
    fields = schema.get("properties", {})
    given = {
        name: _EXAMPLES.get(fields[name].get("format") or fields[name].get("type", ""), "...")
        for name in schema.get("required", [])
        if name not in operation.path_fields
    }
    path = re.sub(r"{(\w+)}", r"$\1", operation.path)
    reads = operation.method == "GET"
    query = "&".join(f"{name}={value}" for name, value in given.items()) if reads else ""
    lines = [f'curl "$KAREZ{path}{"?" if query else ""}{query}"']
    lines += [] if reads else [f"-X {operation.method}"]
    lines.append('-H "Authorization: Bearer $KEY"')
    if operation.retry is Retry.KEYED:
        lines.append('-H "Idempotency-Key: $(uuidgen)"')
    if not reads:
        lines += ['-H "Content-Type: application/json"', f"-d '{json.dumps(given)}'"]
    return " \\\n  ".join(lines)


def _errors() -> list[dict[str, Any]]:
    """Return every code that an answer may have, in order.

    What can be raised has been imported, so the classes that are there now are all that matter.
    """
    found = {
        kind.code: {
            "code": kind.code,
            "status": status_of_kind(kind),
            "paragraphs": inspect.cleandoc(kind.__doc__ or "").split("\n\n"),
        }
        for kind in _below(KarezError)
    }
    for code, meaning in CODES.items():
        found[code] = {"code": code, "status": _STATUS.get(code, 400), "paragraphs": [meaning]}
    return [found[code] for code in sorted(found)]


def _below(base: type[KarezError]) -> Iterator[type[KarezError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _below(kind)

"""The OpenAPI 3.1 document, made from the table of operations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

import karez
from karez.doors.api.problems import MEDIA_TYPE, status_of_kind
from karez.doors.operations import OPERATIONS, AnyOperation, Retry
from karez.doors.operations.errors import InputFaultsError, NotPermittedError, OfficesBusyError
from karez.doors.operations.operation import Control
from karez.doors.operations.perform import KEY_MOST
from karez.kernel.errors import KarezError

_REF = "#/components/schemas/{name}"
ALWAYS: tuple[type[KarezError], ...] = (InputFaultsError, NotPermittedError, OfficesBusyError)


class Problem(msgspec.Struct):
    """What was wrong, where, and what to do (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    retryable: bool


def document(operations: Iterable[AnyOperation] = tuple(OPERATIONS.values())) -> dict[str, Any]:
    """Return the OpenAPI document of these operations."""
    every = list(operations)
    kinds = [kind for each in every for kind in (each.input, each.output)]
    schemas, components = msgspec.json.schema_components([*kinds, Problem], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for place, operation in enumerate(every):
        given = components[schemas[2 * place]["$ref"].rpartition("/")[2]]
        described = _describe(operation, given, schemas[2 * place + 1])
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    for operation in every:  # inputs are taken apart into path, query and body
        components.pop(operation.input.__name__, None)
    tags = dict.fromkeys(each.name.partition(".")[0] for each in every)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Karez",
            "version": "1",
            "summary": "Books, loans and rights of a lender in a small market.",
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "x-karez-version": karez.__version__,
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": [{"name": name} for name in tags],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {
                "problem": {
                    "description": "What was wrong, and what to do.",
                    "content": {MEDIA_TYPE: {"schema": schemas[-1]}},
                }
            },
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key of a machine, or a token that it was exchanged for.",
                }
            },
        },
    }


ABOUT = """Amounts are whole numbers of the smallest unit of their currency. Dates are those of
ISO 8601. What moves money takes an `Idempotency-Key`: the same key again gives the first answer,
and nothing is done twice. With `Karez-Preview: true` everything is done and nothing is kept. Every
error is a problem document (RFC 9457)."""

_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Any text of yours: asked for again under it, this is not done again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_MOST},
}
_PREVIEW = {
    "name": "Karez-Preview",
    "in": "header",
    "required": False,
    "description": "Whether to do everything and keep nothing.",
    "schema": {"type": "string", "enum": ["true", "false"]},
}


def _describe(operation: AnyOperation, given: dict[str, Any], output: Any) -> dict[str, Any]:
    """Return an operation as OpenAPI has it."""
    fields: dict[str, Any] = dict(given.get("properties", {}))
    required = [name for name in given.get("required", []) if name in fields]
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": fields.pop(name)}
        for name in operation.path_fields
    ]
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.name.partition(".")[0]],
        "summary": operation.summary,
        "parameters": parameters,
        "responses": _responses(operation, output),
        "x-permission": operation.permission,
        "x-four-eyes": operation.control.value,
        "x-retry": operation.retry.value,
    }
    if operation.method == "GET":
        parameters += [
            {"name": name, "in": "query", "required": name in required, "schema": _present(schema)}
            for name, schema in fields.items()
        ]
        return described
    parameters += [_KEY] if operation.retry is Retry.KEYED else []
    parameters.append(_PREVIEW)
    needed = [name for name in required if name in fields]
    body = {"type": "object", "properties": fields, "additionalProperties": False}
    described["requestBody"] = {
        "required": bool(needed),
        "content": {
            "application/json": {"schema": body | ({"required": needed} if needed else {})}
        },
    }
    return described


def _responses(operation: AnyOperation, output: Any) -> dict[str, Any]:
    done = {"description": "Done.", "content": {"application/json": {"schema": output}}}
    responses: dict[str, Any] = {"200": done}
    if operation.control is not Control.ALONE:
        responses["202"] = {
            "description": "Somebody else must agree; the answer names the proposal.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    statuses = {400, 401, 429, 500}
    statuses |= {status_of_kind(kind) for kind in (*ALWAYS, *operation.errors)}
    if operation.path_fields:
        statuses.add(404)
    if not operation.reads:
        statuses |= {409, 413, 415}
    for status in sorted(statuses):
        responses[str(status)] = {"$ref": "#/components/responses/problem"}
    return responses


def _present(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a value that is there: a query has no null."""
    arms = [arm for arm in schema.get("anyOf", []) if arm != {"type": "null"}]
    if not arms:
        return schema
    rest = {name: value for name, value in schema.items() if name not in {"anyOf", "default"}}
    return (arms[0] if len(arms) == 1 else {"anyOf": arms}) | rest

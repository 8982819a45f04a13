"""The API: a route for each operation of the table, and nothing that the table does not say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from karez.doors.api.authentication import Caller, caller_of
from karez.doors.api.openapi import document
from karez.doors.api.problems import problem, problem_of
from karez.doors.operations import OPERATIONS, AnyOperation, Asked, Offices, perform
from karez.kernel.errors import KarezError
from karez.kernel.ids import new_id, show_id

BODY_MOST = 1 << 20
JSON = "application/json"


def api_routes(offices: Offices) -> list[BaseRoute]:
    """Return the routes of the API over these offices."""
    routes: list[BaseRoute] = [
        Route(operation.path, _endpoint(operation, offices), methods=[operation.method], name=name)
        for name, operation in OPERATIONS.items()
    ]
    described = document()

    def describe(_: Request) -> Response:
        return JSONResponse(described)

    return [*routes, Route("/v1/openapi.json", describe)]


def api_app(offices: Offices) -> Starlette:
    """Return the API as an application of its own."""
    return Starlette(
        routes=api_routes(offices),
        exception_handlers={HTTPException: http_problem, Exception: fault},
    )


def _endpoint(
    operation: AnyOperation, offices: Offices
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        request_id = request_id_of(request)
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > BODY_MOST:
                return problem(
                    413, "too-large", f"A body has at most {BODY_MOST:,} octets.", request_id
                )
        return await run_in_threadpool(_run, operation, offices, request, body, request_id)

    return answer


def _run(
    operation: AnyOperation, offices: Offices, request: Request, body: bytes, request_id: str
) -> Response:
    try:
        values = _values(operation, request, body)
    except (msgspec.DecodeError, RecursionError) as wrong:
        return problem(400, "json-malformed", f"The body is not JSON: {wrong}.", request_id)
    except HTTPException as wrong:
        return problem(wrong.status_code, "request-malformed", wrong.detail, request_id)
    try:
        with caller_of(offices, request) as caller:
            return _answer(operation, caller, request, values, request_id)
    except KarezError as error:
        return problem_of(error, request_id)


def _answer(
    operation: AnyOperation,
    caller: Caller,
    request: Request,
    values: dict[str, Any],
    request_id: str,
) -> Response:
    asked = Asked(
        actor=caller.actor,
        request_id=request_id,
        key=request.headers.get("idempotency-key"),
        reason=str(values.get("reason", "")) if operation.method != "GET" else "",
        preview=request.headers.get("karez-preview", "").lower() == "true",
        texts=operation.method == "GET",
    )
    made = perform(caller.office, operation, values, asked)
    headers = {"X-Request-Id": request_id}
    if made.replayed:
        headers["Idempotent-Replayed"] = "true"
    if asked.preview and not operation.reads:
        headers["Karez-Preview"] = "true"
    status = 202 if made.proposal is not None else 200
    return Response(made.document, status, headers, media_type=JSON)


def _values(operation: AnyOperation, request: Request, body: bytes) -> dict[str, Any]:
    """Return path, and query or body, as the fields of the input."""
    values: dict[str, Any] = {}
    if operation.method == "GET":
        for name in request.query_params:
            given = request.query_params.getlist(name)
            values[name] = given[0] if len(given) == 1 else given
    elif body:
        sent = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
        if sent != JSON:
            raise HTTPException(415, f"Send {JSON}, not {sent}.")
        decoded = msgspec.json.decode(body)
        if not isinstance(decoded, dict):
            raise HTTPException(422, "The body is a JSON object.")
        values.update(decoded)  # pyright: ignore[reportUnknownArgumentType] - whatever was sent
    for name in operation.path_fields:
        if name in values:
            raise HTTPException(422, f"{name} stands in the path already.")
        values[name] = request.path_params[name]
    return values


def request_id_of(request: Request) -> str:
    """Return the id of a request: the caller's, if it is one that can be written to a log."""
    given = request.headers.get("x-request-id", "")
    if 0 < len(given) <= 100 and given.isascii() and given.isprintable():
        return given
    return show_id("req", new_id())


def http_problem(request: Request, error: Exception) -> Response:
    """Tell of a wrong path or method as a problem."""
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette calls it for nothing else
    code = {404: "no-such-path", 405: "no-such-method"}.get(error.status_code, "request-malformed")
    headers = dict(error.headers or {})
    return problem(error.status_code, code, error.detail, request_id_of(request), headers=headers)


def fault(request: Request, _: Exception) -> Response:
    """Tell of a fault of ours without saying more than that."""
    detail = "Something went wrong here. Nothing was done. Tell us the request id."
    return problem(500, "fault", detail, request_id_of(request))

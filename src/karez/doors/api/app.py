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
from karez.doors.api.oauth import token
from karez.doors.api.openapi import document
from karez.doors.api.pace import Pace, Turn
from karez.doors.api.problems import VERSION, problem, problem_of, request_id_of
from karez.doors.api.reference import reference_routes
from karez.doors.operations import OPERATIONS, AnyOperation, Asked, Offices, perform
from karez.kernel.errors import KarezError

BODY_MOST = 1 << 20
JSON = "application/json"


def api_routes(offices: Offices, pace: Pace | None = None) -> list[BaseRoute]:
    """Return the routes of the API over these offices; each caller is held to a pace."""
    pace = pace or Pace()
    routes: list[BaseRoute] = [
        Route(
            operation.path,
            _endpoint(operation, offices, pace),
            methods=[operation.method],
            name=name,
        )
        for name, operation in OPERATIONS.items()
    ]
    described = document()

    def describe(_: Request) -> Response:
        return JSONResponse(described)

    async def give_token(request: Request) -> Response:
        body = await _body(request)
        return await run_in_threadpool(token, offices, request, body)

    return [
        *routes,
        Route("/oauth/token", give_token, methods=["POST"]),
        Route("/v1/openapi.json", describe),
        *reference_routes(),
    ]


def api_app(offices: Offices, pace: Pace | None = None) -> Starlette:
    """Return the API as an application of its own."""
    app = Starlette(
        routes=api_routes(offices, pace),
        exception_handlers={HTTPException: http_problem, Exception: fault},
    )
    app.router.redirect_slashes = False  # a path that is none is a problem, not another path
    return app


def _endpoint(
    operation: AnyOperation, offices: Offices, pace: Pace
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        body = await _body(request)
        return await run_in_threadpool(_run, operation, offices, pace, request, body)

    return answer


async def _body(request: Request) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        pieces.append(piece)
        size += len(piece)
        if size > BODY_MOST:
            raise HTTPException(413, f"A body has at most {BODY_MOST:,} octets.")
    return b"".join(pieces)


def _run(
    operation: AnyOperation, offices: Offices, pace: Pace, request: Request, body: bytes
) -> Response:
    request_id = request_id_of(request.scope)
    asked = request.headers.get("karez-version", VERSION)
    if asked != VERSION:
        detail = f"The version here is {VERSION}, not {asked}."
        return problem(400, "version-unknown", detail, request_id)
    try:
        values = _values(operation, request, body)
    except (msgspec.DecodeError, RecursionError) as wrong:
        return problem(400, "json-malformed", f"The body is not JSON: {wrong}.", request_id)
    except HTTPException as wrong:
        return problem(wrong.status_code, "request-malformed", wrong.detail, request_id)
    try:
        with caller_of(offices, request) as caller:
            turn = pace.take(caller.actor.actor_id)
            return _answer(operation, caller, turn, request, values)
    except KarezError as error:
        return problem_of(error, request_id)


def _answer(
    operation: AnyOperation, caller: Caller, turn: Turn, request: Request, values: dict[str, Any]
) -> Response:
    """Return what an operation answers to a caller whose turn it is."""
    request_id = request_id_of(request.scope)
    if not turn.allowed:
        detail = f"Wait {turn.wait_seconds} s: {turn.limit.each_second:g} requests a second pass."
        return problem(429, "too-many-requests", detail, request_id, headers=turn.headers)
    asked = Asked(
        actor=caller.actor,
        request_id=request_id,
        key=request.headers.get("idempotency-key"),
        reason=str(values.get("reason", "")) if operation.method != "GET" else "",
        preview=request.headers.get("karez-preview", "").lower() == "true",
        texts=operation.method == "GET",
    )
    try:
        made = perform(caller.office, operation, values, asked)
    except KarezError as error:
        return problem_of(error, request_id, turn.headers)
    headers = {"X-Request-Id": request_id, "Karez-Version": VERSION, **turn.headers}
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


_CODES = {404: "no-such-path", 405: "no-such-method", 413: "too-large"}


def http_problem(request: Request, error: Exception) -> Response:
    """Tell of a wrong path or method as a problem."""
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette calls it for nothing else
    code = _CODES.get(error.status_code, "request-malformed")
    headers = dict(error.headers or {})
    return problem(
        error.status_code, code, error.detail, request_id_of(request.scope), headers=headers
    )


def fault(request: Request, _: Exception) -> Response:
    """Tell of a fault of ours without saying more than that."""
    detail = "Something went wrong here. Nothing was done. Tell us the request id."
    return problem(500, "fault", detail, request_id_of(request.scope))

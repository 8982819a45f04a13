"""The witness as a web application: ``add-checkpoint``, and what it last cosigned for monitors."""

from __future__ import annotations

import hashlib

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from karez.kernel.errors import InvalidInputError, UnavailableError
from karez.services.evidence import SUBMISSION_MOST, Answer, Verdict, Witness

_SIZE_TYPE = "text/x.tlog.size"


def witness_app(witness: Witness) -> Starlette:
    """Return the application that answers for a witness."""

    async def add_checkpoint(request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > SUBMISSION_MOST:
                return PlainTextResponse("the submission is too long\n", status_code=413)
        return await run_in_threadpool(_add, witness, body)

    def checkpoint(request: Request) -> Response:
        wanted = request.path_params["origin_sha256"]
        for watched in witness.latest():
            if watched.note and hashlib.sha256(watched.origin.encode()).hexdigest() == wanted:
                return PlainTextResponse(watched.note)
        return PlainTextResponse("there is no such log here\n", status_code=404)

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/{origin_sha256}/checkpoint", checkpoint, methods=["GET"]),
        ]
    )


def _add(witness: Witness, body: bytes) -> Response:
    try:
        answer = witness.add_checkpoint(body)
    except InvalidInputError as fault:
        return PlainTextResponse(f"{fault}\n", status_code=400)
    except UnavailableError as fault:
        return PlainTextResponse(f"{fault}\n", status_code=503)
    return _response(answer)


def _response(answer: Answer) -> Response:
    if answer.cosignature is not None:
        return PlainTextResponse(answer.cosignature.line)
    status = answer.verdict.value
    if answer.verdict is Verdict.OTHER_OLD_SIZE:
        size = f"{answer.known_size}\n".encode()
        return Response(size, status_code=status, headers={"Content-Type": _SIZE_TYPE})
    return PlainTextResponse(f"{_REASONS[answer.verdict]}\n", status_code=status)


_REASONS = {
    Verdict.OLD_ABOVE_NEW: "the old size is above the new one",
    Verdict.UNSIGNED: "no key that is trusted here signed the checkpoint",
    Verdict.UNKNOWN_ORIGIN: "this log is not witnessed here",
    Verdict.INCONSISTENT: "the checkpoint does not continue the one before; both are kept",
}

"""Every error as a problem document (RFC 9457): what was wrong, where, and what to do."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from karez.doors.operations.errors import InputFaultsError
from karez.kernel.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    KarezError,
    NotFoundError,
    UnavailableError,
)
from karez.services.access.errors import NotSignedInError, SignInRefusedError

MEDIA_TYPE = "application/problem+json"
REFERENCE = "/docs/errors"

_STATUS: dict[type[KarezError], int] = {
    NotSignedInError: 401,
    SignInRefusedError: 401,
    ForbiddenError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    InvalidInputError: 422,
    UnavailableError: 503,
}
_TITLES = {
    400: "The request cannot be read",
    401: "Nobody is signed in",
    403: "Not permitted",
    404: "Not found",
    405: "No such method here",
    406: "No such form of answer",
    409: "In conflict with what is there",
    412: "Changed since it was read",
    413: "Too large",
    415: "No such form of request",
    422: "Not valid",
    429: "Too many requests",
    500: "A fault of ours",
    503: "Not available now",
}


def status_of(error: KarezError) -> int:
    """Return the HTTP status of an error: that of its family."""
    return status_of_kind(type(error))


def status_of_kind(error: type[KarezError]) -> int:
    """Return the HTTP status of errors of a class."""
    return next((status for kind, status in _STATUS.items() if issubclass(error, kind)), 400)


def problem(
    status: int,
    code: str,
    detail: str,
    request_id: str,
    *,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Response:
    """Return a problem document; ``more`` are members of its own."""
    document = {
        "type": f"{REFERENCE}#{code}",
        "title": _TITLES.get(status, "Failed"),
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": request_id,
        "retryable": status in {429, 503},
        **more,
    }
    return Response(
        msgspec.json.encode(document, enc_hook=str), status, headers, media_type=MEDIA_TYPE
    )


def problem_of(error: KarezError, request_id: str) -> Response:
    """Return the problem document of an error."""
    more: dict[str, Any] = {"details": error.details}
    if isinstance(error, InputFaultsError):
        more["errors"] = error.as_dict()["errors"]
    status = status_of(error)
    headers = {"Retry-After": "1"} if status == 503 else None
    return problem(status, error.code, error.message, request_id, headers=headers, **more)

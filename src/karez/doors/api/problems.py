"""Every error as a problem document (RFC 9457): what was wrong, where, and what to do."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from karez.doors.operations.errors import InputFaultsError
from karez.kernel.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    KarezError,
    NotFoundError,
    UnavailableError,
)
from karez.kernel.ids import new_id, show_id
from karez.services.access.errors import NotSignedInError, SignInRefusedError

MEDIA_TYPE = "application/problem+json"
REFERENCE = "/docs/errors"
REQUEST_ID_MOST = 100
VERSION = "2026-11-28"
"""The day since which the API is as it is: its version. Every answer says it."""

CODES: dict[str, str] = {
    "json-malformed": "The body is not JSON; look at what was sent, and at its encoding (UTF-8).",
    "request-malformed": "The request is not one that this path takes; the detail says why.",
    "version-unknown": "Karez-Version names a version that is not served here; leave it out.",
    "no-such-path": "There is nothing at this path; look at the list of operations.",
    "no-such-method": "This path has other methods; the Allow header names them.",
    "too-large": "The body is larger than any may be; send less at once.",
    "too-many-requests": "You asked faster than one caller may; wait as Retry-After says.",
    "fault": "A fault of ours. Nothing was done, unless a retry under the same key says otherwise.",
}
"""What is refused before there is an operation, and what each code means."""

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


def title_of(status: int) -> str:
    """Return what a status means, in a few words."""
    return _TITLES.get(status, "Failed")


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
    if status == 401:
        headers = {"WWW-Authenticate": "Bearer"} | (headers or {})
    document = {
        "type": f"{REFERENCE}#{code}",
        "title": title_of(status),
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": request_id,
        "retryable": status in {429, 503},
        **more,
    }
    return Response(
        msgspec.json.encode(document, enc_hook=str),
        status,
        {"Karez-Version": VERSION} | (headers or {}),
        media_type=MEDIA_TYPE,
    )


def problem_of(
    error: KarezError, request_id: str, headers: dict[str, str] | None = None
) -> Response:
    """Return the problem document of an error."""
    more: dict[str, Any] = {"details": error.details}
    if isinstance(error, InputFaultsError):
        more["errors"] = error.as_dict()["errors"]
    status = status_of(error)
    if status == 503:
        headers = {"Retry-After": "1"} | (headers or {})
    return problem(status, error.code, error.message, request_id, headers=headers, **more)


def request_id_of(scope: Scope) -> str:
    """Return the id under which all is said of a request: answers, audit and log.

    It is the caller's, if that can be written to a log.
    """
    state = scope.setdefault("state", {})
    if "request_id" not in state:
        given = Headers(scope=scope).get("x-request-id", "")
        is_fit = 0 < len(given) <= REQUEST_ID_MOST and given.isascii() and given.isprintable()
        state["request_id"] = given if is_fit else show_id("req", new_id())
    return state["request_id"]

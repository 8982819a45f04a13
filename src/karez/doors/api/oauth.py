"""A key exchanged for a token that lasts for minutes: OAuth 2.0 client credentials (RFC 6749).

The client's id is the name of the machine, its secret the text of a key. Errors are those of RFC
6749, section 5.2, because clients of OAuth know no others.
"""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qsl, unquote_plus

import attrs
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from karez.doors.operations import Offices
from karez.kernel.errors import UnavailableError
from karez.services import access
from karez.services.access import PassKind
from karez.services.access.errors import NotSignedInError

FORM = "application/x-www-form-urlencoded"
FIELDS_MOST = 20
_PRIVATE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_TOKEN_SECONDS = int(access.TOKEN_LASTS.total_seconds())


@attrs.frozen
class _Refusal(Exception):  # noqa: N818 - it is an answer
    """Why no token is given, in the words of RFC 6749, and with which status."""

    error: str
    description: str
    status: int = 400
    basic: bool = False

    def response(self) -> Response:
        headers = dict(_PRIVATE)
        if self.basic:
            headers["WWW-Authenticate"] = 'Basic realm="karez", charset="UTF-8"'
        body = {"error": self.error, "error_description": self.description}
        return JSONResponse(body, self.status, headers)


def token(offices: Offices, request: Request, body: bytes) -> Response:
    """Answer a request for a token."""
    try:
        return _token(offices, request, body)
    except _Refusal as refusal:
        return refusal.response()
    except UnavailableError as error:
        return _Refusal("temporarily_unavailable", error.message, 503).response()


def _token(offices: Offices, request: Request, body: bytes) -> Response:
    form = _form(request, body)
    name, secret, basic = _client(request, form)
    grant = form.get("grant_type")
    if grant is None:
        raise _Refusal("invalid_request", "grant_type is missing.")
    if grant != "client_credentials":
        raise _Refusal("unsupported_grant_type", "Only client_credentials is known here.")
    if form.get("scope"):
        raise _Refusal("invalid_scope", "A token may what its key may; ask without a scope.")
    unknown = _Refusal("invalid_client", "No such client with this secret.", 401, basic)
    try:
        with offices.entered(secret, [PassKind.KEY]) as (office, entered):
            if entered.actor.name != name:
                raise unknown
            made, _ = access.exchange(office.books, secret)
    except NotSignedInError as error:
        raise unknown from error
    answer = {"access_token": made.text, "token_type": "Bearer", "expires_in": _TOKEN_SECONDS}
    return JSONResponse(answer, headers=_PRIVATE)


def _form(request: Request, body: bytes) -> dict[str, str]:
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent != FORM:
        raise _Refusal("invalid_request", f"Send {FORM}.")
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MOST
        )
    except ValueError as wrong:
        raise _Refusal("invalid_request", "The form cannot be read.") from wrong
    form = dict(pairs)
    if len(form) != len(pairs):
        raise _Refusal("invalid_request", "A field stands in the form twice.")
    return form


def _client(request: Request, form: dict[str, str]) -> tuple[str, str, bool]:
    """Return id and secret of the client, and whether the header named them."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        if "client_id" not in form or "client_secret" not in form:
            raise _Refusal("invalid_client", "Name client_id and client_secret.", 401, basic=True)
        return form["client_id"], form["client_secret"], False
    if scheme.lower() != "basic":
        raise _Refusal("invalid_client", "The scheme here is Basic.", 401, basic=True)
    if "client_secret" in form:
        raise _Refusal("invalid_request", "Name the client once: in the header or in the form.")
    try:
        text = base64.b64decode(given.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as wrong:
        raise _Refusal("invalid_client", "The header cannot be read.", 401, basic=True) from wrong
    name, _, secret = text.partition(":")
    return unquote_plus(name), unquote_plus(secret), True

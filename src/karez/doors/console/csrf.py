"""Forms that only this console's own pages can send.

Each browser has a secret in a cookie; a form carries what follows from it. Another site can make a
browser send the cookie, but can read neither the cookie nor the form. The token stands first in its
form, or in a header, so that a large upload need not be held to find it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from http.cookies import SimpleCookie
from typing import cast
from urllib.parse import unquote_plus

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from karez.doors.console.errors import FormForgedError

VISIT_COOKIE = "karez_visit"
FIELD = "_csrf"
HEADER = "x-csrf-token"
_SAFE = {"GET", "HEAD", "OPTIONS"}
_HEAD_MOST = 4096
_FIRST_FIELD = re.compile(
    rb'\A(?:_csrf=(?P<plain>[^&]+)|--[^\r\n]+\r\n[^\r\n]*name="_csrf"\r\n\r\n(?P<part>[^\r\n]+)\r\n)'
)


def csrf_token(secret: str) -> str:
    """Return the token of all forms shown to the browser that holds this secret."""
    return hmac.new(secret.encode(), b"karez form", hashlib.sha256).hexdigest()


class CsrfGuard:
    """Refuses what would change something and does not come from a page of this console.

    ``secret_cookies`` names the cookies that may hold a browser's secret, the first one present
    counting: the session's, so that signing in changes the token, then the visit's, which this
    guard sets. The token is in the request's state as ``csrf``.
    """

    def __init__(self, app: ASGIApp, secret_cookies: Sequence[str] = (VISIT_COOKIE,)) -> None:
        self.app = app
        self.secret_cookies = secret_cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge a request, and pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        cookies = cookie_parser(headers.get("cookie", ""))
        held = next((cookies[name] for name in self.secret_cookies if cookies.get(name)), None)
        secret = held or secrets.token_urlsafe(32)
        scope.setdefault("state", {})["csrf"] = csrf_token(secret)
        if scope["method"] not in _SAFE:
            received = await _head_of(receive)
            if held is None or not _is_ours(headers, received, secret):
                answer = PlainTextResponse(FormForgedError.sentence(), status_code=403)
                await answer(scope, receive, send)
                return
            receive = _again(received, receive)
        await self.app(scope, receive, send if held else _with_cookie(send, secret, scope))


def _is_ours(headers: Headers, received: list[Message], secret: str) -> bool:
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    token = headers.get(HEADER)
    if token is None:
        found = _FIRST_FIELD.match(b"".join(message.get("body", b"") for message in received))
        token = unquote_plus((found["plain"] or found["part"]).decode("latin-1")) if found else ""
    return hmac.compare_digest(token.encode(), csrf_token(secret).encode())


async def _head_of(receive: Receive) -> list[Message]:
    received: list[Message] = []
    length = 0
    while length < _HEAD_MOST:
        message = await receive()
        received.append(message)
        length += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            break
    return received


def _again(received: list[Message], receive: Receive) -> Receive:
    waiting = iter(received)

    async def next_message() -> Message:
        message = next(waiting, None)
        return await receive() if message is None else message

    return next_message


def _with_cookie(send: Send, secret: str, scope: Scope) -> Send:
    cookie: SimpleCookie = SimpleCookie()
    cookie[VISIT_COOKIE] = secret
    cast("dict[str, object]", cookie[VISIT_COOKIE]).update(
        {"path": "/", "httponly": True, "samesite": "Lax", "secure": scope["scheme"] == "https"}
    )

    async def send_with_cookie(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("set-cookie", cookie.output(header="").strip())
        await send(message)

    return send_with_cookie

"""One request to an address that was judged: http.client, no redirects, a limit on all of it."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

import attrs

from karez.services.outbox.addresses import Reach, Target, resolve
from karez.services.outbox.errors import EndpointAddressError

TIMEOUT_SECONDS = 15.0
ANSWER_OCTETS_MOST = 2_000
RETRY_AFTER_SECONDS_MOST = 86_400.0


@attrs.frozen
class Answer:
    """What came back; no status where no answer came, and then the text says why."""

    status: int | None
    text: str
    retry_after: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the receiver has the message: no other status than 2xx says so."""
        return self.status is not None and 200 <= self.status < 300

    def retry_after_seconds(self, now: datetime) -> float:
        """Return for how long the receiver asks to be left alone, 0 if it does not say."""
        text = self.retry_after.strip()
        if text.isascii() and text.isdigit():
            return min(float(text[:9]), RETRY_AFTER_SECONDS_MOST)
        try:
            wait = (parsedate_to_datetime(text) - now).total_seconds()
        except (ValueError, TypeError):  # not a date, or one without an offset
            return 0
        return min(max(wait, 0), RETRY_AFTER_SECONDS_MOST)


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    reach: Reach,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Answer:
    """Send a request, and return what came back; whatever goes wrong is an answer too."""
    try:
        target = resolve(url, reach)
        connection = _Connection(target, timeout_seconds)
    except EndpointAddressError as error:
        return Answer(None, error.message)
    # A socket's own limit is for each piece: one who sends a letter now and then would hold us.
    limit = threading.Timer(timeout_seconds, connection.break_off)
    limit.daemon = True
    limit.start()
    try:
        connection.request("POST", target.path, body, dict(headers))
        answer = connection.getresponse()
        text = answer.read(ANSWER_OCTETS_MOST).decode("utf-8", "replace").replace("\0", " ")
        return Answer(answer.status, text, answer.getheader("retry-after") or "")
    except (OSError, http.client.HTTPException, ValueError) as fault:
        return Answer(None, f"{type(fault).__name__}: {fault}"[:ANSWER_OCTETS_MOST])
    finally:
        limit.cancel()
        connection.close()


class _Connection(http.client.HTTPConnection):
    """A connection to the address that was judged, under the name that it was asked for by."""

    def __init__(self, target: Target, timeout_seconds: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout_seconds)
        self._target = target
        if target.is_tls:
            self.default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        target = self._target
        self.sock = socket.create_connection((target.address, target.port), self.timeout)
        if target.is_tls:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=target.host)

    def break_off(self) -> None:
        """End whatever the connection waits for."""
        if self.sock is not None:
            try:
                # Of the socket below TLS, which would wait for the other side's farewell.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
            except OSError:
                return

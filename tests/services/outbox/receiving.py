"""A receiver over HTTP on this machine, that answers as it is told and keeps what it got."""

import base64
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import attrs
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


@attrs.frozen
class Got:
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


Answer = tuple[int, Mapping[str, str], bytes]
YES: Answer = (204, {}, b"")


@attrs.define
class Receiver:
    url: str
    answer: Callable[[Got], Answer] = lambda _: YES
    got: list[Got] = attrs.field(factory=list)

    def ids(self) -> list[str]:
        return [each.id for each in self.got]


@contextmanager
def receiving() -> Generator[Receiver]:
    receiver = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got = Got({name.lower(): value for name, value in self.headers.items()}, body)
            status, headers, text = receiver.answer(got)
            receiver.got.append(got)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing of a sender that was killed, or that waited no longer."""

    with Server(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()


def verify_v1a(told: str, got: Got) -> bool:
    """Check as a receiver does, with nothing of ours: some signature fits the public key."""
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(told.removeprefix("whpk_")))
    message = f"{got.id}.{got.headers['webhook-timestamp']}.".encode() + got.body
    for each in got.headers["webhook-signature"].split(" "):
        scheme, signature = each.split(",")
        if scheme == "v1a":
            try:
                key.verify(base64.b64decode(signature), message)
            except Exception:  # noqa: BLE001 - another key's
                continue
            return True
    return False

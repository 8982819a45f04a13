"""What the server says of itself: a line for each request, whether it is well, and figures."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import TextIO

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from karez.doors.api.problems import request_id_of
from karez.doors.serve.application import door_of

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Watch:
    """Counts requests and writes a line of JSON for each; answers ``/health`` and ``/metrics``.

    ``is_well`` says whether the database answers.
    """

    def __init__(
        self, app: ASGIApp, is_well: Callable[[], bool], log: TextIO | None = None
    ) -> None:
        self.app = app
        self.is_well = is_well
        self.log = log or sys.stderr
        self.lock = threading.Lock()
        self.requests = Counter[tuple[str, int]]()
        self.seconds: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on and note how it went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = self._own(scope["path"])
        if answer is not None:
            await answer(scope, receive, send)
            return
        begun = time.perf_counter()
        status = [500]

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            self._note(scope, status[0], time.perf_counter() - begun)

    def _own(self, path: str) -> Response | None:
        if path == "/health":
            well = self.is_well()
            return JSONResponse({"well": well}, status_code=200 if well else 503)
        if path == "/metrics":
            return PlainTextResponse(self.figures(), media_type=OPENMETRICS)
        return None

    def figures(self) -> str:
        """Return the figures in the format of OpenMetrics."""
        with self.lock:
            lines = ["# TYPE karez_requests counter"]
            lines += [
                f'karez_requests_total{{door="{door}",status="{status}"}} {count}'
                for (door, status), count in sorted(self.requests.items())
            ]
            lines.append("# TYPE karez_request_seconds counter")
            lines += [
                f'karez_request_seconds_total{{door="{door}"}} {seconds:.6f}'
                for door, seconds in sorted(self.seconds.items())
            ]
        return "\n".join([*lines, "# EOF", ""])

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        door = door_of(scope["path"])
        with self.lock:
            self.requests[door, status] += 1
            self.seconds[door] = self.seconds.get(door, 0.0) + seconds
        said = {
            "request_id": request_id_of(scope),
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        self.log.write(json.dumps(said) + "\n")
        self.log.flush()

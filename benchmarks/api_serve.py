"""A server to measure: ``python -m benchmarks.api_serve karez|bare CONNINFO PORT``."""

from __future__ import annotations

import sys
from pathlib import Path

import psycopg
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from karez.doors.api import api_app
from karez.doors.api.pace import Limit, Pace
from karez.doors.operations import Offices
from karez.kernel.database import Database

AT_ONCE = 16  # as many connections as the API has


def bare(conninfo: str) -> Starlette:
    """Return an application that keeps each body in a table, and does nothing besides."""
    connections = [psycopg.connect(conninfo, autocommit=True) for _ in range(AT_ONCE)]

    def insert(body: bytes) -> None:
        connection = connections.pop()
        connection.execute("INSERT INTO bare (body) VALUES (%s)", (body,))
        connections.append(connection)

    async def keep(request: Request) -> Response:
        await run_in_threadpool(insert, await request.body())
        return Response(b"{}", media_type="application/json")

    return Starlette(routes=[Route("/v1/loans/{loan}/repay", keep, methods=["POST"])])


def main() -> None:
    """Serve one of the two until this process is told to end."""
    which, conninfo, port = sys.argv[1:]
    if which == "bare":
        app = bare(conninfo)
    else:
        unlimited = Pace(Limit(burst=1_000_000_000, each_second=1e9))
        app = api_app(Offices(Database(conninfo), Path("unused")), unlimited)
    uvicorn.run(app, port=int(port), log_level="error")


if __name__ == "__main__":
    main()

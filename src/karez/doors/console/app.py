"""The console: every page, over the same table of operations as the API."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from karez.doors.api.problems import request_id_of
from karez.doors.console.csrf import VISIT_COOKIE
from karez.doors.console.errors import PageUnknownError
from karez.doors.console.ground import ground_middleware, ground_routes
from karez.doors.console.pages import PAGES
from karez.doors.console.render import render
from karez.doors.console.sign_in import sign_in_routes
from karez.doors.console.visit import SESSION_COOKIE, Visit, page
from karez.doors.operations import Offices


def console_app(offices: Offices, institution: str, *, demo: bool = False) -> Starlette:
    """Return the console over these offices (see ``sign_in_routes`` for the rest)."""
    routes = [
        Route(path, page(offices, work), methods=["GET", "POST"]) for path, work in PAGES.items()
    ]
    return Starlette(
        routes=[
            *ground_routes(),
            *sign_in_routes(offices, institution, demo=demo),
            *routes,
            Route("/{path:path}", page(offices, _nowhere)),
        ],
        middleware=ground_middleware((SESSION_COOKIE, VISIT_COOKIE)),
        exception_handlers={Exception: _fault},
    )


def _nowhere(visit: Visit) -> Response:
    raise PageUnknownError(path=visit.request.url.path)


def _fault(request: Request, _: Exception) -> Response:
    said = {
        "status": 500, "title": "A fault of ours", "remedy": "",
        "detail": "Something went wrong here. Nothing was done.",
        "request_id": request_id_of(request.scope),
    }  # fmt: skip
    return render(request, "problem.html", problem=said, status=500)

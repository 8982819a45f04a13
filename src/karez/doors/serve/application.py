"""Which door a path leads to: the API's paths to the API, all others to the console."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from karez.doors.api import api_app
from karez.doors.console.app import console_app
from karez.doors.operations import Offices

API_PATHS = ("/v1/", "/oauth/", "/docs")


def door_of(path: str) -> str:
    """Return the door that a path leads to."""
    return "api" if path.startswith(API_PATHS) else "console"


def application(offices: Offices, institution: str, *, demo: bool) -> ASGIApp:
    """Return both doors as one application."""
    api = api_app(offices)
    console = console_app(offices, institution, demo=demo)

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        is_api = scope["type"] == "http" and door_of(scope["path"]) == "api"
        await (api if is_api else console)(scope, receive, send)

    return either

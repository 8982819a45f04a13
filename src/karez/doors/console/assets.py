"""Static files under names that hold their content's digest: a browser keeps them for good."""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import cache
from importlib import resources
from pathlib import Path

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from karez.doors.console.errors import ConsoleAssetsMissingError

FOLDER = Path(str(resources.files("karez.doors.console"))) / "static"
VENDOR_NEEDED = ("vendor/tabler.css", "vendor/htmx.js", "vendor/icons")
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOREVER = "public, max-age=31536000, immutable"
_DIGEST = re.compile(r"\.[0-9a-f]{10}(?=\.\w+\Z)")


def asset_url(name: str) -> str:
    """Return where a static file is served: ``karez.css`` as ``/static/karez.0123456789.css``."""
    path = FOLDER / name
    if not path.is_file():
        return f"/static/{name}"  # not built: a browser shows the page bare, and the log a 404
    stem, _, suffix = name.rpartition(".")
    return f"/static/{stem}.{_digest(path, path.stat().st_mtime_ns)}.{suffix}"


def check_assets() -> None:
    """See that the vendor files are built.

    Raises:
        ConsoleAssetsMissingError: a file that every page loads is not there.
    """
    for name in VENDOR_NEEDED:
        if not (FOLDER / name).exists():
            raise ConsoleAssetsMissingError(name=name)


@cache
def icon(name: str) -> Markup:
    """Return an icon of Tabler's as inline SVG, hidden from screen readers.

    Nothing where the vendor files are not built; a name outside web/icons.txt is a fault of ours,
    which a test finds.
    """
    path = FOLDER / "vendor" / "icons" / f"{name}.svg"
    if not path.is_file():
        return Markup("")
    shapes = re.sub(r"\A.*?<svg[^>]*>|</svg>\s*\Z|\s*\n\s*", "", path.read_text(), flags=re.DOTALL)
    attributes = (
        'class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false"'
    )
    return Markup(f"<svg {attributes}>{shapes}</svg>")  # noqa: S704 - the text is Tabler's file


def static_route() -> Route:
    """Return the route that serves the static files."""
    return Route("/static/{name:path}", _serve)


def _serve(request: Request) -> Response:
    asked = request.path_params["name"]
    name = _DIGEST.sub("", asked)
    path = FOLDER / name
    if path.suffix not in _TYPES or ".." in Path(name).parts or not path.is_file():
        return Response(status_code=404)
    plain, packed = _read(path, path.stat().st_mtime_ns)
    headers = {
        "Vary": "Accept-Encoding",
        "Content-Type": _TYPES[path.suffix],
        "Cache-Control": _FOREVER if asset_url(name).endswith(asked) else "no-cache",
    }
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, headers=headers | {"Content-Encoding": "gzip"})
    return Response(plain, headers=headers)


@cache
def _digest(path: Path, changed_ns: int) -> str:
    del changed_ns  # a file that changed under a running server has another name
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


@cache
def _read(path: Path, changed_ns: int) -> tuple[bytes, bytes]:
    del changed_ns
    plain = path.read_bytes()
    return plain, gzip.compress(plain, mtime=0)

"""What can keep a server from being started."""

from __future__ import annotations

from karez.kernel.errors import InvalidInputError


class DemoOpenError(InvalidInputError):
    """A demonstration lets anybody in, so it is served on 127.0.0.1 and not on {host}."""

    code = "demo-open"

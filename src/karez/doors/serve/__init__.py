"""The server: API, console, jobs and sender in one process, with health, figures and a log."""

from karez.doors.serve.server import Serving, serve

__all__ = ["Serving", "serve"]

"""The API over HTTP: a route for each operation, problems, and the document that describes it."""

from karez.doors.api.app import api_app, api_routes

__all__ = ["api_app", "api_routes"]

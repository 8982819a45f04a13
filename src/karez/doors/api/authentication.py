"""Whose request it is: a key or a token in the Authorization header, never in the address."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import attrs
from starlette.requests import Request

from karez.doors.operations import Office, Offices
from karez.services.access import Actor, PassKind
from karez.services.access.errors import NotSignedInError


@attrs.frozen
class Caller:
    """Who calls, and an office of the institution that they belong to."""

    office: Office
    actor: Actor


@contextmanager
def caller_of(offices: Offices, request: Request) -> Generator[Caller]:
    """Give the caller of a request, with an office that is theirs while the block runs.

    Raises:
        NotSignedInError: there is no key, or none that is known and in force.
    """
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise NotSignedInError
    with offices.entered(secret, (PassKind.KEY, PassKind.TOKEN)) as (office, entered):
        yield Caller(office, entered.actor)

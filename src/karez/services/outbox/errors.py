"""The ways the outbox refuses: one class each, named in ``docs/reference/errors.md``."""

from __future__ import annotations

from karez.kernel.errors import ConflictError, InvalidInputError, NotFoundError


class EventKindError(InvalidInputError):
    """{kind!r} is no kind of event: write small letters with dots between, as loan.disbursed."""

    code = "event-kind"


class EventObjectError(InvalidInputError):
    """{object!r} cannot be what an event is about: write an id of 1 to {most} letters."""

    code = "event-object"


class EventTooLargeError(InvalidInputError):
    """The data of {kind} have {size} octets, and may have {most}: tell ids, not what they name."""

    code = "event-too-large"


class EndpointUnknownError(NotFoundError):
    """There is no endpoint {endpoint} here; `karez webhook list` lists them."""

    code = "endpoint-unknown"


class EndpointAddressError(InvalidInputError):
    """Nothing is sent to {url}: {reason}."""

    code = "endpoint-address"


class EndpointKindsError(InvalidInputError):
    """{kind!r} names no kinds of events: write loan.disbursed, loan.* or *."""

    code = "endpoint-kinds"


class EndpointStateError(ConflictError):
    """Endpoint {endpoint} is {state}: {remedy}."""

    code = "endpoint-state"


class ReplayNothingError(NotFoundError):
    """Endpoint {endpoint} was to get no event from {first} to {last}; see `karez event list`."""

    code = "replay-nothing"

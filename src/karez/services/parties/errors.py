"""The ways in which a party, or a tie between two, is refused."""

from __future__ import annotations

from karez.kernel.errors import ConflictError, InvalidInputError, NotFoundError


class PartyMalformedError(InvalidInputError):
    """{field} of a party is {value!r}, but {reason}; mend it."""

    code = "party-malformed"


class PartyNotFoundError(NotFoundError):
    """No party is known as {party!r}; look with `karez party find`, or add it first."""

    code = "party-not-found"


class PartyMergeError(ConflictError):
    """The keys {keys} belong to different parties; parties are not merged: tie them, or mend a key.

    A key that was given to the wrong party stays with it; facts and loans hang on it.
    """

    code = "party-merge"


class PartyKindError(ConflictError):
    """{party} is a {kind}, and what is one stays one; add the {asked} under a key of its own."""

    code = "party-kind"


class TieRefusedError(InvalidInputError):
    """{party} cannot be {kind} {other}: {reason}."""

    code = "tie-refused"

"""The ways that access fails."""

from __future__ import annotations

from karez.kernel.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError


class NotSignedInError(ForbiddenError):
    """Nobody is known by this key, token or session; sign in, or ask for a new one.

    It may have ended, run out, or never been. Which of these is not said.
    """

    code = "not-signed-in"


class SignInRefusedError(ForbiddenError):
    """Name, password or code is wrong; after five wrong ones wait {minutes} minutes.

    Whether there is somebody of this name is not said.
    """

    code = "sign-in-refused"


class AccountUnknownError(NotFoundError):
    """There is no account {name!r}; look at the list of the staff and of machines."""

    code = "access-account-unknown"


class AccountTakenError(ConflictError):
    """There is an account {name!r} already; choose another name."""

    code = "access-account-taken"


class AccountNameError(InvalidInputError):
    """{name!r} is no name of an account: write 2 to 60 small letters, digits, points or hyphens."""

    code = "access-account-name"


class RoleUnknownError(InvalidInputError):
    """There is no role {role!r}; the roles are {roles}."""

    code = "role-unknown"


class PasswordWeakError(InvalidInputError):
    """A password has at least {least} letters, and is not among the most common; choose another."""

    code = "password-weak"


class CodeWrongError(InvalidInputError):
    """This code is not that of the device now; take the one that it shows, and check its clock."""

    code = "code-wrong"


class KeyReusedError(ConflictError):
    """The idempotency key {key!r} was used for something else; choose another for this."""

    code = "idempotency-key-reused"


class KeyBusyError(ConflictError):
    """A request with the idempotency key {key!r} is under way; ask again in a moment."""

    code = "idempotency-key-busy"


class ProposalUnknownError(NotFoundError):
    """There is no proposal {proposal}; look at those that wait."""

    code = "proposal-unknown"


class ProposalDecidedError(ConflictError):
    """Proposal {proposal} was {verdict}; what is wanted now is a new proposal."""

    code = "proposal-decided"


class OwnProposalError(ForbiddenError):
    """Proposal {proposal} is your own; somebody else decides about it."""

    code = "own-proposal"


class PasskeyRefusedError(SignInRefusedError):
    """This passkey does not let anybody in here now; begin again, or use another way to sign in.

    Whether the key, its owner or the time was at fault is not said.
    """

    code = "passkey-refused"


class PasskeyMalformedError(InvalidInputError):
    """This passkey cannot be kept: make it within five minutes, once, on this site's own page.

    The device must check who holds it, by a finger or a code.
    """

    code = "passkey-malformed"

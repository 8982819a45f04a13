"""The ways in which the rights book refuses."""

from __future__ import annotations

from karez.kernel.errors import ConflictError, InvalidInputError, NotFoundError


class RightUnknownError(NotFoundError):
    """There is no right {right} in this register; look for it with `karez rights search`."""

    code = "right-unknown"


class CertificateUnknownError(NotFoundError):
    """There is no certificate of search {certificate} in this register."""

    code = "certificate-unknown"


class ConsentUnknownError(NotFoundError):
    """There is no consent {consent} here; ask the person for one, and record it with a grant."""

    code = "consent-unknown"


class RightMalformedError(InvalidInputError):
    """{field} of the right cannot be {value!r}: {reason}."""

    code = "right-malformed"


class RegisterRulesUnknownError(InvalidInputError):
    """There are no rules of a register called {register!r}; use one of {known}."""

    code = "register-rules-unknown"


class BackdatedError(InvalidInputError):
    """What took effect {effective_at}, before it was recorded, needs its evidence: say where it stood.

    A registration takes effect when it can be found. An earlier one took effect in another
    register, or by another act.
    """  # noqa: E501 - a sentence is one line

    code = "backdated"


class NotYetError(InvalidInputError):
    """{effective_at} has not come yet; record the event when it has happened."""

    code = "not-yet"


class TermError(InvalidInputError):
    """The term cannot end {ends_at}: {reason}."""

    code = "term"


class EventConflictError(ConflictError):
    """The id {event} is taken by another event; leave the id out, or ask with the same content."""

    code = "event-conflict"


class EventOrderError(ConflictError):
    """{right} has an event of {last}, and one of {effective_at} would stand before it; date it later.

    The events of one right take effect in the order in which they are recorded.
    """  # noqa: E501 - a sentence is one line

    code = "event-order"


class RightStateError(ConflictError):
    """{right} is {state}, and what is {state} cannot be the object of {action}; {remedy}."""

    code = "right-state"


class RightLapsedError(ConflictError):
    """{right} ended {ended_at} and could be renewed for {revival_days} days; register it anew.

    A new registration ranks from its own day.
    """

    code = "right-lapsed"


class HolderError(ConflictError):
    """{right} is not held by {giver}, or not any more; look who holds it and ask again.

    Nothing was transferred: exactly one holds it at any time.
    """

    code = "not-the-holder"


class ThingTakenError(ConflictError):
    """This thing is already the object of a live right (financed: {financed}); do not lend on it.

    By whom is not said. Ask the register's keeper if you believe that the right is yours.
    """

    code = "thing-taken"


class ReviewNeededError(ConflictError):
    """{right} is alike another live right ({schemes}); let a person compare them, and name them.

    An invoice with another number or date, or with the same lines, may be the same sale.
    """

    code = "review-needed"


class ConsentRefusedError(ConflictError):
    """{reason}"""  # noqa: D415 - each kind has its own sentence

    code = "consent-refused"


class ConsentReceiverError(ConsentRefusedError):
    """{consent} was not given to {receiver}; the receiver that it names may use it, and nobody else."""  # noqa: E501

    code = "consent-receiver"


class ConsentPurposeError(ConsentRefusedError):
    """{consent} does not cover the purpose {purpose!r}; use it as agreed, or ask for a new consent."""  # noqa: E501

    code = "consent-purpose"


class ConsentScopeError(ConsentRefusedError):
    """{consent} does not cover {scope!r}; ask for what it covers, or for a new consent."""

    code = "consent-scope"


class ConsentSeriesError(ConsentRefusedError):
    """{consent} does not cover the account or series {series!r}; ask for a new consent."""

    code = "consent-series"


class ConsentModeError(ConsentRefusedError):
    """{consent} does not allow the mode {mode}; ask for a mode it allows, or for a new consent."""

    code = "consent-mode"


class ConsentNotStartedError(ConsentRefusedError):
    """{consent} is not valid yet; wait for the day on which it begins."""

    code = "consent-not-started"


class ConsentExpiredError(ConsentRefusedError):
    """{consent} has expired; ask the person for a new one."""

    code = "consent-expired"


class ConsentRevokedError(ConsentRefusedError):
    """{consent} was withdrawn; stop using the data, and ask anew if there is a reason to."""

    code = "consent-revoked"


class ConsentPausedError(ConsentRefusedError):
    """{consent} is paused by its grantor; ask again when it goes on."""

    code = "consent-paused"


class ConsentRangeError(ConsentRefusedError):
    """{consent} does not cover {range_from} to {range_to}; ask for days within its range."""

    code = "consent-range"


class ConsentFrequencyError(ConsentRefusedError):
    """{consent} has been used as often as it allows for now; wait, or ask for a new consent."""

    code = "consent-frequency"


class ConsentConditionError(ConsentRefusedError):
    """{consent} holds under a condition; name the evidence that it is met."""

    code = "consent-condition"


class ConsentAmountError(ConsentRefusedError):
    """{consent} does not allow this amount, once or together with those before; ask for less."""

    code = "consent-amount"


class ConsentUseError(ConsentRefusedError):
    """The use {use} does not open any data (it was refused, has ended, or is of this transaction).

    Begin a use, commit it, and read under it within the quarter of an hour.
    """

    code = "consent-use"


class IsolationError(ConflictError):
    """Data under a consent is read where a withdrawal is seen at once: at READ COMMITTED only."""

    code = "consent-isolation"

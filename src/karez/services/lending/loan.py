"""What lending takes and gives: a loan to book, a loan, a command and what became of it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import attrs

from karez.engines.servicing.events import Charge, Event
from karez.engines.servicing.late import LatePolicy
from karez.engines.servicing.movements import Movement
from karez.engines.servicing.standing import Standing
from karez.engines.servicing.terms import Terms
from karez.kernel.errors import KarezError
from karez.kernel.ids import new_id
from karez.services.products import Role

PART_BITS = 13
"""A part holds the loans whose numbers agree but for these lowest bits: 8,192 of them."""

Sheet = tuple[str, int]
"""Code and version of the product that a loan was made from."""


@attrs.frozen
class DrawLimit:
    """How much of a loan may be paid out.

    Without ``revolves_until`` all that is paid out together is at most ``most_minor``. With it the
    principal owed at the end of a day is: before that day, what was repaid may be drawn again.
    """

    most_minor: int
    revolves_until: date | None = None


@attrs.frozen(kw_only=True)
class Booking:
    """A loan to book: who owes, on which terms. The caller's ``loan_id`` makes a retry harmless.

    ``charges`` are the fees that were agreed; their numbers and days of posting are given here.
    ``pd`` and ``lgd`` are the probability of default in a year and the part then lost. Without a
    ``limit`` any amount may be paid out, as on a loan whose limit is kept elsewhere.
    """

    terms: Terms
    currency: str
    borrower_id: UUID
    opened_on: date
    late: LatePolicy = attrs.field(factory=LatePolicy)
    charges: tuple[Charge, ...] = ()
    sheet: Sheet | None = None
    officer: str = ""
    place: str = ""
    industry: str = ""
    pd: float = 0.0
    lgd: float = 0.0
    application_id: UUID | None = None
    reference: str = ""
    limit: DrawLimit | None = None
    actor: str = "lending"
    loan_id: UUID = attrs.field(factory=new_id)


@attrs.frozen(kw_only=True)
class Loan:
    """A loan as it was booked. Accounts are numbers of the money book; None is not opened yet."""

    loan_number: int
    loan_id: UUID
    sheet: Sheet | None
    borrower_id: UUID
    currency: str
    terms: Terms
    late: LatePolicy
    opened_on: date
    principal_account: int
    interest_account: int
    fee_account: int | None
    credit_account: int | None
    pd: float
    lgd: float
    officer: str
    place: str
    industry: str
    application_id: UUID | None
    reference: str
    recorded_at: datetime
    limit: DrawLimit | None

    @property
    def part(self) -> int:
        """The part of the book that closing takes at a time."""
        return self.loan_number >> PART_BITS

    def account(self, role: Role) -> int | None:
        """Return the number of one of the accounts of its own."""
        return {
            Role.PRINCIPAL: self.principal_account,
            Role.INTEREST: self.interest_account,
            Role.FEES: self.fee_account,
            Role.CREDIT: self.credit_account,
        }[role]


@attrs.frozen(kw_only=True)
class Command:
    """What is to happen to a loan. The caller's ``command_id`` makes a retry harmless.

    ``event`` has number 0 and any day of posting: both are given when it is recorded. ``channel``
    is the account through which its money comes or goes; None is that of the product, and of an
    undo that of what is undone. ``proceeds_minor`` makes a write-off a sale at that price.
    """

    loan: UUID
    event: Event
    actor: str
    reason: str = ""
    channel: str | None = None
    proceeds_minor: int | None = None
    command_id: UUID = attrs.field(factory=new_id)


@attrs.frozen(kw_only=True)
class RecordedEvent:
    """An event as it is kept, and who said so."""

    event: Event
    kind: str
    channel: str | None
    proceeds_minor: int | None
    command_id: UUID
    actor: str
    reason: str
    recorded_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Outcome:
    """What became of a command: its event and what was posted for it, or why it was refused.

    ``before`` and ``after`` are how the loan stood and stands on the business date. ``already``
    says that the command was recorded earlier: then nothing was posted now.
    """

    command_id: UUID
    loan_number: int | None = None
    event: int | None = None
    movements: tuple[Movement, ...] = ()
    before: Standing | None = None
    after: Standing | None = None
    already: bool = False
    error: KarezError | None = None

"""What can happen to an application: each class is a kind of event, with what it says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs
import msgspec


@attrs.frozen(kw_only=True)
class Submitted:
    """Somebody asks for a loan of a product.

    ``against`` are the numbers of invoices of the borrower's own sales. A loan that is paid to a
    supplier names it and its invoice. ``said`` is what the policy of the product asks and no fact
    says, such as a rating, by name.
    """

    product: str
    product_version: int
    currency: str
    borrower: UUID
    amount_minor: int
    instalments: int
    purpose: str
    officer: str
    co_borrowers: tuple[UUID, ...] = ()
    guarantors: tuple[UUID, ...] = ()
    group: UUID | None = None
    members: int = 0
    against: tuple[str, ...] = ()
    supplier: UUID | None = None
    supplier_invoice: str = ""
    said: Mapping[str, str] = attrs.field(factory=dict[str, str])


@attrs.frozen(kw_only=True)
class Reading:
    """Facts of one party that were read under a consent: which days, and how many facts."""

    subject: str
    consent_id: UUID
    use_id: UUID
    range_from: date
    range_to: date
    facts: int


@attrs.frozen(kw_only=True)
class Gathered:
    """Facts were read under consents, and the borrower portrayed from them.

    ``numbers`` and ``labels`` are the portrait; a number that is missing is left out.
    ``low_month_minor`` is the 20th percentile of twelve months' sales less purchases, None where
    nothing is known. ``remark`` names what is odd about the facts (a ``Remark``).
    """

    readings: tuple[Reading, ...]
    log_size: int
    numbers: Mapping[str, float]
    labels: Mapping[str, str]
    facts: int
    sales_year_minor: int
    low_month_minor: int | None
    customers: int
    top_customer_share: float
    remark: str = ""


@attrs.frozen(kw_only=True)
class TrustReason:
    """What one check says of one invoice, and the digests of what it rests on."""

    invoice: str
    check: str
    version: int
    verdict: str
    score: float
    words: str
    inputs: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Trusted:
    """The invoices that the loan is asked against were checked. ``silent``: there are none."""

    verdict: str
    invoiced_minor: int
    believed_minor: int
    reasons: tuple[TrustReason, ...] = ()
    invoices: tuple[int, ...] = ()
    """Their indices in the log of facts."""


@attrs.frozen(kw_only=True)
class Scored:
    """The default probability of a year, and between which it lies with nine chances in ten.

    ``fallback`` says whose rate stands in where nothing is known of the borrower itself; then
    there are no points.
    """

    pd: float
    pd_low: float
    pd_high: float
    points: int | None
    reasons: tuple[str, ...]
    model_sha256: str
    fallback: str = ""


@attrs.frozen(kw_only=True)
class Priced:
    """What rate, how much at most and why, and what the policy of the product says.

    ``limits`` are all bounds by name, ``binding`` the smallest. ``route`` is ``approve`` (decided
    by policy), ``refer`` (people decide) or ``refuse``; ``committee`` and ``votes`` say who.
    """

    rate_pct_year: Decimal
    rate_parts: Mapping[str, float]
    lgd: float
    limits: Mapping[str, int]
    binding: str
    amount_minor: int
    route: str
    rule: str
    reasons: tuple[str, ...]
    committee: str = ""
    votes: int = 0


@attrs.frozen(kw_only=True)
class Voted:
    """A member of the committee votes; the event's actor is who."""

    approve: bool


@attrs.frozen(kw_only=True)
class Decided:
    """The application was approved or refused.

    ``by`` is ``policy``, the committee, or who overrode them; ``fact_index`` is where the decision
    stands in the log of facts.
    """

    approved: bool
    by: str
    amount_minor: int
    rate_pct_year: Decimal
    reasons: tuple[str, ...]
    overrides: bool = False
    fact_index: int = -1


@attrs.frozen(kw_only=True)
class Offered:
    """What the borrower is offered, with its whole cost, until a day."""

    amount_minor: int
    instalments: int
    rate_pct_year: Decimal
    starts_on: date
    valid_until: date
    instalment_minor: int
    last_due: date
    interest_minor: int
    fees_minor: int
    apr_pct: Decimal
    ways_paid: int = 1
    """In how many parts the money goes out."""

    @property
    def total_minor(self) -> int:
        """All that the borrower pays back."""
        return self.amount_minor + self.interest_minor + self.fees_minor


@attrs.frozen(kw_only=True)
class Accepted:
    """The borrower agreed; ``evidence`` says how (a signature, a call, a form)."""

    evidence: str = ""


@attrs.frozen(kw_only=True)
class Pledged:
    """A thing was registered as security.

    ``value_minor`` is what it is worth, ``prior_minor`` what ranks before us, ``cover_minor`` what
    is left at the advance rate of its kind.
    """

    right_id: UUID
    kind: str
    description: str
    value_minor: int
    prior_minor: int
    cover_minor: int
    place: int
    reasons: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Booked:
    """The loan is in the books and the money on its way."""

    loan_id: UUID
    loan_number: int
    paid_minor: int
    paid_to: str


@attrs.frozen(kw_only=True)
class Withdrawn:
    """The borrower does not want it any more."""


Content = (
    Submitted | Gathered | Trusted | Scored | Priced | Voted | Decided | Offered | Accepted
    | Pledged | Booked | Withdrawn
)  # fmt: skip
KINDS: dict[str, type[Any]] = {
    kind.__name__.lower(): kind
    for kind in (
        Submitted, Gathered, Trusted, Scored, Priced, Voted, Decided, Offered, Accepted, Pledged,
        Booked, Withdrawn,
    )
}  # fmt: skip
"""The kinds of event by the name that the table keeps them under."""


def kind_of(content: Content) -> str:
    """Return the name of the kind that an event is of."""
    return type(content).__name__.lower()


def encode_content(content: Content) -> str:
    """Return what an event says as the one JSON text that is kept of it."""
    return msgspec.json.encode(content).decode()


def decode_content(kind: str, text: str) -> Content:
    """Return what a text of the table says."""
    return msgspec.json.decode(text, type=KINDS[kind])


@attrs.frozen
class Event:
    """An event in the table; of one that is not yet there the database says when."""

    application_id: UUID
    number: int
    command_id: UUID
    content: Content
    valid_on: date
    actor: str
    reason: str
    recorded_at: datetime | None = attrs.field(default=None, eq=False)

    @property
    def kind(self) -> str:
        """The name of its kind."""
        return kind_of(self.content)

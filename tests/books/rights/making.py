"""What the tests of the rights book make: claims, consents and uses."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import attrs

from karez.books.rights.claim import Claim, Consent, Debtor, Kind, Mode, Period, Thing
from karez.books.rights.event import Event, Register
from karez.books.rights.names import Debt
from karez.books.rights.serials import Scheme
from karez.books.rights.use import Use
from karez.kernel.ids import new_id

PAST = datetime(2020, 1, 1, tzinfo=UTC)
FUTURE = datetime(2090, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
TRUCK = Thing(Scheme.MOTOR_VEHICLE, "KM8J3CA46JU622994")


def firm(name: str) -> Debtor:
    return Debtor(Debt.BUSINESS, name)


def person(last: str, given: str) -> Debtor:
    return Debtor(Debt.INDIVIDUAL, last, given)


def a_claim(**changes: object) -> Claim:
    claim = Claim(Kind.PLEDGE, "bank-a", (firm("Brown Automotive Ltd."),), (TRUCK,))
    return attrs.evolve(claim, **changes)


def invoice(number: str, **changes: object) -> Claim:
    """A receivable by its exact fingerprint."""
    things = (Thing(Scheme.EXACT, number),)
    return a_claim(kind=Kind.ASSIGNMENT, things=things, **changes)


def old(right_id: UUID, act: object, at: datetime) -> Event:
    """An act of the past, with its evidence."""
    return Event(right_id, act, at, evidence="the paper register")


def registered(claim: Claim | None = None) -> Event:
    return Event(new_id(), Register(claim or a_claim()))


def a_consent(**changes: object) -> Consent:
    consent = Consent(
        grantor="ann", receiver="bank-a", purposes=("underwriting",), scopes=("TRANSACTIONS",),
        series=("ann",), modes=(Mode.VIEW, Mode.STORE), starts_at=PAST, ends_at=FUTURE,
        range_from=date(2026, 1, 1), range_to=date(2026, 6, 30), data_life_days=30, uses_most=3,
        uses_period=Period.DAY,
    )  # fmt: skip
    return attrs.evolve(consent, **changes)


def a_use(consent_id: UUID, **changes: object) -> Use:
    use = Use(
        consent_id, "bank-a", "underwriting", "TRANSACTIONS", Mode.VIEW, "ann",
        date(2026, 1, 1), date(2026, 6, 30),
    )  # fmt: skip
    return attrs.evolve(use, **({"use_id": new_id()} | changes))

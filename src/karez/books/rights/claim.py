"""What a right is: a claim on things, or a consent to the use of data."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Any

import attrs

from karez.books.rights.errors import RegisterRulesUnknownError, RightMalformedError, TermError
from karez.books.rights.names import Debt, Name, business_name, individual_name
from karez.books.rights.serials import Scheme, key_of, spell
from karez.kernel.money import AMOUNT_MAX_MINOR, currency


class Kind(StrEnum):
    """Which claim it is."""

    PLEDGE = "pledge"
    LEASE = "lease"
    RETENTION = "retention"  # of title, by the seller
    ASSIGNMENT = "assignment"  # of receivables
    DEPOSIT = "deposit"  # money or documents of title in the lender's hands
    RECEIPT = "receipt"  # an electronic warehouse receipt: its holder controls the goods
    LIEN = "lien"


class Mode(StrEnum):
    """How data may be used (ReBIT, NBFC Account Aggregator, consentMode)."""

    VIEW = "VIEW"
    STORE = "STORE"
    QUERY = "QUERY"
    STREAM = "STREAM"


class Period(StrEnum):
    """The stretch of time over which uses are counted; ``ONCE``: over the life of the consent."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    ONCE = "once"


@attrs.frozen
class Debtor:
    """Whose things are burdened: a firm by its name, a person by last and given names."""

    of: Debt
    name: str
    given: str = ""

    def compared(self) -> Name:
        """Return the name as it is compared in a search."""
        return _compared(self.of, self.name, self.given)


@lru_cache(maxsize=65_536)
def _compared(of: Debt, name: str, given: str) -> Name:
    return business_name(name) if of is Debt.BUSINESS else individual_name(name, given)


@attrs.frozen
class Thing:
    """A thing by a number of its own: a serial number, a receipt's number, a fingerprint."""

    scheme: Scheme
    number: str

    @property
    def key(self) -> str:
        """What it is searched by."""
        return key_of(self.scheme, self.number)


@attrs.frozen
class Claim:
    """A claim on things. ``holder`` is who has it: lender, lessor, or who controls a receipt.

    ``rules`` names the register whose rules it follows (``data/registers.toml``); ``ends_at`` is
    the end of its term, None for none; ``attached_on`` the day on which it arose.
    """

    kind: Kind
    holder: str
    debtors: tuple[Debtor, ...] = ()
    things: tuple[Thing, ...] = ()
    description: str = ""
    amount_minor: int | None = None
    currency: str | None = None
    attached_on: date | None = None
    ends_at: datetime | None = None
    rules: str = "own"


@attrs.frozen
class Consent:
    """A right over data: who may use which data of whom, for what, when, and how often.

    ``series`` are the accounts or series that it covers, ``range_from`` to ``range_to`` the days of
    the data, ``data_life_days`` how long what is stored may be kept, ``uses_most`` how many uses in
    each ``uses_period``.
    A condition is met where a use names its evidence. Amounts bound what a use may move or ask for.
    """

    grantor: str
    receiver: str
    purposes: tuple[str, ...]
    scopes: tuple[str, ...]
    series: tuple[str, ...]
    modes: tuple[Mode, ...]
    starts_at: datetime
    ends_at: datetime
    range_from: date
    range_to: date
    data_life_days: int
    uses_most: int
    uses_period: Period
    condition: str = ""
    amount_most_minor: int | None = None
    total_most_minor: int | None = None
    currency: str | None = None
    template: str = ""


@attrs.frozen
class Rules:
    """What a register says of terms."""

    revival_days: int
    years_most: int


@lru_cache(maxsize=1)
def _registers() -> dict[str, Any]:  # the data file's own shapes
    text = (resources.files("karez.books.rights") / "data" / "registers.toml").read_text(
        encoding="utf-8"
    )
    return tomllib.loads(text)


def rules_of(register: str) -> Rules:
    """Return the rules of a register as the data file has them now.

    Raises:
        RegisterRulesUnknownError: the file has none of this name.
    """
    found = _registers().get(register)
    if found is None:
        raise RegisterRulesUnknownError(register=register, known=", ".join(_registers()))
    return Rules(found["revival_days"], found["years_most"])


def check_claim(claim: Claim) -> None:
    """Refuse a claim that cannot be one.

    Raises:
        RightMalformedError: a field, what it holds, and why that cannot be.
    """
    rules_of(claim.rules)
    _require("holder", claim.holder.strip(), "name who holds it")
    _require("debtors", claim.debtors or claim.kind is Kind.RECEIPT, "name at least one")
    _require("things", claim.things or claim.description.strip(), "say what is burdened")
    for debtor in claim.debtors:
        if not debtor.compared().key:
            _malformed("debtor", debtor.name, "it has no letter and no digit")
        if debtor.given and debtor.of is Debt.BUSINESS:
            _malformed("given name", debtor.given, "a business has none")
    for thing in claim.things:
        if not spell(thing.number):
            _malformed("number of a thing", thing.number, "it has no letter and no digit")
    if claim.kind is Kind.RECEIPT and Scheme.RECEIPT not in {each.scheme for each in claim.things}:
        _malformed("things", "", "a warehouse receipt has a number: WR=WAREHOUSE:NUMBER")
    if len({(each.scheme, each.key) for each in claim.things}) < len(claim.things):
        _malformed("things", claim.things[0].number, "one number stands twice")
    _check_amounts(claim.currency, {"amount": claim.amount_minor})


def check_consent(consent: Consent) -> None:
    """Refuse a consent that cannot be one.

    Raises:
        RightMalformedError: a field, what it holds, and why that cannot be.
    """
    for field in ("grantor", "receiver", "purposes", "scopes", "series", "modes"):
        _require(field, getattr(consent, field), "it may not be empty")
    if consent.ends_at <= consent.starts_at:
        _malformed("end", consent.ends_at.isoformat(), "it is not after the beginning")
    if consent.range_to < consent.range_from:
        _malformed("range", consent.range_to.isoformat(), "it ends before it begins")
    if consent.data_life_days < 0:
        _malformed("data life", consent.data_life_days, "it is a number of days, 0 or more")
    if consent.uses_most < 1:
        _malformed("frequency", consent.uses_most, "it is a number of uses, 1 or more")
    limits = {"amount": consent.amount_most_minor, "total": consent.total_most_minor}
    _check_amounts(consent.currency, limits)


def check_term(rules: Rules, begins_at: datetime, ends_at: datetime | None) -> None:
    """Refuse a term that is over before it begins, or longer than the register allows.

    Raises:
        TermError: the term, and why it cannot be.
    """
    if ends_at is not None and ends_at <= begins_at:
        raise TermError(ends_at=ends_at.isoformat(), reason="that is past already")
    if rules.years_most:
        latest = _years_later(begins_at, rules.years_most)
        if ends_at is None or ends_at > latest:
            reason = f"these rules allow {rules.years_most} years, to {latest.isoformat()}"
            raise TermError(ends_at=ends_at.isoformat() if ends_at else "never", reason=reason)


def _years_later(instant: datetime, years: int) -> datetime:
    leap = instant.month == 2 and instant.day == 29 and years % 4
    return instant.replace(year=instant.year + years, day=28 if leap else instant.day)


def _check_amounts(code: str | None, amounts: dict[str, int | None]) -> None:
    for field, amount in amounts.items():
        if amount is None:
            continue
        if code is None:
            _malformed(field, amount, "it has no currency")
        else:
            currency(code)
        if not 0 < amount <= AMOUNT_MAX_MINOR:
            _malformed(field, amount, "it is out of range")


def _require(field: str, value: object, reason: str) -> None:
    if not value:
        _malformed(field, "", reason)


def _malformed(field: str, value: object, reason: str) -> None:
    raise RightMalformedError(field=field, value=value, reason=reason)

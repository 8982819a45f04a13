"""The watch list: loans that need a person, and why. Read ``watch``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import attrs
import msgspec

from karez.engines.risk.ecl import Rules, Why
from karez.kernel.ids import show_id
from karez.services.bookkeeping import Books
from karez.services.closing.policies import policy_of
from karez.services.monitoring.queries import QUERIES
from karez.services.origination.application import Application
from karez.services.origination.desk import read_applications
from karez.services.origination.securing import cover_needed_minor
from karez.services.parties import read_parties
from karez.services.payments import Promise, PromiseState, list_promises
from karez.services.products import find_sheet
from karez.services.reporting import Portfolio, load_portfolio
from karez.services.rights import State, find_right

RECIPROCAL_SHARE = 0.2
"""More of the year's trade than this goes both ways between the same two: a person looks."""
KEPT_SHARE = 0.7
"""Buyers of less of last year's sales than this have come back: a big one is lost."""
_DOUBTED = frozenset({"review", "hold", "reject"})
_MOVED = {
    Why.IN_DEFAULT: "it is in default",
    Why.IN_CURE: "its terms were eased in default",
    Why.PAST_DUE: "it is past due",
    Why.RISKIER: "its default probability has risen",
    Why.FORBORNE: "its terms were eased",
}


class Sign(StrEnum):
    """What puts a loan on the list, in the order in which reasons are told."""

    LATE = "late"
    STAGE = "stage"
    RISKIER = "riskier"
    PROMISE = "promise"
    TRUST = "trust"
    RECIPROCAL = "reciprocal-trade"
    LOST_BUYERS = "lost-buyers"
    CONSENT = "consent"
    COLLATERAL = "collateral"


@attrs.frozen
class Reason:
    """Why a person is needed, and ``source``: the row, event or figure that says so."""

    sign: Sign
    words: str
    source: str


@attrs.frozen(kw_only=True)
class Watched:
    """A loan on the list. ``exposure_minor`` is all that is owed on it."""

    loan: int
    borrower: str
    officer: str
    product: str
    currency: str
    exposure_minor: int
    pd: float
    stage: int
    reasons: tuple[Reason, ...]


@attrs.frozen
class WatchList:
    """The loans that need a person, and how many others keep a stale default probability.

    These want a consent for monitoring, and no more than that: they never had one that ended.
    """

    loans: list[Watched]
    stale: int


@attrs.frozen(kw_only=True)
class _Score:
    """The newest score of a loan, as the query ``newest_scores`` gives it."""

    valid_on: date
    pd: float
    is_stale: bool
    has_ended: bool
    model_sha256: str
    reasons: tuple[str, ...]
    figures: Mapping[str, float]

    @property
    def source(self) -> str:
        return f"score of {self.valid_on} by model {self.model_sha256[:12]}"


@attrs.frozen(kw_only=True)
class _Origin:
    """From what a loan was made: its product's rules, the probability then, its application."""

    pd: float
    rules: Rules
    least_cover_pct: Decimal
    application: Application | None


def watch(books: Books, on: date) -> WatchList:
    """Return the loans that need a person at the end of a day, those that owe most first.

    Events, scores and provisions count by their day. Whether a pledge still stands, and what came
    in on a promise, is told as it is known now.
    """
    book = load_portfolio(books, on)
    broken: dict[int, list[Promise]] = {}
    for promise in list_promises(books):
        if promise.made_on <= on and promise.state(on) is PromiseState.BROKEN:
            broken.setdefault(promise.loan_number, []).append(promise)
    with books.transaction() as connection:
        scores = _scores(connection.execute(QUERIES["newest_scores"].text, {"day": on}))
        worse = {
            loan: (stage, Why(why), moved)
            for loan, stage, why, moved in connection.execute(
                QUERIES["stages_worse"].text, {"day": on}
            )
        }
    numbers: list[int] = book.numbers[book.is_open].tolist()
    origins = _origins(books, numbers)
    ended = _ended_pledges(books, origins.values())
    listed: list[Watched] = []
    stale = 0
    for place in book.is_open.nonzero()[0].tolist():
        number = int(book.numbers[place])
        origin, score = origins[number], scores.get(number)
        stale += score is not None and score.is_stale and not score.has_ended
        reasons = (
            *_late(book, place),
            *_restaged(worse.get(number)),
            *_scored(score, origin),
            *_broken(broken.get(number, [])),
            *_doubted(origin.application),
            *_traded(score),
            *_short(origin, int(book.principal_minor[place]), ended),
        )
        if reasons:
            order = list(Sign)
            told = tuple(sorted(reasons, key=lambda one: order.index(one.sign)))
            listed.append(_watched(book, place, told))
    names = _names(books, {each.borrower for each in listed})
    listed.sort(key=lambda one: (one.currency, -one.exposure_minor, one.loan))
    named = [
        attrs.evolve(each, borrower=names.get(each.borrower, each.borrower)) for each in listed
    ]
    return WatchList(named, stale)


def _scores(rows: Iterable[tuple[Any, ...]]) -> dict[int, _Score]:
    """``rows`` are of columns that the query names, of many types."""
    return {
        loan: _Score(
            valid_on=valid_on, pd=pd, is_stale=is_stale, has_ended=has_ended, model_sha256=model,
            reasons=msgspec.json.decode(reasons, type=tuple[str, ...]),
            figures=msgspec.json.decode(figures, type=dict[str, float]),
        )
        for loan, valid_on, pd, is_stale, has_ended, model, reasons, figures in rows
    }  # fmt: skip


def _origins(books: Books, loans: list[int]) -> dict[int, _Origin]:
    with books.transaction() as connection:
        rows = connection.execute(QUERIES["origins"].text, {"loans": loans}).fetchall()
        applications = read_applications(connection, {row[3] for row in rows if row[3]})
        products = {
            (code, version): (policy_of(connection, sheet).rules, least)
            for code, version in {(row[1], row[2]) for row in rows}
            for sheet in [None if code is None else (code, version)]
            for least in [
                Decimal(0)
                if sheet is None
                else find_sheet(connection, *sheet).collateral.least_cover_pct
            ]
        }
    return {
        loan: _Origin(
            pd=pd,
            rules=products[code, version][0],
            least_cover_pct=products[code, version][1],
            application=applications.get(application),
        )
        for loan, code, version, application, pd in rows
    }


def _late(book: Portfolio, place: int) -> Iterator[Reason]:
    due = book.oldest_due[place]
    if due is not None and due < book.on:
        words = f"{(book.on - due).days} days late"
        yield Reason(Sign.LATE, words, f"instalment due on {due}")


def _restaged(worse: tuple[int, Why, date] | None) -> Iterator[Reason]:
    if worse is not None:
        stage, why, moved = worse
        yield Reason(
            Sign.STAGE, f"in stage {stage}: {_MOVED[why]}", f"provision of {moved} ({why.name})"
        )


def _scored(score: _Score | None, origin: _Origin) -> Iterator[Reason]:
    if score is None:
        return
    rules, before = origin.rules, origin.pd
    if score.pd >= rules.pd_times * before and score.pd - before >= rules.pd_rise:
        words = f"default probability {score.pd:.1%}, and {before:.1%} when it was lent"
        said = "" if score.is_stale else "".join(f"; {each}" for each in score.reasons)
        yield Reason(Sign.RISKIER, words, score.source + said)
    if score.has_ended:
        yield Reason(Sign.CONSENT, "its consent for monitoring has ended: its score is stale",
                     f"{score.source}: {'; '.join(score.reasons)}")  # fmt: skip


def _traded(score: _Score | None) -> Iterator[Reason]:
    if score is None:
        return
    figures, source = score.figures, score.source
    both_ways = figures.get("reciprocal_share", 0.0)
    if both_ways > RECIPROCAL_SHARE:
        words = f"{both_ways:.0%} of its trade goes both ways between the same two"
        yield Reason(Sign.RECIPROCAL, words, f"figure reciprocal_share, {source}")
    kept = figures.get("buyers_kept_share", 1.0)
    if kept < KEPT_SHARE:
        words = f"buyers of {1 - kept:.0%} of last year's sales have bought nothing this year"
        top = figures.get("top_customer_share", 0.0)
        if top > 0:
            words += f"; {top:.0%} of this year's go to one"
        yield Reason(Sign.LOST_BUYERS, words, f"figure buyers_kept_share, {source}")


def _broken(broken: list[Promise]) -> Iterator[Reason]:
    if broken:
        last = broken[-1]
        words = f"promise of {last.promised_on} broken"
        if len(broken) > 1:
            words += f", one of {len(broken)}"
        yield Reason(Sign.PROMISE, words, f"promise {last.number}, made on {last.made_on}")


def _doubted(application: Application | None) -> Iterator[Reason]:
    trusted = None if application is None else application.trusted
    if application is None or trusted is None or trusted.verdict not in _DOUBTED:
        return
    doubts = [each for each in trusted.reasons if each.verdict in _DOUBTED]
    for each in doubts:
        source = f"check {each.check} of invoice {each.invoice}, {application.shown_id}"
        yield Reason(Sign.TRUST, each.words, source)


def _short(origin: _Origin, principal_minor: int, ended: frozenset[UUID]) -> Iterator[Reason]:
    """Compare what pledges that stand cover with what the product asks of the principal left."""
    application = origin.application
    if application is None or not origin.least_cover_pct:
        return
    there = sum(each.cover_minor for each in application.pledges if each.right_id not in ended)
    needed = cover_needed_minor(origin.least_cover_pct, principal_minor)
    if there < needed:
        gone = [show_id("rgt", each.right_id) for each in application.pledges
                if each.right_id in ended]  # fmt: skip
        words = f"pledges cover {there / needed:.0%} of what the product asks for"
        source = f"pledges of {application.shown_id}"
        yield Reason(Sign.COLLATERAL, words, source + "".join(f"; {each} ended" for each in gone))


def _ended_pledges(books: Books, origins: Iterable[_Origin]) -> frozenset[UUID]:
    pledged = {
        each.right_id
        for origin in origins
        if origin.application is not None and origin.least_cover_pct
        for each in origin.application.pledges
    }
    return frozenset(
        right for right in pledged if find_right(books, right).state is not State.IN_FORCE
    )


def _watched(book: Portfolio, place: int, reasons: tuple[Reason, ...]) -> Watched:
    owed = ("principal_minor", "interest_minor", "fees_minor", "penalties_minor")
    return Watched(
        loan=int(book.numbers[place]),
        borrower=book.borrower[place],
        officer=book.officer[place],
        product=book.product[place],
        currency=book.currency[place],
        exposure_minor=sum(int(book.amounts[name][place]) for name in owed),
        pd=float(book.pd[place]),
        stage=int(book.stage[place]),
        reasons=reasons,
    )


def _names(books: Books, borrowers: set[str]) -> dict[str, str]:
    with books.transaction() as connection:
        found = read_parties(connection, {UUID(each) for each in borrowers})
    return {str(party): known.key for party, known in found.items()}

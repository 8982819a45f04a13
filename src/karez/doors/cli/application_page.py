"""An application as one readable page, and as a document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import attrs

from karez.doors.cli.bookkeeping import major
from karez.kernel.ids import show_id
from karez.services.origination import Application, Desk, Event
from karez.services.origination.event import (
    Booked,
    Decided,
    Gathered,
    Offered,
    Pledged,
    Priced,
    Scored,
    Trusted,
    Voted,
)
from karez.services.parties import Known, find_parties

_LABEL_WIDTH = 11


Parties = Mapping[UUID, Known]


def parties_of(applications: Iterable[Application], desk: Desk) -> Parties:
    """Return all parties that applications name."""
    named: set[UUID] = set()
    for application in applications:
        asked = application.asked
        several = (*asked.co_borrowers, *asked.guarantors, asked.group, asked.supplier)
        named |= {asked.borrower, *(each for each in several if each is not None)}
    return find_parties(desk.books, named)


def application_document(application: Application, parties: Parties) -> dict[str, Any]:
    """Return an application ready for JSON: amounts in major units, ids as people see them."""
    asked, unit = application.asked, application.asked.currency

    def key(party: UUID | None) -> str | None:
        return None if party is None else parties[party].key

    return {
        "application": application.shown_id,
        "stage": application.stage.value,
        "product": asked.product,
        "product_version": asked.product_version,
        "borrower": key(asked.borrower),
        "co_borrowers": [key(each) for each in asked.co_borrowers],
        "guarantors": [key(each) for each in asked.guarantors],
        "group": key(asked.group),
        "currency": unit,
        "asked": major(asked.amount_minor, unit),
        "amount": major(application.amount_minor, unit),
        "instalments": asked.instalments,
        "purpose": asked.purpose,
        "officer": asked.officer,
        "submitted_on": application.submitted.valid_on,
        "against": list(asked.against),
        "facts": _part(application.gathered, unit),
        "trust": _part(application.trusted, unit),
        "score": _part(application.scored, unit),
        "price": _part(application.priced, unit),
        "votes": [
            {"by": each.actor, "approve": _approves(each), "reason": each.reason}
            for each in application.votes
        ],
        "decision": _part(application.decided, unit),
        "offer": _part(application.offered, unit),
        "accepted_on": application.accepted.valid_on if application.accepted else None,
        "pledges": [_part(each, unit) for each in application.pledges],
        "loan": _part(application.booked, unit),
    }


def _part(part: Any, unit: str) -> dict[str, Any] | None:
    """Return what an event says, with amounts in major units under names without their ending."""
    if part is None:
        return None
    found: dict[str, Any] = {}
    for name, value in attrs.asdict(part).items():
        if name == "limits":
            found[name] = {each: major(amount, unit) for each, amount in value.items()}
        elif name == "readings":
            found[name] = [
                each | {"consent_id": show_id("rgt", each["consent_id"]),
                        "use_id": show_id("use", each["use_id"])}
                for each in value
            ]  # fmt: skip
        elif name.endswith("_minor") and value is not None:
            found[name.removesuffix("_minor")] = major(value, unit)
        else:
            found[name] = value
    return found


HEADINGS = ("application", "stage", "borrower", "currency", "amount", "rate %")


def summary(application: Application, parties: Parties) -> tuple[object, ...]:
    """Return an application as a row under ``HEADINGS``."""
    borrower = parties[application.asked.borrower]
    rate = application.priced.rate_pct_year if application.priced else None
    unit = application.asked.currency
    amount = major(application.amount_minor, unit)
    return application.shown_id, application.stage.value, borrower.key, unit, amount, rate


def page(application: Application, parties: Parties, *labels: str) -> list[str]:
    """Return everything that an application rests on, or only the paragraphs with these labels."""
    borrower = parties[application.asked.borrower]
    asked, unit = application.asked, application.asked.currency
    purpose = f", for {asked.purpose}" if asked.purpose else ""
    who, amount = f"{borrower.party.full_name} ({borrower.key})", major(asked.amount_minor, unit)
    lines = [
        f"{application.shown_id}  {application.stage.value}",
        f"{who} asks for {amount} {unit}{purpose}",
        f"{asked.instalments} instalments of {asked.product} {asked.product_version}",
    ]
    for label, said in _Page(application).paragraphs():
        for place, text in enumerate(said if not labels or label in labels else ()):
            lines.append(f"{'' if place else label:{_LABEL_WIDTH}}{text}")
    return lines


@attrs.frozen
class _Page:
    """The paragraphs of one application: a label, and its lines."""

    application: Application

    def money(self, amount_minor: int) -> str:
        return f"{major(amount_minor, self.application.asked.currency)}"

    def paragraphs(self) -> Iterator[tuple[str, list[str]]]:
        one = self.application
        parts: list[tuple[str, object, Callable[[Any], list[str]]]] = [
            ("facts", one.gathered, self._facts),
            ("trust", one.trusted, self._trust),
            ("score", one.scored, self._score),
            ("rate", one.priced, self._rate),
            ("amount", one.priced, self._amount),
            ("policy", one.priced, self._policy),
            ("votes", one.votes or None, self._votes),
            ("decision", one.decided, self._decision),
            ("offer", one.offered, self._offer),
            *(("pledge", each, self._pledge) for each in one.pledges),
            ("loan", one.booked, self._loan),
        ]
        for label, part, said in parts:
            if part is not None:
                yield label, said(part)

    def _facts(self, gathered: Gathered) -> list[str]:
        [reading] = gathered.readings
        low = gathered.low_month_minor
        poor = "not known" if low is None else self.money(low)
        consent = show_id("rgt", reading.consent_id)
        sales = self.money(gathered.sales_year_minor)
        return [
            f"{gathered.facts} of {reading.range_from} to {reading.range_to}, under {consent}",
            f"sales of the year {sales}, a poor month {poor}, customers {gathered.customers}",
        ]

    def _trust(self, trusted: Trusted) -> list[str]:
        if not trusted.invoiced_minor:
            return ["asked against no invoice"]
        believed, whole = self.money(trusted.believed_minor), self.money(trusted.invoiced_minor)
        doubts = [each for each in trusted.reasons if each.words]
        return [
            f"{trusted.verdict}: {believed} of {whole} is believed",
            *(f"  {each.invoice}, {each.check}: {each.words}" for each in doubts),
        ]

    def _score(self, scored: Scored) -> list[str]:
        points = "" if scored.points is None else f", {scored.points} points"
        between = f"{scored.pd_low:.1%} to {scored.pd_high:.1%}"
        model = [f"  score {scored.model_sha256[:12]}"] if scored.model_sha256 else []
        return [
            f"default probability {scored.pd:.1%} ({between}){points}",
            *(f"  {reason}" for reason in scored.reasons),
            *model,
        ]

    def _rate(self, priced: Priced) -> list[str]:
        parts = [
            f"{name.replace('_', ' ')} {share:.2%}"
            for name, share in priced.rate_parts.items()
            if share
        ]
        return [f"{priced.rate_pct_year.normalize():f} % a year", f"  {', '.join(parts)}"]

    def _amount(self, priced: Priced) -> list[str]:
        binding = "what is asked" if priced.binding == "asked" else priced.binding
        bounds = [f"{name} {self.money(most)}" for name, most in priced.limits.items()]
        return [
            f"{self.money(priced.amount_minor)}, bound by {binding}",
            f"  {', '.join(bounds)}",
        ]

    def _policy(self, priced: Priced) -> list[str]:
        said = priced.route
        if priced.committee:
            said = f"{priced.committee} decides, {priced.votes} votes are needed"
        return [f"{said} ({priced.rule})", *(f"  {each}" for each in priced.reasons)]

    def _votes(self, votes: Sequence[Event]) -> list[str]:
        return [
            f"{each.actor} {'for' if _approves(each) else 'against'}: {each.reason}"
            for each in votes
        ]

    def _decision(self, decided: Decided) -> list[str]:
        said = "approved" if decided.approved else "refused"
        by = "by override, by" if decided.overrides else "by"
        return [
            f"{said} {by} {decided.by}; fact {decided.fact_index}",
            *(f"  {each}" for each in decided.reasons),
        ]

    def _offer(self, offered: Offered) -> list[str]:
        rate = f"{offered.rate_pct_year.normalize():f} %"
        instalment, total = self.money(offered.instalment_minor), self.money(offered.total_minor)
        interest, fees = self.money(offered.interest_minor), self.money(offered.fees_minor)
        parts = f", paid out in {offered.ways_paid} parts" if offered.ways_paid > 1 else ""
        amount = self.money(offered.amount_minor)
        return [
            f"{amount} at {rate}, open until {offered.valid_until}{parts}",
            f"  {offered.instalments} instalments of {instalment}, to {offered.last_due}",
            f"  in all {total}: interest {interest}, fees {fees}",
            f"  {offered.apr_pct:.2f} % a year, all included",
        ]

    def _pledge(self, pledged: Pledged) -> list[str]:
        value, prior = self.money(pledged.value_minor), self.money(pledged.prior_minor)
        cover = self.money(pledged.cover_minor)
        return [
            f"{pledged.kind} {pledged.description}: place {pledged.place}, covers {cover}",
            f"  worth {value}, of which {prior} is before us",
            *(f"  {each}" for each in pledged.reasons),
        ]

    def _loan(self, booked: Booked) -> list[str]:
        return [f"{booked.loan_number}, {self.money(booked.paid_minor)} paid to {booked.paid_to}"]


def _approves(event: Event) -> bool:
    return isinstance(event.content, Voted) and event.content.approve

"""An application as one readable page, and as a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from karez.doors.cli.bookkeeping import major
from karez.kernel.ids import show_id
from karez.services.origination import Application, Desk, Event
from karez.services.origination.event import Offered, Priced, Voted
from karez.services.parties import Known, find_parties

_LABEL_WIDTH = 11


def application_document(application: Application, desk: Desk) -> dict[str, Any]:
    """Return an application ready for JSON: amounts in major units, ids as people see them."""
    asked, unit = application.asked, application.asked.currency
    parties = _parties(application, desk)

    def key(party: Any) -> str | None:
        return parties[party].key if party in parties else None

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


def summary(application: Application, desk: Desk) -> tuple[object, ...]:
    """Return an application as a row: id, stage, borrower, currency, amount, rate."""
    borrower = _parties(application, desk)[application.asked.borrower]
    rate = application.priced.rate_pct_year if application.priced else None
    unit = application.asked.currency
    amount = major(application.amount_minor, unit)
    return application.shown_id, application.stage.value, borrower.key, unit, amount, rate


def _parties(application: Application, desk: Desk) -> dict[Any, Known]:
    asked = application.asked
    several = [*asked.co_borrowers, *asked.guarantors, asked.group, asked.supplier]
    return find_parties(desk.books, {asked.borrower, *(each for each in several if each)})


def page(application: Application, desk: Desk) -> list[str]:
    """Return everything that an application rests on, a paragraph for each step."""
    borrower = _parties(application, desk)[application.asked.borrower]
    asked, unit = application.asked, application.asked.currency
    lines = [
        f"{application.shown_id}  {application.stage.value}",
        f"{borrower.party.full_name} ({borrower.key}) asks for {major(asked.amount_minor, unit)}"
        f" {unit} in {asked.instalments} instalments of {asked.product}"
        f" {asked.product_version}" + (f", for {asked.purpose}" if asked.purpose else ""),
    ]
    for label, said in _paragraphs(application):
        lines += [
            f"{(label if first else '').ljust(_LABEL_WIDTH)}{text}" for first, text in _marked(said)
        ]
    return lines


def _marked(said: list[str]) -> Iterator[tuple[bool, str]]:
    for place, text in enumerate(said):
        yield place == 0, text


def _paragraphs(application: Application) -> Iterator[tuple[str, list[str]]]:
    yield from _known(application)
    if application.priced is not None:
        yield from _price(application.priced, application.asked.currency)
    yield from _decided(application)
    if application.offered is not None:
        yield "offer", _offer(application.offered, application.asked.currency)
    for pledge in application.pledges:
        unit = application.asked.currency
        yield (
            "pledge",
            [
                (
                    f"{pledge.kind} {pledge.description}: worth {major(pledge.value_minor, unit)}, before"
                    f" us {major(pledge.prior_minor, unit)}, covers {major(pledge.cover_minor, unit)}"
                ),
                *pledge.reasons,
            ],
        )
    if application.booked is not None:
        loan, unit = application.booked, application.asked.currency
        yield (
            "loan",
            [f"number {loan.loan_number}, {major(loan.paid_minor, unit)} paid to {loan.paid_to}"],
        )


def _known(application: Application) -> Iterator[tuple[str, list[str]]]:
    unit = application.asked.currency
    if application.gathered is not None:
        gathered = application.gathered
        [reading] = gathered.readings
        low = gathered.low_month_minor
        said = [
            (
                f"{gathered.facts} read under {show_id('rgt', reading.consent_id)},"
                f" {reading.range_from} to {reading.range_to}"
            ),
            (
                f"sales of the year {major(gathered.sales_year_minor, unit)}, customers"
                f" {gathered.customers}, a poor month"
                f" {'not known' if low is None else major(low, unit)}"
            ),
        ]
        yield "facts", said
    if application.trusted is not None:
        trusted = application.trusted
        if not trusted.invoiced_minor:
            yield "trust", ["asked against no invoice"]
        else:
            doubts = [
                f"  {each.invoice}, {each.check}: {each.words}"
                for each in trusted.reasons
                if each.words
            ]
            yield (
                "trust",
                [
                    (
                        f"{trusted.verdict}: {major(trusted.believed_minor, unit)} of"
                        f" {major(trusted.invoiced_minor, unit)} is believed"
                    ),
                    *doubts,
                ],
            )
    if application.scored is not None:
        scored = application.scored
        points = "" if scored.points is None else f", {scored.points} points"
        yield (
            "score",
            [
                (
                    f"default probability {scored.pd:.1%} ({scored.pd_low:.1%} to {scored.pd_high:.1%})"
                    f"{points}"
                ),
                *(f"  {reason}" for reason in scored.reasons),
            ],
        )


def _price(priced: Priced, unit: str) -> Iterator[tuple[str, list[str]]]:
    parts = ", ".join(
        f"{name.replace('_', ' ')} {share:.2%}"
        for name, share in priced.rate_parts.items()
        if share
    )
    yield "rate", [f"{priced.rate_pct_year.normalize():f} % a year", f"  {parts}"]
    bounds = ", ".join(f"{name} {major(most, unit)}" for name, most in priced.limits.items())
    yield (
        "amount",
        [
            (
                f"{major(priced.amount_minor, unit)} {unit}, bound by"
                f" {'what is asked' if priced.binding == 'asked' else priced.binding}"
            ),
            f"  {bounds}",
        ],
    )
    said = {"approve": "approve", "refuse": "refuse"}.get(
        priced.route, f"{priced.committee} decides, {priced.votes} votes are needed"
    )
    yield "policy", [f"{said} ({priced.rule})", *(f"  {each}" for each in priced.reasons)]


def _decided(application: Application) -> Iterator[tuple[str, list[str]]]:
    if application.votes:
        yield (
            "votes",
            [
                f"{each.actor} {'for' if _approves(each) else 'against'}: {each.reason}"
                for each in application.votes
            ],
        )
    if application.decided is not None:
        decided = application.decided
        said = "approved" if decided.approved else "refused"
        by = "against policy, by " if decided.overrides else "by "
        yield (
            "decision",
            [
                f"{said} {by}{decided.by}, fact {decided.fact_index}",
                *(f"  {each}" for each in decided.reasons),
            ],
        )


def _offer(offered: Offered, unit: str) -> list[str]:
    return [
        (
            f"{major(offered.amount_minor, unit)} {unit} at {offered.rate_pct_year.normalize():f} %,"
            f" open until {offered.valid_until}"
        ),
        (
            f"  {offered.instalments} instalments of {major(offered.instalment_minor, unit)}, the last"
            f" on {offered.last_due}"
        ),
        (
            f"  in all {major(offered.total_minor, unit)}: interest"
            f" {major(offered.interest_minor, unit)}, fees {major(offered.fees_minor, unit)};"
            f" {offered.apr_pct:.2f} % a year, all included"
        ),
    ]


def _approves(event: Event) -> bool:
    return isinstance(event.content, Voted) and event.content.approve

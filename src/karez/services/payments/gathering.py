"""What is known of loans when payments are matched, read for many payments at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from karez.books.rights.names import business_name
from karez.engines.servicing.standing import Status
from karez.services.lending import STATUSES, view_loans
from karez.services.payments.matching import LoanFacts, Register, is_named, mentions
from karez.services.payments.outgoing import Original, Outflow, Share
from karez.services.payments.queries import QUERIES
from karez.services.payments.statement import BankStatement, StatementEntry

if TYPE_CHECKING:
    import psycopg

TAKING = {Status.ACTIVE, Status.WRITTEN_OFF, Status.CHARGED_OFF}
"""In which states a loan takes payments: what comes in after a write-off is a recovery."""
_MOVING_AWAY = {"place", "return"}
LOOK_BACK_DAYS = 400  # direct debits can be given back for thirteen months


@attrs.frozen
class Known:
    """The register, and the ids of loans by their numbers."""

    register: Register
    loan_ids: dict[int, UUID]


def gather(connection: psycopg.Connection, entries: Sequence[StatementEntry], on: date) -> Known:
    """Return all that matching these payments needs to know.

    What is due on a loan is worked out only where a rule may ask for it.
    """
    marks: dict[str, dict[str, set[int]]] = {
        kind: defaultdict(set) for kind in ("account", "mandate", "end-to-end")
    }
    values = {
        text for entry in entries for text in (entry.account, entry.mandate, entry.end_to_end)
    } - {""}
    for kind, value, number in connection.execute(QUERIES["marks"].text, {"values": list(values)}):
        marks[kind][value].add(number)
    for kind, query in (("account", "learned_accounts"), ("mandate", "learned_mandates")):
        asked = {"values": sorted({getattr(entry, kind) for entry in entries} - {""})}
        for value, number in connection.execute(QUERIES[query].text, asked):
            marks[kind][value].add(number)
    named = {each.number: each for entry in entries for _, each in mentions(entry)}
    told = {number for kind in marks.values() for loans in kind.values() for number in loans}
    payers = {number for loans in marks["account"].values() for number in loans}
    facts, ids = _facts(connection, named.keys() | told, payers)
    by_borrower: dict[UUID, set[int]] = defaultdict(set)
    for fact in facts.values():
        by_borrower[fact.borrower].add(fact.number)
    accounts = {
        account: frozenset[int]().union(*(by_borrower[facts[n].borrower] for n in loans))
        for account, loans in marks["account"].items()
    }
    several = [
        loans
        for kind in (accounts, marks["mandate"], marks["end-to-end"])
        for loans in kind.values()
        if len(loans) > 1
    ]
    unsure = {number for loans in several for number in loans}
    bare = {number for number, each in named.items() if each.strength == "bare"} & facts.keys()
    facts |= _with_names(connection, [facts[number] for number in bare])
    facts |= _with_due(connection, [facts[number] for number in unsure | bare], on)
    register = Register(
        facts,
        {value: frozenset(loans) for value, loans in marks["end-to-end"].items()},
        {value: frozenset(loans) for value, loans in marks["mandate"].items()},
        accounts,
    )
    return Known(register, ids)


def _facts(
    connection: psycopg.Connection, loans: Collection[int], of_borrowers: Collection[int]
) -> tuple[dict[int, LoanFacts], dict[int, UUID]]:
    asked = {"loans": sorted(loans), "of_borrowers": sorted(of_borrowers)}
    facts: dict[int, LoanFacts] = {}
    ids: dict[int, UUID] = {}
    for row in connection.execute(QUERIES["loan_facts"].text, asked):
        number, borrower, currency, status, loan_id = row
        takes = STATUSES[status] in TAKING
        facts[number] = LoanFacts(number, borrower, currency, takes, 0)
        ids[number] = loan_id
    return facts, ids


def _with_names(connection: psycopg.Connection, facts: Sequence[LoanFacts]) -> dict[int, LoanFacts]:
    names: dict[UUID, list[str]] = defaultdict(list)
    asked = {"parties": list({each.borrower for each in facts})}
    for party, spelled in connection.execute(QUERIES["borrower_names"].text, asked):
        names[party].append(spelled)
    return {each.number: attrs.evolve(each, names=tuple(names[each.borrower])) for each in facts}


def _with_due(
    connection: psycopg.Connection, facts: Sequence[LoanFacts], on: date
) -> dict[int, LoanFacts]:
    views = view_loans(connection, [each.number for each in facts], on)
    return {
        each.number: attrs.evolve(each, due_minor=views[each.number].due_minor) for each in facts
    }


def find_namesakes(
    connection: psycopg.Connection, names: Collection[str], currency: str, on: date
) -> list[LoanFacts]:
    """Return the loans that take payments of borrowers whose names are like one of these."""
    words = {word for name in names for word in business_name(name).words}
    if not words:
        return []
    asked = {"currency": currency, "words": sorted(words)}
    numbers = [row[0] for row in connection.execute(QUERIES["namesakes"].text, asked)]
    facts, _ = _facts(connection, numbers, [])
    able = [each for each in facts.values() if each.takes_payments]
    alike = [
        each
        for each in _with_names(connection, able).values()
        if any(is_named(name, each) for name in names)
    ]
    return list(_with_due(connection, alike, on).values())


def loan_ids(connection: psycopg.Connection, loans: Collection[int]) -> dict[int, UUID]:
    """Return the ids of loans by their numbers."""
    return _facts(connection, loans, [])[1]


def find_originals(
    connection: psycopg.Connection, statement: BankStatement, entries: Sequence[StatementEntry]
) -> list[Original]:
    """Return the payments that came in on this bank account and these may take back."""
    if not entries:
        return []
    asked = {
        "account": statement.account,
        "amounts": sorted({-entry.amount_minor for entry in entries}),
        "since": min(entry.booked_on for entry in entries) - timedelta(days=LOOK_BACK_DAYS),
    }
    found: dict[int, Original] = {}
    for row in connection.execute(QUERIES["originals"].text, asked):
        number, amount, end_to_end, bank_reference, account, *share = row
        act_number, kind, share_minor, loan_number, event_number = share
        part = Share(act_number, share_minor, loan_number, event_number)
        known = found.get(number)
        if known is None:
            known = Original(number, amount, end_to_end, bank_reference, account, ())
        shares = known.shares if kind in _MOVING_AWAY else (*known.shares, part)
        # What was moved off suspense is no longer held.
        if kind in {"assign", *_MOVING_AWAY}:
            shares = tuple(
                attrs.evolve(each, amount_minor=each.amount_minor - share_minor)
                if each.loan_number is None
                else each
                for each in shares
            )
        found[number] = attrs.evolve(known, shares=tuple(s for s in shares if s.amount_minor))
    return list(found.values())


def find_outflows(
    connection: psycopg.Connection,
    statement: BankStatement,
    channel: str,
    entries: Sequence[StatementEntry],
) -> list[Outflow]:
    """Return what the book has sent out through this account and these may show."""
    if not entries:
        return []
    asked: dict[str, object] = {
        "account": statement.account,
        "channel": channel,
        "currency": statement.currency.code,
        "amounts": sorted({-entry.amount_minor for entry in entries}),
        "since": min(entry.booked_on for entry in entries) - timedelta(days=LOOK_BACK_DAYS),
    }
    asked["end_to_ends"] = sorted({entry.end_to_end for entry in entries} - {""})
    found = [
        Outflow(amount_minor, on, returns, account, "", loan_number, number, payout, kind)
        for amount_minor, on, returns, account, payout, loan_number, number, kind in (
            connection.execute(QUERIES["open_payouts"].text, asked)
        )
    ]
    sent = {each.thing for each in found}
    others = [
        Outflow(amount_minor, on, act_number, account, end_to_end, rule="return")
        for act_number, amount_minor, account, end_to_end, on in connection.execute(
            QUERIES["open_returns"].text, asked
        )
    ]
    others += [
        Outflow(amount_minor, on, loan_number=loan_number, event_number=number)
        for loan_number, number, amount_minor, on in connection.execute(
            QUERIES["open_disbursements"].text, asked
        )
    ]
    return found + [each for each in others if each.thing not in sent]

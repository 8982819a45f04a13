"""Joint liability: the members of a group owe what one of them is late with, in equal parts.

It holds for loans whose product says so, from the day after its days of grace. Who was a member
when the loan was asked for answers for it: leaving frees nobody, and joining binds nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

import attrs
import psycopg

from karez.kernel.money import Remainder, allocate
from karez.services.bookkeeping import Books
from karez.services.lending import LoanView, view_loans
from karez.services.origination.desk import QUERIES
from karez.services.origination.errors import GroupOverdueError
from karez.services.parties import TieKind, parties_named, read_parties
from karez.services.parties.ties import ties_between
from karez.services.products import find_sheet


@attrs.frozen
class JointDebt:
    """A loan of a group that is late, and what each other member owes of what is overdue."""

    group: UUID
    loan_number: int
    borrower: UUID
    currency: str
    overdue_minor: int
    days_late: int
    shares: Mapping[UUID, int]
    members: frozenset[UUID]
    """Who is a member on the day that was asked about."""

    def binds(self, party_id: UUID) -> bool:
        """Tell whether a party gets no new loan before this debt is paid."""
        return party_id in self.members or party_id in self.shares or party_id == self.borrower


def list_joint_debts(books: Books, name: str, on: date) -> list[JointDebt]:
    """Return the debts of a group, or of the groups of a member, by the number of the loan.

    Raises:
        PartyNotFoundError: nobody is called so.
    """
    with books.transaction() as connection:
        party = parties_named(connection, [name])[name]
        return joint_debts(connection, {party.party_id}, on)


def joint_debts(
    connection: psycopg.Connection, party_ids: Collection[UUID], on: date
) -> list[JointDebt]:
    """Return the debts of groups that are among parties, or that one of them is or was in."""
    asked = {"party_ids": list(party_ids), "day": on}
    rows = connection.execute(QUERIES["group_loans"].text, asked).fetchall()
    views = view_loans(connection, {number for number, _, _ in rows}, on)
    debts: list[JointDebt] = []
    for number, group, asked_on in rows:
        view = views[number]
        if not _is_joint(connection, view, on):
            continue
        debtor = view.loan.borrower_id
        others = sorted(_members(connection, group, asked_on) - {debtor})
        parts = (
            allocate(view.overdue_minor, [1] * len(others), remainder=Remainder.LARGEST)
            if others
            else []
        )
        debts.append(
            JointDebt(
                group=group,
                loan_number=number,
                borrower=debtor,
                currency=view.loan.currency,
                overdue_minor=view.overdue_minor,
                days_late=view.standing.days_past_due(on),
                shares=dict(zip(others, parts, strict=True)),
                members=frozenset(_members(connection, group, on)),
            )
        )
    return debts


def refuse_bound(
    connection: psycopg.Connection, borrowers: Collection[tuple[UUID, date]]
) -> dict[tuple[UUID, date], GroupOverdueError]:
    """Return why these borrowers get no new money on these days, those that do left out."""
    found: dict[tuple[UUID, date], GroupOverdueError] = {}
    for day in sorted({on for _, on in borrowers}):
        asked = {party for party, on in borrowers if on == day}
        debts = joint_debts(connection, asked, day)
        names = read_parties(connection, {debt.group for debt in debts})
        for debt in reversed(debts):  # of several the first is named
            for party in asked:
                if debt.binds(party):
                    found[party, day] = GroupOverdueError(
                        group=names[debt.group].key, loan=debt.loan_number, days=debt.days_late
                    )
    return found


def _is_joint(connection: psycopg.Connection, view: LoanView, on: date) -> bool:
    """Tell whether a loan is late past its grace, and all of its group answer for it."""
    loan = view.loan
    if view.standing.days_past_due(on) <= loan.late.grace_days or loan.sheet is None:
        return False
    group = find_sheet(connection, *loan.sheet).group
    return group is not None and group.joint_liability


def _members(connection: psycopg.Connection, group: UUID, on: date) -> set[UUID]:
    ties = ties_between(connection, [group], on)
    return {tie.one for tie in ties if tie.kind is TieKind.MEMBER_OF and tie.other == group}

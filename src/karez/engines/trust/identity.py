"""Borrowers who are not who they are said to be: one hand behind many, or the staff's own."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from karez.engines.trust.checks import IDENTITY
from karez.engines.trust.evidence import Evidence, Kind, Tie, day_text
from karez.engines.trust.rules import Rules
from karez.engines.trust.verdict import Answer, Verdict

_PERSONAL = (Tie.PHONE, Tie.DEVICE, Tie.ACCOUNT)
"""What one person has for themselves. An address is a household's or a market's."""


def identity(evidence: Evidence, rules: Rules) -> Answer:
    """Hold a loan to a person who shares a phone, a device or an account with staff.

    What more borrowers share than a household has is reviewed.
    """
    advances = evidence.advances
    answer = Answer.over(IDENTITY, evidence.of_kind(Kind.LOAN))
    loans: defaultdict[int, list[int]] = defaultdict(list)
    for row in np.flatnonzero(answer.verdict == Verdict.PASS).tolist():
        loans[int(advances["party"][row])].append(row)
    sharers: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    ties = evidence.ties
    for row in np.flatnonzero(np.isin(ties["kind"], _PERSONAL)).tolist():
        sharers[int(ties["kind"][row]), int(ties["value"][row])].append(row)
    for (kind, _), rows in sharers.items():
        people = sorted({int(ties["party"][row]) for row in rows})
        staff = [one for one in people if evidence.parties["staff"][one]]
        borrowers = [one for one in people if one in loans]
        what = Tie(kind).name.lower()
        cites = [("ties", row) for row in rows]
        dated = sorted((int(advances["on"][row]), row) for one in borrowers for row in loans[one])
        for place, (on, row) in enumerate(dated):
            if staff and int(advances["party"][row]) not in staff:
                words = f"the borrower's {what} is that of {evidence.name('parties', staff[0])}"
                answer.doubt(row, Verdict.HOLD, 0.1, known_on=on, words=words, cites=cites)
            if len(borrowers) > rules.borrowers_sharing_most:
                later = dated[max(place, rules.borrowers_sharing_most)][0]
                words = f"{len(borrowers)} borrowers have one {what}, since {day_text(dated[0][0])}"
                answer.doubt(row, Verdict.REVIEW, 0.3, known_on=later, words=words, cites=cites)
    _paid_to_staff(answer, evidence)
    return answer


def _paid_to_staff(answer: Answer, evidence: Evidence) -> None:
    """Hold a loan that is paid out to an account of the staff."""
    ties = evidence.ties
    staff = (ties["kind"] == Tie.ACCOUNT) & evidence.parties["staff"][ties["party"]]
    owners = {int(ties["value"][row]): row for row in np.flatnonzero(staff).tolist()}
    for place, (advance, account) in enumerate(
        evidence.borrowings[["advance", "paid_to"]].tolist()
    ):
        row = owners.get(account)
        if row is not None:
            answer.doubt(
                advance,
                Verdict.HOLD,
                0.1,
                known_on=int(evidence.advances["on"][advance]),
                words=f"it was paid to {evidence.name('parties', int(ties['party'][row]))}",
                cites=[("borrowings", place), ("ties", row)],
                honest=0.01,
            )

"""One trade, one lender: is this what somebody has financed already?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence

import numpy as np

from karez.engines.trust.checks import CONTENT, EVIDENCE_ONCE, FINGERPRINT
from karez.engines.trust.evidence import NONE, Bools, Evidence, Kind, Paper, day_text
from karez.engines.trust.minhash import alike
from karez.engines.trust.rules import Rules
from karez.engines.trust.verdict import Answer, Verdict


def content(evidence: Evidence, _rules: Rules) -> Answer:
    """Reject an advance whose invoice is, octet for octet, that of one that still runs."""
    invoices = evidence.documents["kind"] == Paper.INVOICE
    applies = np.zeros(len(evidence.advances), np.bool_)
    applies[evidence.documents["advance"][invoices]] = True
    answer = Answer.over(CONTENT, applies)
    rows = np.flatnonzero(invoices & (evidence.documents["content"] != NONE)).tolist()
    codes = evidence.documents["content"].tolist()
    owners = evidence.documents["advance"].tolist()
    for earlier, later in _repeats(
        evidence, [(owners[row], codes[row]) for row in rows]
    ):  # fmt: skip
        _refuse(answer, evidence, earlier, later, Verdict.REJECT, 0.0, "the same document")
    return answer


def fingerprint(evidence: Evidence, rules: Rules) -> Answer:
    """Compare the invoice of each advance with those of advances that ran on its day.

    F1 equal is a reject, F2 or F3 equal a hold, F4 alike a review: unless it has a receipt of its
    own under the buyer's key, which makes it a standing order.
    """
    prints = evidence.prints
    count = len(evidence.advances)
    if prints is None:
        return Answer.over(FINGERPRINT, np.zeros(count, np.bool_))
    answer = Answer.over(FINGERPRINT, np.array([bool(one) for one in prints.exact], np.bool_))
    for tokens, verdict, score, what in (
        (prints.exact, Verdict.REJECT, 0.0, "the same seller, buyer, number, date and total"),
        (prints.renumbered, Verdict.HOLD, 0.1, "the same but for its number"),
        (prints.redated, Verdict.HOLD, 0.1, "the same but for its date"),
    ):
        pairs = [(row, token) for row, token in enumerate(tokens) if token]
        for earlier, later in _repeats(evidence, pairs):
            if answer.verdict[later] != Verdict.REJECT:
                _refuse(answer, evidence, earlier, later, verdict, score, what)
    codes = {token: code for code, token in enumerate(dict.fromkeys(prints.seller))}
    sellers = np.array([codes[token] for token in prints.seller], np.int64)
    delivered = _delivered(evidence)
    found = alike(
        prints.lines,
        sellers,
        evidence.advances["on"].astype(np.int64),
        least=rules.lines_alike,
        within_days=rules.lines_within_days,
    )
    for earlier, later, likeness in found:
        if (
            answer.verdict[later] == Verdict.PASS
            and not delivered[later]
            and _runs(evidence, earlier, later)
        ):
            what = f"lines alike to {likeness:.2f}"
            _refuse(answer, evidence, earlier, later, Verdict.REVIEW, 0.7, what)
    return answer


def evidence_once(evidence: Evidence, _rules: Rules) -> Answer:
    """Hold an advance that rests on a despatch or a receipt which another one rests on."""
    kinds = evidence.documents["kind"]
    rows = np.flatnonzero(
        ((kinds == Paper.DESPATCH) | (kinds == Paper.RECEIPT))
        & (evidence.documents["content"] != NONE)
    ).tolist()
    answer = Answer.over(EVIDENCE_ONCE, evidence.of_kind(Kind.GOODS))
    owners, codes = evidence.documents["advance"].tolist(), evidence.documents["content"].tolist()
    for earlier, later in _repeats(evidence, [(owners[row], codes[row]) for row in rows]):
        what = "a despatch or receipt that this one cites too"
        _refuse(answer, evidence, earlier, later, Verdict.HOLD, 0.1, what)
    return answer


def _delivered(evidence: Evidence) -> Bools:
    """Return which advances have a receipt that the buyer signed and no other advance cites."""
    found = np.zeros(len(evidence.advances), np.bool_)
    documents = evidence.documents
    signed = documents[(documents["kind"] == Paper.RECEIPT) & (documents["key"] != NONE)]
    if not len(signed) or not len(evidence.keys):
        return found
    keys = evidence.keys[signed["key"]]
    contents, place, times = np.unique(signed["content"], return_inverse=True, return_counts=True)
    single = (times[place] == 1) & (contents[place] != NONE)
    buyer = evidence.advances["buyer"][signed["advance"]]
    found[signed["advance"][single & keys["direct"] & (keys["party"] == buyer)]] = True
    return found


def _refuse(  # noqa: PLR0913, PLR0917 - a finding has so many parts
    answer: Answer,
    evidence: Evidence,
    earlier: int,
    later: int,
    verdict: Verdict,
    score: float,
    what: str,
) -> None:
    on = int(evidence.advances["on"][earlier])
    words = f"{evidence.name('advances', earlier)} of {day_text(on)} has {what}"
    answer.doubt(
        later,
        verdict,
        score,
        known_on=int(evidence.advances["on"][later]),
        words=words,
        cites=[("advances", earlier)],
    )


def _runs(evidence: Evidence, earlier: int, later: int) -> bool:
    """Tell whether an advance still ran on the day of another."""
    return bool(evidence.advances["until"][earlier] > evidence.advances["on"][later])


def _repeats(
    evidence: Evidence, pairs: Iterable[tuple[int, Hashable]]
) -> Iterator[tuple[int, int]]:
    """Return advances that share a token: of those before it the one that runs longest, and it."""
    owners: defaultdict[Hashable, set[int]] = defaultdict(set)
    for row, token in pairs:
        owners[token].add(row)
    days: Sequence[int] = evidence.advances["on"].tolist()
    ends: Sequence[int] = evidence.advances["until"].tolist()
    for rows in owners.values():
        if len(rows) > 1:
            longest, *others = sorted(rows, key=lambda row: (days[row], row))
            for row in others:
                if ends[longest] > days[row]:
                    yield longest, row
                if ends[row] > ends[longest]:
                    longest = row

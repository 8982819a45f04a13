"""What the sources say of each advance, weighed once those that are one have one voice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from karez.engines.trust.checks import TRUTH
from karez.engines.trust.copying import collapse, copies
from karez.engines.trust.evidence import Evidence, Ints
from karez.engines.trust.rules import Rules
from karez.engines.trust.truth import Claims, dawid_skene
from karez.engines.trust.verdict import Answer, Record, Verdict

_HOLD_BELOW, _REVIEW_BELOW = 0.5, 0.95


def truth(evidence: Evidence, groups: Ints, rules: Rules) -> Answer:
    """Score each advance by the probability that what is said of it is so.

    Copies and control groups are collapsed first; then reliabilities are learned.
    """
    claims, count = evidence.claims, len(evidence.advances)
    spoken = np.zeros(count, np.bool_)
    spoken[claims["advance"]] = True
    answer = Answer.over(TRUTH, spoken)
    if not len(claims):
        return answer
    sources, place = np.unique(claims["source"], return_inverse=True)
    facts, fact = np.unique(claims["advance"], return_inverse=True)
    # A source may speak twice; what it said last counts.
    order = np.lexsort((claims["on"], fact, place))
    last = np.ones(len(order), np.bool_)
    last[:-1] = (place[order][1:] != place[order][:-1]) | (fact[order][1:] != fact[order][:-1])
    rows = order[last]
    said = Claims(
        source=place[rows],
        fact=fact[rows],
        says=claims["says"][rows],
        sources=len(sources),
        facts=len(facts),
    )
    same_as = copies(said, accuracy_most=rules.accuracy_most, group=groups[sources])
    found = dawid_skene(
        collapse(said, same_as),
        prior=rules.source_claims_prior,
        accuracy=rules.source_accuracy_prior,
    )
    score = np.ones(count)
    score[facts] = found
    answer.score[:] = score
    doubted = np.flatnonzero(spoken & (score < _REVIEW_BELOW)).tolist()
    voices = _voices(evidence, doubted)
    for advance in doubted:
        against = [row for row in voices[advance] if not claims["says"][row]]
        cites: list[Record] = [("claims", row) for row in voices[advance]]
        days = [int(claims["on"][row]) for row in voices[advance]]
        answer.doubt(
            advance,
            Verdict.HOLD if score[advance] < _HOLD_BELOW else Verdict.REVIEW,
            float(score[advance]),
            known_on=max([int(evidence.advances["on"][advance]), *days]),
            words=_words(evidence, against, len(voices[advance]), float(score[advance])),
            cites=cites,
        )
    return answer


def _voices(evidence: Evidence, advances: Sequence[int]) -> dict[int, list[int]]:
    """Return the claims about each of these advances."""
    found: dict[int, list[int]] = {advance: [] for advance in advances}
    mine = np.flatnonzero(np.isin(evidence.claims["advance"], advances))
    for row in mine.tolist():
        found[int(evidence.claims["advance"][row])].append(row)
    return found


def _words(evidence: Evidence, against: Sequence[int], voices: int, score: float) -> str:
    """Say who speaks against it."""
    who = ", ".join(
        evidence.name("parties", int(evidence.claims["source"][row])) for row in against
    )
    said = f"{who} of {voices} sources denies it" if against else f"{voices} sources"
    return f"{said}; believed at {score:.0%}"

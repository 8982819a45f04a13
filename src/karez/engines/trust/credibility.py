"""What the sources say of each advance, weighed once those that are one have one voice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from karez.engines.trust.checks import TRUTH
from karez.engines.trust.copying import collapse, copies
from karez.engines.trust.evidence import Evidence, Ints, Rows
from karez.engines.trust.rules import Rules
from karez.engines.trust.truth import Claims, dawid_skene
from karez.engines.trust.verdict import Answer, Record, Verdict

_HOLD_BELOW, _REVIEW_BELOW = 0.5, 0.95


def truth(evidence: Evidence, groups: Ints, rules: Rules) -> Answer:
    """Score each advance by the probability that what is said of it is so.

    Who gains by it is no witness: the words of the one who gets the money, and of all in that hand,
    are left out. Copies and control groups are collapsed, and then reliabilities are learned.
    """
    claims, count = evidence.claims, len(evidence.advances)
    gains = groups[evidence.advances["party"][claims["advance"]]]
    witness = np.flatnonzero(groups[claims["source"]] != gains)
    spoken = np.zeros(count, np.bool_)
    spoken[claims["advance"][witness]] = True
    answer = Answer.over(TRUTH, spoken)
    if not len(witness):
        return answer
    said, sources, facts = _claims(claims[witness])
    same_as = copies(said, accuracy_most=rules.accuracy_most, group=groups[sources])
    found = dawid_skene(
        collapse(said, same_as),
        prior=rules.source_claims_prior,
        accuracy=rules.source_accuracy_prior,
        share_true=1 - rules.fraud_prior,
    )
    answer.score[facts] = found
    doubted = facts[found < _REVIEW_BELOW].tolist()
    voices = _voices(claims, witness, doubted)
    for advance in doubted:
        score = float(answer.score[advance])
        against = [row for row in voices[advance] if not claims["says"][row]]
        cites: list[Record] = [("claims", row) for row in voices[advance]]
        days = [int(claims["on"][row]) for row in voices[advance]]
        answer.doubt(
            advance,
            Verdict.HOLD if score < _HOLD_BELOW else Verdict.REVIEW,
            score,
            known_on=max([int(evidence.advances["on"][advance]), *days]),
            words=_words(evidence, against, len(voices[advance]), score),
            cites=cites,
        )
    return answer


def _claims(rows: Rows) -> tuple[Claims, Ints, Ints]:
    """Return claims by numbers of their own, and what these numbers stand for.

    A source may speak twice; what it said last counts.
    """
    sources, source = np.unique(rows["source"], return_inverse=True)
    facts, fact = np.unique(rows["advance"], return_inverse=True)
    order = np.lexsort((rows["on"], fact, source))
    last = np.ones(len(order), np.bool_)
    last[:-1] = (np.diff(source[order]) != 0) | (np.diff(fact[order]) != 0)
    kept = order[last]
    said = Claims(
        source=source[kept],
        fact=fact[kept],
        says=rows["says"][kept],
        sources=len(sources),
        facts=len(facts),
    )
    return said, sources, facts


def _voices(claims: Rows, witness: Ints, advances: Sequence[int]) -> dict[int, list[int]]:
    """Return which witnesses' claims are about each of these advances."""
    found: dict[int, list[int]] = {advance: [] for advance in advances}
    for row in witness[np.isin(claims["advance"][witness], advances)].tolist():
        found[int(claims["advance"][row])].append(row)
    return found


def _words(evidence: Evidence, against: Sequence[int], voices: int, score: float) -> str:
    """Say who speaks against it."""
    who = ", ".join(
        evidence.name("parties", int(evidence.claims["source"][row])) for row in against
    )
    said = f"denied by {who}, of {voices} sources" if against else f"{voices} sources"
    return f"{said}; believed at {score:.0%}"

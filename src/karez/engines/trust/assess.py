"""How far to believe each advance: all checks, what is left of its value, and the reasons."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.trust import (
    credibility,
    cycles,
    groups,
    identity,
    matching,
    officers,
    photos,
    sales,
    stock,
    tax,
    unique,
    visits,
)
from karez.engines.trust.checks import CHECKS, DIGITS
from karez.engines.trust.evidence import Evidence, Ints
from karez.engines.trust.rules import Rules
from karez.engines.trust.verdict import Answer, Record, Verdict
from karez.kernel.errors import ensure

ALL = tuple(check.check_id for check in CHECKS)

_ALONE: dict[str, Callable[[Evidence, Rules], Answer]] = {
    "content": unique.content,
    "three-way": matching.three_way,
    "handover": matching.handover,
    "fingerprint": unique.fingerprint,
    "tax-id": tax.tax_id,
    "evidence-once": unique.evidence_once,
    "ring": cycles.ring,
    "stock": stock.stock,
    "visit": visits.visit,
    "photo": photos.photo,
    "identity": identity.identity,
    "officer": officers.officer,
    "sales": sales.sales,
    "digits": sales.digits,
}
_WITH_GROUPS: dict[str, Callable[[Evidence, Ints, Rules], Answer]] = {
    "independent": groups.independent,
    "corroborated": groups.corroborated,
    "truth": credibility.truth,
}
_OF_PARTIES = {"series": ("party",), "registrations": ("party", "buyer")}
"""Tables whose rows are a party's own, and which parties of an advance they are looked up for."""
_HINT_WEIGHT = 0.1
_HONEST_LEAST = 0.001  # no check is so sure that one in a thousand is not honest


@attrs.frozen
class Reason:
    """What one check says of one advance, ready to be recorded as a fact."""

    check_id: str
    version: int
    inputs: tuple[str, ...]  # the SHA-256 of each record that it rests on, in order
    verdict: Verdict
    score: float
    words: str


@attrs.frozen
class Assessment:
    """The answers of all checks that were made.

    ``believable_minor`` is what is left of each advance: the least that any check lets stand.
    ``risk_minor`` orders them for review: the amount, times the chance that it is lost, by how
    often something honest looks so under each check, as if checks were independent, and from
    ``rules.fraud_prior`` before anything is known.
    """

    evidence: Evidence
    answers: tuple[Answer, ...]
    verdict: npt.NDArray[np.uint8]
    believable_minor: Ints
    risk_minor: npt.NDArray[np.float64]
    _owned: dict[str, _Owned] = attrs.field(factory=dict[str, "_Owned"], init=False, repr=False)

    def reasons(self, advance: int) -> Iterator[Reason]:
        """Return what each check says of an advance; those that are silent are left out."""
        for answer in self.answers:
            verdict = Verdict(int(answer.verdict[advance]))
            if verdict is not Verdict.SILENT:
                grounds = answer.grounds.get(advance, [])
                words = "; ".join(dict.fromkeys(ground.words for ground in grounds))
                yield Reason(
                    check_id=answer.check.check_id,
                    version=answer.check.version,
                    inputs=self._inputs(answer, advance),
                    verdict=verdict,
                    score=float(answer.score[advance]),
                    words=words,
                )

    def _inputs(self, answer: Answer, advance: int) -> tuple[str, ...]:
        """Return the digests of what a check rests on: the advance's own records, and the cited."""
        records: set[Record] = {("advances", advance)}
        for table in answer.check.tables:
            if table not in self._owned:
                self._owned[table] = _Owned.of(self.evidence, table)
            roles = _OF_PARTIES.get(table)
            owners = (
                [advance] if roles is None
                else [int(self.evidence.advances[role][advance]) for role in roles]
            )  # fmt: skip
            for owner in owners:
                records.update((table, row) for row in self._owned[table].rows(owner))
        for ground in answer.grounds.get(advance, []):
            records.update(ground.cites)
        return tuple(sorted({self.evidence.digest(record) for record in records}))


@attrs.frozen
class _Owned:
    """The rows of a table in order of their owner: an advance, or a party for series."""

    order: Ints
    owners: Ints

    @classmethod
    def of(cls, evidence: Evidence, table: str) -> _Owned:
        rows = getattr(evidence, table)
        if table == "photos":
            owner = evidence.visits["advance"][rows["visit"]]
        else:
            owner = rows["party" if table in _OF_PARTIES else "advance"]
        order = np.argsort(owner, kind="stable")
        return cls(order, owner[order])

    def rows(self, owner: int) -> list[int]:
        begin, end = np.searchsorted(self.owners, (owner, owner + 1))
        return self.order[begin:end].tolist()


def assess(
    evidence: Evidence, rules: Rules | None = None, made: Collection[str] = ALL
) -> Assessment:
    """Make these checks, and say how far each advance can be believed."""
    told = rules or Rules()
    ensure(set(made) <= set(ALL), "every check that is asked for exists")
    tied = groups.control_groups(len(evidence.parties), evidence.ties, told)
    answers = tuple(
        _ALONE[name](evidence, told) if name in _ALONE else _WITH_GROUPS[name](evidence, tied, told)
        for name in ALL
        if name in made
    )
    return combine(evidence, answers, told)


def combine(evidence: Evidence, answers: tuple[Answer, ...], rules: Rules) -> Assessment:
    """Return the assessment that these answers amount to."""
    count = len(evidence.advances)
    amount = evidence.advances["amount_minor"]
    verdict = np.zeros(count, np.uint8)
    least, honest, hint = np.ones(count), np.ones(count), np.ones(count)
    for answer in answers:
        ensure(len(answer.verdict) == count, "a check answers for every advance")
        if answer.check is DIGITS:
            hint += _HINT_WEIGHT * (answer.score < 1)
            continue
        verdict = np.maximum(verdict, answer.verdict)
        least = np.minimum(least, answer.score)
        doubted = answer.verdict > Verdict.PASS
        honest *= np.where(doubted, np.maximum(answer.honest, _HONEST_LEAST), 1.0)
    believable = np.where(least >= 1, amount, np.floor(amount * least).astype(np.int64))
    odds = rules.fraud_prior / (1 - rules.fraud_prior) / honest
    risk = np.where(verdict > Verdict.PASS, amount * odds / (1 + odds) * hint, 0.0)
    return Assessment(evidence, answers, verdict, believable, risk)

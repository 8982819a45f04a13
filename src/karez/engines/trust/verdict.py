"""What a check says of each advance: a verdict, a score, and the records that it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import attrs
import numpy as np
import numpy.typing as npt

from karez.kernel.errors import ensure

Record = tuple[str, int]
"""A table of the evidence, and a row in it."""


class Verdict(IntEnum):
    """What to do; a higher one is stricter."""

    SILENT = 0  # the check has nothing to go on here
    PASS = 1  # nothing speaks against it
    REVIEW = 2  # a person looks at it
    HOLD = 3  # nothing is lent on it until this is answered
    REJECT = 4  # it has been financed already


@attrs.frozen(kw_only=True)
class Check:
    """One question put to the evidence. A change of its rule is another ``version``."""

    check_id: str
    version: int
    asks: str
    verdicts: tuple[Verdict, ...]
    beats: str  # the fraud that would have met it
    leaves_open: str  # what it does not prove
    tables: tuple[str, ...]  # whose rows are its inputs


@attrs.frozen
class Ground:
    """Why an advance is doubted, in words, with the records that say so."""

    words: str
    cites: tuple[Record, ...]


@attrs.define
class Answer:
    """What one check says of every advance, by row.

    ``score`` is the share of the value that the check lets stand, from 0 to 1. ``honest`` is how
    often something honest looks so, in our judgement; only the order of reviews rests on it.
    ``known_on`` is the day (since 1970-01-01) from which it could be known, -1 where the check
    passes or is silent.
    """

    check: Check
    verdict: npt.NDArray[np.uint8]
    score: npt.NDArray[np.float64]
    honest: npt.NDArray[np.float64]
    known_on: npt.NDArray[np.int32]
    grounds: dict[int, list[Ground]] = attrs.field(factory=dict[int, "list[Ground]"])

    @classmethod
    def over(cls, check: Check, applies: npt.NDArray[np.bool_]) -> Answer:
        """Return an answer that passes what the check applies to, and is silent on the rest."""
        count = len(applies)
        verdict = np.where(applies, Verdict.PASS, Verdict.SILENT).astype(np.uint8)
        return cls(check, verdict, np.ones(count), np.ones(count), np.full(count, -1, np.int32))

    def doubt(  # noqa: PLR0913 - a finding has so many parts
        self,
        advance: int,
        verdict: Verdict,
        score: float,
        *,
        known_on: int,
        words: str,
        cites: Iterable[Record],
        honest: float | None = None,
    ) -> None:
        """Record a ground. The strictest verdict and the least figures stand.

        ``honest`` is the score where it is not given.
        """
        ensure(0 <= score <= 1, "a score is a share")
        ensure(verdict in self.check.verdicts, "a check gives the verdicts it declares")
        first = advance not in self.grounds
        stricter = first or score < self.score[advance]
        if stricter:
            self.known_on[advance] = known_on
        self.verdict[advance] = max(self.verdict[advance], verdict)
        self.score[advance] = min(self.score[advance], score)
        likely = score if honest is None else honest
        self.honest[advance] = min(self.honest[advance], likely)
        self.grounds.setdefault(advance, []).append(Ground(words, tuple(cites)))

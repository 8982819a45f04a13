"""The desk that reviews: month by month, on what is known by then, one advance in a hundred."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from benchmarks.welltest.tables import BEGINS, through
from benchmarks.welltest.world import MONTHS
from karez.engines.trust import Assessment, Evidence, Kind, Rules, Verdict, assess, combine

B0 = ("content",)
B1 = (*B0, "three-way", "handover")
B2 = (*B1, "fingerprint", "evidence-once")
B3 = (
    *B2, "independent", "ring", "stock", "visit", "photo", "identity", "officer", "sales", "digits",
)  # fmt: skip
B4 = (*B3, "corroborated", "truth")
BASELINES = {"B0": B0, "B1": B1, "B2": B2, "B3": B3, "B4": B4}
BUDGET = 0.01
LOOKS_BACK_DAYS = 120

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@attrs.define
class Desk:
    """What was reviewed under one set of checks, and from which day it could be known."""

    reviewed: Bools
    known_on: Ints

    @classmethod
    def of(cls, count: int) -> Desk:
        """Return a desk at which nothing was reviewed yet."""
        return cls(np.zeros(count, np.bool_), np.full(count, -1, np.int64))

    def review(self, seen: Assessment, day: int, places: int) -> None:
        """Review what puts most at risk, of what is not old and was not reviewed."""
        count = len(seen.evidence.advances)
        fresh = seen.evidence.advances["on"] > day - LOOKS_BACK_DAYS
        risk = np.where(fresh & ~self.reviewed[:count], seen.risk_minor, 0.0)
        order = np.argsort(-risk, kind="stable")[:places]
        for advance in order[risk[order] > 0].tolist():
            self.reviewed[advance] = True
            self.known_on[advance] = min(
                int(answer.known_on[advance])
                for answer in seen.answers
                if answer.verdict[advance] > Verdict.PASS
            )


def work(whole: Evidence, baselines: dict[str, Sequence[str]]) -> dict[str, Desk]:
    """Let a desk for each set of checks work for all months, each on what was known by its end."""
    desks = {name: Desk.of(len(whole.advances)) for name in baselines}
    rules, before = Rules(), 0
    for month in range(1, MONTHS + 1):
        day = BEGINS + int(month * 30.44) - 1
        known = through(whole, day)
        places = round((len(known.advances) - before) * BUDGET)
        before = len(known.advances)
        made = assess(known, rules)
        for name, checks in baselines.items():
            chosen = tuple(one for one in made.answers if one.check.check_id in checks)
            desks[name].review(combine(known, chosen, rules), day, places)
    return desks


@attrs.frozen(kw_only=True)
class Score:
    """How well a desk did on some advances."""

    recall: float  # of the fraudulent value, the share that was reviewed
    precision: float  # of what was reviewed, the share that is fraud
    prevented_minor: int  # what was known to be wrong on the day of the advance, or before
    late_minor: int  # what came out when the money was gone
    lost_minor: int  # what never came out
    fraud_minor: int  # all of them
    days: float  # from the advance until it was known, in the middle
    firm_alarms: float  # honest advances reviewed, for each honest firm
    person_alarms: float  # the same for each person who borrows honestly


def score(whole: Evidence, schemes: Ints, desk: Desk, of: Bools) -> Score:
    """Return how well a desk did on these advances."""
    advances = whole.advances
    amount = advances["amount_minor"]
    fraud = of & (schemes > 0)
    found = fraud & desk.reviewed
    days = np.maximum(desk.known_on - advances["on"], 0)
    at_once = found & (days == 0)
    total = max(int(amount[fraud].sum()), 1)
    persons = advances["kind"] == Kind.LOAN
    return Score(
        recall=int(amount[found].sum()) / total,
        precision=int(found.sum()) / max(int((of & desk.reviewed).sum()), 1),
        prevented_minor=int(amount[at_once].sum()),
        late_minor=int(amount[found & ~at_once].sum()),
        lost_minor=int(amount[fraud & ~found].sum()),
        fraud_minor=total,
        days=float(np.median(days[found])) if found.any() else float("nan"),
        firm_alarms=_alarms(advances["party"], fraud, desk.reviewed, of & ~persons),
        person_alarms=_alarms(advances["party"], fraud, desk.reviewed, of & persons),
    )


def _alarms(party: Ints, fraud: Bools, reviewed: Bools, of: Bools) -> float:
    """Return how often the desk looked at somebody honest, for each of them."""
    honest = of & ~np.isin(party, party[fraud])
    return int((honest & reviewed).sum()) / max(len(np.unique(party[honest])), 1)

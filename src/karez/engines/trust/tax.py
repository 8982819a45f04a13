"""Tax ids: had the tax office the parties of a sale as active when the invoice was written?"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from karez.engines.trust.checks import TAX_ID
from karez.engines.trust.evidence import NONE, Bools, Evidence, Ints, Kind, Paper, day_text
from karez.engines.trust.rules import Rules
from karez.engines.trust.verdict import Answer, Record, Verdict


def tax_id(evidence: Evidence, _rules: Rules) -> Answer:
    """Hold an advance on a sale in which a party was not registered on the day of the invoice.

    The check passes only what it knows of all parties; a party that the register does not name is
    no ground, and the check is then silent.
    """
    advances = evidence.advances
    days = _invoiced_on(evidence)
    intervals: defaultdict[int, list[int]] = defaultdict(list)
    for row, party in enumerate(evidence.registrations["party"].tolist()):
        intervals[party].append(row)
    asked = evidence.of_kind(Kind.GOODS) | evidence.of_kind(Kind.SALES)
    answer = Answer.over(TAX_ID, asked & _known(evidence, intervals))
    for advance in np.flatnonzero(asked).tolist():
        for role in ("party", "buyer"):
            party = int(advances[role][advance])
            rows = intervals.get(party, [])
            if rows and not _active(evidence, rows, int(days[advance])):
                who, day = evidence.name("parties", party), day_text(int(days[advance]))
                cites: list[Record] = [("registrations", row) for row in rows]
                answer.doubt(
                    advance,
                    Verdict.HOLD,
                    0.1,
                    known_on=int(advances["on"][advance]),
                    words=f"the tax id of {who} was not active on {day}",
                    cites=cites,
                    honest=0.02,
                )
    return answer


def _invoiced_on(evidence: Evidence) -> Ints:
    """Return the day of each advance's invoice; its own where it has none."""
    days = evidence.advances["on"].astype(np.int64)
    invoices = evidence.documents[evidence.documents["kind"] == Paper.INVOICE]
    days[invoices["advance"][::-1]] = invoices["on"][::-1]  # the first one stands
    return days


def _known(evidence: Evidence, intervals: dict[int, list[int]]) -> Bools:
    """Return of which advances the register names all parties."""
    named = np.array(sorted(intervals), np.int64)
    advances = evidence.advances
    return np.isin(advances["party"], named) & (
        np.isin(advances["buyer"], named) | (advances["buyer"] == NONE)
    )


def _active(evidence: Evidence, rows: list[int], day: int) -> bool:
    register = evidence.registrations[rows]
    return bool(((register["begins"] <= day) & (day < register["ends"])).any())

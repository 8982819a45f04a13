"""Control groups: who is, in truth, one and the same; and whether two who say so are two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import rustworkx as rx

from karez.engines.trust.checks import CORROBORATED, INDEPENDENT
from karez.engines.trust.evidence import NONE, Evidence, Ints, Kind, Paper, Rows, Tie
from karez.engines.trust.rules import Rules
from karez.engines.trust.verdict import Answer, Record, Verdict

CONTROL = (Tie.OWNER, Tie.STAFF, Tie.PHONE, Tie.DEVICE, Tie.ADDRESS, Tie.ACCOUNT, Tie.KEY)
"""What ties a control group; a shared guarantor does not."""


def control_groups(parties: int, ties: Rows, rules: Rules) -> Ints:
    """Return for each party the first party of its group: those whom ties connect.

    What more than ``rules.shared_most`` parties share is a public place, and ties nobody.
    """
    graph = rx.PyGraph[int, None](multigraph=False)
    graph.add_nodes_from(range(parties))
    graph.add_edges_from_no_data(_pairs(ties, CONTROL, rules.shared_most))
    group = np.arange(parties, dtype=np.int64)
    for members in rx.connected_components(graph):
        group[list(members)] = min(members)
    return group


def _pairs(ties: Rows, kinds: Sequence[Tie], most: int) -> list[tuple[int, int]]:
    """Return neighbours among the parties that share a value: enough to connect them all."""
    ties = np.unique(ties[np.isin(ties["kind"], kinds)])
    order = np.lexsort((ties["party"], ties["value"], ties["kind"]))
    ties = ties[order]
    begins = np.ones(len(ties), np.bool_)
    begins[1:] = (ties["kind"][1:] != ties["kind"][:-1]) | (ties["value"][1:] != ties["value"][:-1])
    starts = np.flatnonzero(begins)
    sizes = np.diff(starts, append=len(ties))
    private = np.repeat(sizes <= most, sizes)
    linked = np.flatnonzero(private & ~begins)
    return list(
        zip(ties["party"][linked - 1].tolist(), ties["party"][linked].tolist(), strict=True)
    )


def independent(evidence: Evidence, groups: Ints, _rules: Rules) -> Answer:
    """Hold a sale whose two sides, or whose carrier, are in one hand.

    The seller's group must be neither the buyer's nor that of whoever signed the receipt or the
    carriage.
    """
    advances = evidence.advances
    answer = Answer.over(INDEPENDENT, evidence.of_kind(Kind.GOODS))
    if not len(groups):
        return answer
    for advance in np.flatnonzero(
        (answer.verdict == Verdict.PASS) & (groups[advances["party"]] == groups[advances["buyer"]])
    ).tolist():
        answer.doubt(
            advance,
            Verdict.HOLD,
            0.05,
            known_on=int(advances["on"][advance]),
            words=f"seller and buyer are in one hand{_shared(evidence, advance, groups)}",
            cites=_ties(evidence, groups, int(groups[advances["party"][advance]])),
        )
    signed = np.flatnonzero(evidence.documents["key"] != NONE)
    documents = evidence.documents[signed]
    custodian = evidence.keys["party"][documents["key"]] if len(signed) else documents["key"]
    for paper, words in (
        (Paper.RECEIPT, "the receipt was signed in the seller's hand"),
        (Paper.CARRIAGE, "the carrier is in the seller's hand"),
    ):
        seller = advances["party"][documents["advance"]]
        tied = (documents["kind"] == paper) & (groups[custodian] == groups[seller])
        for place in np.flatnonzero(tied).tolist():
            advance = int(documents["advance"][place])
            answer.doubt(
                advance,
                Verdict.HOLD,
                0.05 if paper == Paper.RECEIPT else 0.3,
                known_on=int(max(documents["on"][place], advances["on"][advance])),
                words=words,
                cites=[
                    ("documents", int(signed[place])),
                    ("keys", int(documents["key"][place])),
                    *_ties(evidence, groups, int(groups[seller[place]])),
                ],
            )
    return answer


def _ties(evidence: Evidence, groups: Ints, group: int) -> list[Record]:
    """Return the ties of the members of a group."""
    rows = np.flatnonzero(groups[evidence.ties["party"]] == group)
    return [("ties", row) for row in rows.tolist()]


def _shared(evidence: Evidence, advance: int, groups: Ints) -> str:
    """Say what seller and buyer share directly, if they do."""
    party, buyer = (int(evidence.advances[name][advance]) for name in ("party", "buyer"))
    if party == buyer:
        return ": they are one party"
    ties = evidence.ties[np.isin(evidence.ties["kind"], CONTROL)]
    mine, theirs = (
        {(int(tie["kind"]), int(tie["value"])) for tie in ties[ties["party"] == one]}
        for one in (party, buyer)
    )
    kinds = sorted({Tie(kind).name.lower() for kind, _ in mine & theirs})
    size = int(np.count_nonzero(groups == groups[party]))
    return f": they share {', '.join(kinds)}" if kinds else f", through others ({size} parties)"


def corroborated(evidence: Evidence, groups: Ints, rules: Rules) -> Answer:
    """Hold an advance that fewer than two sources of different control groups bear out.

    Silent where nobody has said anything.
    """
    claims, count = evidence.claims, len(evidence.advances)
    spoken = np.zeros(count, np.bool_)
    spoken[claims["advance"]] = True
    answer = Answer.over(CORROBORATED, spoken)
    said = claims[claims["says"]]
    pairs = np.unique(
        np.column_stack([said["advance"].astype(np.int64), groups[said["source"]]]), axis=0
    )
    voices = np.bincount(pairs[:, 0], minlength=count)
    for advance in np.flatnonzero(spoken & (voices < rules.sources_least)).tolist():
        rows = np.flatnonzero(claims["advance"] == advance)
        cites: list[Record] = [("claims", int(row)) for row in rows]
        answer.doubt(
            advance,
            Verdict.HOLD,
            0.2,
            known_on=int(max(claims["on"][rows].max(), evidence.advances["on"][advance])),
            words=f"{voices[advance]} independent sources bear it out; it takes"
            f" {rules.sources_least}",
            cites=cites,
        )
    return answer

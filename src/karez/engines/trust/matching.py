"""Order, despatch, receipt, invoice: what of an invoice the papers bear out, by value."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.trust.checks import HANDOVER, THREE_WAY
from karez.engines.trust.evidence import NONE, Bools, Evidence, Ints, Kind, Paper, Rows, day_text
from karez.engines.trust.rules import Rules
from karez.engines.trust.verdict import Answer, Record, Verdict


@attrs.frozen
class Match:
    """One row for each item of each advance that is invoiced; quantities by ``Paper``."""

    advance: Ints
    item: Ints
    quantity_milli: Ints  # one row a paper, one column an item of an advance
    invoiced_minor: Ints
    matched_minor: Ints


def match_lines(advances: int, documents: Rows, lines: Rows, rules: Rules) -> Match:
    """Match each invoiced item by value.

    Of a quantity counts what was received, at most what was despatched and ordered; of a price,
    what was ordered. What lies within its tolerance counts in full, what lies beyond it is cut to
    what was received, ordered and agreed. What a paper does not say is not matched. Fractions of a
    minor unit are dropped.
    """
    owner = documents["advance"][lines["document"]].astype(np.int64)
    paper = documents["kind"][lines["document"]]
    items = int(lines["item"].max(initial=0)) + 1
    keys, place = np.unique(owner * items + lines["item"], return_inverse=True)
    quantity = np.zeros((len(Paper), len(keys)), np.int64)
    amount = np.zeros((len(Paper), len(keys)), np.int64)
    np.add.at(quantity, (paper, place), lines["quantity_milli"])
    np.add.at(amount, (paper, place), lines["amount_minor"])
    asked = np.flatnonzero((amount[Paper.INVOICE] > 0) & (keys < advances * items))
    quantity, amount, keys = quantity[:, asked], amount[:, asked], keys[asked]
    ordered, invoiced = quantity[Paper.ORDER], quantity[Paper.INVOICE]
    slack = ordered * round(rules.quantity_pct * 100) // 10_000
    got: Ints = np.minimum(quantity[Paper.RECEIPT], quantity[Paper.DESPATCH])
    got = np.where(got <= ordered + slack, got, ordered)
    borne = np.where(invoiced <= got + slack, invoiced, got)
    borne = np.where(got > 0, borne, 0)
    matched = _matched(amount[Paper.INVOICE], invoiced, amount[Paper.ORDER], ordered, borne, rules)
    return Match(keys // items, keys % items, quantity, amount[Paper.INVOICE], matched)


def _matched(  # noqa: PLR0913, PLR0917 - columns of one table
    value: Ints, invoiced: Ints, order_value: Ints, ordered: Ints, borne: Ints, rules: Rules
) -> Ints:
    """Return what is matched of each value: in full, or exactly in whole numbers of any length."""
    per_myriad = 10_000 + round(rules.price_pct * 100)
    wanted = order_value.astype(np.float64) * per_myriad / 10_000 * invoiced
    clear = (borne >= invoiced) & (invoiced > 0) & (wanted > 1.000001 * value * ordered)
    matched = np.where(clear, value, 0)
    for row in np.flatnonzero(~clear & (borne > 0)).tolist():
        had, asked, sought = int(borne[row]), int(invoiced[row]), int(ordered[row])
        claimed, agreed = int(value[row]), int(order_value[row])
        fair = claimed * sought * 10_000 <= agreed * per_myriad * asked
        matched[row] = claimed * had // asked if fair else agreed * had // sought
    return matched


def three_way(evidence: Evidence, rules: Rules) -> Answer:
    """Score each sale of goods by the share of its invoice that order and receipt bear out."""
    count = len(evidence.advances)
    match = match_lines(count, evidence.documents, evidence.lines, rules)
    answer = Answer.over(THREE_WAY, evidence.of_kind(Kind.GOODS))
    invoiced = np.bincount(match.advance, match.invoiced_minor, count)
    matched = np.bincount(match.advance, match.matched_minor, count)
    share = np.divide(matched, invoiced, out=np.zeros(count), where=invoiced > 0)
    latest = np.full(count, NONE, np.int64)
    np.maximum.at(latest, evidence.documents["advance"], evidence.documents["on"])
    known = np.maximum(latest, evidence.advances["on"])
    short = np.flatnonzero(
        (answer.verdict == Verdict.PASS) & (share < rules.matched_least)
    )  # fmt: skip
    ends = np.searchsorted(match.advance, np.arange(count + 1)).tolist()  # they are sorted
    for advance in short.tolist():
        rows = range(ends[advance], ends[advance + 1])
        answer.doubt(
            advance,
            Verdict.REVIEW if share[advance] else Verdict.HOLD,
            float(share[advance]),
            known_on=int(known[advance]),
            words=_shortfall(evidence, match, rows, float(share[advance])),
            cites=(),
        )
    answer.score[:] = np.where(answer.verdict == Verdict.PASS, np.minimum(share, 1), answer.score)
    return answer


def _shortfall(evidence: Evidence, match: Match, rows: range, share: float) -> str:
    """Say which item falls short most, and of what."""
    if not rows:
        return "no line is invoiced"
    worst = max(rows, key=lambda row: match.invoiced_minor[row] - match.matched_minor[row])
    said = ", ".join(
        f"{paper.name.lower()} {match.quantity_milli[paper, worst] / 1000:g}"
        for paper in (Paper.ORDER, Paper.DESPATCH, Paper.RECEIPT, Paper.INVOICE)
    )
    item = evidence.name("items", int(match.item[worst]))
    return f"{share:.0%} of the invoice is matched; {item}: {said}"


@attrs.frozen
class _Hands:
    """Of each advance, the first document of each kind, -1 for none, and its columns."""

    documents: Rows
    first: npt.NDArray[np.int64]  # a row a paper, a column an advance

    @classmethod
    def of(cls, count: int, documents: Rows) -> _Hands:
        first = np.full((len(Paper), count), NONE, np.int64)
        order = np.lexsort((np.arange(len(documents)), documents["on"]))[::-1]
        first[documents["kind"][order], documents["advance"][order]] = order
        return cls(documents, first)

    def get(self, paper: Paper, column: str) -> tuple[npt.NDArray[np.int64], Bools]:
        """Return a column of these documents, and which advances have one."""
        rows = self.first[paper]
        return self.documents[column][rows].astype(np.int64), rows != NONE


def handover(evidence: Evidence, _rules: Rules) -> Answer:
    """Check how goods changed hands: days in order, one place, two enrolled keys, a carrier."""
    answer = Answer.over(HANDOVER, evidence.of_kind(Kind.GOODS))
    if not len(evidence.documents):
        return answer
    hands = _Hands.of(len(evidence.advances), evidence.documents)
    applies = answer.verdict == Verdict.PASS
    for wrong, verdict, score, words, papers in (
        *_days_and_place(hands),
        *_keys(evidence, hands),
    ):
        for advance in np.flatnonzero(wrong & applies).tolist():
            cites: list[Record] = [
                ("documents", int(hands.first[paper, advance]))
                for paper in papers
                if hands.first[paper, advance] != NONE
            ]
            days = [int(evidence.documents["on"][row]) for _, row in cites]
            signed = [int(evidence.documents["key"][row]) for _, row in cites]
            answer.doubt(
                advance,
                verdict,
                score,
                known_on=max([int(evidence.advances["on"][advance]), *days]),
                words=words + _said(evidence, cites),
                cites=[*cites, *(("keys", key) for key in signed if key != NONE)],
            )
    return answer


_Fault = tuple[Bools, Verdict, float, str, tuple[Paper, ...]]


def _said(evidence: Evidence, cites: list[Record]) -> str:
    papers = [
        f"{Paper(evidence.documents['kind'][row]).name.lower()}"
        f" {day_text(evidence.documents['on'][row])}"
        for _, row in cites
    ]
    return f" ({', '.join(papers)})" if papers else ""


def _days_and_place(hands: _Hands) -> Iterator[_Fault]:
    for before, after in pairwise((Paper.ORDER, Paper.DESPATCH, Paper.RECEIPT, Paper.INVOICE)):
        early, has_early = hands.get(before, "on")
        late, has_late = hands.get(after, "on")
        words = f"the {after.name.lower()} is dated before the {before.name.lower()}"
        wrong = has_early & has_late & (late < early)
        yield wrong, Verdict.REVIEW, 0.6, words, (before, after)
    wanted, has_despatch = hands.get(Paper.DESPATCH, "place")
    place, has_receipt = hands.get(Paper.RECEIPT, "place")
    elsewhere = has_despatch & has_receipt & (wanted != place)
    words = "goods were received at another place than they were sent to"
    yield elsewhere, Verdict.REVIEW, 0.6, words, (Paper.DESPATCH, Paper.RECEIPT)
    _, carried = hands.get(Paper.CARRIAGE, "on")
    nobody = has_despatch & has_receipt & ~carried
    yield nobody, Verdict.REVIEW, 0.7, "no carrier says that it moved them", (Paper.DESPATCH,)


def _keys(evidence: Evidence, hands: _Hands) -> Iterator[_Fault]:
    sent, has_despatch = hands.get(Paper.DESPATCH, "key")
    got, has_receipt = hands.get(Paper.RECEIPT, "key")
    unsigned = has_receipt & (got == NONE)
    yield unsigned, Verdict.REVIEW, 0.4, "nobody signed the receipt", (Paper.RECEIPT,)
    signed = has_receipt & (got != NONE)
    same = signed & has_despatch & (sent == got)
    words = "one key signed despatch and receipt"
    yield same, Verdict.HOLD, 0.05, words, (Paper.DESPATCH, Paper.RECEIPT)
    if len(evidence.keys):
        foreign = signed & (evidence.keys["party"][got] != evidence.advances["buyer"])
        words = "the receipt is signed with a key that is not the buyer's"
        yield foreign, Verdict.HOLD, 0.1, words, (Paper.RECEIPT,)
        passed_on = signed & ~foreign & ~evidence.keys["direct"][got]
        words = "the buyer's key was not enrolled with the buyer directly"
        yield passed_on, Verdict.HOLD, 0.1, words, (Paper.RECEIPT,)

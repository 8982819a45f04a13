"""The model card: what a score was made of, how good it is on loans it has not seen, its limits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from karez.engines.score.challenge import Stakes
from karez.engines.score.fairness import Fairness
from karez.engines.score.leakage import Leak
from karez.engines.score.measures import Measures


@attrs.frozen
class Fifth:
    """Loans between two probabilities: what was said of them, and what came, with its bounds."""

    rows: int
    said: float
    observed: float
    low: float
    high: float


@attrs.frozen
class FeatureCard:
    """One block of the score: what it is, and how far it moves points from best to worst level."""

    name: str
    words: str
    kind: str
    direction: int | None
    levels: int
    points_best: int
    points_worst: int
    spread: float


@attrs.frozen
class Card:
    """All that a reader of a score needs to judge it; ``out_of_fold`` was said of unseen loans.

    ``score_edges`` are the tenths of the scores of the fit, ``score_shares`` the share of the
    population in each: a later population is compared with these. ``trees`` says what trees were
    worth, where they were asked for.
    """

    rows: int
    events: int
    rate: float
    weighted: bool
    first_decided: str | None
    last_decided: str | None
    window_months: int | None
    left_out: Mapping[str, int]
    features: tuple[FeatureCard, ...]
    dropped: Mapping[str, str]
    leaks: tuple[Leak, ...]
    limits: tuple[str, ...]
    score_edges: tuple[float, ...]
    score_shares: tuple[float, ...]
    trees: str | None = None
    out_of_fold: Measures | None = None
    stakes: Stakes | None = None
    profit: float | None = None
    fifths: tuple[Fifth, ...] = ()
    chi: Mapping[str, float] = attrs.field(factory=dict[str, float])
    segment_alarms: tuple[str, ...] = ()
    fairness: Fairness | None = None


def card_document(card: Card) -> dict[str, Any]:
    """Return the card as what JSON can hold."""
    plain: dict[str, Any] = attrs.asdict(attrs.evolve(card, fairness=None))
    plain["chi"] = {name: None if math.isnan(chi) else chi for name, chi in card.chi.items()}
    if card.out_of_fold is not None:
        plain["out_of_fold"]["bias"] = card.out_of_fold.bias
    if card.fairness is not None:
        plain["fairness"] = fairness_document(card.fairness)
    return plain


def fairness_document(fairness: Fairness) -> dict[str, Any]:
    """Return an audit of fairness as what JSON can hold."""
    return {
        "alarms": list(fairness.alarms),
        "doubts": list(fairness.doubts),
        "groups": [
            {"by": list(kind), **attrs.asdict(group), "small": group.small}
            for kind, groups in fairness.groups.items()
            for group in groups
        ],
    }


def card_markdown(document: Mapping[str, Any]) -> str:
    """Return the document of a card as a page of Markdown."""
    parts = [
        "# Model card",
        *_made_of(document),
        *_judged_on(document),
        *_features_of(document),
        *_checks_of(document),
        "## Limits of use",
        *_list(document["limits"]),
    ]
    return "\n\n".join(parts) + "\n"


def _made_of(document: Mapping[str, Any]) -> list[str]:
    of = "of the population, by weights" if document["weighted"] else "of the loans"
    counts = f"{document['rows']:,} loans, {document['events']:,} of them defaults"
    lines = [f"{counts}; the default rate {of} is {document['rate']:.1%}."]
    if document["first_decided"]:
        lines.append(f"Decided from {document['first_decided']} to {document['last_decided']}.")
    if document["window_months"]:
        lines.append(f"A default is one within {document['window_months']} months.")
    lines += [
        f"Left out: {count:,} {what}." for what, count in document["left_out"].items() if count
    ]
    return ["## What it was made of", *lines]


def _judged_on(document: Mapping[str, Any]) -> list[str]:
    found = document["out_of_fold"]
    if found is None:
        return ["## How good it is", "It could not be judged on loans that it has not seen."]
    stakes = document["stakes"]
    terms = f"margin {stakes['margin']:.0%}, loss {stakes['loss_share']:.0%}"
    rows = [
        ("log-loss", f"{found['log_loss']:.4f}"),
        ("Brier", f"{found['brier']:.4f}"),
        ("AUC", f"{found['auc']:.3f}"),
        ("KS", f"{found['ks']:.3f}"),
        ("mean probability less observed rate", f"{found['bias']:+.4f}"),
        (f"profit of 100 applicants, in loans ({terms})", f"{document['profit']:.2f}"),
        *(
            (f"chi inside {name} (1 is chance)", "" if chi is None else f"{chi:.2f}")
            for name, chi in document["chi"].items()
        ),
    ]
    fifths = [
        (f"{each['rows']:,}", f"{each['said']:.1%}", f"{each['observed']:.1%}",
         f"{each['low']:.1%} to {each['high']:.1%}")
        for each in document["fifths"]
    ]  # fmt: skip
    return [
        "## How good it is",
        "Each loan was judged by a score that had not seen it.",
        _table(("measure", "value"), rows),
        _table(("loans", "said", "came", "true rate, nine times of ten"), fifths),
        *_list(document["segment_alarms"]),
    ]


def _features_of(document: Mapping[str, Any]) -> list[str]:
    expected = {1: "more is riskier", -1: "more is safer", None: ""}
    rows = [
        (
            each["words"],
            each["kind"],
            str(each["levels"]),
            f"{each['points_worst']:+d} to {each['points_best']:+d}",
            f"{each['spread']:.2f}",
            expected[each["direction"]],
        )
        for each in document["features"]
    ]
    heading = ("feature", "kind", "levels", "points", "spread", "held to")
    dropped = [f"{name}: left out, {reason}" for name, reason in document["dropped"].items()]
    trees = [f"{words[0].upper()}{words[1:]}."] if (words := document.get("trees")) else []
    return ["## What moves it", _table(heading, rows), *_list(dropped), *trees]


def _checks_of(document: Mapping[str, Any]) -> list[str]:
    leaks = [
        f"{each['feature']} may know the outcome ({each['rule']}): {each['words']}"
        for each in document["leaks"]
    ]
    fairness = document["fairness"]
    lines = ["Not audited: no groups were named, or the extra `audit` is not installed."]
    if fairness is not None:
        lines = [
            *_list([*fairness["alarms"], *(f"not sure: {words}" for words in fairness["doubts"])]),
            *([] if fairness["alarms"] else ["No group is surely below four fifths."]),
        ]
    return [
        "## Does a feature know the outcome?",
        *(_list(leaks) or ["None was found to."]),
        "## Fairness",
        *lines,
    ]


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def _list(items: Iterable[str]) -> list[str]:
    """Return the block of a list, none where there are no items."""
    lines = [f"- {item}" for item in items]
    return ["\n".join(lines)] if lines else []

"""Score: the default probability of borrowers by a stored model, or a stated stand-in for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import attrs
import msgspec
import numpy as np
import psycopg

from karez.engines.score import Model, Reason, apply, explain
from karez.engines.score.store import to_document
from karez.engines.score.stranger import stranger
from karez.engines.score.table import Table
from karez.kernel.errors import KarezError
from karez.services.origination.application import Application
from karez.services.origination.desk import Command, Desk, Outcome, run
from karez.services.origination.event import Content, Gathered, Scored
from karez.services.origination.gathering import WORDS, Remark
from karez.services.origination.said import own_labels, said_number
from karez.services.origination.sheets import Sheets
from karez.services.parties import Known, read_parties
from karez.services.products import TermSheet

REASONS = 4


@attrs.frozen
class Score:
    """A stored model, and the SHA-256 of its document."""

    model: Model
    sha256: str

    @classmethod
    def of(cls, model: Model) -> Score:
        """Return a model with the digest of its canonical document."""
        text = msgspec.json.encode(to_document(model), order="deterministic")
        return cls(model, hashlib.sha256(text).hexdigest())


@attrs.frozen(kw_only=True)
class Subject:
    """Who is scored: the portrait, what was said, and where the borrower belongs, in words."""

    name: str
    gathered: Gathered
    said: Mapping[str, str]
    labels: Mapping[str, str]

    @classmethod
    def of(cls, application: Application, borrower: Known) -> Subject:
        """Return the borrower of an application that was gathered."""
        gathered = application.gathered
        assert gathered is not None  # noqa: S101 - what is scored was gathered
        return cls(
            name=application.shown_id, gathered=gathered, said=application.asked.said,
            labels=own_labels(application, borrower),
        )  # fmt: skip


def score(
    desk: Desk, commands: Sequence[Command], with_: Score | None, *, preview: bool = False
) -> list[Outcome]:
    """Score borrowers by their portraits.

    Where nothing is known of a borrower itself, the rate of its segment stands in, with an interval
    as wide as the model has it; without a model, the rate that the product states, with none.

    Refused for one of: ApplicationNotFoundError, ApplicationStepError, ApplicationMalformedError
    where what was said is no number and the model asks for one.
    """

    def make(
        connection: psycopg.Connection, pairs: Sequence[tuple[Command, Application]]
    ) -> Sequence[Content | KarezError]:
        borrowers = read_parties(connection, {one.asked.borrower for _, one in pairs})
        applications = [application for _, application in pairs]
        parties = [borrowers[each.asked.borrower] for each in applications]
        if with_ is None:
            sheets = Sheets.of(connection, applications)
            return [_stated(sheets.sheet(each)) for each in applications]
        return score_subjects(with_, list(map(Subject.of, applications, parties)))

    return run(desk, "scored", commands, make, preview=preview)


def _stated(sheet: TermSheet) -> Scored:
    pd = float(sheet.provisioning.pd_pct) / 100
    said = f"no score: the rate that {sheet.code} states, {pd:.1%}"
    return Scored(
        pd=pd, pd_low=0.0, pd_high=1.0, points=None, reasons=(said,), model_sha256="",
        fallback=said,
    )  # fmt: skip


def score_subjects(with_: Score, subjects: Sequence[Subject]) -> list[Scored | KarezError]:
    """Score all together; who is not known by what the model looks at gets the stand-in.

    Of whom something was said that is no number, where the model asks for one, gets the error.
    """
    faults = [_fault(with_.model, each) for each in subjects]
    sound = [place for place, error in enumerate(faults) if error is None]
    scored = _scored(with_, [subjects[place] for place in sound])
    found = dict(zip(sound, scored, strict=True))
    return [faults[place] or found[place] for place in range(len(subjects))]


def _scored(with_: Score, subjects: Sequence[Subject]) -> list[Scored]:
    model = with_.model
    table = _table(model, subjects)
    scores, reasons = apply(model, table), explain(model, table, REASONS)
    known = _known(model, table)
    found: list[Scored] = []
    for row, subject in enumerate(subjects):
        gathered = subject.gathered
        if not known[row] or gathered.remark == Remark.NO_FACTS:
            found.append(_stand_in(with_, subject))
            continue
        found.append(
            Scored(
                pd=float(scores.pd[row]),
                pd_low=float(scores.pd_low[row]),
                pd_high=float(scores.pd_high[row]),
                points=int(scores.points[row]),
                reasons=(*_remarks(gathered), *map(_words, reasons[row])),
                model_sha256=with_.sha256,
            )
        )
    return found


def _fault(model: Model, subject: Subject) -> KarezError | None:
    """Return what was said of it that is no number where the model asks for one."""
    for feature in model.recipe.features:
        if feature.kind == "number":
            try:
                said_number(subject.said, feature.name)
            except KarezError as error:
                return error
    return None


def _words(reason: Reason) -> str:
    return f"{reason.words} ({reason.points:+d} points)"


def _remarks(gathered: Gathered) -> tuple[str, ...]:
    return (WORDS[Remark(gathered.remark)],) if gathered.remark else ()


def _stand_in(with_: Score, subject: Subject) -> Scored:
    found = stranger(with_.model, subject.labels)
    of = " and ".join(f"{name} {value}" for name, value in found.of.items())
    said = f"the rate of {of or 'all'} stands in, {found.pd:.1%}, widely"
    why = _remarks(subject.gathered) or ("nothing that the score looks at is known of it",)
    return Scored(
        pd=found.pd, pd_low=found.pd_low, pd_high=found.pd_high, points=None,
        reasons=(*why, said),
        model_sha256=with_.sha256, fallback=said,
    )  # fmt: skip


def _table(model: Model, subjects: Sequence[Subject]) -> Table:
    """Return the columns that the model looks at; what is not known of a borrower is missing."""
    numbers: dict[str, list[float]] = {}
    labels: dict[str, list[str | None]] = {}
    for name, kind in ((feature.name, feature.kind) for feature in model.recipe.features):
        if kind == "number":
            known = [each.gathered.numbers.get(name) for each in subjects]
            numbers[name] = [
                said_number(subject.said, name) if value is None else value
                for subject, value in zip(subjects, known, strict=True)
            ]
        else:
            labels[name] = [each.labels.get(name, each.said.get(name)) for each in subjects]
    return Table([each.name for each in subjects], numbers, labels)


def _known(model: Model, table: Table) -> np.ndarray:
    """Return of whom something is known that the model looks at, beside where they belong."""
    known = np.zeros(len(table), np.bool_)
    for feature in model.recipe.features:
        if feature.kind == "number":
            known |= np.isfinite(table.numbers[feature.name])
        elif feature.kind == "factor" and feature.name not in {"place", "industry", "kind"}:
            known |= np.array([value is not None for value in table.labels[feature.name]])
    return known

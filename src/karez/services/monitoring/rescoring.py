"""Score loans that run again, all in one pass. Read ``rescore``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import attrs
import msgspec

from karez.kernel.errors import KarezError
from karez.services.bookkeeping import derive_id
from karez.services.closing import closed_through
from karez.services.lending.standing import STATUSES, Status
from karez.services.monitoring.errors import DayEndedMeanwhileError
from karez.services.monitoring.queries import QUERIES
from karez.services.origination import Desk, Score
from karez.services.origination.covering import Opened, Request, open_windows
from karez.services.origination.desk import read_applications
from karez.services.origination.errors import ConsentRequiredError
from karez.services.origination.event import Gathered
from karez.services.origination.gathering import Sitter, portray_opened
from karez.services.origination.said import labels_of
from karez.services.origination.scoring import Subject, score_subjects
from karez.services.parties import Known, read_parties

if TYPE_CHECKING:
    import psycopg

PURPOSE = "monitoring"
BEHAVIOUR = ("days_past_due", "on_time_share", "late_worst_days")
"""Numbers of our own books beside those of a portrait; a score may look at them."""
_OWED = [STATUSES.index(status) for status in (Status.ACTIVE, Status.CHARGED_OFF)]
_NO_PARTY = "the register of parties does not have its borrower"


@attrs.frozen(kw_only=True)
class Rescored:
    """What is thought of a loan from a day on. A stale probability is the one before.

    ``use_id`` is the use of a consent that let facts be read, or was refused; None where there was
    no consent for monitoring. In a preview nothing was read: ``pd`` is the one before then, and
    ``reasons`` say under which consent facts would be read.
    """

    loan_number: int
    pd_before: float
    pd: float
    pd_low: float
    pd_high: float
    is_stale: bool
    reasons: tuple[str, ...]
    use_id: UUID | None = None
    figures: Mapping[str, float] = attrs.field(factory=dict[str, float])


@attrs.frozen
class Rescoring:
    """What a pass over the loans that run brought; ``already`` were scored as of the day before."""

    on: date
    loans: list[Rescored]
    already: int


@attrs.frozen
class _Running:
    """A loan that runs, as the query ``running`` gives it."""

    loan_number: int
    borrower: UUID
    currency: str
    application_id: UUID | None
    pd: float
    pd_low: float
    pd_high: float

    def kept(self, error: KarezError | None) -> Rescored:
        """Return the probability before as a stale one, because of an error, or for no party."""
        reason = _NO_PARTY if error is None else error.message.splitlines()[0].rstrip(".")
        return Rescored(
            loan_number=self.loan_number, pd_before=self.pd, pd=self.pd, pd_low=self.pd_low,
            pd_high=self.pd_high, is_stale=True, reasons=(reason,),
            use_id=error.details["use"] if isinstance(error, ConsentRequiredError) else None,
        )  # fmt: skip


def rescore(desk: Desk, score: Score, *, actor: str, preview: bool = False) -> Rescoring:
    """Score all loans that run as of the business date, once, and keep what was found.

    Facts of a borrower are read under its consent for monitoring, one use for all its loans; where
    none allows it the probability stays what it was and is stale. A preview asks the consents,
    reads no facts and keeps nothing.

    Raises:
        NothingToCloseError: no loan was ever booked.
        DayEndedMeanwhileError: somebody has ended the day.
        LogKeyWrongError, KeyFileError: uses cannot be recorded, so nothing is read.
    """
    on = closed_through(desk.books) + timedelta(days=1)
    with desk.evidence.transaction() as connection:
        asked = {"day": on, "owed": _OWED}
        running = [_Running(*row) for row in connection.execute(QUERIES["running"].text, asked)]
        already = connection.execute(QUERIES["scored_on"].text, asked).fetchone()
        parties = read_parties(connection, {each.borrower for each in running})
    requests = [
        Request(derive_id("karez.monitoring", desk.name, str(borrower), str(on)), party, on, actor,
                PURPOSE)
        for borrower, party in sorted(parties.items())
    ]  # fmt: skip
    answers = open_windows(desk, requests, preview=preview)
    opened = {each.party.party_id: answers[each.request_id] for each in requests}
    if preview:
        found = [_foreseen(each, opened.get(each.borrower)) for each in running]
    else:
        found = _kept(desk, on, actor, score, running, parties, opened)
    return Rescoring(on, found, 0 if already is None else already[0])


def _foreseen(loan: _Running, answer: Opened | KarezError | None) -> Rescored:
    if not isinstance(answer, Opened):
        return loan.kept(answer)
    use = answer.use
    said = f"facts from {use.range_from} to {use.range_to} would be read"
    return attrs.evolve(loan.kept(None), is_stale=False, reasons=(said,))


def _kept(  # noqa: PLR0913, PLR0917 - what is asked, of whom, and what is known
    desk: Desk,
    on: date,
    actor: str,
    score: Score,
    running: Sequence[_Running],
    parties: Mapping[UUID, Known],
    opened: Mapping[UUID, Opened | KarezError],
) -> list[Rescored]:
    """Portray and score in one transaction, which keeps the end of the day away."""
    with desk.evidence.transaction() as connection:
        closed = connection.execute(QUERIES["lock_parts"].text).fetchone()
        if closed is None or closed[0] >= on:
            raise DayEndedMeanwhileError(day=on)
        readable = [each for each in running if isinstance(opened.get(each.borrower), Opened)]
        portraits = _portraits(connection, desk, on, readable, opened)
        subjects = _subjects(connection, on, readable, parties, portraits)
        scores = score_subjects(score, subjects)
        made = {
            loan.loan_number: loan.kept(found)
            if isinstance(found, KarezError)
            else Rescored(
                loan_number=loan.loan_number, pd_before=loan.pd, pd=found.pd, pd_low=found.pd_low,
                pd_high=found.pd_high, is_stale=False, reasons=found.reasons,
                use_id=subject.gathered.readings[0].use_id, figures=_figures(subject.gathered),
            )
            for loan, subject, found in zip(readable, subjects, scores, strict=True)
        }  # fmt: skip
        result = [
            made.get(each.loan_number) or each.kept(_refusal(opened.get(each.borrower)))
            for each in running
        ]
        _write(connection, on, actor, score, result)
    return result


def _refusal(answer: Opened | KarezError | None) -> KarezError | None:
    assert not isinstance(answer, Opened)  # noqa: S101 - what lies open was scored
    return answer


def _portraits(
    connection: psycopg.Connection,
    desk: Desk,
    on: date,
    loans: Sequence[_Running],
    opened: Mapping[UUID, Opened | KarezError],
) -> dict[tuple[UUID, str], Gathered]:
    """Return the portrait of each borrower in each currency that it owes."""
    sitters: dict[tuple[UUID, str], Sitter] = {}
    for loan in loans:
        answer = opened[loan.borrower]
        assert isinstance(answer, Opened)  # noqa: S101 - the caller has chosen those
        sitters[loan.borrower, loan.currency] = Sitter(answer, loan.currency, on)
    return dict(zip(sitters, portray_opened(connection, desk, list(sitters.values())), strict=True))


def _subjects(
    connection: psycopg.Connection,
    on: date,
    loans: Sequence[_Running],
    parties: Mapping[UUID, Known],
    portraits: Mapping[tuple[UUID, str], Gathered],
) -> list[Subject]:
    asked = {"day": on, "borrowers": sorted({each.borrower for each in loans})}
    behaviour = {
        borrower: dict(zip(BEHAVIOUR, map(float, numbers), strict=True))
        for borrower, *numbers in connection.execute(QUERIES["behaviour"].text, asked)
    }
    applications = read_applications(
        connection, {each.application_id for each in loans if each.application_id}
    )
    subjects: list[Subject] = []
    for loan in loans:
        portrait = portraits[loan.borrower, loan.currency]
        numbers = dict(portrait.numbers) | behaviour[loan.borrower]
        application = applications.get(loan.application_id) if loan.application_id else None
        subjects.append(
            Subject(
                name=str(loan.loan_number),
                gathered=attrs.evolve(portrait, numbers=numbers),
                said={} if application is None else application.asked.said,
                labels=labels_of(parties[loan.borrower], portrait.labels),
            )
        )
    return subjects


def _figures(gathered: Gathered) -> dict[str, float]:
    """Return the figures that a score rests on, and those that a watch list compares."""
    own = {"facts": gathered.facts, "customers": gathered.customers}
    return dict(gathered.numbers) | own | {"top_customer_share": gathered.top_customer_share}


def _write(
    connection: psycopg.Connection,
    on: date,
    actor: str,
    score: Score,
    scores: Sequence[Rescored],
) -> None:
    columns: dict[str, list[object]] = {
        name: [getattr(each, name) for each in scores]
        for name in ("loan_number", "pd", "pd_low", "pd_high", "is_stale", "use_id")
    }
    for name in ("reasons", "figures"):
        columns[name] = [msgspec.json.encode(getattr(each, name)).decode() for each in scores]
    rest = {"day": on, "actor": actor, "model_sha256": score.sha256}
    connection.execute(QUERIES["add_scores"].text, columns | rest)

"""Operations on the ends of days: which are missing, and the job that ends them."""

from __future__ import annotations

from datetime import date, timedelta

from karez.doors.operations.jobs import Job, OneJob, find_job, job_of
from karez.doors.operations.operation import Call, Operation, Retry
from karez.doors.operations.shapes import Input, Output
from karez.services import closing, jobs
from karez.services.closing import NothingToCloseError, TooManyDaysError
from karez.services.jobs import JobUnknownError


class ClosingState(Output, kw_only=True):
    """Through which day all are ended, and how many are missing until yesterday by the calendar.

    Without a loan nothing is ended and nothing is missing. ``job`` is the one at work, or the last.
    """

    closed_through: date | None
    next_day: date | None
    missing_days: int
    calendar_day: date
    job: Job | None


class ClosingRun(Input, kw_only=True):
    """Through which day days are to be ended; by default the next one."""

    through: date | None = None


def _last_job(call: Call) -> Job | None:
    found = jobs.list_jobs(call.office.books, kind=closing.KIND, most=1)
    return job_of(found[0]) if found else None


def _state(call: Call, _: Input) -> ClosingState:
    calendar_day = call.office.clock.now().astimezone().date()
    job = _last_job(call)
    try:
        through = closing.closed_through(call.office.books)
    except NothingToCloseError:
        through = None
    yesterday = calendar_day - timedelta(days=1)
    return ClosingState(
        closed_through=through,
        next_day=None if through is None else through + timedelta(days=1),
        missing_days=0 if through is None else max((yesterday - through).days, 0),
        calendar_day=calendar_day,
        job=job,
    )


def _run(call: Call, asked: ClosingRun) -> Job:
    books = call.office.books
    through = asked.through or closing.closed_through(books) + timedelta(days=1)
    closing.days_missing(books, through)
    with books.transaction() as connection:
        job_id = closing.close_later(connection, through, actor=call.actor.name)
    return job_of(jobs.job_view(books, job_id))


def _job(call: Call, asked: OneJob) -> Job:
    found = find_job(call, asked)
    if found.kind != closing.KIND:
        raise JobUnknownError(job=asked.job)
    return found


OPERATIONS = (
    Operation(
        name="closing.state",
        summary="Say through which day days are ended, and how many are missing.",
        method="GET",
        path="/v1/closing",
        input=Input,
        output=ClosingState,
        run=_state,
        permission="closing.read",
        retry=Retry.READ,
    ),
    Operation(
        name="closing.run",
        summary="End days, as a job; one that is still at it is returned instead.",
        method="POST",
        path="/v1/closing/jobs",
        input=ClosingRun,
        output=Job,
        run=_run,
        permission="closing.run",
        retry=Retry.NATURAL,
        errors=(NothingToCloseError, TooManyDaysError),
        target_of=lambda _: "closing",
    ),
    Operation(
        name="closing.job",
        summary="Show how far a job is that ends days.",
        method="GET",
        path="/v1/closing/jobs/{job}",
        input=OneJob,
        output=Job,
        run=_job,
        permission="closing.read",
        retry=Retry.READ,
        errors=(JobUnknownError,),
    ),
)

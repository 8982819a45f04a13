"""Operations on jobs: work that is done behind the answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from karez.doors.operations.cursors import page_of, read_cursor
from karez.doors.operations.errors import CursorInvalidError
from karez.doors.operations.operation import Call, Operation, Retry
from karez.doors.operations.shapes import Input, Listing, Name, Output
from karez.kernel.ids import read_id, show_id
from karez.services import jobs
from karez.services.jobs import JobStateError, JobUnknownError, JobView
from karez.services.jobs.jobs import State


class Job(Output, kw_only=True):
    """A job: what was asked of it, how far it is and what came of it; what is left, if known."""

    id: str
    kind: str
    state: State
    payload: dict[str, Any]
    attempts: int
    cancel_asked: bool
    done_count: int
    failed_count: int
    left_count: int | None
    message: str
    result: dict[str, Any] | None
    actor: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class JobList(Output, kw_only=True):
    """A page of jobs, the newest first, and the cursor of the next."""

    jobs: list[Job]
    next: str | None


class JobsQuestion(Listing, kw_only=True):
    """Which jobs."""

    kind: Name | None = None
    state: State | None = None


class OneJob(Input, kw_only=True):
    """A job, by its id."""

    job: Name


def job_of(view: JobView) -> Job:
    """Return a job as doors show it."""
    return Job(
        id=show_id("job", view.job_id),
        kind=view.kind,
        state=view.state,
        payload=dict(view.payload),
        attempts=view.attempts,
        cancel_asked=view.cancel_asked,
        done_count=view.done_count,
        failed_count=view.failed_count,
        left_count=view.left_count,
        message=view.message,
        result=None if view.result is None else dict(view.result),
        actor=view.actor,
        created_at=view.created_at,
        started_at=view.started_at,
        ended_at=view.ended_at,
    )


def _list(call: Call, asked: JobsQuestion) -> JobList:
    name, office = "jobs.list", call.office
    before = read_cursor(office, name, asked, UUID)
    found = jobs.list_jobs(
        office.books, before=before, kind=asked.kind, state=asked.state, most=asked.limit + 1
    )
    shown, after = page_of(office, name, asked, found, lambda view: view.job_id)
    return JobList(jobs=[job_of(view) for view in shown], next=after)


def find_job(call: Call, asked: OneJob) -> Job:
    """Return how it is with a job.

    Raises:
        JobUnknownError: there is none.
    """
    return job_of(jobs.job_view(call.office.books, read_id("job", asked.job)))


def _cancel(call: Call, asked: OneJob) -> Job:
    jobs.cancel(call.office.books, read_id("job", asked.job))
    return find_job(call, asked)


OPERATIONS = (
    Operation(
        name="jobs.list",
        summary="List jobs, the newest first.",
        method="GET",
        path="/v1/jobs",
        input=JobsQuestion,
        output=JobList,
        run=_list,
        permission="jobs.read",
        retry=Retry.READ,
        errors=(CursorInvalidError,),
    ),
    Operation(
        name="jobs.show",
        summary="Show how it is with a job.",
        method="GET",
        path="/v1/jobs/{job}",
        input=OneJob,
        output=Job,
        run=find_job,
        permission="jobs.read",
        retry=Retry.READ,
        errors=(JobUnknownError,),
    ),
    Operation(
        name="jobs.cancel",
        summary="Cancel a job, or ask its worker to stop.",
        method="POST",
        path="/v1/jobs/{job}/cancel",
        input=OneJob,
        output=Job,
        run=_cancel,
        permission="jobs.cancel",
        retry=Retry.NATURAL,
        errors=(JobUnknownError, JobStateError),
        target_of=lambda asked: f"job:{asked.job}",
        look=find_job,
    ),
)

"""``karez job``: work that is done behind the answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import attrs
import click

from karez.doors.cli.bookkeeping import open_books
from karez.doors.cli.shell import Shell, command_options, table
from karez.kernel.ids import read_id, show_id
from karez.services import jobs
from karez.services.jobs import JobView


def _job_id(text: str) -> UUID:
    return read_id("job", text)


_job = click.argument("job_id", metavar="JOB", type=_job_id)


@click.group()
def job() -> None:
    """See jobs, cancel them, begin them again."""


@job.command("list")
@click.option("--kind", help="Only of this kind.")
@click.option("--state", type=click.Choice(["waiting", "running", "done", "dead", "cancelled"]))
@click.option("--before", type=_job_id, metavar="JOB", help="Only those added before it.")
@command_options
def list_(shell: Shell, *, kind: str | None, state: Any, before: UUID | None) -> None:
    """List jobs, the newest first."""
    with open_books(shell) as books:
        found = jobs.list_jobs(books, kind=kind, state=state, before=before)
    rows = [
        (show_id("job", each.job_id), each.kind, each.state, each.attempts, each.message)
        for each in found
    ]
    headings = ("job", "kind", "state", "attempts", "message")
    shell.show({"jobs": [_document(each) for each in found]}, table(headings, rows))


@job.command()
@_job
@command_options
def show(shell: Shell, *, job_id: UUID) -> None:
    """Show how it is with JOB."""
    with open_books(shell) as books:
        document = _document(jobs.job_view(books, job_id))
    shell.show(document, [f"{name}: {value}" for name, value in document.items()])


@job.command()
@_job
@command_options
def cancel(shell: Shell, *, job_id: UUID) -> None:
    """Cancel JOB, or ask its worker to stop."""
    with open_books(shell) as books:
        jobs.cancel(books, job_id)
        document = _document(jobs.job_view(books, job_id))
    said = "cancelled" if document["state"] == "cancelled" else "asked to stop"
    shell.show(document, [f"{document['job']} is {said}."])


@job.command()
@_job
@command_options
def retry(shell: Shell, *, job_id: UUID) -> None:
    """Begin JOB again, which is dead or was cancelled."""
    with open_books(shell) as books:
        jobs.retry(books, job_id)
        document = _document(jobs.job_view(books, job_id))
    shell.show(document, [f"{document['job']} waits for a worker."])


def _document(view: JobView) -> dict[str, Any]:
    values = attrs.asdict(view, recurse=False)
    return {"job": show_id("job", values.pop("job_id")), **values}

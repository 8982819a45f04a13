"""Closing: through which day days are ended, what is missing, and the job that ends them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import SimpleNamespace

from starlette.responses import Response

from karez.doors.console.forms import Form
from karez.doors.console.render import see_other
from karez.doors.console.visit import Page, Visit, faults_of
from karez.doors.operations.closing import ClosingState
from karez.doors.operations.jobs import Job
from karez.kernel.errors import KarezError

_STATES = {"dead": "failed"}
_UNENDED = ("waiting", "running")


def shown(visit: Visit) -> Response:
    """Show through which day days are ended, and offer to end those that are missing."""
    state: ClosingState = visit.ask("closing.state")
    return _state(visit, state, Form({"through": str(_offered(state) or "")}))


def _offered(state: ClosingState) -> date | None:
    """Return yesterday if it is missing, else the next day."""
    yesterday = state.calendar_day - timedelta(days=1)
    return yesterday if state.missing_days else state.next_day


def _state(visit: Visit, state: ClosingState, form: Form) -> Response:
    at_work = state.job is not None and state.job.state in _UNENDED
    return visit.render(
        "closing/show.html", state=state, form=form, at_work=at_work,
        status=422 if form.faults else 200,
    )  # fmt: skip


def run(visit: Visit) -> Response:
    """Say which days would be ended, and have a job end them."""
    state: ClosingState = visit.ask("closing.state")
    form = visit.form(through=visit.request.query_params.get("through", ""))
    try:
        _, job = visit.perform("closing.run", preview=not visit.posts, **form.values)
    except KarezError as error:
        return _state(visit, state, form.refused(faults_of(error)))
    if visit.posts or (state.job is not None and job["id"] == state.job.id):
        return see_other(visit.request, f"/closing/{job['id']}")
    through = date.fromisoformat(job["payload"]["through"])
    days = (through - state.closed_through).days if state.closed_through is not None else 0
    if days <= 0:
        said = visit.text("That day is ended already.")
        return _state(visit, state, form.refused([("through", said)]))
    sentence = visit.text("Days to end for every loan: {days}, from {first} through {last}.")
    warning = visit.text("A day that is ended stays ended. {day} is not over yet.")
    ask = SimpleNamespace(
        title=visit.text("End the days"), action="/closing/run", back="/closing",
        sentence=sentence.format(days=days, first=state.next_day, last=through),
        verb=visit.text("End the days"), is_grave=False, needs_reason=False, waits=False,
        hidden={"through": str(through)}, before_after=[],
        warnings=[warning.format(day=through)] if through >= state.calendar_day else [],
    )  # fmt: skip
    return visit.render("confirm.html", ask=ask, form=form, place="closing")


def followed(visit: Visit) -> Response:
    """Show how far a job is."""
    job: Job = visit.ask("closing.job", job=visit.request.path_params["job"])
    through = job.payload["through"]
    title = visit.text("Ending days through {day}").format(day=through)
    if job.result is not None:
        said = visit.text("Days ended: {days}. Postings: {postings}.")
        note = said.format(days=job.result["days"], postings=f"{job.result['postings']:,}")
    else:
        note = job.message
    told = SimpleNamespace(
        title=title, note=note, state=_STATES.get(job.state, job.state), done=job.done_count,
        failed=job.failed_count, result="/closing" if job.state == "done" else "",
        total=None if job.left_count is None else job.done_count + job.left_count,
    )  # fmt: skip
    crumbs = [(visit.text("Closing"), "/closing")]
    return visit.render("job.html", job=told, crumbs=crumbs, place="closing")


PAGES: Mapping[str, Page] = {"/closing": shown, "/closing/run": run, "/closing/{job}": followed}

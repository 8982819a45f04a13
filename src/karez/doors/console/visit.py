"""A person's visit to a page: who they are, what they sent, and the operations they may ask for.

A page is a function of a ``Visit`` that gives a response. It is run beside the event loop, with an
office of the person's institution; whatever business refuses becomes a page that says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import attrs
import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from karez.doors.api.problems import request_id_of, status_of, title_of
from karez.doors.console.forms import Form
from karez.doors.console.render import Frame, render, see_other, text_of
from karez.doors.operations import OPERATIONS, Answer, Asked, Office, Offices, ask, perform
from karez.doors.operations.errors import InputFaultsError
from karez.doors.operations.perform import needs_another, permit
from karez.doors.operations.reading import read_input
from karez.kernel.errors import KarezError
from karez.kernel.ids import new_id
from karez.services import access
from karez.services.access import Actor, PassKind
from karez.services.access.errors import NotSignedInError

SESSION_COOKIE = "karez_session"
KEY_FIELD = "_key"

Page = Callable[["Visit"], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


@attrs.frozen
class Visit:
    """One request of somebody who signed in.

    ``sent`` are the fields of the form that was posted, ``files`` what was uploaded.
    """

    request: Request
    office: Office
    actor: Actor
    sent: Mapping[str, str]
    files: Mapping[str, UploadFile]

    @property
    def posts(self) -> bool:
        """Whether a form was sent."""
        return self.request.method == "POST"

    def may(self, operation: str) -> bool:
        """Say whether the person may ask for an operation."""
        return self.actor.grant(OPERATIONS[operation].permission) is not None

    def ask(self, operation: str, /, **values: object) -> Any:
        """Run an operation that reads, with texts as a query has them, and return its output."""
        return ask(self.office, OPERATIONS[operation], _given(values), self._asked())

    def perform(
        self, operation: str, /, *, preview: bool = False, **values: object
    ) -> tuple[Answer, Any]:
        """Run an operation that changes something, once for the form's key; return its document.

        A form holds its key in ``KEY_FIELD``: sent again, it does nothing again.
        """
        asked = self._asked(preview=preview, reason=str(values.get("reason") or ""))
        answer = perform(self.office, OPERATIONS[operation], _given(values), asked)
        return answer, msgspec.json.decode(answer.document)

    def waits(self, operation: str, **values: object) -> bool:
        """Say whether somebody else must agree before an operation with these values happens."""
        row = OPERATIONS[operation]
        given = read_input(row.input, _given(values), texts=True)
        return needs_another(row, given, permit(self.actor, row))

    def onward(
        self, answer: Answer, path: str, said: str, *, waits_at: str = "/approvals"
    ) -> Response:
        """Return the way on after a deed: to a page that says so, or to where it waits."""
        if answer.proposal is not None:
            said = self.text("It waits until a second person approves it.")
            path = waits_at
        return see_other(self.request, path, toast=said)

    def _asked(self, *, preview: bool = False, reason: str = "") -> Asked:
        return Asked(
            actor=self.actor,
            request_id=request_id_of(self.request.scope),
            key=self.sent.get(KEY_FIELD) or str(new_id()),
            reason=reason,
            preview=preview,
            texts=True,
        )

    def render(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """Return a page; ``form_key`` is a fresh key for a form on it."""
        key = self.sent.get(KEY_FIELD) or str(new_id())
        return render(self.request, template, status=status, form_key=key, visit=self, **context)

    def text(self, text: str) -> str:
        """Return a text in the person's language."""
        return text_of(self.request, text)

    def form(self, **defaults: str) -> Form:
        """Return the form that was sent, or one with these values."""
        return Form({name: self.sent.get(name, value) for name, value in defaults.items()})


def _given(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values of fields that were filled in."""
    return {name: value for name, value in values.items() if value not in {None, ""}}


def faults_of(error: KarezError) -> list[tuple[str, str]]:
    """Return what an error says of the fields of a form: JSON pointers and sentences."""
    if isinstance(error, InputFaultsError):
        return [(fault.pointer, fault.detail) for fault in error.faults]
    return [("", error.message)]


def page(offices: Offices, work: Page) -> Endpoint:
    """Return the endpoint of a page for those who signed in; others are shown the way."""

    async def endpoint(request: Request) -> Response:
        if request.method != "POST":
            return await run_in_threadpool(_run, offices, work, request, {}, {})
        async with request.form() as form:
            sent = {name: value for name, value in form.items() if isinstance(value, str)}
            files = {name: value for name, value in form.items() if not isinstance(value, str)}
            return await run_in_threadpool(_run, offices, work, request, sent, files)

    return endpoint


def _run(
    offices: Offices,
    work: Page,
    request: Request,
    sent: Mapping[str, str],
    files: Mapping[str, UploadFile],
) -> Response:
    try:
        secret = request.cookies.get(SESSION_COOKIE, "")
        with offices.entered(secret, [PassKind.SESSION]) as (office, entered):
            request.state.frame = _frame(office, entered.actor)
            return work(Visit(request, office, entered.actor, sent, files))
    except NotSignedInError:
        back = request.url.path if request.method == "GET" else "/"
        if "hx-request" in request.headers:
            return Response(headers={"HX-Redirect": "/sign-in"})
        return RedirectResponse(f"/sign-in?{urlencode({'back': back})}", status_code=303)
    except KarezError as error:
        return problem_page(request, error)


def problem_page(request: Request, error: KarezError) -> Response:
    """Return the page that says what business refuses."""
    status = status_of(error)
    said = {
        "status": status,
        "title": text_of(request, title_of(status)),
        "detail": error.message,
        "remedy": "",
        "request_id": request_id_of(request.scope),
    }
    return render(request, "problem.html", problem=said, status=status)


def _frame(office: Office, actor: Actor) -> Frame:
    counts: dict[str, int] = {}
    if actor.grant("proposals.read") is not None:
        counts["approvals"] = access.count_proposals(office.books)
    return Frame(
        institution=office.institution.name,
        person=actor.full_name,
        today=office.business_date(),
        may=lambda permission: actor.grant(permission) is not None,
        counts=counts,
    )

"""Signing in and out; the first password of who was sent a link; the demonstration's door."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from karez.doors.console.forms import Form
from karez.doors.console.render import inside, render, see_other
from karez.doors.console.visit import SESSION_COOKIE, faults_of
from karez.doors.operations import Office, Offices
from karez.kernel.database.errors import InstitutionNotFoundError
from karez.kernel.errors import InvalidInputError, KarezError
from karez.services import access
from karez.services.access import Actor, Pass, PassKind
from karez.services.access.errors import NotSignedInError

Work = Callable[[Request, Mapping[str, str]], Response]


def sign_in_routes(offices: Offices, institution: str, *, demo: bool) -> list[Route]:
    """Return the routes of those who have not signed in yet.

    ``institution`` is the one that the form names first. With ``demo`` anybody may enter as a
    member of the staff, which only a server on the loopback address may allow.
    """
    doors = _Doors(offices, institution, demo=demo)
    return [
        Route("/sign-in", _endpoint(doors.sign_in), methods=["GET", "POST"]),
        Route("/sign-out", _endpoint(doors.sign_out), methods=["POST"]),
        Route("/welcome", _endpoint(doors.welcome), methods=["GET", "POST"]),
        *([Route("/demo", _endpoint(doors.enter_demo), methods=["POST"])] if demo else []),
    ]


def _endpoint(work: Work) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        sent: dict[str, str] = {}
        if request.method == "POST":
            async with request.form() as form:
                sent = {name: value for name, value in form.items() if isinstance(value, str)}
        return await run_in_threadpool(work, request, sent)

    return endpoint


class _Doors:
    def __init__(self, offices: Offices, institution: str, *, demo: bool) -> None:
        self.offices = offices
        self.institution = institution
        self.demo = demo

    def sign_in(self, request: Request, sent: Mapping[str, str]) -> Response:
        """Show the form, or begin a session of whoever has name, password and code."""
        names = ("institution", "name", "password", "code", "back")
        form = Form({name: sent.get(name, "") for name in names})
        if request.method != "POST":
            first = {"institution": self.institution, "back": request.query_params.get("back", "/")}
            return self._form(request, Form(dict(form.values) | first))
        try:
            with self.offices.office(form.value("institution")) as office:
                made = access.sign_in(
                    office.books, form.value("name"), form.value("password"), form.value("code"),
                    now=office.clock.now(), label=request.headers.get("user-agent", "")[:200],
                )  # fmt: skip
        except InstitutionNotFoundError:
            return self._form(request, form.refused(faults_of(access.refusal())), status=401)
        except KarezError as error:
            return self._form(request, form.refused(faults_of(error)), status=401)
        return _with_session(request, form.value("back"), made)

    def _form(self, request: Request, form: Form, status: int = 200) -> Response:
        kept = Form(dict(form.values) | {"password": "", "code": ""}, form.faults)
        staff = self._staff() if self.demo else []
        return render(request, "sign-in.html", form=kept, staff=staff, status=status)

    def _staff(self) -> list[access.Account]:
        with self.offices.office(self.institution) as office:
            every = access.list_accounts(office.books)
        people = [one for one in every if one.kind is access.ActorKind.PERSON]
        return [one for one in people if one.ended_at is None]

    def sign_out(self, request: Request, _: Mapping[str, str]) -> Response:
        """End the session."""
        secret = request.cookies.get(SESSION_COOKIE, "")
        try:
            with self.offices.entered(secret, [PassKind.SESSION]) as (office, _entered):
                access.leave(office.books, secret)
        except NotSignedInError:
            pass  # it has ended already
        answer = see_other(request, "/sign-in")
        answer.delete_cookie(SESSION_COOKIE)
        answer.headers["Clear-Site-Data"] = '"storage"'
        return answer

    def welcome(self, request: Request, sent: Mapping[str, str]) -> Response:
        """Let somebody with a link set their password, and enrol a device that shows codes."""
        link = sent.get("link") or request.query_params.get("link", "")
        form = Form({"password": "", "code": "", "link": link})
        try:
            with self.offices.entered(link, [PassKind.LINK]) as (office, entered):
                actor = entered.actor
                enrolment = access.begin_totp(
                    office.institution.name, actor.name, sent.get("secret", "")
                )
                if request.method == "POST":
                    try:
                        return _with_session(request, "/", _begin(office, actor, link, sent))
                    except InvalidInputError as error:
                        form = form.refused(faults_of(error))
        except NotSignedInError:
            return render(request, "link-ended.html", status=404)
        status = 422 if form.faults else 200
        return render(
            request, "welcome.html", form=form, person=actor, enrolment=enrolment, status=status
        )

    def enter_demo(self, request: Request, sent: Mapping[str, str]) -> Response:
        """Enter the demonstration as a member of its staff."""
        with self.offices.office(self.institution) as office:
            account = access.find_account(office.books, sent.get("name", ""))
            made = access.make_pass(office.books, account.account_id, PassKind.SESSION)
        return _with_session(request, "/", made)


def _begin(office: Office, actor: Actor, link: str, sent: Mapping[str, str]) -> Pass:
    """Set password and device of somebody who came by a link, which works no more."""
    books = office.books
    with office.enclosing():
        secret, code = sent.get("secret", ""), sent.get("code", "")
        access.confirm_totp(books, actor.actor_id, secret, code, office.clock.now())
        access.set_password(books, actor.actor_id, sent.get("password", ""))
        access.leave(books, link)
        return access.make_pass(books, actor.actor_id, PassKind.SESSION)


def _with_session(request: Request, back: str, made: Pass) -> Response:
    """Return the way into the console, with a session that no script can read."""
    answer = see_other(request, inside(back))
    answer.set_cookie(
        SESSION_COOKIE, made.text, httponly=True, samesite="lax", path="/",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer

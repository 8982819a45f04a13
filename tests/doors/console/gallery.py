"""The ground of the console with made-up rows: what the tests drive and the screenshots show."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from doors.console.gallery_charts import drawings
from doors.serving import served
from karez.doors.console.forms import Form
from karez.doors.console.ground import ground_middleware, ground_routes
from karez.doors.console.listing import Listing
from karez.doors.console.render import Frame, environment, render, see_other, template_folders

TEMPLATES = Path(__file__).with_name("templates")
PAGE_ROWS = 25
STATES = (("current", "good"), ("late", "waiting"), ("default", "bad"))
NAMES = (
    "Anfu Bamboo Works",
    "Baihe Feed Mill",
    "Chen Xiaoyun",
    "Dongshan Tea Co-operative",
    "Evergreen Packaging",
    "Feng Hardware",
    "Gulou Bakery",
    "Hexi Cold Store",
)
LOANS = [
    {
        "id": f"LN-2026-{number:06d}",
        "party": NAMES[number % len(NAMES)],
        "product": ("Working capital", "Invoice", "Equipment")[number * 7 // 4 % 3],
        "principal_minor": 1_250_000 * (number % 17 + 1),
        "outstanding_minor": 731_917 * (number % 13 + 1),
        "rate_pct": 7.5 + number % 9 * 0.25,
        "due_on": date(2026, 11, 28) + timedelta(days=number % 30),
        "state": STATES[number % 10 % 3 if number % 4 == 0 else 0],
    }
    for number in range(1, 241)
]
EVENTS = [
    {"valid_on": date(2026, 11, 20), "known_at": datetime(2026, 11, 20, 9, 12, 3, tzinfo=UTC),
     "title": "Repayment of 12,500.00 CNY", "detail": "Transfer, receipt R-001932", "href": "#",
     "icon": "cash", "tone": "good", "who": "Li Na"},
    {"valid_on": date(2026, 11, 1), "known_at": datetime(2026, 11, 1, 23, 0, tzinfo=UTC),
     "title": "Due: 12,500.00 CNY", "icon": "calendar-due", "tone": "waiting"},
    {"valid_on": date(2026, 10, 3), "title": "Fact: invoice FP-88120 of Baihe Feed Mill",
     "icon": "certificate", "href": "#"},
]  # fmt: skip


# What a browser of a test may not do: fetch its own updates, or leave the host in any other way.
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def gallery() -> AbstractContextManager[str]:
    """Serve the gallery while a block runs; give its URL."""
    return served(gallery_app())


def gallery_app() -> Starlette:
    """Return the gallery as an application."""
    if TEMPLATES not in template_folders:
        template_folders.append(TEMPLATES)
        environment.cache_clear()  # one that was made before does not know of it
    routes = [
        Route("/", home),
        Route("/loans", loans),
        Route("/loans/{loan}", loan),
        Route("/loans/{loan}/reverse", reverse, methods=["GET", "POST"]),
        Route("/applications/new", application, methods=["GET", "POST"]),
        Route("/applications/preview", preview, methods=["POST"]),
        Route("/closing", job),
        Route("/portfolio", portfolio),
        Route("/facts", problem),
        Route("/rights", nothing),
    ]
    middleware = [*ground_middleware(), Middleware(SignedIn)]
    return Starlette(routes=[*ground_routes(), *routes], middleware=middleware)


class SignedIn:
    """Has Li Na at the desk, who may do everything."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["frame"] = Frame(
            institution="Anfu County Bank",
            person="Li Na",
            today=date(2026, 11, 28),
            may=lambda _: True,
            counts={"approvals": 3, "collections": 12},
        )
        await self.app(scope, receive, send)


def home(request: Request) -> Response:
    return render(request, "gallery/home.html", events=EVENTS)


def loans(request: Request) -> Response:
    listing = Listing.of(request, sort="due_on")
    column = listing.sort.lstrip("-")
    found = [
        row for row in LOANS
        if listing.value("q").casefold() in f"{row['id']} {row['party']}".casefold()
        and listing.value("state") in {"", row["state"][0]}
    ]  # fmt: skip
    found.sort(key=lambda row: (row[column], row["id"]), reverse=listing.sort.startswith("-"))
    start = int(listing.value("after") or 0)
    rows = found[start : start + PAGE_ROWS]
    after = str(start + PAGE_ROWS) if start + PAGE_ROWS < len(found) else None
    return render(
        request, "gallery/loans.html", listing=listing, rows=rows, after=after, total=len(found)
    )


def loan(request: Request) -> Response:
    row = next(row for row in LOANS if row["id"] == request.path_params["loan"])
    return render(request, "gallery/loan.html", loan=row, events=EVENTS)


async def reverse(request: Request) -> Response:
    form = Form({"reason": ""})
    if request.method == "POST":
        async with request.form() as sent:
            reason = str(sent["reason"]).strip()
        if reason:
            return see_other(request, f"/loans/{request.path_params['loan']}", toast="Reversed.")
        form = form.refused([("/reason", "Say why: whoever reads the books later must know.")])
    ask = SimpleNamespace(
        title="Reverse the repayment of 2026-11-20",
        sentence="The mirror of the entry is posted today; the entry itself stays.",
        action=request.url.path, verb="Reverse", is_grave=True, needs_reason=True, waits=True,
        back=f"/loans/{request.path_params['loan']}", hidden={}, warnings=[],
        before_after=[("Outstanding, CNY", "719,417.00", "731,917.00"), ("Days late", "0", "27")],
    )  # fmt: skip
    status = 422 if form.faults else 200
    request.state.place = "loans"
    return render(request, "confirm.html", ask=ask, form=form, status=status)


async def application(request: Request) -> Response:
    form = Form({"party": "", "principal": "120,000.00", "rate": "8.5", "months": "12",
                 "begin_on": "2026-12-01", "purpose": "", "pledge": ""})  # fmt: skip
    if request.method == "POST":
        async with request.form() as sent:
            form = Form({name: str(sent.get(name, "")) for name in form.values})
        missing = [name for name in ("party", "purpose") if not form.value(name)]
        if not missing:
            return see_other(request, "/loans", toast="The application is taken.")
        form = form.refused([(f"/{name}", "Fill this in.") for name in missing])
    return render(
        request,
        "gallery/form.html",
        form=form,
        rows=rows_of(form),
        status=422 if form.faults else 200,
    )


async def preview(request: Request) -> Response:
    async with request.form() as sent:
        form = Form({name: str(value) for name, value in sent.items()})
    return render(request, "gallery/form.html", form=form, rows=rows_of(form))


def rows_of(form: Form) -> list[dict[str, object]]:
    months = min(int(form.value("months") or 0), 360)
    principal = int(form.value("principal").replace(",", "").split(".")[0] or 0) * 100
    return [
        {"number": number, "due_on": date(2026, 12, 1) + timedelta(days=30 * number),
         "principal_minor": principal // months, "interest_minor": principal // (100 + 9 * number)}
        for number in range(1, months + 1)
    ]  # fmt: skip


def job(request: Request) -> Response:
    state = SimpleNamespace(
        title="Closing 2026-11-28", note="Accruals",
        state=request.query_params.get("state", "running"),
        done=61_250, failed=2, failures="/closing/failures", total=100_000, result=None,
    )  # fmt: skip
    return render(request, "job.html", job=state, crumbs=[("Closing", "/closing")])


def problem(request: Request) -> Response:
    said = SimpleNamespace(
        status=409, title="The day is closed already", detail="2026-11-27 was closed at 18:04.",
        remedy="Post into the open day, or ask an accountant to reopen.", request_id="req_01k9x4",
    )  # fmt: skip
    return render(request, "problem.html", problem=said, status=409)


def nothing(request: Request) -> Response:
    listing = Listing.of(request, sort="number")
    return render(request, "gallery/nothing.html", listing=listing)


def portfolio(request: Request) -> Response:
    return render(request, "gallery/charts.html", drawings=drawings())

"""Days ended over the API as a job, and jobs themselves."""

import threading
from contextlib import contextmanager
from datetime import date, timedelta
from uuid import UUID

from doors.api.conftest import Api
from doors.api.test_api import problem
from karez.engines.servicing.events import Disbursement
from karez.kernel.database import Database
from karez.services import closing, jobs
from karez.services.bookkeeping import open_books
from karez.services.lending import book_loans, record
from services.lending.tools import JAN, booking, command, event

JOBS = "/v1/closing/jobs"


@contextmanager
def working(database: Database, workers: int = 2):
    """Have a worker of such jobs while the block runs."""

    def opened():
        return open_books(database, "main")

    stopping = threading.Event()
    handlers = {closing.KIND: closing.closing_handler(opened, workers)}
    thread = threading.Thread(
        target=jobs.work, args=(opened, handlers, stopping), kwargs={"poll_seconds": 0.01}
    )
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def ended(api: Api, job: str) -> dict:
    for _ in range(400):
        found = api.get(f"{JOBS}/{job}").json()
        if found["state"] not in {"waiting", "running"}:
            return found
        threading.Event().wait(0.05)
    raise AssertionError(found)


def test_days__are_ended_by_one_job(api: Api, database: Database):
    before = api.get("/v1/closing").json()
    assert before["next_day"] == str(JAN), before
    assert before["missing_days"] == (date.fromisoformat(before["calendar_day"]) - JAN).days
    assert before["job"] is None
    asked = {"through": str(JAN + timedelta(days=40))}
    job = api.post(JOBS, asked, key=None).json()
    assert (job["state"], job["payload"]) == ("waiting", asked)
    assert api.post(JOBS, {}, key=None).json()["id"] == job["id"], "one at a time"
    with working(database):
        done = ended(api, job["id"])
    assert done["state"] == "done", done
    assert done["result"]["days"] == 41
    assert (done["done_count"], done["left_count"]) == (41, 0)
    after = api.get("/v1/closing").json()
    assert after["closed_through"] == asked["through"]
    assert after["job"]["id"] == job["id"]


def test_days__too_many_or_not_for_this_role_are_refused(api: Api):
    problem(api.post(JOBS, {"through": "2126-01-01"}, key=None), 422, "too-many-days")
    problem(api.post(JOBS, {}, role="teller", key=None), 403, "not-permitted")
    assert api.get("/v1/closing").json()["job"] is None


def test_jobs__are_listed_shown_and_cancelled(api: Api):
    with api.books.transaction() as connection:
        other = jobs.enqueue(connection, "other", {}, actor="test")
    job = api.post(JOBS, {}, key=None).json()["id"]
    first = api.get("/v1/jobs", role="administrator", limit=1).json()
    assert [each["id"] for each in first["jobs"]] == [job]
    rest = api.get("/v1/jobs", role="administrator", limit=1, cursor=first["next"]).json()
    assert [each["kind"] for each in rest["jobs"]] == ["other"]
    assert rest["next"] is None
    problem(api.get(f"{JOBS}/{rest['jobs'][0]['id']}"), 404, "job-unknown")
    assert jobs.job_view(api.books, other).state == "waiting"
    path = f"/v1/jobs/{job}/cancel"
    cancelled = api.post(path, {}, role="administrator", key=None)
    assert cancelled.json()["state"] == "cancelled", cancelled.text
    problem(api.post(path, {}, role="administrator", key=None), 409, "job-state")
    problem(api.get("/v1/jobs/nonsense", role="auditor"), 422, "id-malformed")


def test_overdue__the_latest_first_in_pages_with_what_was_promised(api: Api):
    day = JAN + timedelta(days=1)
    asked = [booking(borrower_id=UUID(int=2), opened_on=opened) for opened in (JAN, day)]
    for loan, amount in zip(book_loans(api.books, asked), (2_400_00, 600_00), strict=True):
        paid = event(Disbursement, day, amount_minor=amount)
        record(api.books, [command(loan, paid)], on=day)
    assert api.get("/v1/collections").json()["loans"] == []
    closing.close_days([api.books], date(2026, 2, 20))
    promise = {"amount_minor": 50_00, "until": "2026-02-25"}
    api.post("/v1/loans/3/promises", promise)
    found, cursor = [], {}
    while cursor is not None:
        page = api.get("/v1/collections", limit=1, **cursor).json()
        found += page["loans"]
        cursor = {"cursor": page["next"]} if page["next"] else None
    assert [(row["loan"]["number"], row["loan"]["standing"]["days_past_due"]) for row in found] == [
        (1, 20), (2, 19), (3, 19),
    ]  # fmt: skip
    assert [row["promise"] and row["promise"]["state"] for row in found] == [None, None, "open"]
    assert len(api.get("/v1/collections", days_most=19).json()["loans"]) == 2
    assert len(api.get("/v1/collections", days_least=20).json()["loans"]) == 1

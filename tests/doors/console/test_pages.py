"""The console over real books: signing in, loans, a deed that a second person approves."""

import base64
import re
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import attrs
import httpx
import pytest

from doors.serving import lend, served
from karez.doors.console import navigation
from karez.doors.console.app import console_app
from karez.doors.console.pages import PAGES
from karez.doors.operations import Offices
from karez.kernel.database import Database
from karez.services import access, lending
from karez.services.access import Membership, PassKind
from karez.services.bookkeeping import Books, open_books

START = date(2026, 1, 1)
PASSWORD = "correct horse battery"


@attrs.frozen
class Console:
    """A console that is served, the books behind it, and browsers of its staff."""

    address: str
    books: Books

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.address, timeout=30, follow_redirects=True)

    @contextmanager
    def person(self, role: str, name: str = "") -> Generator[httpx.Client]:
        """Give a browser in which somebody with this role has a session."""
        name = name or f"p.{role}"
        if name not in {one.name for one in access.list_accounts(self.books)}:
            access.add_account(self.books, name, full_name=name, by="test")
            access.give_role(self.books, name, Membership(role), by="test")
        account = access.find_account(self.books, name)
        made = access.make_pass(self.books, account.account_id, PassKind.SESSION)
        with self.browser() as browser:
            browser.cookies.set("karez_session", made.text)
            yield browser


def token_of(page: httpx.Response) -> str:
    found = re.search(r'name="_csrf" value="([0-9a-f]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def key_of(page: httpx.Response) -> str:
    found = re.search(r'name="_key" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def send(browser: httpx.Client, page: httpx.Response, path: str, **fields: str) -> httpx.Response:
    """Post a form of a page, its token first."""
    return browser.post(path, data={"_csrf": token_of(page), **fields})


@pytest.fixture
def console(database: Database, tmp_path: Path) -> Iterator[Console]:
    """A console of a lender with one loan of 1,200.00."""
    offices = Offices(database, tmp_path)
    with open_books(database, "main") as books:
        lend(books)
        with served(console_app(offices, "main", demo=True)) as address:
            yield Console(address, books)
    offices.close()


def test_stranger__is_shown_the_way_in(console: Console):
    with console.browser() as browser:
        page = browser.get("/loans")
        assert page.url.path == "/sign-in"
        assert page.status_code == 200
        assert "Sign in" in page.text


def test_sign_in__by_password_and_out_again(console: Console):
    account = access.add_account(console.books, "li", full_name="Li Na", by="test")
    access.give_role(console.books, "li", Membership("officer"), by="test")
    access.set_password(console.books, account.account_id, PASSWORD)
    with console.browser() as browser:
        form = browser.get("/sign-in")
        fields = {"institution": "main", "name": "li", "back": "/loans"}
        refused = send(browser, form, "/sign-in", **fields, password="wrong", code="")
        assert refused.status_code == 401
        assert "wrong" not in refused.text.split("<form")[1]
        inside = send(browser, refused, "/sign-in", **fields, password=PASSWORD, code="")
        assert inside.url.path == "/loans"
        assert "Li Na" in inside.text
        gone = send(browser, inside, "/sign-out")
        assert gone.url.path == "/sign-in"
        assert browser.get("/loans").url.path == "/sign-in"


def test_welcome__a_link_works_once(console: Console):
    account = access.add_account(console.books, "first", by="test")
    link = access.make_pass(console.books, account.account_id, PassKind.LINK).text
    with console.browser() as browser:
        page = browser.get("/welcome", params={"link": link})
        found = re.search(r'name="secret" value="([A-Z2-7]+)"', page.text)
        assert found is not None
        code = access.totp(base64.b32decode(found[1]), int(time.time()) // 30)
        fields = {"link": link, "secret": found[1], "password": PASSWORD}
        wrong = send(browser, page, "/welcome", **fields, code="000000")
        assert wrong.status_code == 422
        done = send(browser, wrong, "/welcome", **fields, code=code)
        assert done.url.path == "/"
        assert browser.get("/welcome", params={"link": link}).status_code == 404


def test_form__of_another_page_is_refused(console: Console):
    with console.person("accountant") as browser:
        forged = browser.post("/loans/1/repay", data={"amount": "1", "sure": "1"})
        assert forged.status_code == 403
    assert len(lending.list_events(console.books, 1)) == 1


def test_loans__are_listed_and_opened(console: Console):
    with console.person("officer") as browser:
        assert "1,200.00" in browser.get("/loans").text
        shown = browser.get("/loans/1")
        assert shown.status_code == 200
        assert "1,200.00" in shown.text
        assert browser.get("/loans/9").status_code == 404
        assert browser.get("/nowhere").status_code == 404


def test_repay__is_shown_before_it_is_done_and_done_once(console: Console):
    with console.person("accountant") as browser:
        page = browser.get("/loans/1/repay")
        shown = send(browser, page, "/loans/1/repay", amount="100.00", _key=key_of(page))
        assert "before-after" in shown.text
        assert len(lending.list_events(console.books, 1)) == 1
        fields = {"amount": "100.00", "sure": "1", "_key": key_of(shown)}
        done = send(browser, shown, "/loans/1/repay", **fields)
        assert done.url.path == "/loans/1"
        send(browser, done, "/loans/1/repay", **fields)
    assert len(lending.list_events(console.books, 1)) == 2


def test_amount__that_is_none_is_told_at_the_form(console: Console):
    with console.person("accountant") as browser:
        page = browser.get("/loans/1/repay")
        refused = send(browser, page, "/loans/1/repay", amount="ten")
        assert refused.status_code == 422
        assert "ten" in refused.text


def test_write_off__waits_for_a_second_person(console: Console):
    with console.person("accountant", "maker") as browser:
        page = browser.get("/loans/1/write-off")
        fields = {"reason": "gone", "sure": "1", "_key": key_of(page)}
        waits = send(browser, page, "/loans/1/write-off", **fields)
        assert waits.url.path == "/approvals"
        [path] = set(re.findall(r"/approvals/prp_[0-9a-z]+", waits.text))
        own = browser.get(path)
        assert 'value="approve"' not in own.text
        cheat = send(browser, own, path, verb="approve")
        assert cheat.status_code == 422
    with console.person("accountant", "checker") as browser:
        done = send(browser, browser.get(path), path, verb="approve", reason="seen")
        assert done.url.path == "/approvals"
        assert "written-off" in browser.get("/loans/1").text


def test_pages__need_the_permission(console: Console):
    with console.person("administrator") as browser:
        assert browser.get("/loans").status_code == 403
        assert browser.get("/").status_code == 200


def test_demo__lets_staff_in_by_a_button(console: Console):
    access.add_account(console.books, "demo.teller", full_name="Teller", by="test")
    access.give_role(console.books, "demo.teller", Membership("teller"), by="test")
    with console.browser() as browser:
        door = browser.get("/sign-in")
        assert "Teller" in door.text
        inside = send(browser, door, "/demo", name="demo.teller")
        assert inside.url.path == "/"
        assert "Teller" in inside.text


def test_administration__a_new_person_is_let_in_and_given_a_role_by_two(console: Console):
    access.add_account(console.books, "boss", full_name="Boss", by="test")
    access.give_role(console.books, "boss", Membership("administrator"), by="test")
    with console.person("administrator", "chief") as browser:
        page = browser.get("/administration")
        made = send(browser, page, "/administration", name="new.one", kind="person")
        assert made.url.path == "/administration/new.one"
        invited = send(browser, made, made.url.path, verb="invite")
        assert "/welcome?link=" in invited.text
        asked = send(browser, invited, made.url.path, verb="give-role", role="teller")
        assert asked.status_code == 200
        assert access.find_account(console.books, "new.one").memberships == ()
        done = browser.get("/audit").text
        assert "staff.invite" in done
    [waits] = access.list_proposals(console.books, waiting=True)
    assert waits.operation == "staff.give-role"
    rows = access.list_audit(console.books, operation="staff.invite")
    assert [row.after for row in rows] == [""]


def test_search__finds_loans_by_number_and_says_if_nothing_is_called_so(console: Console):
    with console.person("officer") as browser:
        assert browser.get("/search", params={"q": "1"}).url.path == "/loans/1"
        assert "Nothing is called so" in browser.get("/search", params={"q": "zzz"}).text


def test_navigation__leads_to_pages_that_there_are():
    paths = [place.path for place in navigation.places()]
    paths += [action.path for action in navigation.ACTIONS]
    assert set(paths) <= set(PAGES)

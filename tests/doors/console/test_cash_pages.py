"""Payments, collections and closing in the console, over real books."""

import time
from datetime import date
from typing import Any

import attrs
import pytest

from doors.api.test_closing import working
from doors.console import test_pages
from doors.console.test_browser import violations
from doors.console.test_pages import Console, key_of, send
from doors.statements.making import entry, statement
from karez.kernel.database import Database
from karez.services import closing
from karez.services.lending import list_events
from karez.services.payments import Clerk, find_payment, list_promises, take_statement

DAY = date(2026, 1, 1)
console = test_pages.console


def wait_for(console: Console, *amounts: int) -> None:
    """Have the bank send payments that say nothing."""
    told = [
        entry(amount, name="Q Trading", remittance="rent", booked_on=DAY, valid_on=DAY)
        for amount in amounts
    ]
    made = attrs.evolve(statement(told), number="7")
    take_statement(console.books, made, Clerk("ann", DAY), file="7.xml")


def test_payment__is_brought_to_a_loan_after_what_it_does_was_shown(console: Console):
    wait_for(console, 100_00)
    with console.person("accountant") as browser:
        assert "Q Trading" in browser.get("/payments").text
        assert "rent" in browser.get("/payments/1").text
        refused = browser.get("/payments/1/assign?loan=77&amount=100.00")
        assert refused.status_code == 422
        assert "77" in refused.text
        page = browser.get("/payments/1/assign?loan=1&amount=60.00")
        assert page.status_code == 200, page.text
        assert ">100.00<" in page.text
        assert ">40.00<" in page.text
        assert find_payment(console.books, 1).open_minor == 100_00, "shown, not done"
        fields = {"loan": "1", "amount": "60.00", "_key": key_of(page)}
        for _ in range(2):  # sent again, it is done once
            done = send(browser, page, "/payments/1/assign", **fields)
            assert done.status_code == 200, done.text
        assert find_payment(console.books, 1).open_minor == 40_00
        for path in ("place?account=4010&amount=1", "return", "unassign"):
            page = browser.get(f"/payments/1/{path}")
            assert page.status_code == 200, page.text
            assert "a second person approves" in page.text
        send(browser, page, "/payments/1/unassign", reason="wrong loan", _key=key_of(page))
        assert find_payment(console.books, 1).open_minor == 40_00, "it waits for another"


def test_cash__each_edit_shows_what_it_does_and_taking_it_does_it(console: Console):
    with console.person("teller") as browser:
        page = browser.get("/payments/new?loan=1")
        shown = send(browser, page, "/payments/new/preview", loan="1", amount="200.00")
        assert "1,012.23" in shown.text
        assert len(list_events(console.books, "1")) == 1
        refused = send(browser, page, "/payments/new", loan="1", amount="2O0")
        assert refused.status_code == 422
        done = send(browser, page, "/payments/new", loan="1", amount="200.00", _key=key_of(page))
        assert "R-000001" in done.text
        assert len(list_events(console.books, "1")) == 2


def test_collections__show_who_is_late_and_take_promises(console: Console):
    closing.close_days([console.books], date(2026, 3, 10))
    with console.person("teller") as browser:
        assert 'href="/collections/1"' in browser.get("/collections").text
        assert 'href="/collections/1"' not in browser.get("/collections?late=91-").text
        page = browser.get("/collections/1")
        late = send(browser, page, "/collections/1", amount="50.00", until="2026-03-01")
        assert late.status_code == 422
        done = send(
            browser, page, "/collections/1", amount="50.00", until="2026-03-20", note="by phone"
        )
        assert "by phone" in done.text
    assert [each.amount_minor for each in list_promises(console.books)] == [50_00]


def test_closing__a_job_ends_the_days_and_its_page_tells(console: Console, database: Database):
    with console.person("accountant") as browser:
        assert "2025-12-31" in browser.get("/closing").text
        assert browser.get("/closing/run?through=2126-01-01").status_code == 422
        assert browser.get("/closing/run?through=2025-12-01").status_code == 422
        page = browser.get("/closing/run?through=2026-02-10")
        assert "41" in page.text
        at_work = send(browser, page, "/closing/run", through="2026-02-10")
        assert 'hx-trigger="load delay:1s"' in at_work.text
        assert str(at_work.url.path) in browser.get("/closing").text
        assert browser.get("/closing/run?through=2026-02-11").url == at_work.url
        with working(database):
            for _ in range(200):
                now = browser.get(at_work.url)
                if "load delay:1s" not in now.text:
                    break
                time.sleep(0.05)
        assert "Days ended: 41" in now.text
        assert "2026-02-10" in browser.get("/closing").text


def test_pages__are_for_those_who_may(console: Console):
    with console.person("teller") as browser:
        assert browser.get("/closing").status_code == 403
        wait_for(console, 5_00)
        assert browser.get("/payments/1/assign?loan=1&amount=5").status_code == 422


@pytest.mark.parametrize(("theme", "language"), [("light", "en"), ("dark", "zh")])
def test_pages__hold_the_rules_of_accessibility_on_a_telephone(
    console: Console, chromium: Any, database: Database, theme: str, language: str
):
    closing.close_days([console.books], date(2026, 3, 10))
    wait_for(console, 100_00)
    with console.person("branch-manager") as browser:
        page = browser.get("/closing/run?through=2026-03-20")
        job = send(browser, page, "/closing/run", through="2026-03-20").url.path
        session = browser.cookies["karez_session"]
    cookies = {"karez_theme": theme, "karez_language": language, "karez_session": session}
    paths = (
        "/payments", "/payments/1", "/payments/1/assign?loan=1&amount=9", "/payments/1/return",
        "/collections", "/collections/1", "/closing", job,
    )  # fmt: skip
    with chromium.new_context(viewport={"width": 390, "height": 800}) as context:
        context.add_cookies(
            [
                {"name": name, "value": text, "url": console.address}
                for name, text in cookies.items()
            ]
        )
        page = context.new_page()
        for path in paths:
            page.goto(console.address + path)
            assert not violations(page), path
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        with working(database):
            page.wait_for_selector("#job:not([hx-get])", timeout=20_000)
        page.goto(console.address + "/payments/new?loan=1")
        page.fill("#field-amount", "20")
        page.wait_for_selector("#preview .before-after")
        assert page.evaluate("document.activeElement.name") == "amount"
        assert not violations(page)

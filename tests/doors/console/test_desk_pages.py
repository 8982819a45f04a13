"""Parties, applications and products in the console: from the request to the booked loan."""

import html
import re
from pathlib import Path

import httpx
import psycopg
import pytest

from doors.console.test_pages import Console, console, key_of, send
from karez.kernel.database import Institution
from karez.services import origination
from karez.services.evidence import Evidence, KeyFolder
from karez.services.origination import Desk
from services.origination.making import MILL, SHOP, consent, found, step, submitted, trade

__all__ = ["console"]
AMOUNT_MINOR = 1_000_000


@pytest.fixture
def desk(
    console: Console, connection: psycopg.Connection, institution: Institution, tmp_path: Path
) -> Desk:
    """A product, a mill with a year of trade that lets its facts be read."""
    made = Desk(Evidence(connection, institution, KeyFolder.of(tmp_path, institution.code)))
    found(made)
    trade(made)
    consent(made.books, made.name)
    connection.commit()
    return made


def act(browser: httpx.Client, path: str, verb: str, **fields: str) -> httpx.Response:
    """Look at the page that asks for an act, and do it."""
    asked = browser.get(f"{path}/{verb}")
    assert asked.status_code == 200, asked.text
    return send(browser, asked, f"{path}/{verb}", _key=key_of(asked), **fields)


def test_application__goes_from_request_to_loan_by_several_people(console: Console, desk: Desk):
    application = submitted(desk, amount_minor=AMOUNT_MINOR)
    path = f"/applications/{application.shown_id}"
    origination.assess(desk, [step(application)], None)  # as of the day of its facts
    desk.evidence.connection.commit()
    for name in ("ada", "bob"):
        with console.person("committee", name) as browser:
            seen = browser.get(path).text
            assert "no score" in seen
            assert f"{path}/offer" not in seen
            act(browser, path, "vote-for", reason="known for years")
    with console.person("committee", "ada") as browser:
        asked = browser.get(f"{path}/decide")
        assert "before-after" in asked.text
        assert "approved" in act(browser, path, "decide").text
    with console.person("officer") as browser:
        assert browser.get(f"{path}/offer").text.count("10,000.00") > 1
        act(browser, path, "offer")
        act(browser, path, "accept", reason="signed")
        assert f"{path}/book" not in browser.get(path).text
    with console.person("branch-manager", "maker") as browser:
        waits = act(browser, path, "book")
        assert "second person" in waits.text
        [proposal] = set(re.findall(r"/approvals/prp_[0-9a-z]+", browser.get("/approvals").text))
    with console.person("branch-manager", "checker") as browser:
        send(browser, browser.get(proposal), proposal, verb="approve", reason="seen")
        assert "/loans/2" in browser.get(path).text


def test_new_application__is_submitted_once_and_faults_are_named(console: Console, desk: Desk):
    with console.person("officer") as browser:
        page = browser.get("/applications/new", params={"borrower": MILL})
        fields = {"product": "working-capital", "borrower": MILL, "instalments": "12"}
        refused = send(browser, page, "/applications/new", **fields, amount="ten")
        assert refused.status_code == 422
        assert "ten" in refused.text
        key = key_of(refused)
        once, done = (
            send(browser, page, "/applications/new", **fields, amount="4,000", _key=key)
            for _ in range(2)
        )
        assert "Old Mill Ltd" in once.text
        assert once.url == done.url
        assert len(origination.list_applications(desk)) == 1
        path = str(done.url.path)
        stopped = act(browser, path, "withdraw", reason="no more")
        assert "withdrawn" in stopped.text
        assert browser.get("/applications", params={"stage": "priced"}).status_code == 200
        assert browser.get(f"{path}/no-such").status_code == 404


def test_assess__without_consent_is_told_where_it_was_asked(console: Console, desk: Desk):
    application = submitted(desk, borrower=SHOP)
    path = f"/applications/{application.shown_id}"
    desk.evidence.connection.commit()
    with console.person("officer") as browser:
        refused = act(browser, path, "assess")
        assert refused.status_code == 422
        assert "consent" in refused.text


def test_parties__are_found_shown_and_recorded(console: Console, desk: Desk):
    submitted(desk)
    desk.evidence.connection.commit()
    with console.person("officer") as browser:
        assert browser.get("/parties").status_code == 200
        [path] = set(
            re.findall(
                r"/parties/pty_[0-9a-z]+", browser.get("/parties", params={"text": MILL}).text
            )
        )
        shown = browser.get(path).text
        assert "Old Mill Ltd" in shown
        assert "/applications/app_" in shown
        page = browser.get("/parties/new")
        refused = send(browser, page, "/parties/new", kind="firm", name="Well", key="")
        assert refused.status_code == 422
        done = send(browser, page, "/parties/new", kind="firm", name="Well", key="tin:9", phone="1")
        assert "tin:9" in done.text


def test_product__is_previewed_live_and_published_by_two(console: Console, desk: Desk):
    with console.person("risk") as browser:
        assert "Working capital" in browser.get("/products").text
        path = "/products/working-capital"
        asked = {"amount": "10,000", "instalments": "12", "rate": "12"}
        seen = browser.get(path, params=asked)
        assert seen.text.count("<svg") > 1
        assert "10,000.00" in seen.text
        wrong = browser.get(path, params=asked | {"amount": "1"})
        assert wrong.status_code == 200
        assert "it lends 100.00 to 50000.00 EUR" in wrong.text
        page = browser.get(f"{path}/new-version")
        text = sheet_of(page).replace("most = 24", "most = 36")
        shown = send(browser, page, f"{path}/new-version", text=text, reason="longer")
        assert "instalments.most" in shown.text
        fields = {"text": text, "reason": "longer", "sure": "1", "_key": key_of(shown)}
        waits = send(browser, shown, f"{path}/new-version", **fields)
        assert "second person" in waits.text
        assert "version 1" in waits.text


def sheet_of(page: httpx.Response) -> str:
    """Return what stands in the text area of a page."""
    found_text = re.search(r'<textarea[^>]*name="text"[^>]*>(.*?)</textarea>', page.text, re.DOTALL)
    assert found_text is not None
    return html.unescape(found_text[1])

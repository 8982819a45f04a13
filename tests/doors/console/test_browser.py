"""The ground in a real browser: accessibility, keys, previews, dialogs, and no call outside."""

import pytest

from karez.doors.console.assets import FOLDER
from karez.doors.console.navigation import places

PAGES = (
    "/", "/loans", "/loans/LN-2026-000004", "/loans/LN-2026-000004/reverse", "/applications/new",
    "/closing", "/portfolio", "/facts", "/rights",
)  # fmt: skip
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(page) -> list[str]:
    # The policy of the page forbids a script that it did not name; a debugger may still run one.
    page.evaluate((FOLDER / "vendor" / "axe.js").read_text())
    found = page.evaluate(
        "rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES
    )["violations"]  # fmt: skip
    return [f"{hit['id']}: {node['html'][:120]}" for hit in found for node in hit["nodes"]]


@pytest.mark.parametrize(
    ("theme", "language", "width"), [("light", "en", 1280), ("dark", "zh", 390)]
)
def test_pages__hold_the_rules_of_accessibility(visit, theme, language, width):
    page = visit("/", theme=theme, language=language, width=width)
    base = page.url.rstrip("/")
    found = {}
    for path in PAGES:
        page.goto(base + path)
        if hits := violations(page):
            found[path] = hits
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert not found


def test_what_opens__holds_them_too(visit):
    page = visit("/loans/LN-2026-000004", theme="dark")
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette-list [role=option]")
    assert not violations(page)
    page.keyboard.press("Escape")
    page.wait_for_selector("#palette:not([open])", state="attached")
    page.keyboard.press("?")
    page.wait_for_selector("#keys[open]")
    assert not violations(page)
    page.keyboard.press("Escape")
    page.wait_for_selector("#keys:not([open])", state="attached")
    page.click("text=Reverse")
    page.wait_for_selector("#dialog[open] textarea")
    assert not violations(page)


def test_keys__each_chord_goes_to_its_place(visit):
    page = visit("/")
    base = page.url.rstrip("/")
    for place in places():
        page.goto(f"{base}/loans")
        with page.expect_navigation():  # one of them leads to where it already is
            for key in place.chord.split():
                page.keyboard.press(key)
        assert page.url == base + place.path


def test_keys__rows_and_search(visit):
    page = visit("/loans")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.is_checked("tbody tr:nth-child(2) [name=pick]")
    assert page.text_content("[data-picked]") == "1"
    page.keyboard.press("/")
    page.keyboard.type("g l")
    assert page.input_value("#search") == "g l", "a key typed into a field is no chord"


def test_palette__finds_by_words_and_remembers_what_was_seen(visit):
    page = visit("/loans/LN-2026-000004")
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette-recent-0")
    page.keyboard.type("led")
    page.wait_for_selector("#palette--ledger[aria-selected=true]")
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#palette-search", "aria-selected") == "true"


def test_filter__is_asked_for_while_typing_and_is_in_the_url(visit):
    page = visit("/loans?sort=-principal_minor")
    page.fill(".filters [name=q]", "bakery")
    page.wait_for_url("**/loans?sort=-principal_minor&q=bakery")
    assert page.locator("tbody tr").count() == 25
    assert "30 rows in all" in page.text_content(".pager")
    assert page.evaluate("document.activeElement.name") == "q"
    page.click("th >> text=Principal")
    page.wait_for_selector("th[aria-sort=ascending]")


def test_preview__follows_every_edit_and_leaves_the_field_alone(visit):
    page = visit("/applications/new")
    assert page.locator("#preview tbody tr").count() == 12
    page.fill("#field-months", "36")
    page.wait_for_selector("#preview tbody tr:nth-child(36)")
    assert page.evaluate("document.activeElement.name") == "months"
    assert page.url.endswith("/applications/new")


def test_ask__refuses_in_place_then_does(visit):
    page = visit("/loans/LN-2026-000004")
    page.click("text=Reverse")
    page.wait_for_selector("#dialog[open] textarea")
    page.evaluate("document.querySelector('#field-reason').required = false")
    page.click("#dialog >> button:has-text('Reverse')")
    page.wait_for_selector("#dialog[open] #fault-reason")
    page.fill("#field-reason", "Paid by another")
    page.click("#dialog >> button:has-text('Reverse')")
    page.wait_for_selector("text=Reversed.")
    assert page.url.endswith("/loans/LN-2026-000004")


def test_theme_and_language__are_chosen_and_kept(visit):
    page = visit("/loans")
    page.click("summary[aria-label='Theme and language']")
    page.click("button:has-text('Dark')")
    page.wait_for_selector("html[data-bs-theme=dark]")
    page.click("summary[aria-label='Theme and language']")
    page.click("button[lang=zh]")
    page.wait_for_selector("html[lang=zh][data-bs-theme=dark]")
    assert page.url.endswith("/loans")


def test_job__asks_again_while_it_runs(visit):
    page = visit("/closing")
    with page.expect_response(lambda answer: answer.url.endswith("/closing")):
        pass
    page.goto(f"{page.url}?state=done")
    assert page.get_attribute("#job", "hx-get") is None

"""The ground without a browser: guards, static files, choices, lists, figures, forms."""

import json
import re
from datetime import date
from decimal import Decimal
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from karez.doors.console import assets, shape
from karez.doors.console.csrf import csrf_token
from karez.doors.console.errors import ConsoleAssetsMissingError
from karez.doors.console.forms import Form
from karez.doors.console.listing import Listing
from karez.doors.console.navigation import KEYS, groups_for, places
from tidy.tree import ROOT

LOAN = "/loans/LN-2026-000004"
FIELD = re.compile(r'name="_csrf" value="(\w+)"')


def token_of(client) -> str:
    return FIELD.search(client.get("/loans").text)[1]


# ---- Guards


def test_pages__forbid_all_that_is_not_ours(client):
    headers = client.get("/").headers
    assert (
        "default-src 'none'; script-src 'self'; style-src 'self'"
        in headers["content-security-policy"]
    )
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/", "/loans", LOAN, "/applications/new", "/portfolio", "/closing"]
)
def test_pages__have_no_script_or_style_in_line(client, path):
    text = client.get(path).text
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", text)


def test_form__with_its_token_is_taken(client):
    sent = {"_csrf": token_of(client), "theme": "dark", "back": "/loans"}
    answer = client.post("/choose", data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, "/loans")
    assert "karez_theme=dark" in answer.headers["set-cookie"]


def test_form__with_a_file_has_its_token_first_too(client):
    token = token_of(client)
    sent = {"_csrf": (None, token), "theme": (None, "dark"), "big": ("x.csv", b"x" * 300_000)}
    assert client.post("/choose", files=sent).status_code == 303


def test_form__may_have_its_token_in_a_header(client):
    headers = {"X-CSRF-Token": token_of(client)}
    assert client.post("/choose", data={"theme": "dark"}, headers=headers).status_code == 303


@pytest.mark.parametrize(
    ("sent", "headers"),
    [
        pytest.param({"theme": "dark"}, {}, id="no token"),
        pytest.param({"_csrf": csrf_token("other")}, {}, id="another browser's"),
        pytest.param({"theme": "dark", "_csrf": "RIGHT"}, {}, id="not first"),
        pytest.param({"_csrf": "RIGHT"}, {"Sec-Fetch-Site": "cross-site"}, id="from another site"),
        pytest.param({"_csrf": "RIGHT"}, {"Sec-Fetch-Site": "same-site"}, id="from a neighbour"),
    ],
)
def test_form__that_is_forged_is_refused(client, sent, headers):
    token = token_of(client)
    sent = {name: value.replace("RIGHT", token) for name, value in sent.items()}
    answer = client.post("/choose", data=sent, headers=headers)
    assert answer.status_code == 403
    assert "load the page anew" in answer.text
    assert "karez_theme" not in answer.headers.get("set-cookie", "")


def test_form__without_the_cookie_is_refused(client):
    token = token_of(client)
    client.cookies.clear()
    assert client.post("/choose", data={"_csrf": token, "theme": "dark"}).status_code == 403


@pytest.mark.parametrize("back", ["https://bad.example/", "//bad.example", "/\\bad.example", "x"])
def test_choose__leads_nowhere_else(client, back):
    sent = {"_csrf": token_of(client), "back": back}
    assert client.post("/choose", data=sent).headers["location"] == "/"


def test_choose__knows_its_values(client):
    sent = {"_csrf": token_of(client), "theme": "neon", "language": "xx"}
    assert "set-cookie" not in client.post("/choose", data=sent).headers


# ---- Static files


def test_static__a_named_content_is_kept_for_good(client):
    url = assets.asset_url("karez.css")
    assert re.fullmatch(r"/static/karez\.[0-9a-f]{10}\.css", url)
    answer = client.get(url)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text == (assets.FOLDER / "karez.css").read_text()


def test_static__another_content_is_not(client):
    assert client.get("/static/karez.0000000000.css").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "name", ["../render.py", "%2e%2e/render.py", "vendor/manifest.json", "x.css"]
)
def test_static__nothing_else_is_served(client, name):
    assert client.get(f"/static/{name}").status_code == 404


def test_static__says_how_to_build_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    with pytest.raises(ConsoleAssetsMissingError, match=r"run `make assets`"):
        assets.check_assets()
    assert assets.asset_url("vendor/htmx.js") == "/static/vendor/htmx.js"
    for name in assets.VENDOR_NEEDED:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assets.check_assets()


def test_lock__pins_every_package_by_digest_and_names_no_host():
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text())
    packages = [package for path, package in lock["packages"].items() if path]
    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages)
    assert not [package for package in packages if "resolved" in package]


def test_vendor__is_what_the_lock_and_the_list_make():
    manifest = assets.FOLDER / "vendor" / "manifest.json"
    if not manifest.exists():
        pytest.skip("needs the console's files: make assets")
    said = json.loads(manifest.read_text())
    found = {
        path.relative_to(manifest.parent).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in manifest.parent.rglob("*")
        if path.is_file() and path != manifest
    }
    assert said["files"] == found, "changed by hand: make assets"


def test_icons__all_that_are_named_are_copied():
    console = assets.FOLDER.parent
    listed = set((ROOT / "web" / "icons.txt").read_text().split())
    text = "".join(path.read_text() for kind in ("*.html", "*.py") for path in console.rglob(kind))
    named = set(re.findall(r'icon\("([\w-]+)"\)', text)) | {place.icon for place in places()}
    assert named <= listed, "name it in web/icons.txt"


# ---- Navigation


def test_chords__are_apart_and_leave_single_keys_alone():
    chords = [place.chord for place in places()]
    assert len(set(chords)) == len(chords)
    assert all(re.fullmatch(r"g [a-z]", chord) for chord in chords)
    assert not {chord.split()[0] for chord in chords} & {key.keys for key in KEYS}


def test_navigation__shows_what_one_may_see():
    groups = groups_for(lambda permission: permission == "loans.read")
    seen = [place.name for group in groups for place in group.places]
    assert seen == ["home", "loans", "collections"]


# ---- Lists


def listing(query: str, sort: str = "due_on") -> Listing:
    scope = {"type": "http", "path": "/loans", "query_string": query.encode(), "headers": [],
             "server": ("x", 80), "scheme": "http"}  # fmt: skip
    return Listing.of(Request(scope), sort=sort)


def test_listing__another_order_begins_at_the_first_row():
    here = listing("q=mill&state=&after=50&sort=party")
    assert here.sort_url("party") == "/loans?q=mill&sort=-party"
    assert here.url(after="75") == "/loans?q=mill&sort=party&after=75"
    assert here.url("/loans/export", format="csv") == "/loans/export?q=mill&sort=party&format=csv"
    assert (here.sorted_by("party"), here.sorted_by("due_on")) == ("ascending", None)


def test_listing__a_filter_of_many_keeps_all():
    here = listing("state=late&state=default")
    assert here.values("state") == ["late", "default"]
    assert here.url(sort="x") == "/loans?state=late&state=default&sort=x"
    assert listing("").url() == "/loans"


# ---- Figures


@pytest.mark.parametrize(
    ("amount_minor", "code", "said"),
    [
        (123456, "EUR", "1,234.56"),
        (-5, "EUR", f"{shape.MINUS}0.05"),
        (1000, "JPY", "1,000"),
        (1, "BHD", "0.001"),
    ],
)
def test_digits(amount_minor, code, said):
    assert shape.digits(amount_minor, code) == said


@given(st.integers(-(10**15), 10**15), st.sampled_from(["CNY", "JPY", "BHD"]))
def test_digits__read_back_as_the_amount(amount_minor, code):
    exponent = {"CNY": 2, "JPY": 0, "BHD": 3}[code]
    text = shape.digits(amount_minor, code).replace(",", "").replace(shape.MINUS, "-")
    assert Decimal(text).scaleb(exponent) == amount_minor


def test_figures__as_pages_show_them():
    assert shape.money(5, "CNY", sign=True) == (
        '<span class="money">+0.05 <span class="currency">CNY</span></span>'
    )
    assert "3.1\xa0%" in shape.percent(0.0312)
    assert f"{shape.MINUS}9.50\xa0%" in shape.pct(Decimal("-9.5"))
    assert "2026-11-28" in shape.day(date(2026, 11, 28))
    assert "2026-11-28 09:12:03" in shape.moment("2026-11-28T09:12:03+00:00")
    assert shape.money(None, "CNY") == shape.day(None) == shape.NOTHING


# ---- Forms


def test_form__faults_go_to_their_fields():
    form = Form({"party": "", "amount": "x"}).refused(
        [("/amount", "Write digits."), ("/amount/minor", "Too long."), ("/other", "Also this.")]
    )
    assert form.fault("amount") == "Write digits. Too long."
    assert form.fault("") == "Also this."


def test_form__refused_shows_what_was_typed_and_why(client):
    sent = {"_csrf": token_of(client), "party": "", "purpose": "stock", "months": "6",
            "principal": "<b>9", "rate": "", "begin_on": "", "pledge": ""}  # fmt: skip
    answer = client.post("/applications/new", data=sent | {"principal": "900"})
    assert answer.status_code == 422
    assert 'aria-describedby="hint-party fault-party"' in answer.text
    assert 'value="900"' in answer.text


def test_toast__is_said_once(client):
    sent = {"_csrf": token_of(client), "reason": "Paid by another"}
    assert client.post(f"{LOAN}/reverse", data=sent).status_code == 303
    assert "Reversed." in client.get(LOAN).text
    assert "Reversed." not in client.get(LOAN).text


def test_toast__and_texts_are_escaped(client):
    client.cookies.set("karez_toast", "%22%3Cscript%3E%22")
    assert "&lt;script&gt;" in client.get("/").text
    client.cookies.set("karez_toast", "nonsense")
    assert client.get("/").status_code == 200

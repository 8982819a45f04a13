"""The texts of the console: none is bare or without its Chinese, and each keeps its blanks."""

import re
import sys

import pytest

from karez.doors.console import assets, language
from tidy.tree import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import messages

TEMPLATES = sorted((assets.FOLDER.parent / "templates").rglob("*.html"))
CATALOGUES = sorted(messages.CONSOLE.glob("locale/*/LC_MESSAGES/messages.po"))
JINJA = re.compile(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
SPOKEN = re.compile(r'\b(?:aria-label|placeholder|title|alt)="([^"]*)"')
# A name, a key on the keyboard, a path in a drawing's own element: the same in every language.
SAME_EVERYWHERE = {"Karez", "Ctrl K"}
BLANK = re.compile(r"%\(\w+\)[sd]")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_template__no_text_is_bare(path):
    text = JINJA.sub("", path.read_text())
    spoken = SPOKEN.findall(text)
    shown = re.sub(r'<[^>]*>|[\w-]+="[^"]*"', "\n", text).split("\n")
    bare = [part.strip() for part in (*spoken, *shown) if re.search(r"[A-Za-z]", part)]
    assert not set(bare) - SAME_EVERYWHERE, "put it inside _()"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_catalogue__is_whole_and_of_now(path):
    assert path.read_bytes() == messages.updated(path, messages.gathered()), "make messages"
    assert not messages.untranslated(path), "say these in this language too"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_catalogue__keeps_the_blanks(path):
    for message in messages.read(path):
        wanted = set(BLANK.findall(str(message.id)))
        for said in messages.as_tuple(message.string):
            assert set(BLANK.findall(said)) == wanted or not message.id, message.id


@pytest.mark.parametrize(
    ("accepts", "cookie", "code"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "", "zh"),
        ("sw,en;q=0.5", "", "en"),
        ("", "", "en"),
        ("en", "zh", "zh"),
        ("zh", "xx", "zh"),
    ],
)
def test_language__chosen_or_else_the_first_that_is_offered(client, accepts, cookie, code):
    client.cookies.set(language.COOKIE, cookie)
    answer = client.get("/loans", headers={"Accept-Language": accepts})
    assert f'<html lang="{code}" dir="ltr"' in answer.text


def test_language__whose_script_runs_left_has_its_own_css(client, monkeypatch):
    monkeypatch.setattr(language, "languages", lambda: language.KNOWN)
    client.cookies.set(language.COOKIE, "ar")
    text = client.get("/loans").text
    assert '<html lang="ar" dir="rtl"' in text
    assert re.search(r"tabler\.rtl\.[0-9a-f]{10}\.css", text) or "tabler.rtl.css" in text

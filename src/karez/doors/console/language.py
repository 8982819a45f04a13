"""The languages of the console: which one a person reads, and its texts.

A text stands in English in the template or the module, inside ``_()`` or, where a table names it
before a language is known, ``later()``. The catalogues are the ``.po`` files below ``locale``.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from io import BytesIO
from pathlib import Path

import attrs
from babel import Locale, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from starlette.requests import Request

LOCALE_FOLDER = Path(str(resources.files("karez.doors.console"))) / "locale"
SOURCE_LANGUAGE = "en"
COOKIE = "karez_language"


@attrs.frozen
class Language:
    """A language by its own name; ``direction`` is the one that its script runs in."""

    code: str
    name: str
    direction: str = "ltr"


KNOWN = (
    Language("en", "English"),
    Language("zh", "中文"),
    Language("hi", "हिन्दी"),
    Language("sw", "Kiswahili"),
    Language("ar", "العربية", "rtl"),
)


def later(text: str) -> str:
    """Mark a text for translation where it stands; whoever shows it translates it."""
    return text


@cache
def languages() -> tuple[Language, ...]:
    """Return the languages to choose from: English, and those that have a catalogue."""
    return tuple(
        language
        for language in KNOWN
        if language.code == SOURCE_LANGUAGE or catalogue_path(language.code).is_file()
    )


def language_of(request: Request) -> Language:
    """Return the language that a person chose, or else the one that the browser asks for first."""
    offered = {language.code: language for language in languages()}
    chosen = request.cookies.get(COOKIE, "")
    if chosen in offered:
        return offered[chosen]
    asked = request.headers.get("accept-language", "")
    preferred = [part.split(";")[0].strip().replace("-", "_") for part in asked.split(",")]
    code = negotiate_locale(preferred, list(offered), sep="_") or SOURCE_LANGUAGE
    return offered[code]


@cache
def translations(code: str) -> NullTranslations:
    """Return the texts of a language; English ones are the texts of the code itself."""
    path = catalogue_path(code)
    if not path.is_file():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=Locale(code)))
    compiled.seek(0)
    return Translations(compiled)


def catalogue_path(code: str) -> Path:
    """Return where the catalogue of a language is kept."""
    return LOCALE_FOLDER / code / "LC_MESSAGES" / "messages.po"

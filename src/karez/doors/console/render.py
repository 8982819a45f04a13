"""A page from its template: the one way to answer with HTML."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, unquote, urlsplit

import attrs
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from karez.doors.console import navigation
from karez.doors.console.assets import asset_url, icon
from karez.doors.console.language import Language, language_of, languages, translations
from karez.doors.console.shape import FILTERS

template_folders = [Path(__file__).with_name("templates")]
"""Where templates are; whoever has more adds its folder before the first page is made."""
THEMES = ("light", "dark", "system")
THEME_COOKIE = "karez_theme"
TOAST_COOKIE = "karez_toast"


def _nobody(permission: str) -> bool:
    del permission
    return False


@attrs.frozen
class Frame:
    """What stands around every page of a person: put one in ``request.state.frame``.

    ``counts`` are shown beside the places of the navigation, by their names: what waits there.
    ``today`` is the business date of the institution.
    """

    institution: str = "Karez"
    person: str | None = None
    today: date | None = None
    may: Callable[[str], bool] = _nobody
    counts: Mapping[str, int] = attrs.field(factory=dict[str, int])


def render(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """Return a template as a page, in the language and theme of who asks.

    ``context`` is what the template shows. Every template of a page also has ``frame``, ``place``
    (the name in the navigation, which the page sets), ``csrf``, ``language`` and ``url``.
    """
    language = language_of(request)
    toast = _toast_of(request)
    around = {
        "request": request,
        "frame": frame_of(request),
        "csrf": getattr(request.state, "csrf", ""),
        "language": language,
        "theme": theme_of(request),
        "url": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "toast": toast,
    }
    page = environment(language).get_template(template)
    answer = HTMLResponse(page.render(around | context), status_code=status)
    if toast:
        answer.delete_cookie(TOAST_COOKIE)
    return answer


def see_other(request: Request, url: str, *, toast: str | None = None) -> Response:
    """Return the way on after a form was taken, with a sentence for the next page to show."""
    if "hx-request" in request.headers:
        answer = Response(headers={"HX-Redirect": url})
    else:
        answer = RedirectResponse(url, status_code=303)
    if toast:
        value = quote(json.dumps(toast))
        answer.set_cookie(TOAST_COOKIE, value, max_age=60, httponly=True, samesite="lax")
    return answer


def inside(target: str) -> str:
    """Return where a form wants to go back to, if that is a page of ours; else the first."""
    is_ours = target.startswith("/") and not urlsplit(target).netloc and "\\" not in target
    return target if is_ours else "/"


def frame_of(request: Request) -> Frame:
    """Return the frame of a request, empty for one who has not signed in."""
    return cast("Frame", getattr(request.state, "frame", Frame()))


def theme_of(request: Request) -> str:
    """Return the theme that a person chose: light, dark, or the system's."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else "system"


def text_of(request: Request, text: str) -> str:
    """Return a text in the language of who asks, where Python rather than a template says it."""
    return translations(language_of(request).code).gettext(text)


@cache
def environment(language: Language) -> Environment:
    """Return the templates in a language. A name that the context lacks fails, loudly."""
    made: Any = Environment(  # its tables are typed by what Jinja itself puts into them
        loader=FileSystemLoader(template_folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    made.install_gettext_translations(translations(language.code), newstyle=True)
    made.filters.update(FILTERS)
    made.globals.update(
        asset=asset_url,
        icon=icon,
        languages=languages,
        themes=THEMES,
        groups_for=navigation.groups_for,
        keys=navigation.KEYS,
    )
    return cast("Environment", made)


def _toast_of(request: Request) -> str | None:
    try:
        said = json.loads(unquote(request.cookies.get(TOAST_COOKIE, "null")))
    except ValueError:
        return None
    return said if isinstance(said, str) else None

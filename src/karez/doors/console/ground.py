"""What lies under every page: static files, the choice of language and theme, palette, guards."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from karez.doors.console import language as languages
from karez.doors.console.assets import static_route
from karez.doors.console.csrf import VISIT_COOKIE, CsrfGuard
from karez.doors.console.navigation import actions_for, groups_for
from karez.doors.console.render import (
    THEME_COOKIE,
    THEMES,
    frame_of,
    inside,
    render,
    text_of,
)
from karez.doors.console.security import SecurityHeaders

YEAR_SECONDS = 365 * 24 * 3600


def ground_routes() -> list[Route]:
    """Return the routes that every page leans on."""
    return [
        static_route(),
        Route("/choose", _choose, methods=["POST"]),
        Route("/palette", _palette),
    ]


def ground_middleware(secret_cookies: Sequence[str] = (VISIT_COOKIE,)) -> list[Middleware]:
    """Return the guards of every page, outermost first (see ``CsrfGuard`` for the cookies)."""
    return [
        Middleware(SecurityHeaders),
        Middleware(CsrfGuard, secret_cookies=secret_cookies),
    ]


async def _choose(request: Request) -> Response:
    """Remember a theme or a language, and go back to the page where it was chosen."""
    async with request.form() as form:
        chosen = {name: str(value) for name, value in form.items()}
    answer = RedirectResponse(inside(chosen.get("back", "/")), status_code=303)
    offered = {language.code for language in languages.languages()}
    for field, cookie, known in (
        ("theme", THEME_COOKIE, set(THEMES)),
        ("language", languages.COOKIE, offered),
    ):
        if (value := chosen.get(field)) in known:
            answer.set_cookie(cookie, str(value), max_age=YEAR_SECONDS, samesite="lax")
    return answer


def _palette(request: Request) -> Response:
    """Return the entries of the command palette whose words begin as those that were typed."""
    asked = request.query_params.get("q", "").casefold().split()
    may = frame_of(request).may

    def matches(label: str) -> bool:
        words = f"{label} {text_of(request, label)}".casefold()
        return all(part in words for part in asked)

    pages = [place for group in groups_for(may) for place in group.places if matches(place.label)]
    actions = [action for action in actions_for(may) if matches(action.label)]
    return render(request, "palette.html", pages=pages, actions=actions, asked=" ".join(asked))

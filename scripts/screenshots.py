"""Takes the pages of the console as PNG files: light and dark, narrow and wide, in each language.

`make screenshots` shows the gallery of the tests; `--base URL` a running console, whose pages are
named as arguments. Look at what it makes: a machine finds contrast, not ugliness.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from doors.console.gallery import CHROMIUM_ARGUMENTS, gallery  # noqa: E402 - found by the line above

GALLERY = (
    "/",
    "/loans",
    "/loans/LN-2026-000004",
    "/loans/LN-2026-000004/reverse",
    "/applications/new",
    "/portfolio",
    "/closing",
    "/facts",
    "/rights",
)
WIDTHS = {"narrow": (390, 844), "wide": (1280, 800)}


def main() -> None:
    """Take what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", help="pages to take (default: those of the gallery)")
    parser.add_argument("--base", help="where a console runs (default: the gallery)")
    parser.add_argument("--into", type=Path, default=ROOT / "build" / "screenshots")
    parser.add_argument("--themes", default="light,dark")
    parser.add_argument("--widths", default="narrow,wide")
    parser.add_argument("--languages", default="en,zh")
    parser.add_argument("--cookie", action="append", default=[], help="name=value, of a session")
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    if options.base:
        take(options, options.base)
        return
    with gallery() as base:
        take(options, base)


def take(options: argparse.Namespace, base: str) -> None:
    """Take each page of the console at ``base``, in each theme, width and language."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=[*CHROMIUM_ARGUMENTS]
        )
        for theme in options.themes.split(","):
            for width in options.widths.split(","):
                for language in options.languages.split(","):
                    size = dict(zip(("width", "height"), WIDTHS[width], strict=True))
                    context = browser.new_context(viewport=size)  # pyright: ignore[reportArgumentType]
                    cookies = [
                        f"karez_theme={theme}",
                        f"karez_language={language}",
                        *options.cookie,
                    ]
                    context.add_cookies(
                        [
                            {"name": name, "value": value, "url": base}
                            for name, _, value in (cookie.partition("=") for cookie in cookies)
                        ]
                    )
                    page = context.new_page()
                    for path in options.paths or GALLERY:
                        page.goto(base + path)
                        name = path.split("?")[0].strip("/").replace("/", "_") or "home"
                        target = options.into / f"{name}-{theme}-{width}-{language}.png"
                        page.screenshot(path=target, full_page=True)
                    context.close()
        browser.close()


if __name__ == "__main__":
    main()

import shutil
from collections.abc import Iterator

import httpx
import pytest

from doors.console.gallery import CHROMIUM_ARGUMENTS, gallery
from karez.doors.console.assets import FOLDER


@pytest.fixture(scope="session")
def gallery_url() -> Iterator[str]:
    with gallery() as url:
        yield url


@pytest.fixture
def client(gallery_url) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gallery_url) as asking:
        yield asking


@pytest.fixture(scope="session")
def chromium():
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs chromium (Debian: apt install chromium)")
    if not (FOLDER / "vendor" / "axe.js").exists():
        pytest.skip("needs the console's files: make assets")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=[*CHROMIUM_ARGUMENTS])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, gallery_url):
    """Return what opens a page, in a browser that minds what is fetched and complained of."""
    contexts, faults = [], []

    def open_page(path: str, *, theme="light", language="en", width=1280):
        context = chromium.new_context(viewport={"width": width, "height": 800}, locale="en-US")
        context.set_default_timeout(20_000)
        contexts.append(context)
        cookies = {"karez_theme": theme, "karez_language": language}
        context.add_cookies(
            [{"name": name, "value": value, "url": gallery_url} for name, value in cookies.items()]
        )
        page = context.new_page()
        page.on("console", lambda said: faults.append(said.text) if said.type in BAD else None)
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("request", lambda asked: check_is_here(asked.url))
        page.goto(gallery_url + path)
        return page

    def check_is_here(url: str) -> None:
        if not url.startswith((gallery_url, "data:")):
            faults.append(f"left the host: {url}")

    yield open_page
    for context in contexts:
        context.close()
    # A browser says this of every answer that is not a success; ours are meant.
    faults = [fault for fault in faults if "status of 4" not in fault]
    assert not faults


BAD = {"error", "warning"}

import shutil
import threading
from collections.abc import Iterator

import httpx
import pytest
import uvicorn

from doors.console.gallery import gallery_app
from karez.doors.console.assets import FOLDER

CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def gallery_url() -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(gallery_app(), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


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
        browser = driver.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, gallery_url):
    """Return what opens a page, in a browser that minds what is fetched and complained of."""
    contexts, faults = [], []

    def open_page(path: str, *, theme="light", language="en", width=1280):
        context = chromium.new_context(viewport={"width": width, "height": 800}, locale="en-US")
        context.set_default_timeout(5000)
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

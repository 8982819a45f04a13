"""``karez serve`` as a process: the first link, the demonstration's door, figures, a clean end."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager

import httpx
import pytest

from doors.conftest import KAREZ, Karez
from karez.doors.console.assets import FOLDER

pytestmark = pytest.mark.skipif(
    not (FOLDER / "vendor" / "htmx.js").exists(), reason="needs the console's files: make assets"
)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextmanager
def served(karez: Karez, *arguments: str) -> Generator[tuple[httpx.Client, subprocess.Popen[str]]]:
    """Run a server, and give a browser of it while the block runs; it must end by itself then."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KAREZ_")}
    process = subprocess.Popen(
        [str(KAREZ), "serve", "--port", str(port), *arguments],
        env=kept | karez.settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as browser:
        for _ in range(600):
            try:
                if browser.get("/health").status_code == 200:
                    break
            except httpx.TransportError:
                assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        try:
            yield browser, process
        finally:
            process.send_signal(signal.SIGINT)


def test_serve__shows_the_first_link_and_ends_when_told(karez: Karez):
    with served(karez) as (browser, process):
        assert browser.get("/v1/loans").json()["code"] == "not-signed-in"
        assert browser.get("/sign-in").status_code == 200
        figures = browser.get("/metrics").text
        assert 'karez_requests_total{door="api",status="401"} 1' in figures
        assert figures.endswith("# EOF\n")
    said, log = process.communicate(timeout=60)
    assert process.returncode in {0, 130}, log
    found = re.search(r"(/welcome\?link=\S+)", said)
    assert found is not None, said
    [line] = [json.loads(line) for line in log.splitlines() if "/v1/loans" in line]
    assert line["status"] == 401
    assert line["request_id"].startswith("req_")


def test_serve__a_demonstration_is_for_this_machine_alone(karez: Karez):
    refused = karez.json("serve", "--demo", "--host", "0.0.0.0", code=5)
    assert refused["error"]["code"] == "demo-open"
    with served(karez, "--demo") as (browser, process):
        assert "Branch manager" in browser.get("/sign-in").text
    process.communicate(timeout=60)

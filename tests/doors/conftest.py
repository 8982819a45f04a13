"""The command line as people run it, on the new database of each test.

Commands run within the process of the tests, by the function that the program calls: to start a
Python for each would take most of the time of all tests. ``Karez.process`` starts one.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from click.testing import CliRunner

from doors.score_desk import Desk
from karez.doors.cli import cli
from karez.doors.cli.shell import run
from karez.kernel.database import Database

KAREZ = Path(sys.executable).with_name("karez")
TIMEOUT_SECONDS = 600


def is_setting(variable: str) -> bool:
    return variable.startswith("KAREZ_")


class StandardInput(io.BytesIO):
    name = "<stdin>"  # as that of a process has, and bytes have not


@attrs.frozen
class Karez:
    """Runs ``karez``, in a folder and with settings of its own."""

    folder: Path
    settings: Mapping[str, str]

    def run(self, *arguments: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command in this process, and return how it ended and what it printed."""
        command = [*map(str, arguments)]
        variables = dict.fromkeys(filter(is_setting, os.environ)) | self.settings
        streams = CliRunner().isolation(StandardInput(stdin.encode()), variables)
        with contextlib.chdir(self.folder), streams as (said, complained, _):
            code = run(cli, command)
            printed = [stream.getvalue().decode() for stream in (said, complained)]
        return subprocess.CompletedProcess(command, code, *printed)

    def process(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run a command in a process of its own, and return how it ended and what it printed."""
        return subprocess.run(
            [KAREZ, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )

    def environment(self) -> dict[str, str]:
        """Return the variables of a process that is to run with these settings."""
        kept = {name: value for name, value in os.environ.items() if not is_setting(name)}
        return kept | self.settings

    def __call__(self, *arguments: object, code: int = 0, stdin: str = "") -> str:
        """Run a command that ends with this code, and return what it printed."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def json(self, *arguments: object, code: int = 0, stdin: str = "") -> Any:
        """Run a command with ``--json`` and return its document, or that of its error."""
        done = self.run(*arguments, "--json", stdin=stdin)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout or done.stderr)

    def write(self, name: str, *lines: str) -> Path:
        """Write a file into the folder."""
        path = self.folder / name
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")
        return path


@pytest.fixture
def karez(database: Database, tmp_path: Path) -> Karez:
    home = tmp_path / "home"
    return Karez(tmp_path, {"KAREZ_DATABASE_URL": database.conninfo, "KAREZ_HOME": str(home)})


@pytest.fixture
def bank(karez: Karez) -> Karez:
    """The command line, and a few accounts in the book."""
    chart = karez.write(
        "chart.csv",
        "code,type,currency,name,parent,floor",
        "1000,asset,EUR,Cash,,",
        "2000,liability,EUR,Deposits,,",
        "2001,liability,EUR,Ann,2000,0.00",
        "2002,liability,EUR,Bob,2000,0.00",
        "4000,income,EUR,Fees,,",
        "9000,asset,USD,Dollars,,",
    )
    karez("account", "open", "--file", chart)
    return karez


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """``karez score``, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path, capsys)

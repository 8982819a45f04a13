"""The command line as people run it: real processes, on the new database of each test."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from doors.score_desk import Desk
from karez.kernel.database import Database

KAREZ = Path(sys.executable).with_name("karez")
TIMEOUT_SECONDS = 600


@attrs.frozen
class Karez:
    """Runs ``karez``, in a folder and with settings of its own."""

    folder: Path
    settings: Mapping[str, str]

    def run(self, *arguments: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command and return how it ended and what it printed."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KAREZ_")}
        return subprocess.run(
            [KAREZ, *map(str, arguments)],
            cwd=self.folder,
            env=kept | self.settings,
            input=stdin,
            capture_output=True,
            check=False,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )

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

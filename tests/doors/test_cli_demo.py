"""The demonstration: it agrees, can be stopped anywhere, and the same seed ends the same."""

import os
import random
import subprocess
from pathlib import Path

import pytest

from doors.conftest import KAREZ, Karez

SMALL = ("--size", "0.15", "--days", "40")
KILLS = int(os.environ.get("DEMO_KILLS", "2"))
# So many kills need a life that is long enough for them: the whole demonstration, 731 days.
LIVED = SMALL if KILLS < 10 else ()
KILLED_AFTER_SECONDS = (4, 14) if KILLS < 10 else (3, 9)


@pytest.fixture
def alone(open_folder: Path, tmp_path: Path) -> Karez:
    """The command line with settings that no other test shares."""
    return Karez(tmp_path, {"KAREZ_HOME": str(open_folder / "unused")})


def reports(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((home / "reports").iterdir())}


def test_demo__agrees_and_ends_the_same_after_being_killed(alone: Karez, open_folder: Path):
    calm, rough = open_folder / "calm", open_folder / "rough"
    facts = alone.json("demo", *LIVED, "--home", calm)
    assert facts["agrees"]
    assert facts["findings"] == 0
    assert facts["lent_to"] > 0
    assert facts["days"] == (40 if LIVED else 731)
    assert sum(facts["loans"].values()) > facts["accepted"]
    draw = random.Random(11)
    killed = sum(_killed(alone, rough, draw.uniform(*KILLED_AFTER_SECONDS)) for _ in range(KILLS))
    print(f"{killed} of {KILLS} kills before its end")
    again = alone.json("demo", *LIVED, "--home", rough)
    assert again["agrees"]
    kept = {name: value for name, value in facts.items() if name != "reports"}
    assert {name: value for name, value in again.items() if name != "reports"} == kept
    assert reports(rough) == reports(calm)


def _killed(karez: Karez, home: Path, after_seconds: float) -> bool:
    """Begin a demonstration, and kill its process without a word; say if it was still running."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KAREZ_")}
    command = [str(KAREZ), "demo", *LIVED, "--home", str(home), "--json"]
    process = subprocess.Popen(command, env=kept | karez.settings, stdout=subprocess.DEVNULL)
    try:
        process.wait(after_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


def test_demo__keeps_out_of_a_folder_that_is_not_its_own(alone: Karez, open_folder: Path):
    other = open_folder / "other"
    other.mkdir()
    (other / "letter.txt").write_text("mine")
    done = alone.run("demo", "--home", other)
    assert done.returncode == 2
    assert "holds something else" in done.stderr
    assert (other / "letter.txt").read_text() == "mine"


def test_demo__a_shock_needs_data(alone: Karez):
    done = alone.run("demo", "--shock", "retail=0.5:6")
    assert done.returncode == 2
    assert "--data" in done.stderr


def test_demo__names_what_a_folder_lacks(alone: Karez, open_folder: Path, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    done = alone.run("demo", "--data", tmp_path / "empty", "--home", open_folder / "lacking")
    assert done.returncode == 5
    assert "firms_rated.csv" in done.stderr

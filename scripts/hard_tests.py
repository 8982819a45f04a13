"""Run the long forms of the tests; ``make test`` runs them short.

Name those to run and how long (``--kills 100``); without any, all run at full length. The last
line says what was done; a fault ends it with the test's own words.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path("tests")

# The option: its full length, the file, the word that picks the tests in it, what is counted.
FORMS = {
    "sequences": (10_000, "books/money/test_machine.py", "", "random sequences against the model"),
    "kills": (
        100,
        "books/money/test_crash.py",
        "",
        "kills of server, backend or client under load",
    ),
    "fact_kills": (
        100,
        "books/facts/test_crash.py",
        "",
        "kills under facts that are appended",
    ),
    "close_kills": (
        50,
        "services/closing/test_kill.py",
        "",
        "kills while days of loans are ended",
    ),
    "webhook_kills": (
        50,
        "services/outbox/test_kill.py",
        "",
        "kills of the sender of webhooks",
    ),
    "demo_kills": (
        50,
        "doors/test_cli_demo.py",
        "killed",
        "kills of the whole demonstration",
    ),
    "laws": (
        200,
        "services/lending/test_laws.py",
        "",
        "lives of loans, their events late, undone and in order",
    ),
    "payment_laws": (
        200,
        "services/payments/test_laws.py",
        "",
        "runs of statements and of what is done with them",
    ),
    "damages": (
        1_000,
        "books/money/test_damage.py",
        "any_damage",
        "damages by SQL, all to be found",
    ),
    "pairs": (
        10_000,
        "books/money/test_reading.py",
        "any_day",
        "readings as of a day and an instant",
    ),
    "writes": (
        5_000,
        "books/money/test_together.py",
        "bank",
        "batches of each of four writers, under readers",
    ),
    "answers": (
        4_000,
        "books/money/test_together.py",
        "answer",
        "commits, the answer to each fourth lost",
    ),
    "contracts": (
        100_000,
        "engines/cashflow/test_bulk.py",
        "scalar_engine",
        "contracts, compiled and not",
    ),
    "huge": (
        1_024,
        "doors/trade/test_huge.py",
        "",
        "megabytes of invoices in one table",
    ),
    "schema": (
        100,
        "doors/api/test_schema_fuzz.py",
        "",
        "requests for each operation of the API, from its document",
    ),
    "post_kills": (
        10,
        "doors/api/test_kill.py",
        "",
        "kills of the API under a hundred posts each, from ten callers",
    ),
    "pauses": (
        100,
        "books/money/test_together.py",
        "paused",
        "writers paused while another took the pen",
    ),
}


def main() -> int:
    """Run what the command line names; return 0 when all of it passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, (full, _, _, what) in FORMS.items():
        parser.add_argument(f"--{name}", type=int, metavar="N", help=f"{what} (full: {full})")
    parser.add_argument("--steps", type=int, default=100, help="of each sequence (default: 100)")
    given = parser.parse_args()
    wanted = {name: getattr(given, name) for name in FORMS if getattr(given, name) is not None}
    done: list[str] = []
    for name, length in (wanted or {name: form[0] for name, form in FORMS.items()}).items():
        _, file, word, what = FORMS[name]
        began = time.monotonic()
        passed = run(file, word, {name.upper(): str(length), "STEPS": str(given.steps)})
        told = f"{length} {what}: {time.monotonic() - began:.0f} s"
        print(told if passed else f"FAILED: {told}", flush=True)
        if not passed:
            return 1
        done.append(f"{length} {name}")
    print(f"passed: {', '.join(done)}")
    return 0


def run(file: str, word: str, lengths: dict[str, str]) -> bool:
    """Run the tests of a file that this word picks, at this length; tell whether they passed."""
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-k", word, str(FOLDER / file)]
    return not subprocess.run(command, cwd=ROOT, env=os.environ | lengths, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

"""A table of any size takes the memory of a small one; ``scripts/hard_tests.py`` makes it 1 GB."""

import os
import subprocess
import sys
import time
from pathlib import Path

from doors.conftest import KAREZ, Karez

MEGABYTES = int(os.environ.get("HUGE", "3"))
MEMORY_MOST_MEGABYTES = 1024
NAME = "Mill on the long river " * 20
# A process begins with the peak of the one that forks it, so a small one must start the command.
LAUNCH = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
open("peak", "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status)
"""
HEADER = "number,valid_on,seller,seller_name,buyer,buyer_name,net,tax,total,currency,status\n"


def write_table(path: Path) -> int:
    """Write a table of wide rows, two of them at fault; return how many there are."""
    count = 0
    with path.open("w", encoding="utf-8") as stream:
        stream.write(HEADER)
        while stream.tell() < MEGABYTES << 20:
            rows = [
                f"A{count + n},2026-01-05,{n % 7},{NAME}{n % 7},{n % 90},{NAME}{n % 90},"
                f"100.00,{19 if count + n not in {3, 700} else 20}.00,119.00,EUR,issued\n"
                for n in range(1000)
            ]
            stream.writelines(rows)
            count += len(rows)
    return count


def test_import__of_a_huge_table_takes_little_memory(karez: Karez):
    table = karez.folder / "huge.csv"
    count = write_table(table)
    begun = time.monotonic()
    command = [KAREZ, "import", "invoices", table, "--mapping", "plain", "--rejects", "bad"]
    done = subprocess.run(
        [sys.executable, "-c", LAUNCH, *command],
        cwd=karez.folder, env=karez.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 5, done.stdout + done.stderr
    peak = int((karez.folder / "peak").read_text()) >> 10
    seconds = time.monotonic() - begun
    print(f"{table.stat().st_size >> 20} MB, {count} rows: {peak} MB of memory, {seconds:.0f} s")
    assert peak < MEMORY_MOST_MEGABYTES
    (bad,) = (karez.folder / "bad").iterdir()
    assert len(bad.read_text().splitlines()) == 1 + 2
    assert karez.json("facts", "list", "--most", "1")["facts"][0]["index"] == count - 3
    table.unlink()

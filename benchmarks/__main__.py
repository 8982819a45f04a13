"""``python -m benchmarks``: measure, print, and keep what was measured."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks import (
    api,
    applications,
    batches,
    closing,
    conformance,
    contracts,
    facts,
    fitting,
    history,
    imports,
    lending,
    outbox,
    peers,
    pens,
    planning,
    portfolio,
    ranking,
    register,
    singles,
    statements,
)
from benchmarks.bed import Bed, open_bed
from benchmarks.report import Section, machine, show_bars, write_json
from benchmarks.thin import run as thin
from benchmarks.welltest import run as welltest

RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Run the benchmarks that were asked for; the exit code says nothing of speed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is stopped
    everything: dict[str, Callable[[Bed, int | None], Section]] = {
        "api": api.run,
        "batches": batches.run,
        "singles": singles.run,
        "pens": pens.run,
        "history": history.run,
        "facts": facts.run,
        "closing": closing.run,
        "imports": imports.run,
        "outbox": outbox.run,
        "statements": statements.run,
        "peers": peers.run,
        "contracts": contracts.run,
        "lending": lending.run,
        "conformance": conformance.run,
        "register": register.run,
        "applications": applications.run,
        "ranking": ranking.run,
        "portfolio": portfolio.run,
        "fitting": fitting.run,
        "planning": planning.run,
        "welltest": welltest.run,
        "thin": thin.run,
    }
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(everything)}")
    parser.add_argument("--rounds", type=int, help="turns of each in every race")
    parser.add_argument("--output", type=Path, help="the JSON file to write")
    parser.add_argument(
        "--pgledger", nargs="+", type=Path, default=[], metavar="FILE",
        help="SQL files that make pgledger, in order; without them it is passed over",
    )  # fmt: skip
    asked = parser.parse_args()
    unknown = set(asked.names) - set(everything)
    if unknown:
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    everything["peers"] = partial(peers.run, pgledger=asked.pgledger)
    with open_bed() as bed:
        about = machine(bed)
        about["begun_at"] = datetime.now(UTC).isoformat(timespec="seconds")
        sections: list[Section] = []
        for name in asked.names or everything:
            sections.append(everything[name](bed, asked.rounds))
            print(sections[-1].show(), flush=True)
        about["load_after"] = os.getloadavg()
    print(show_bars(sections))
    stamp = about["begun_at"].replace(":", "").split("+")[0]
    output = asked.output or RESULTS / f"local-{stamp}.json"
    write_json(output, about, sections)
    print(f"\nEach turn is in {output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

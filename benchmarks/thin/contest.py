"""``python -m benchmarks.thin.contest PROTOCOL REPEATS FILE``: every method learns and predicts.

A process of its own, so that its environment can bind every library to one thread before it is
loaded. What it writes is judged elsewhere: here nobody sees an outcome that was not learned from.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping
from pathlib import Path

import attrs
import numpy as np

from benchmarks.thin.loans import Floats, Loans, read_loans
from benchmarks.thin.splits import PROTOCOLS, Split

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
WARM_UP = 300
"""Loans of a fit that is thrown away: loading and compiling is not what is measured."""


@attrs.frozen
class Attempt:
    """What one method said in one repeat. ``pd`` is of all loans, NaN for those learned from."""

    pd: Floats
    fit_seconds: float


def contest(protocol: str, repeats: int) -> dict[str, list[Attempt]]:
    """Return the attempts of every method, by repeat, made in a child of one thread."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "attempts.npz"
        in_one_thread("benchmarks.thin.contest", protocol, str(repeats), str(path))
        with np.load(path) as written:
            names = dict.fromkeys(key.rsplit("|", 2)[0] for key in written)
            return {
                name: [
                    Attempt(written[f"{name}|{repeat}|pd"], float(written[f"{name}|{repeat}|cpu"]))
                    for repeat in range(repeats)
                ]
                for name in names
            }


def in_one_thread(module: str, *arguments: str) -> str:
    """Run a module in a child whose libraries have one thread each; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=os.environ | dict.fromkeys(THREADS, "1"), check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{module} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    return done.stdout


def main() -> None:
    protocol, repeats, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    warnings.simplefilter("ignore")  # of the peers, who warn of what their own defaults do
    loans = read_loans()
    written: dict[str, Floats] = {}
    for repeat in range(repeats):
        split = PROTOCOLS[protocol](loans, repeat)
        for name, attempt in _attempts(loans.without(*split.unknown), split).items():
            written[f"{name}|{repeat}|pd"] = attempt.pd
            written[f"{name}|{repeat}|cpu"] = np.float64(attempt.fit_seconds)
    np.savez(path, **written)


def _attempts(loans: Loans, split: Split) -> Mapping[str, Attempt]:
    from benchmarks.thin.ours import OURS  # noqa: PLC0415 - after the environment is set
    from benchmarks.thin.peers import PEERS  # noqa: PLC0415

    judged = split.development | split.last
    training, others = loans.take(split.training), loans.take(judged)
    weight = training.weight / training.weight.mean() if split.weighted else np.ones(len(training))
    warm = training.take(np.arange(min(WARM_UP, len(training))))
    attempts: dict[str, Attempt] = {}
    for name, fit in {**OURS, **PEERS}.items():
        if split.repeat == 0:
            fit(warm, weight[: len(warm)], 0)(warm)
        begun = time.process_time()
        predict = fit(training, weight, split.repeat)
        seconds = time.process_time() - begun
        pd = np.full(len(loans), np.nan)
        pd[judged] = np.clip(predict(others), 0, 1)  # one method said 1 and a rounding error
        attempts[name] = Attempt(pd, seconds)
    return attempts


if __name__ == "__main__":
    main()

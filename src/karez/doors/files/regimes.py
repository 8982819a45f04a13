"""Bodies of law in TOML files, one a file: those that come with Karez, and a user's own."""

from __future__ import annotations

import importlib.resources
import tomllib
from pathlib import Path

from karez.engines.priority.regime import Regime, RegimeBrokenError, regime_of


def read_regimes(folder: Path | None = None) -> dict[str, Regime]:
    """Return the regimes by name and alias; those of a folder stand in for others of that name.

    Raises:
        RegimeBrokenError: a file is no TOML, or a parameter in it is wrong.
    """
    own = importlib.resources.files("karez.engines.priority") / "regimes"
    texts = [(entry.name, entry.read_text("utf-8")) for entry in own.iterdir()]
    found = _named(sorted(texts))
    if folder is not None:
        paths = sorted(folder.glob("*.toml"))
        if not paths:
            raise RegimeBrokenError(
                regime=str(folder), field="folder", value="empty", rule="it holds .toml files"
            )
        found |= _named([(path.name, path.read_text("utf-8")) for path in paths])
    return found


def _named(texts: list[tuple[str, str]]) -> dict[str, Regime]:
    found: dict[str, Regime] = {}
    for name, text in texts:
        if not name.endswith(".toml"):
            continue
        try:
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise RegimeBrokenError(
                regime=name, field="file", value=str(error), rule="it must be TOML"
            ) from None
        regime = regime_of(values)
        found |= dict.fromkeys((regime.name, *regime.aliases), regime)
    return found

"""``karez score`` run within this process (no database), and loans whose odds are known."""

import csv
import json
from pathlib import Path

import attrs
import numpy as np
import pytest

from karez.doors.cli import cli
from karez.doors.cli.shell import run

RECIPE = """
[loans]
id = "loan"
outcome = "failed"
groups = ["owner"]

[[features]]
name = "debt"
kind = "number"
direction = 1
words = "debt to income"

[[features]]
name = "kind"
kind = "factor"

[[features]]
name = "town"
kind = "segment"
"""


def made(rows=300, seed=1):
    """Loans whose odds are known, as columns of texts."""
    draw = np.random.default_rng(seed)
    debt, town = draw.normal(size=rows), draw.choice(["Ada", "Bor", "Cer", "Dol"], rows)
    logit = -0.7 + 1.2 * debt + 0.8 * (town == "Ada")
    failed = draw.random(rows) < 1 / (1 + np.exp(-logit))
    return {
        "loan": [f"L{row}" for row in range(rows)],
        "failed": ["yes" if each else "no" for each in failed],
        "debt": [f"{each:.3f}" for each in debt],
        "kind": draw.choice(["shop", "farm"], rows).tolist(),
        "town": town.tolist(),
        "owner": draw.choice(["woman", "man"], rows).tolist(),
    }


@attrs.frozen
class Desk:
    """A folder, and ``karez score`` run in it."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def loans(self, columns, name="loans.csv"):
        with (self.folder / name).open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([columns, *zip(*columns.values(), strict=True)])

    def __call__(self, *arguments, code=0):
        """Run it, and return what it printed and what it said beside."""
        assert run(cli, ["score", *arguments]) == code, self.capsys.readouterr()
        return self.capsys.readouterr()

    def json(self, *arguments, code=0):
        said = self(*arguments, "--json", code=code)
        return json.loads(said.out or said.err)

    def fit(self, columns=None, recipe=RECIPE, code=0):
        self.loans(made() if columns is None else columns)
        self.write("recipe.toml", recipe)
        return self.json(
            "fit", "loans.csv", "--recipe", "recipe.toml", "--out", "m.json", code=code
        )

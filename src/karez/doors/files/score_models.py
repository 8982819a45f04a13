"""A score in a file: the score, its card, and how to read the loans that it is asked about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, cast

import attrs

from karez.doors.files.errors import FileUnwritableError
from karez.doors.files.score_errors import ScoreFileError
from karez.doors.files.score_recipe import LoanColumns, ScoreRecipe
from karez.engines.score import Model, from_document, to_document
from karez.engines.score.card import Card, card_document
from karez.engines.score.challenge import Stakes

FORMAT = "karez-score-file-1"


@attrs.frozen(eq=False)
class ScoreFile:
    """What a score file holds; the card is a plain document."""

    model: Model
    card: Mapping[str, Any]
    recipe: ScoreRecipe


def write_score(path: Path, model: Model, card: Card, recipe: ScoreRecipe) -> None:
    """Write a score file; it stands there once it is complete.

    Raises:
        FileUnwritableError: it cannot be written.
    """
    document = {
        "format": FORMAT,
        "loans": attrs.asdict(recipe.columns),
        "stakes": attrs.asdict(recipe.stakes),
        "card": card_document(card),
        "score": to_document(model),
    }
    part = path.with_name(f"{path.name}.part")
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, default=str)  # of days
        part.write_text(text, "utf-8")
        part.replace(path)
    except OSError as fault:
        raise FileUnwritableError(file=path, reason=fault.strerror) from fault
    finally:
        part.unlink(missing_ok=True)


def read_score(path: Path) -> ScoreFile:
    """Return what a score file holds.

    Raises:
        ScoreFileError: it cannot be opened, or is no score file.
        ModelMalformedError: the score in it is broken.
    """
    try:
        loaded: Any = json.loads(path.read_text("utf-8"))
    except OSError as fault:
        raise ScoreFileError(file=path, reason=fault.strerror) from fault
    except ValueError as fault:
        raise ScoreFileError(file=path, reason=f"it is no JSON ({fault})") from fault
    return score_of(loaded, path)


def score_of(loaded: Any, path: Path) -> ScoreFile:  # any JSON
    """Return what the document of a score file holds; errors call it by ``path``.

    Raises:
        ScoreFileError: it is no score file.
        ModelMalformedError: the score in it is broken.
    """
    if not isinstance(loaded, dict) or cast("dict[str, Any]", loaded).get("format") != FORMAT:
        raise ScoreFileError(file=path, reason=f"its format is not {FORMAT!r}")
    document = cast("dict[str, Any]", loaded)
    try:
        model = from_document(document["score"])
        loans: dict[str, Any] = {
            name: tuple(cast("list[Any]", value)) if isinstance(value, list) else value
            for name, value in document["loans"].items()
        }
        seen = loans.pop("seen_until")
        until = None if seen is None else date.fromisoformat(seen)
        columns = LoanColumns(**loans, seen_until=until)
        stakes = Stakes(**document["stakes"])
        return ScoreFile(model, document["card"], ScoreRecipe(columns, model.recipe, stakes))
    except (KeyError, TypeError, AttributeError, ValueError) as fault:
        raise ScoreFileError(file=path, reason=f"{type(fault).__name__}: {fault}") from fault

"""``karez score recipe``, ``fit`` and ``card``: make a score, and say what it is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import click

from karez.doors.cli.bookkeeping import lines_of
from karez.doors.cli.score_options import join_option, read_file, rejects_option
from karez.doors.cli.shell import ExitCode, Shell, command_options, table
from karez.doors.files.score_draft import draft_recipe
from karez.doors.files.score_models import read_score, write_score
from karez.doors.files.score_recipe import read_recipe
from karez.doors.files.score_tables import Ask
from karez.engines.score.card import card_document, card_markdown
from karez.engines.score.develop import develop
from karez.engines.score.points import base_points
from karez.engines.score.scorecard import scorecard


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@command_options
def recipe(shell: Shell, *, file: Path) -> None:
    """Draft a recipe from the columns of FILE, to be read and corrected by hand.

    What a column means is guessed from its name and its values; each guess has its reason.
    """
    text = draft_recipe(file)
    shell.show({"recipe": text}, [text.rstrip()])


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--recipe",
    "recipe_file",
    type=click.Path(path_type=Path),
    required=True,
    metavar="RECIPE",
    help="What the columns mean, and which the score may use: a TOML file.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="MODEL",
    help="Where to write the score with its card.",
)
@join_option
@rejects_option
@command_options
def fit(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    file: Path,
    recipe_file: Path,
    out: Path,
    more: Path | None,
    rejects: Path | None,
) -> None:
    """Fit a score to the loans of FILE (CSV, Parquet or XLSX), and write its card.

    Exit code 6 says that a feature may know the outcome: look at it before you use the score. A
    row that is wrong is refused, and the exit code is then 5; the others are used.
    """
    how = read_recipe(recipe_file)
    loans, refused = read_file(shell, file, Ask(how, True, more), rejects)
    if loans.evidence is None:
        return
    model, card = develop(loans.table, loans.evidence, how.recipe, stakes=how.stakes)
    write_score(out, model, card, how)
    document = card_document(card)
    shell.show({"model": str(out), "card": document, **refused.as_dict()}, _lines(out, document))
    refused.end(ExitCode.FOUND if card.leaks else ExitCode.DONE)


@click.command()
@click.argument("model_file", metavar="MODEL", type=click.Path(path_type=Path))
@click.option("--points", is_flag=True, help="Show the points of every level of every feature.")
@command_options
def card(shell: Shell, *, model_file: Path, points: bool) -> None:
    """Show the card of a score as Markdown: what it is made of, how good it is, its limits.

    With --points show instead the score as a card of points, for people who add up by hand: begin
    with the points of the average loan, and add those of each line that applies.
    """
    score = read_score(model_file)
    if not points:
        shell.show(dict(score.card), [card_markdown(score.card).rstrip()])
        return
    lines, base = scorecard(score.model), base_points(score.model)
    rows: list[tuple[object, ...]] = [("the average loan", "", base, "", "", "")]
    rows += [
        (
            line.words,
            line.value,
            line.points,
            f"{line.loans:,.0f}",
            f"{line.defaults:,.0f}",
            "" if line.weight_of_evidence is None else f"{line.weight_of_evidence:+.2f}",
        )
        for line in lines
    ]
    heading = ["", "value", "points", "loans", "defaults", "weight of evidence"]
    document: dict[str, Any] = {
        "base_points": base,
        "lines": [attrs.asdict(line) for line in lines],
    }
    said = table(heading, rows)
    trees = score.model.trees
    if trees is not None:
        factor = score.model.recipe.scale.factor
        low, high = round(-factor * trees.most), round(-factor * trees.least)
        document["trees"] = {"points_least": low, "points_most": high}
        said.append(
            f"not on this card: several features together, by trees, {low:+d} to {high:+d} points;"
            " karez score apply adds them"
        )
    shell.show(document, said)


def _lines(out: Path, document: dict[str, Any]) -> list[str]:
    judged = document["out_of_fold"]
    pairs: list[tuple[str, object]] = [
        ("loans", f"{document['rows']:,}"),
        ("defaults", f"{document['events']:,}"),
        ("default rate", f"{document['rate']:.1%}"),
    ]
    pairs += [(what, f"{count:,}") for what, count in document["left_out"].items() if count]
    if judged is not None:
        pairs += [
            ("AUC on unseen loans", f"{judged['auc']:.3f}"),
            ("log-loss on unseen loans", f"{judged['log_loss']:.4f}"),
            ("mean probability less observed rate", f"{judged['bias']:+.4f}"),
        ]
    lines = lines_of(pairs)
    lines += [f"left out {name}: {reason}" for name, reason in document["dropped"].items()]
    lines += [document["trees"]] if document["trees"] else []
    lines += [
        f"LEAK? {leak['feature']} may know the outcome ({leak['rule']}): {leak['words']}"
        for leak in document["leaks"]
    ]
    lines += [f"limit: {limit}" for limit in document["limits"]]
    return [*lines, f"The score and its card are in {out}."]

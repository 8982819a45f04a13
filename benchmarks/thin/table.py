"""The table of a protocol, with every cell that is not won marked."""

from __future__ import annotations

from benchmarks.thin.judge import COLUMNS, Standing

OURS, BOOSTED = "Karez", "CatBoost, 500 trees"
CHALLENGER = "Karez + CatBoost"
NOT_PEERS = (OURS, "Karez without trees", "Karez without pairs", CHALLENGER)


def show(protocol: str, standing: Standing) -> list[str]:
    """Return the lines of the table.

    A cell of ours that some peer beats by more than the spread has ``!``, one that is beaten by
    less ``~``; the peers' cells that beat ours have the same marks.
    """
    repeats = len(standing.values[OURS])
    marks = _marks(standing)
    sizes = f"{standing.learned:,.0f} loans learned from, {standing.judged:,.0f} judged"
    lines = [
        "",
        f"{protocol}: {sizes}; mean of {repeats} repeats",
        " " * 24 + "".join(f"{column.heading:>10} " for column in COLUMNS),
    ]
    for name in standing.values:
        cells = zip(COLUMNS, standing.mean(name), marks[name], strict=True)
        lines.append(
            f"{name:24}"
            + "".join(f"{value:>10.{column.digits}f}{mark}" for column, value, mark in cells)
        )
    behind = standing.behind(OURS, BOOSTED)[:, 0]
    lines.append(
        f"log-loss, Karez less CatBoost: {behind.mean():+.4f}; over repeats {behind.min():+.4f} to"
        f" {behind.max():+.4f}, spread {standing.spread(OURS, BOOSTED)[0]:.4f};"
        f" standard error over loans {standing.loan_error(OURS, BOOSTED):.4f}"
    )
    return lines


def _marks(standing: Standing) -> dict[str, list[str]]:
    marks = {name: [" "] * len(COLUMNS) for name in standing.values}
    for name in standing.values.keys() - set(NOT_PEERS):
        behind = standing.behind(OURS, name).mean(axis=0)
        spread = standing.spread(OURS, name)
        for place in (behind > 0).nonzero()[0]:
            marks[name][place] = "!" if behind[place] > spread[place] else "~"
            marks[OURS][place] = max(marks[OURS][place], marks[name][place], key=" ~!".index)
    return marks

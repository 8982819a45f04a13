"""Assess: gather, trust, score and price, one step after another, of one application or many."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from karez.services.bookkeeping import derive_id
from karez.services.origination.desk import Command, Desk, Outcome
from karez.services.origination.gathering import gather
from karez.services.origination.pricing import price
from karez.services.origination.scoring import Score, score
from karez.services.origination.trusting import trust


def assess(
    desk: Desk, commands: Sequence[Command], with_: Score | None, *, preview: bool = False
) -> list[Outcome]:
    """Take the four steps, each in a transaction of its own; return what the last one said of each.

    What is refused at a step goes no further, and may be assessed again once that is mended: the
    steps that were taken stand. Asked again with the same ``command_id``, nothing is done twice.

    A preview reads nothing, so it is of the first step alone: under which consent facts would be
    read.
    """
    if preview:
        return gather(desk, commands, preview=True)
    last: dict[int, Outcome] = {}
    going = list(range(len(commands)))
    for name in ("gather", "trust", "score", "price"):
        asked = [
            attrs.evolve(
                commands[place],
                command_id=derive_id(f"karez.application.{name}", str(commands[place].command_id)),
            )
            for place in going
        ]
        match name:
            case "gather":
                outcomes = gather(desk, asked)
            case "trust":
                outcomes = trust(desk, asked)
            case "score":
                outcomes = score(desk, asked, with_)
            case _:
                outcomes = price(desk, asked)
        last |= dict(zip(going, outcomes, strict=True))
        going = [place for place in going if last[place].error is None]
    return [
        attrs.evolve(last[place], command_id=command.command_id)
        for place, command in enumerate(commands)
    ]

"""Firms, curves and questions for tests, plain and made by chance; and where the real curve is."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

from karez.engines.price.curve import Curve, smooth_curve
from karez.engines.price.question import Bound, Counts, Firms, Question
from karez.engines.price.rate import Costs
from karez.engines.price.tail import Tail
from tidy.tree import ROOT

INVOICES = Path("shared") / "data" / "sme_invoices"
STEP = 100_000
COSTS = Costs(
    funding_rate=0.02, capital_share=0.1, hurdle_rate=0.12, variable_rate=0.005, fixed_minor=20_000
)


def around() -> Iterator[Path]:
    """Yield the folders above the repository, and above the one whose worktree it is."""
    yield from (ROOT, *ROOT.parents)
    link = ROOT / ".git"
    if link.is_file():
        yield from Path(link.read_text().removeprefix("gitdir:").strip()).parents


def real_file(name: str) -> Path:
    """Return a file of the real invoices, or skip the test."""
    places = [folder / INVOICES / name for folder in around()]
    found = next((path for path in places if path.exists()), None)
    if found is None:
        pytest.skip(f"{INVOICES / name} is not beside the repository")
    return found


def real_curve() -> Curve:
    table = np.genfromtxt(real_file("churn_by_rate.csv"), delimiter=",", skip_header=1)
    return smooth_curve("ABC", np.rint(table[:, 0] * 1e6).astype(np.int64), table[:, 1:].T)


def curve(*rows: list[float], rates: tuple[int, ...] = (40_000, 80_000, 120_000)) -> Curve:
    lost = np.array(rows or [[0.0, 0.4, 0.9]])
    return smooth_curve([f"s{row}" for row in range(len(lost))], np.array(rates), lost)


def firms(
    pd: list[float],
    *,
    least: int = 2 * STEP,
    most: int = 5 * STEP,
    industry: str = "",
    group: str = "",
    segments: int = 1,
) -> Firms:
    """Return firms with these default probabilities; a letter of a text for each."""
    count = len(pd)
    return Firms(
        tuple(f"f{place}" for place in range(count)),
        tuple(industry or "i" * count),
        tuple(group or "g" * count),
        np.arange(count) % segments,
        np.array(pd),
        np.full(count, 0.5),
        np.full(count, least),
        np.full(count, most),
    )


def question(of: Firms, budget: int, **more: object) -> Question:
    settings = {"curve": curve(), "costs": COSTS, "step_minor": STEP,
                "rates_ppm": np.array([40_000, 80_000, 120_000])}  # fmt: skip
    return Question(firms=of, budget_minor=budget, **(settings | more))


@st.composite
def curves(draw: st.DrawFn, segments: int = 2) -> Curve:
    """Curves that may be flat, steep, or jump."""
    knots = draw(st.lists(st.integers(1, 60), min_size=2, max_size=6, unique=True).map(sorted))
    shares = st.floats(0, 1).map(lambda share: round(share, 3))
    rows = st.lists(shares, min_size=len(knots), max_size=len(knots)).map(sorted)
    lost = draw(st.lists(rows, min_size=segments, max_size=segments))
    return curve(*lost, rates=tuple(knot * 5_000 for knot in knots))


@st.composite
def questions(draw: st.DrawFn, most_firms: int = 3) -> Question:
    """Small questions, with bounds that may bind and a tail that may."""
    count = draw(st.integers(1, most_firms))
    pds = st.floats(0.001, 0.4).map(lambda pd: round(pd, 3))
    least = draw(st.integers(1, 3))
    letters = st.text("ab", min_size=count, max_size=count)
    of = firms(
        draw(st.lists(pds, min_size=count, max_size=count)),
        least=least * STEP,
        most=(least + draw(st.integers(0, 2))) * STEP,
        industry=draw(letters),
        group=draw(letters),
        segments=2,
    )
    steps = st.integers(0, 8)
    bounds = [
        Bound(kind, "a", draw(steps) * STEP + draw(st.integers(0, STEP - 1)))
        for kind in ("industry", "group")
        if draw(st.booleans())
    ]
    losses = st.lists(st.lists(st.floats(0, 1).map(lambda loss: round(loss, 2)),
                               min_size=count, max_size=count), min_size=3, max_size=3)  # fmt: skip
    tail = None
    if draw(st.booleans()):
        loss = np.array(draw(losses))
        tail = Tail(
            draw(steps) * STEP // 3, worst_share=draw(st.sampled_from([0.3, 0.5, 1.0])), loss=loss
        )
    found = draw(curves())
    return question(
        of,
        draw(steps) * STEP,
        curve=found,
        rates_ppm=found.rates_ppm,
        costs=Costs(0.02, 0.1, 0.12, 0.0, draw(st.sampled_from([0, 1_000, 20_000]))),
        counts=draw(st.sampled_from(list(Counts))),
        balance_share=draw(st.sampled_from([0.55, 1.0])),
        bounds=bounds,
        tail=tail,
        highest=draw(st.none() | st.lists(st.floats(0.001, 0.4), min_size=count, max_size=count)
                     .map(np.array)),
    )  # fmt: skip

"""Planning: a year's budget spread over firms, best rates and policies by the million."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
import zen

from benchmarks.bed import Bed, tell
from benchmarks.report import Bar, Figure, Section, Spread
from karez.engines.price import Bound, Costs, Firms, Question, Tail, best_rate, make_plan
from karez.engines.price.curve import Curve, smooth_curve
from karez.engines.price.plan import Plan
from karez.engines.price.policy import (
    Applications,
    Coded,
    Decision,
    Line,
    Outcome,
    Past,
    Policy,
    decide,
    read_policy,
    simulate,
    to_zen,
)
from karez.engines.price.question import Counts
from karez.engines.price.shock import Shock, shock_question
from karez.engines.price.vary import worth_of_more

ROUNDS = 3
INVOICES = Path("shared") / "data" / "sme_invoices"
YUAN = 100
BUDGET = 100_000_000 * YUAN
COSTS = Costs(funding_rate=0.02, capital_share=0.1, hurdle_rate=0.12, variable_rate=0.002,
              fixed_minor=500 * YUAN)  # fmt: skip
MANY, CUSTOMERS, PAST, ZEN = 5_000, 1_000_000, 1_000_000, 3_000
ROWS = 133
# A word in a firm's name for its industry: all that the table of firms says of it.
WORDS = {
    "sole traders": "个体", "construction": "建筑 建设 工程 装饰 路桥 劳务",
    "trade": "商贸 贸易 工贸 运贸 销售",
    "technology": "科技 电子 信息 网络", "culture": "文化 传媒 广告", "machinery": "机械 设备 制造",
    "transport": "物流 运输 运业", "health": "医 药", "food": "食品 餐 酒 农",
}  # fmt: skip


def run(_bed: Bed, rounds: int | None) -> Section:
    """Solve each plan and try each policy in turn; seconds are of processor time."""
    section = Section("Planning")
    turns = rounds or ROUNDS
    curve, firms, what = _market(section)
    _plans(section, turns, _question(firms, curve), what)
    many = attrs.evolve(_question(_made_firms(MANY), curve, MANY / 302), tail=None)
    _timed(section, f"plan of {MANY:,} made-up firms, bounds", turns, lambda: make_plan(many))
    rng = np.random.default_rng(1)
    segment = rng.integers(0, len(curve.segments), CUSTOMERS)
    cost, collected = rng.uniform(0.02, 0.1, CUSTOMERS), rng.uniform(0.9, 1, CUSTOMERS)
    _timed(section, f"best rates of {CUSTOMERS:,} customers", turns,
           lambda: best_rate(curve, segment, cost, collected))  # fmt: skip
    _policies(section, turns)
    return section


def _timed(section: Section, name: str, turns: int, work: Callable[[], Any]) -> Any:
    """Add a figure of processor seconds; return what the work gave the last time."""
    tell(name)
    seconds: list[float] = []
    found: Any = None
    for _ in range(turns):
        begun = time.process_time()
        found = work()
        seconds.append(time.process_time() - begun)
    section.figures.append(Figure(name, "CPU-s", Spread.of(seconds)))
    return found


def _plans(section: Section, turns: int, question: Question, what: str) -> None:
    name = f"plan of {len(question.firms)} {what} firms, bounds and tail"
    plan: Plan = _timed(section, name, turns, lambda: make_plan(question))
    section.bars.append(Bar(f"{name}, CPU-s", 10, section.figures[-1].spread, at_most=True))
    expected = attrs.evolve(question, counts=Counts.EXPECTED)
    wide: Plan = _timed(section, "the same, where what is expected counts", turns,
                        lambda: make_plan(expected))  # fmt: skip
    more = _timed(section, "the worth of one more million", turns,
                  lambda: worth_of_more(plan, 1_000_000 * YUAN))  # fmt: skip
    shocked: Plan = _timed(
        section, "the same after a shock", turns,
        lambda: make_plan(shock_question(question, [Shock("construction", 0.5, 6)])),
    )  # fmt: skip
    lent, firms = _millions(plan.amount_minor.sum()), (plan.amount_minor > 0).sum()
    every = len(question.firms) * len(question.rates_ppm)
    section.notes.append(
        f"lent {lent} million to {firms} firms, profit {_millions(plan.total_minor)}; proven within"
        f" {plan.gap_minor:.4f} minor units; {len(plan.cuts)} cuts of the tail,"
        f" {len(plan.offers):,} offers of {every:,}"
    )
    section.notes.append(
        f"one more million would earn {more / YUAN:,.0f}; at the margin {plan.price['budget']:.4f}"
    )
    section.notes.append(
        f"where what is expected counts, profit {_millions(wide.total_minor)}, offered"
        f" {_millions(wide.amount_minor.sum())}, within {wide.gap_minor:.4f} minor units"
    )
    section.notes.append(
        f"construction at half its revenue for six months: {_millions(shocked.total_minor)}"
    )


def _millions(amount_minor: float) -> str:
    return f"{amount_minor / YUAN / 1e6:,.3f}"


def _question(firms: Firms, curve: Curve, size: float = 1) -> Question:
    budget = int(BUDGET * size)
    bounds = [Bound("industry", name, budget // 4) for name in sorted(set(firms.industry))]
    return Question(
        firms, curve, COSTS, budget, 1_000 * YUAN, curve.rates_ppm, bounds=bounds,
        tail=Tail(budget // 20),
    )  # fmt: skip


def _invoices() -> Path | None:
    """Return the folder of real firms: beside the repository, or the one whose worktree it is."""
    root = Path(__file__).resolve().parents[1]
    link = root / ".git"
    roots = [root]
    if link.is_file():
        roots.append(Path(link.read_text().removeprefix("gitdir:").strip()))
    places = [folder / INVOICES for root in roots for folder in root.parents]
    return next((place for place in places if place.exists()), None)


def _market(section: Section) -> tuple[Curve, Firms, str]:
    folder = _invoices()
    if folder is None:
        rates = np.linspace(40_000, 150_000, 29).astype(np.int64)
        lost = np.stack([1 - np.exp(-(rates - 40_000) / scale) for scale in (44e3, 48e3, 50e3)])
        section.notes.append("the real firms are not beside the repository: all is made up")
        return smooth_curve("ABC", rates, lost), _made_firms(302), "made-up"
    table = np.genfromtxt(folder / "churn_by_rate.csv", delimiter=",", skip_header=1)
    curve = smooth_curve("ABC", np.rint(table[:, 0] * 1e6).astype(np.int64), table[:, 1:].T)
    section.notes.append(
        "default probability: 1 % and 15 % of the share of the last 24 months without a sale;"
        " limit: a tenth of a year's sales; segment: thirds by sales; industry: a word in the name."
        " A stand-in, no score."
    )
    return curve, _real_firms(folder), "real"


def _real_firms(folder: Path) -> Firms:
    firms = pyarrow.csv.read_csv(folder / "firms_unrated.csv").to_pydict()
    ids, names = (firms[column] for column in ("企业代号", "企业名称"))
    columns = pq.read_table(folder / "sales_unrated.parquet").to_pydict()
    sales = {name: np.zeros(24) for name in ids}
    for who, day, amount, status in zip(
        columns["企业代号"], columns["开票日期"], columns["金额"], columns["发票状态"], strict=True
    ):
        year, month, _ = day.split("/")
        ago = (2020 - int(year)) * 12 + 1 - int(month)
        if 0 <= ago < 24 and status.strip() == "有效发票":
            sales[who][ago] += amount
    table = np.array([sales[name] for name in ids])
    total = table.sum(axis=1)
    most = np.clip(total / 2 * 0.1, 0, 1_000_000) * YUAN
    industry = [
        next(
            (of for of, words in WORDS.items() if any(word in name for word in words.split())),
            "other",
        )
        for name in names
    ]
    return Firms(
        tuple(ids), tuple(industry), ("",) * len(ids),
        2 - np.searchsorted(np.quantile(total, [1 / 3, 2 / 3]), total),
        0.01 + 0.15 * (table <= 0).mean(axis=1), np.full(len(ids), 0.6),
        np.full(len(ids), 100_000 * YUAN), most.astype(np.int64),
    )  # fmt: skip


def _made_firms(count: int) -> Firms:
    rng = np.random.default_rng(count)
    industries = rng.choice([*WORDS, "other"], count)
    pd = np.clip(np.exp(rng.normal(np.log(0.03), 0.8, count)), 0.002, 0.5)
    return Firms(
        tuple(f"F{place}" for place in range(count)), tuple(industries.tolist()), ("",) * count,
        rng.integers(0, 3, count), pd,
        np.full(count, 0.6), np.full(count, 100_000 * YUAN),
        rng.integers(100, 1_001, count) * 1_000 * YUAN,
    )  # fmt: skip


def _policy(rows: int, seed: int) -> Policy:
    """A table like those of lenders: knock-outs, then bands of score by industry and age."""
    rng = np.random.default_rng(seed)
    lines = [
        Line(2, ("< 420", "-", "-", "-", "-"), Outcome(Decision.REFUSE, "score")),
        Line(3, ("-", ">= 0.30", "-", "-", "-"), Outcome(Decision.REFUSE, "default probability")),
        Line(4, ("-", "-", "in (i0, i1)", "< 6", "-"), Outcome(Decision.REFUSE, "too young")),
    ]
    for number in range(5, rows + 1):
        low = 420 + 10 * int(rng.integers(0, 36))
        industry = f"i{rng.integers(0, 12)}"
        cells = (f"[{low}, {low + 40})", f"< {rng.integers(2, 25) / 100}", industry,
                 f">= {rng.integers(1, 48)}", f"<= {rng.integers(1, 20) * 5_000}")  # fmt: skip
        outcome = Outcome(
            Decision(int(rng.integers(0, 2))), "band", int(rng.integers(1, 20)) * 10**5
        )
        lines.append(Line(number, cells, outcome))
    lines.append(Line(rows + 1, ("-",) * 5, Outcome(Decision.REFER, "rest")))
    policy, errors = read_policy("bands", ("score", "pd", "industry", "months", "amount"), lines)
    assert not errors
    return policy


def _policies(section: Section, turns: int) -> None:
    rng = np.random.default_rng(7)
    numbers = {
        "score": rng.uniform(300, 850, PAST).round(), "pd": rng.beta(1, 12, PAST),
        "months": rng.integers(0, 120, PAST).astype(float),
        "amount": rng.uniform(1_000, 100_000, PAST).round(2),
    }  # fmt: skip
    names = tuple(f"i{place}" for place in range(15))
    labels = {"industry": Coded(rng.integers(0, 15, PAST).astype(np.int32), names)}
    applications = Applications(PAST, numbers, labels)
    new, old = _policy(ROWS, 1), _policy(ROWS, 2)
    decided = _timed(section, f"policy of {ROWS} rows on {PAST:,} applications", turns,
                     lambda: decide(new, applications))  # fmt: skip
    ours = PAST / section.figures[-1].spread.median
    asked = (numbers["amount"] * 100).astype(np.int64)
    past = Past(applications, asked, numbers["pd"] * 0.6, 0.03 - numbers["pd"] * 0.6, "industry")
    name = f"two such policies simulated on {PAST:,} applications"
    _timed(section, name, turns, lambda: simulate(new, old, past))
    section.bars.append(Bar(f"{name}, CPU-s", 0.5, section.figures[-1].spread, at_most=True))
    graph = zen.ZenEngine().create_decision(json.dumps(to_zen(new)))
    contexts = [
        {**{column: float(values[row]) for column, values in numbers.items()},
         "industry": names[labels["industry"].codes[row]]}
        for row in range(ZEN)
    ]  # fmt: skip
    results = _timed(
        section, f"the same policy in zen on {ZEN:,} of them", turns,
        lambda: [graph.evaluate(context)["result"] for context in contexts],
    )  # fmt: skip
    rows = [new.rows[row].number for row in decided.row[:ZEN].tolist()]
    same = sum(result["row"] == row for result, row in zip(results, rows, strict=True))
    theirs = ZEN / section.figures[-1].spread.median
    section.notes.append(
        f"applications a CPU second: ours {ours:,.0f}, zen {theirs:,.0f}; {same:,} of {ZEN:,} alike"
    )
    section.bars.append(
        Bar("policy, ours / zen", 100, Spread(ours / theirs, ours / theirs, ours / theirs))
    )

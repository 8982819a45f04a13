"""Drawings of made-up figures, one of each kind."""

from __future__ import annotations

from karez.doors.console import charts

MONTHS = [f"2026-{month:02d}" for month in range(1, 13)]
PAR = {
    "PAR 30": [0.041, 0.043, 0.048, 0.046, 0.05, 0.047, 0.044, 0.041, 0.039, 0.037, 0.034, 0.031],
    "PAR 60": [0.021, 0.022, 0.026, 0.027, 0.028, 0.027, 0.025, 0.024, 0.022, 0.021, 0.019, 0.018],
    "PAR 90": [0.018, 0.018, 0.02, 0.022, 0.023, 0.023, 0.022, 0.02, 0.019, 0.018, 0.017, 0.016],
}
BUCKETS = ("Current", "1-30", "31-60", "61-90", "Default")


def percent(value: float) -> str:
    return f"{value:.1%}"


def drawings() -> dict[str, object]:
    months = range(24)
    losses = [int(900 * 0.82**step * (1 + step / 3)) for step in range(24)]
    return {
        "par": charts.lines("Portfolio at risk", MONTHS, PAR, heading="Month", form=percent),
        "area": charts.lines("Outstanding", MONTHS, {"Loans": [n * 1e6 for n in range(60, 84, 2)]},
                             heading="Month", filled=True),
        "schedule": charts.stacked(
            "Schedule", [str(month + 1) for month in months],
            {"Principal": [4000 + 45 * month for month in months],
             "Interest": [1100 - 45 * month for month in months]}, heading="Instalment"),
        "loss": charts.histogram(
            "Loss in a year", [step * 250_000 for step in range(25)], losses,
            headings=("Loss", "Scenarios"),
            markers=[charts.Marker("Expected", 900_000), charts.Marker("VaR 99", 4_300_000),
                     charts.Marker("ES 99", 4_700_000), charts.Marker("VaR 99.9", 5_600_000)]),
        "provision": charts.waterfall(
            "Provisions in November", ("Opening", 812_000),
            [("New", 96_000), ("Worse", 143_000), ("Better", -88_000), ("Written off", -120_000)],
            "Closing", headings=("Step", "Amount")),
        "evidence": charts.layered(
            "What the loan rests on",
            [charts.Node("order", "Order PO-77"), charts.Node("invoice", "Invoice FP-88120"),
             charts.Node("delivery", "Delivery note"), charts.Node("visit", "Visit 2026-10-02", 5),
             charts.Node("trust", "Trade believed: 0.93", 3),
             charts.Node("loan", "LN-2026-000004", 2, "/loans")],
            [charts.Edge("order", "invoice", "bills"), charts.Edge("delivery", "trust", "supports"),
             charts.Edge("invoice", "trust", "supports"), charts.Edge("visit", "trust", "supports"),
             charts.Edge("order", "loan", "asks for"), charts.Edge("trust", "loan", "carries")],
            headings=("From", "Does", "To")),
        "spark": charts.spark("Late loans, twelve months", PAR["PAR 30"]),
        "roll": charts.heat(
            "Roll rates in October", BUCKETS,
            [(bucket, [0.97 if here == row else 0.3 / (2 + abs(here - row)) for here in range(5)])
             for row, bucket in enumerate(BUCKETS)], corner="From", form=percent),
    }  # fmt: skip

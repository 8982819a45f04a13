# pyright: basic
"""A choice of offers solved to a proven optimum by HiGHS, which has no types; nor has SciPy."""

from __future__ import annotations

import attrs
import highspy
import numpy as np
import numpy.typing as npt
from scipy.sparse import block_array, csr_array, diags_array, eye_array

from karez.kernel.errors import ensure

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_OPTIONS = {
    "threads": 1,  # so that the same question takes the same path to the same answer
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 0.0,
    "mip_feasibility_tolerance": 1e-9,
    "primal_feasibility_tolerance": 1e-9,
}
_DUST = 1e-5  # how far from whole an amount may come out


@attrs.frozen(eq=False)
class Choice:
    """Of each offer nothing, or an amount from ``least`` to ``most``; one offer for each firm.

    Maximise what amounts gain less what is fixed for each offer that is made, while each of the
    ``sums`` of amounts stays from ``sums_least`` to ``sums_most``. Firms rise from 0.
    """

    firm: Ints
    gain: Floats
    fixed: Floats
    least: Ints
    most: Ints
    sums: Floats
    """A row for each sum, a column for each offer."""
    sums_least: Floats
    sums_most: Floats
    must: Bools
    """Which firms cannot be left without an offer."""

    def value(self, amounts: Floats) -> float:
        """Return what whole amounts gain."""
        return float(self.gain @ amounts - self.fixed @ (amounts > 0))


@attrs.frozen(eq=False)
class Solved:
    """An optimum and its proof: no solution gains more than ``bound``."""

    amounts: Floats
    bound: float
    prices: Floats
    """What one more of each sum would gain; only where amounts may be broken."""


class _Quiet(highspy.Highs):
    """HiGHS without its banner, which it prints while it is being made."""

    def enableCallbacks(self) -> None:  # noqa: N802 - HiGHS names it, and calls it first
        self.silent()
        super().enableCallbacks()


def solve(choice: Choice, *, whole: bool, start: Floats | None = None) -> Solved | None:
    """Return an optimum, or None where nothing keeps all sums.

    ``whole`` asks for whole amounts, and offers that are made or not; ``start`` are such amounts
    that keep all sums. Otherwise both may be broken, and sums have prices.

    An amount is its least beside a yes or no, and a count of what is above it. It is no
    semi-continuous variable: HiGHS 1.12 was seen to take one of those for zero and for its lower
    bound at once.
    """
    if not len(choice.firm):  # HiGHS calls this an empty model
        impossible = (choice.sums_least > 0).any() or choice.must.any()
        return None if impossible else Solved(np.zeros(0), 0.0, np.zeros(len(choice.sums)))
    highs = _Quiet()
    for name, value in _OPTIONS.items():
        highs.setOptionValue(name, value)
    _pass(highs, choice, whole=whole)
    if start is not None:
        begin = highspy.HighsSolution()
        made = start > 0
        begin.col_value = [*(1.0 * made), *(start - made * choice.least)]
        highs.setSolution(begin)
    highs.run()
    status = highs.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None
    ensure(status == highspy.HighsModelStatus.kOptimal, f"HiGHS ends with an optimum: {status}")
    solution, info = highs.getSolution(), highs.getInfo()
    values: Floats = np.array(solution.col_value)
    if whole:
        ensure(np.abs(values - np.rint(values)).max() < _DUST, "amounts are whole")
        values = np.rint(values)
    made, above = values[: len(choice.firm)], values[len(choice.firm) :]
    return Solved(
        amounts=made * choice.least + above,
        bound=info.mip_dual_bound if whole else info.objective_function_value,
        prices=np.array(solution.row_dual)[: len(choice.sums)],
    )


def _pass(highs: highspy.Highs, choice: Choice, *, whole: bool) -> None:
    """Give HiGHS the model: first the yes or no of each offer, then what is above its least."""
    count, firms = len(choice.firm), len(choice.must)
    one_offer = csr_array((np.ones(count), (choice.firm, np.arange(count))), (firms, count))
    least, room = choice.least.astype(np.float64), (choice.most - choice.least).astype(np.float64)
    rows = csr_array(
        block_array(
            [
                [csr_array(choice.sums * least), csr_array(choice.sums)],
                [diags_array(-room), eye_array(count)],
                [one_offer, None],
            ]
        )
    )
    highs.passModel(
        2 * count,
        len(choice.sums) + count + firms,
        rows.nnz,
        int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMaximize),
        0.0,  # what is gained without any offer
        np.concatenate([choice.gain * least - choice.fixed, choice.gain]),
        np.zeros(2 * count),
        np.concatenate([np.ones(count), room]),
        np.concatenate([choice.sums_least, np.full(count, -np.inf), 1.0 * choice.must]),
        np.concatenate([choice.sums_most, np.zeros(count), np.ones(firms)]),
        rows.indptr.astype(np.int32),
        rows.indices.astype(np.int32),
        rows.data.astype(np.float64),
        np.full(2 * count, int(whole), np.int32),
    )

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
_OPTIONS = {
    "threads": 1,  # so that the same question takes the same path to the same answer
    "mip_rel_gap": 0.0,
    "mip_feasibility_tolerance": 1e-9,
    "primal_feasibility_tolerance": 1e-9,
}


@attrs.frozen(eq=False)
class Choice:
    """Of each offer nothing, or an amount from ``least`` to ``most``; one offer for each firm.

    Maximise what amounts gain less what is fixed for each offer that is made, while each of the
    ``sums`` of amounts stays from ``sums_least`` to ``sums_most``.
    """

    firm: npt.NDArray[np.int64]
    gain: Floats
    fixed: Floats
    least: npt.NDArray[np.int64]
    most: npt.NDArray[np.int64]
    sums: Floats
    """A row for each sum, a column for each offer."""
    sums_least: Floats
    sums_most: Floats


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


def maximise(choice: Choice, *, whole: bool) -> Solved | None:
    """Return an optimum, or None where nothing keeps all sums.

    ``whole`` asks for whole amounts, and offers that are made or not. Otherwise both may be broken,
    and sums have prices.

    An amount is a count beside a yes or no, not a semi-continuous variable: HiGHS 1.12 was seen to
    take one of those for zero and for its lower bound at once.
    """
    if not len(choice.firm):  # HiGHS calls this an empty model
        return None if (choice.sums_least > 0).any() else _nothing(choice)
    highs = _Quiet()
    for name, value in _OPTIONS.items():
        highs.setOptionValue(name, value)
    _pass(highs, choice, whole=whole)
    highs.run()
    status = highs.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None
    ensure(status == highspy.HighsModelStatus.kOptimal, f"HiGHS ends with an optimum: {status}")
    solution, info = highs.getSolution(), highs.getInfo()
    return Solved(
        amounts=np.array(solution.col_value)[: len(choice.firm)],
        bound=info.mip_dual_bound if whole else info.objective_function_value,
        prices=np.array(solution.row_dual)[: len(choice.sums)],
    )


def _nothing(choice: Choice) -> Solved:
    return Solved(amounts=np.zeros(0), bound=0.0, prices=np.zeros(len(choice.sums)))


def _pass(highs: highspy.Highs, choice: Choice, *, whole: bool) -> None:
    """Give HiGHS the model: first the amount of each offer, then the yes or no of each."""
    count = len(choice.firm)
    firms, of_firm = np.unique(choice.firm, return_inverse=True)
    one_offer = csr_array((np.ones(count), (of_firm, np.arange(count))), (len(firms), count))
    least, most = choice.least.astype(np.float64), choice.most.astype(np.float64)
    blocks = [
        [csr_array(choice.sums), None],
        [eye_array(count), diags_array(-most)],
        [eye_array(count), diags_array(-least)],
        [None, one_offer],
    ]
    rows = csr_array(block_array(blocks))
    infinite, zero, one = np.full(count, np.inf), np.zeros(count), np.ones(len(firms))
    highs.passModel(
        2 * count,
        len(choice.sums) + 2 * count + len(firms),
        rows.nnz,
        int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMaximize),
        0.0,  # what is gained without any offer
        np.concatenate([choice.gain, -choice.fixed]),
        np.zeros(2 * count),
        np.concatenate([most, np.ones(count)]),
        np.concatenate([choice.sums_least, -infinite, zero, -np.inf * one]),
        np.concatenate([choice.sums_most, zero, infinite, one]),
        rows.indptr.astype(np.int32),
        rows.indices.astype(np.int32),
        rows.data.astype(np.float64),
        np.full(2 * count, int(whole), np.int32),
    )

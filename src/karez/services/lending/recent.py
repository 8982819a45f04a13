"""Folds of loans that this process recorded lately: the next event of one is then soon folded.

A fold is a function of terms and events, so one that is remembered is as good as one made anew, as
long as the loan begins with the same events; who takes it compares them.
"""

from __future__ import annotations

import threading
from uuid import UUID

import attrs

from karez.services.lending.judging import Folded

LOANS_MOST = 512


@attrs.define
class Recent:
    """The folds of the loans that were recorded last, safe between threads."""

    _folds: dict[UUID, Folded] = attrs.field(factory=dict[UUID, Folded], init=False)
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    def take(self, loan_id: UUID) -> Folded | None:
        """Return the fold of a loan, if it is remembered."""
        with self._lock:
            return self._folds.get(loan_id)

    def keep(self, loan_id: UUID, folded: Folded) -> None:
        """Remember the fold of a loan; of too many the one kept first goes."""
        with self._lock:
            self._folds.pop(loan_id, None)
            self._folds[loan_id] = folded
            if len(self._folds) > LOANS_MOST:
                del self._folds[next(iter(self._folds))]


RECENT = Recent()

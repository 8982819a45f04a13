"""The ways jobs refuse: one class each, named in ``docs/reference/errors.md``."""

from __future__ import annotations

from karez.kernel.errors import ConflictError, NotFoundError


class JobUnknownError(NotFoundError):
    """There is no job {job} here; `karez job list` lists them."""

    code = "job-unknown"


class JobStateError(ConflictError):
    """Job {job} is {state}: {remedy}."""

    code = "job-state"


class LeaseLostError(ConflictError):
    """Job {job} is no longer this worker's: it was not heard of in time, and another may have it.

    Nothing that was done since in the same transaction stays.
    """

    code = "lease-lost"


class JobCancelledError(ConflictError):
    """Job {job} was cancelled while it ran."""

    code = "job-cancelled"

"""Jobs: work behind the answer, with leases, attempts, progress and a calendar."""

from karez.services.jobs.errors import (
    JobCancelledError,
    JobStateError,
    JobUnknownError,
    LeaseLostError,
)
from karez.services.jobs.jobs import (
    JobView,
    Lease,
    beat,
    cancel,
    drop_cron,
    enqueue,
    fail,
    finish,
    job_view,
    lease,
    list_jobs,
    progress,
    retry,
    set_cron,
    stop,
    tick,
)
from karez.services.jobs.work import Handler, Task, work

__all__ = [
    "Handler",
    "JobCancelledError",
    "JobStateError",
    "JobUnknownError",
    "JobView",
    "Lease",
    "LeaseLostError",
    "Task",
    "beat",
    "cancel",
    "drop_cron",
    "enqueue",
    "fail",
    "finish",
    "job_view",
    "lease",
    "list_jobs",
    "progress",
    "retry",
    "set_cron",
    "stop",
    "tick",
    "work",
]

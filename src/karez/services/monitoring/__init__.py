"""Monitoring: loans that run are scored again, and those that need a person are listed."""

from karez.services.monitoring.rescoring import Rescored, Rescoring, rescore
from karez.services.monitoring.verifying import MonitoringVerification, verify
from karez.services.monitoring.watching import Reason, Sign, Watched, WatchList, watch

__all__ = [
    "MonitoringVerification",
    "Reason",
    "Rescored",
    "Rescoring",
    "Sign",
    "WatchList",
    "Watched",
    "rescore",
    "verify",
    "watch",
]

"""Monitoring: loans that run are scored again, and those that need a person are listed."""

from karez.services.monitoring.rescoring import Rescored, Rescoring, rescore
from karez.services.monitoring.verifying import MonitoringVerification, verify

__all__ = [
    "MonitoringVerification",
    "Rescored",
    "Rescoring",
    "rescore",
    "verify",
]

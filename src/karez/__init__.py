"""Karez: financial infrastructure for small markets."""

__version__ = "26.1.0"

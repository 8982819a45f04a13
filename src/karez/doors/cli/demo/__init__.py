"""The demonstration: from a folder of files to a lender's year."""

from karez.doors.cli.demo.command import demo

__all__ = ["demo"]

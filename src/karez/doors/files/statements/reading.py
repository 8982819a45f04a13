"""Reading a file of bank statements, by what it begins with."""

from __future__ import annotations

import re
from pathlib import Path

from karez.doors.files.errors import FileUnreadableError
from karez.doors.files.statements.camt import read_camt
from karez.doors.files.statements.drafts import Faults, Reading
from karez.doors.files.statements.errors import StatementFormatError
from karez.doors.files.statements.mapping import StatementMapping
from karez.doors.files.statements.mt940 import read_mt940
from karez.doors.files.statements.table import read_table

_HEAD_OCTETS = 4_096
_XML = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*<|<\x00|\x00<")
_MT940 = re.compile(rb"^:20:", re.MULTILINE)


def read_statements(path: Path, mapping: StatementMapping | None = None) -> Reading:
    """Read a file of statements: XML and MT940 are known by themselves, a table needs a mapping.

    What is wrong with the file is in the answer; then none of its statements is.
    """
    if mapping is not None:
        return read_table(path, mapping)
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_OCTETS)
    except OSError as fault:
        faults = Faults(path)
        error = FileUnreadableError(file=str(path), format="a file", reason=fault.strerror)
        faults.add(1, "", "", error)
        return faults.reading([])
    if _XML.match(head):
        return read_camt(path)
    if _MT940.search(head.replace(b"\r", b"\n")):
        return read_mt940(path)
    faults = Faults(path)
    begins = head[:20].decode(errors="replace").strip()
    faults.add(1, "", begins, StatementFormatError(file=str(path), begins=begins))
    return faults.reading([])

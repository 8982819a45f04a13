"""The books of one institution on a connection, and the pool that a server takes them from."""

from __future__ import annotations

import threading
from collections.abc import Collection, Generator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from queue import Empty, LifoQueue

import attrs
import psycopg

from karez.doors.operations.errors import OfficesBusyError
from karez.kernel.database import Database, Institution, enclosing, explained, find_institution
from karez.kernel.database.errors import InstitutionNotFoundError
from karez.kernel.time import Clock, SystemClock
from karez.services import access, lending
from karez.services.access import Entered, PassKind
from karez.services.access.errors import NotSignedInError
from karez.services.bookkeeping import Books
from karez.services.evidence import Evidence, KeyFolder
from karez.services.origination import Desk

OFFICES_MOST = 16
WAIT_SECONDS = 10.0


@attrs.frozen
class Office:
    """A connection to one institution's books: facts, money and rights."""

    desk: Desk
    clock: Clock = attrs.field(factory=SystemClock)

    @property
    def books(self) -> Books:
        """The money book, and all that services keep."""
        return self.desk.books

    @property
    def evidence(self) -> Evidence:
        """The facts book."""
        return self.desk.evidence

    @property
    def institution(self) -> Institution:
        """Whose books these are."""
        return self.desk.evidence.institution

    @contextmanager
    def enclosing(self) -> Generator[psycopg.Connection]:
        """Run the block as one transaction, of which those of services are parts."""
        connection = self.desk.evidence.connection
        with enclosing(connection, self.institution.institution_id):
            yield connection

    def business_date(self) -> date:
        """Return the day after the last that was ended; today, if none was."""
        return lending.business_date(self.books, self.clock.now().astimezone().date())


class Offices:
    """Offices that are open, for a server of many callers: each serves one of them at a time."""

    def __init__(self, database: Database, home: Path, clock: Clock | None = None) -> None:
        self.database = database
        self.home = home
        self.clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._free: dict[str, LifoQueue[Office]] = {}
        self._slots = threading.BoundedSemaphore(OFFICES_MOST)

    @contextmanager
    def office(self, institution_code: str) -> Generator[Office]:
        """Give an office of an institution while the block runs.

        Raises:
            InstitutionNotFoundError: there is none with this code.
            OfficesBusyError: all are in use, and none came free in time.
            UnavailableError: the database cannot be reached.
        """
        if not self._slots.acquire(timeout=WAIT_SECONDS):
            raise OfficesBusyError(seconds=int(WAIT_SECONDS))
        try:
            free = self._queue(institution_code)
            try:
                office = free.get_nowait()
            except Empty:
                office = self._open(institution_code)
            try:
                yield office
            finally:
                connection = office.evidence.connection
                if connection.closed or connection.broken or connection.info.transaction_status:
                    connection.close()
                else:
                    free.put(office)
        finally:
            self._slots.release()

    @contextmanager
    def entered(self, text: str, kinds: Collection[PassKind]) -> Generator[tuple[Office, Entered]]:
        """Give the office that a key, token, session or link leads to, and who enters by it.

        Raises:
            NotSignedInError: there is none such in force; whether there is such an institution is
                not said.
            OfficesBusyError, UnavailableError: as ``office`` does.
        """
        with ExitStack() as stack:
            try:
                office = stack.enter_context(self.office(access.institution_of(text)))
            except InstitutionNotFoundError as unknown:
                raise NotSignedInError from unknown
            yield office, access.enter(office.books, text, kinds)

    def close(self) -> None:
        """Close every connection that nobody uses."""
        with self._lock:
            queues, self._free = list(self._free.values()), {}
        for queue in queues:
            while not queue.empty():
                queue.get_nowait().evidence.connection.close()

    def _queue(self, institution_code: str) -> LifoQueue[Office]:
        with self._lock:
            return self._free.setdefault(institution_code, LifoQueue())

    def _open(self, institution_code: str) -> Office:
        connection = self.database.connect()
        try:
            with explained(connection):
                institution = find_institution(connection, institution_code)
        except BaseException:
            connection.close()
            raise
        keys = KeyFolder.of(self.home, institution.code)
        return Office(Desk(Evidence(connection, institution, keys)), self.clock)

"""What a server runs, and how it ends: requests that were taken are answered first."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import attrs
import uvicorn

from karez.doors.console.assets import check_assets
from karez.doors.operations import Offices
from karez.doors.serve.application import application
from karez.doors.serve.errors import DemoOpenError
from karez.doors.serve.staff import demo_staff, first_link
from karez.doors.serve.watching import Watch
from karez.kernel.database import Database
from karez.kernel.errors import KarezError
from karez.services import closing, jobs
from karez.services.bookkeeping import Books, open_books
from karez.services.outbox import Reach, Sender

OpenBooks = Callable[[], AbstractContextManager[Books]]


@attrs.frozen(kw_only=True)
class Serving:
    """Where to serve, and whose console comes first.

    With ``demo`` anybody may enter as a member of the staff; only the loopback address has that.
    """

    institution: str
    host: str = "127.0.0.1"
    port: int = 8765
    demo: bool = False

    @property
    def address(self) -> str:
        """The URL of the console."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def serve(database: Database, home: Path, serving: Serving, tell: Callable[[str], None]) -> None:
    """Serve until the process is told to end; ``tell`` hears where to go, and the first link.

    Raises:
        DemoOpenError: a demonstration was to be served to others than this machine.
        ConsoleAssetsMissingError: the files of the console are not built.
    """
    if serving.demo and not _is_loopback(serving.host):
        raise DemoOpenError(host=serving.host)
    check_assets()
    offices = Offices(database, home)
    with open_books(database, serving.institution) as books:
        if serving.demo:
            demo_staff(books)
        link = None if serving.demo else first_link(books)
    tell(f"Karez is at {serving.address}")
    if link is not None:
        tell(f"Nobody can sign in yet. Begin here, once: {serving.address}/welcome?link={link}")
    both = application(offices, serving.institution, demo=serving.demo)
    app = Watch(both, lambda: _is_well(offices, serving))
    server = uvicorn.Server(
        uvicorn.Config(
            app, host=serving.host, port=serving.port, log_level="warning", access_log=False,
            server_header=False, timeout_graceful_shutdown=30,
        )
    )  # fmt: skip
    with _beside(lambda: open_books(database, serving.institution), demo=serving.demo):
        server.run()
    offices.close()


@contextmanager
def _beside(open_: OpenBooks, *, demo: bool) -> Generator[None]:
    """Send events and do jobs while the block runs."""
    stopping = threading.Event()
    handlers = {closing.KIND: closing.closing_handler(open_)}
    threads = [
        threading.Thread(target=Sender(Reach(loopback=demo)).run, args=(open_, stopping)),
        threading.Thread(target=jobs.work, args=(open_, handlers, stopping)),
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def _is_well(offices: Offices, serving: Serving) -> bool:
    try:
        with offices.office(serving.institution) as office:
            office.business_date()
    except KarezError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

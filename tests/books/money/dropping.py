"""A line to the server that can lose the answer to a COMMIT, as a broken network does."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from karez.kernel.database import Database


class DroppingProxy:
    """Passes octets between a client and the server's socket.

    While ``drops``, a COMMIT is passed on, its answer is awaited, and the client is hung up on.
    """

    def __init__(self, database: Database) -> None:
        given = conninfo_to_dict(database.conninfo)
        port = given.get("port", "5432")
        self._server = f"{given['host']}/.s.PGSQL.{port}"
        self._listener = socket.create_server(("127.0.0.1", 0))
        address = {"host": "127.0.0.1", "port": self._listener.getsockname()[1]}
        others = {k: v for k, v in given.items() if k not in {"host", "port", "requirepeer"}}
        self._database = Database(make_conninfo(**others | address, sslmode="disable"))
        self.drops = False

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._listener.close()

    def connect(self) -> psycopg.Connection:
        """Return a connection by way of this proxy."""
        return self._database.connect()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._server)
            lost = threading.Event()
            back = threading.Thread(target=_pass_back, args=(server, client, lost), daemon=True)
            back.start()
            while octets := client.recv(65_536):
                if self.drops and b"COMMIT" in octets:
                    lost.set()
                server.sendall(octets)
                if lost.is_set():
                    back.join()
                    return


def _pass_back(server: socket.socket, client: socket.socket, lost: threading.Event) -> None:
    try:
        while octets := server.recv(65_536):
            if lost.is_set():
                return  # the server has answered, and nobody will hear of it
            client.sendall(octets)
    except OSError:
        return  # one of them has hung up

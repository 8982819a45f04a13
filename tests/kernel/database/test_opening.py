"""A database by address: any PostgreSQL that is new enough and lets our options through."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from karez.kernel.database import Database, list_institutions, open_database
from karez.kernel.database.errors import (
    DatabaseOptionsLostError,
    DatabaseTooOldError,
    DatabaseUnreachableError,
)
from karez.kernel.database.opening import connect_login
from kernel.database.tools import at


def test_address__of_a_url(database: Database):
    parts = conninfo_to_dict(database.conninfo)
    host = str(parts["host"]).replace("/", "%2F")
    url = f"postgresql://{parts['user']}@{host}/{parts['dbname']}"
    with open_database(at(url)) as opened, opened.connect() as connection:
        assert [each.code for each in list_institutions(connection)] == ["main"]


def test_institution__is_opened_only_where_there_is_none(database: Database):
    config = at(database.conninfo, institution="slip")
    with open_database(config) as opened, opened.connect() as connection:
        assert [each.code for each in list_institutions(connection)] == ["main"]


def test_empty_database__gets_the_institution_of_the_settings(
    login: psycopg.Connection, database: Database
):
    login.execute("CREATE DATABASE bare TEMPLATE template0 ENCODING 'UTF8'")
    address = make_conninfo(database.conninfo, dbname="bare")
    with open_database(at(address, institution="acme")) as opened, opened.connect() as connection:
        assert [each.code for each in list_institutions(connection)] == ["acme"]
    login.execute("DROP DATABASE bare WITH (FORCE)")


def test_server__that_is_too_old():
    with fake_server("15.9") as address, pytest.raises(DatabaseTooOldError, match=r"15\.9.* 16 "):
        connect_login(Database(address))


def test_pooler__that_drops_our_options(database: Database, monkeypatch: pytest.MonkeyPatch):
    def conninfo_as(self: Database, _role: object) -> str:
        return self.conninfo

    monkeypatch.setattr(Database, "conninfo_as", conninfo_as)
    with pytest.raises(DatabaseOptionsLostError, match="pooler"):
        connect_login(database)


def test_nobody_there():
    with (
        pytest.raises(DatabaseUnreachableError, match="refused"),
        open_database(at("postgresql://clerk:secret@127.0.0.1:1/books")),
    ):
        pass


@contextmanager
def fake_server(version: str) -> Iterator[str]:
    """Listen as a PostgreSQL of this version would, and let one client in."""
    # Messages of the protocol: "Message Formats" in PostgreSQL's documentation.
    parameter = b"server_version\0" + version.encode() + b"\0"
    welcome = [(b"R", struct.pack("!i", 0)), (b"S", parameter), (b"Z", b"I")]
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                while client.recv(1 << 12)[4:8] == struct.pack("!i", 80877103):
                    client.sendall(b"N")  # no TLS
                for kind, body in welcome:
                    client.sendall(kind + struct.pack("!i", len(body) + 4) + body)
                client.recv(1 << 12)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"host=127.0.0.1 port={listener.getsockname()[1]} user=clerk gssencmode=disable"
        thread.join()

"""What may be reached: nothing of our own network, by whatever spelling."""

import socket

import pytest

from karez.services.outbox import Reach
from karez.services.outbox.addresses import check_url, is_allowed, resolve
from karez.services.outbox.errors import EndpointAddressError
from karez.services.outbox.posting import post

OUTSIDE = Reach()
INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1",
    "198.18.0.1", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fe80::1",
    "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "64:ff9b::7f00:1", "64:ff9b:1::1",
    "2001:db8::1", "2001:0:1::1", "2002:7f00:1::", "::ffff:169.254.169.254",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_address__inside_is_refused(address: str):
    assert not is_allowed(address, OUTSIDE)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_address__public_is_allowed(address: str):
    assert is_allowed(address, OUTSIDE)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "https://", "https://u:p@example.com/",
        "https://u@example.com/", "https://@example.com/", "https://example.com:22/",
        "https://example.com:99999/", "https://exam ple.com/", "https://example.com/\r\nx: y",
        "https://example.com\\@evil/", "https://example.com/#a", "https://é.com/",
        "https://[::1/", "https://10.0.0.1/", "https://[fd00::1]/",
        "file:///etc/passwd", "https://a/" + "a" * 2_000,
    ],
)  # fmt: skip
def test_url__form_refused(url: str):
    with pytest.raises(EndpointAddressError):
        check_url(url, OUTSIDE)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "[::1]", "[::ffff:7f00:1]"],
)
def test_resolve__spellings_of_this_machine_are_refused(host: str):
    with pytest.raises(EndpointAddressError):
        resolve(f"https://{host}/", OUTSIDE)


def test_resolve__loopback_for_development_is_only_that():
    assert resolve("http://127.0.0.1:8080/a?b", Reach(loopback=True)).path == "/a?b"
    with pytest.raises(EndpointAddressError):
        resolve("http://10.0.0.1:8080/", Reach(loopback=True))
    with pytest.raises(EndpointAddressError):
        resolve("http://8.8.8.8/", Reach(loopback=True))


def test_post__a_name_that_changes_its_mind_gains_nothing(monkeypatch: pytest.MonkeyPatch):
    """DNS rebinding: the name is asked for once, and connected to is what was judged."""
    asked: list[str] = []
    connected: list[str] = []

    def answer(host: str, port: int, **_: object) -> list[object]:
        asked.append(host)
        address = "8.8.8.8" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(address: tuple[str, int], *_: object) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    monkeypatch.setattr(socket, "create_connection", connect)
    assert post("https://rebind.example/", {}, b"", OUTSIDE).status is None
    assert (asked, connected) == (["rebind.example"], ["8.8.8.8"])


def test_resolve__one_inner_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch):
    def answer(_: str, port: int, **__: object) -> list[object]:
        return [(0, 0, 6, "", (address, port)) for address in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with pytest.raises(EndpointAddressError):
        resolve("https://both.example/", OUTSIDE)

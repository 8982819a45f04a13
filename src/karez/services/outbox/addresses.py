"""Where events may be sent: to public addresses only, so nobody reaches our own network through us.

A name is resolved once, all that it means is judged, and the connection goes to an address that was
judged: a name that means another address a moment later gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

import attrs

from karez.services.outbox.errors import EndpointAddressError

PORTS = (443, 8443)
URL_LETTERS_MOST = 2000

# IPv6 that carries an IPv4 address inside, by which a gateway would reach it: IPv4-compatible,
# NAT64 (RFC 6052, RFC 8215), Teredo, 6to4. Mapped ones are judged as what they map.
_CARRIERS = [
    ipaddress.IPv6Network(each)
    for each in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
]


@attrs.frozen
class Reach:
    """What may be reached. ``loopback``, for development, adds this machine, any port, http too."""

    loopback: bool = False


@attrs.frozen
class Target:
    """An address that was judged, and the parts of the URL that led to it."""

    address: str
    port: int
    host: str
    path: str
    is_tls: bool


def check_url(url: str, reach: Reach) -> None:
    """Judge the form of a URL, without asking what its name means.

    Raises:
        EndpointAddressError: nothing may be sent there, and why.
    """
    _, host, _, _ = _parse(url, reach)
    try:
        is_refused = not is_allowed(host, reach)
    except ValueError:  # a name, which is looked up when something is sent
        return
    if is_refused:
        raise EndpointAddressError(url=url, reason=f"{host} is no public address")


def resolve(url: str, reach: Reach) -> Target:
    """Return the address to connect to.

    Raises:
        EndpointAddressError: nothing may be sent there, or the name means nothing.
    """
    scheme, host, port, path = _parse(url, reach)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as fault:
        raise EndpointAddressError(url=url, reason=f"{host} is not found ({fault})") from fault
    addresses = [str(each[4][0]) for each in found]
    for address in addresses:
        if not is_allowed(address, reach):
            raise EndpointAddressError(url=url, reason=f"{address} is no public address")
    local = ipaddress.ip_address(addresses[0].split("%")[0]).is_loopback
    if not local and (scheme != "https" or port not in PORTS):
        raise EndpointAddressError(url=url, reason="only this machine is reached like that")
    return Target(addresses[0], port, host, path, scheme == "https")


def is_allowed(address: str, reach: Reach) -> bool:
    """Return whether a numeric address may be connected to."""
    if "%" in address:  # an address of one link
        return False
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        elif parsed.is_loopback:
            return reach.loopback
        elif any(parsed in carrier for carrier in _CARRIERS):
            return False
    if parsed.is_loopback:
        return reach.loopback
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def _parse(url: str, reach: Reach) -> tuple[str, str, int, str]:
    def refuse(reason: str) -> EndpointAddressError:
        return EndpointAddressError(url=url[:URL_LETTERS_MOST], reason=reason)

    if len(url) > URL_LETTERS_MOST or not url.isascii() or any(each <= " " for each in url):
        raise refuse("write a URL of plain letters without spaces")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as fault:
        raise refuse(str(fault)) from fault
    if parts.scheme != "https" and not (reach.loopback and parts.scheme == "http"):
        raise refuse("the address begins with https://")
    if "@" in parts.netloc:
        raise refuse("no name or password stands in the address")
    if not parts.hostname or "\\" in url or "#" in url:
        raise refuse("it has no plain host and path")
    port = port or (443 if parts.scheme == "https" else 80)
    if port not in PORTS and not reach.loopback:
        raise refuse(f"the port is {' or '.join(map(str, PORTS))}")
    path = parts.path or "/"
    return parts.scheme, parts.hostname, port, f"{path}?{parts.query}" if parts.query else path

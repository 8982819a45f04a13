"""Keys of GS1 in the one form that an event's hash id has them in: a canonical Digital Link.

By the EPC Tag Data Standard 2.0, section 6 (what the URNs hold), and GS1 Digital Link URI Syntax
1.2, section 4.11 (the canonical form). Read ``canonical_key`` first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_DOMAIN = "https://id.gs1.org"
_URN = re.compile(r"urn:epc:(?:id|class|idpat):(\w+):([^:]+)")
_PREFIX_AND_REFERENCE = {  # how many digits company prefix and reference have together
    "sgtin": 13, "lgtin": 13, "itip": 13, "upui": 13, "sscc": 17, "sgln": 12, "pgln": 12,
    "grai": 12, "gsrn": 17, "gsrnp": 17, "gdti": 12, "sgcn": 12, "gsin": 16,
}  # fmt: skip
_ENCODED = str.maketrans({letter: f"%{ord(letter):02X}" for letter in "!()*+,:"})

_LINK = re.compile(r"https?://[^/?#]+([^?#]*)")
_NAMES = {
    "gtin": "01", "itip": "8006", "cpid": "8010", "gln": "414", "party": "417", "gsrnp": "8017",
    "gsrn": "8018", "gcn": "255", "sscc": "00", "gdti": "253", "ginc": "401", "gsin": "402",
    "grai": "8003", "giai": "8004", "cpv": "22", "lot": "10", "ser": "21",
}  # fmt: skip
_VALUES = {
    "00": r"\d{18}", "01": r"\d{14}", "253": r"\d{13}.{0,17}", "255": r"\d{13,25}",
    "401": r"\d{4}.{1,26}", "402": r"\d{17}", "414": r"\d{13}", "417": r"\d{13}",
    "8003": r"\d{14}.{0,16}", "8004": r"\d{4}.{1,26}", "8006": r"\d{18}", "8010": r"\d{4}.{1,26}",
    "8017": r"\d{18}", "8018": r"\d{18}",
}  # fmt: skip
_GTIN_LENGTHS = {8, 12, 13}  # and 14
_QUALIFIERS = {
    "01": ("21", "235", "10"), "414": ("254",), "8006": ("21", "10"), "8010": ("8011",),
}  # fmt: skip
"""What may follow a key, the finest first: no more than one of them stands in the hash."""


def canonical_key(text: str) -> str:
    """Return the canonical Digital Link of a key; any other text as it is."""
    urn = _URN.fullmatch(text)
    if urn:
        return _of_urn(urn[1], urn[2]) or text
    link = _LINK.match(text)
    return (_of_link(link[1].split("/")) if link else None) or text


def _of_urn(scheme: str, rest: str) -> str | None:
    """Return the link of an EPC; None where it is none, or a pattern over many keys."""
    parts = rest.split(".")
    pattern = parts[-1] == "*"
    if pattern:
        parts.pop()
    digits = _PREFIX_AND_REFERENCE.get(scheme)
    fitting = len(parts) >= 2 and parts[0].isdecimal() and 6 <= len(parts[0]) <= 12
    if digits is not None:
        whole = "".join(parts[:2])
        fitting = fitting and whole.isascii() and whole.isdecimal() and len(whole) == digits
    make = _LINKS.get(scheme)
    if not fitting or "*" in parts or make is None:
        return None
    serial = ".".join(parts[2:]).translate(_ENCODED)
    found = make(parts, serial)
    return None if found is None else f"{_DOMAIN}/{found}"


def _gtin(parts: Sequence[str]) -> str:
    """Return the GTIN: its indicator, the first digit of the item, comes before the prefix."""
    return _checked(parts[1][:1] + parts[0] + parts[1][1:])


def _checked(digits: str) -> str:
    """Return digits with their check digit (GS1 General Specifications, section 7.9)."""
    weighed = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits)))
    return f"{digits}{-weighed % 10}"


def _with(qualifier: str, serial: str) -> str:
    return f"/{qualifier}/{serial}" if serial else ""


def _itip(parts: Sequence[str], _serial: str) -> str | None:
    if len(parts) < 4 or not all(re.fullmatch(r"\d\d", part) for part in parts[2:4]):
        return None
    serial = ".".join(parts[4:]).translate(_ENCODED)
    return f"8006/{_gtin(parts)}{parts[2]}{parts[3]}{_with('21', serial)}"


def _whole(parts: Sequence[str]) -> str:
    """Return prefix and reference of a key whose reference may have letters and points."""
    return (parts[0] + ".".join(parts[1:])).translate(_ENCODED)


_LINKS: dict[str, Callable[[Sequence[str], str], str | None]] = {
    "sgtin": lambda parts, serial: f"01/{_gtin(parts)}{_with('21', serial)}",
    "lgtin": lambda parts, lot: f"01/{_gtin(parts)}{_with('10', lot)}",
    "upui": lambda parts, serial: f"01/{_gtin(parts)}{_with('235', serial)}",
    "itip": _itip,
    "sscc": lambda parts, _: f"00/{_gtin(parts)}",
    "sgln": lambda parts, extension: (
        f"414/{_checked(parts[0] + parts[1])}{_with('254', '' if extension == '0' else extension)}"
    ),
    "pgln": lambda parts, _: f"417/{_checked(parts[0] + parts[1])}",
    "grai": lambda parts, serial: f"8003/{_checked('0' + parts[0] + parts[1])}{serial}",
    "giai": lambda parts, _: f"8004/{_whole(parts)}",
    "gsrn": lambda parts, _: f"8018/{_checked(parts[0] + parts[1])}",
    "gsrnp": lambda parts, _: f"8017/{_checked(parts[0] + parts[1])}",
    "gdti": lambda parts, serial: f"253/{_checked(parts[0] + parts[1])}{serial}",
    "sgcn": lambda parts, serial: f"255/{_checked(parts[0] + parts[1])}{serial}",
    "cpi": lambda parts, serial: f"8010/{_whole(parts[:2])}{_with('8011', serial)}",
    "ginc": lambda parts, _: f"401/{_whole(parts)}",
    "gsin": lambda parts, _: f"402/{_checked(parts[0] + parts[1])}",
}


def _of_link(path: Sequence[str]) -> str | None:
    """Return the canonical form of a Digital Link; None where the path holds no key."""
    names = [_NAMES.get(part, part) for part in path]
    for place, name in enumerate(names[:-1]):
        if name not in _VALUES:
            continue
        value = path[place + 1]
        if name == "01" and len(value) in _GTIN_LENGTHS:
            value = value.zfill(14)
        if not re.fullmatch(_VALUES[name], value):
            continue
        following = dict(zip(names[place + 2 :: 2], path[place + 3 :: 2], strict=False))
        finest = next((each for each in _QUALIFIERS.get(name, ()) if following.get(each)), "")
        return f"{_DOMAIN}/{name}/{value}{_with(finest, following.get(finest, ''))}"
    return None

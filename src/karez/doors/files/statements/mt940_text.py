"""What banks write into the free field of an entry in MT940 (:86:, and :NS: of some).

The field is free, so each country has a custom of its own: numbered subfields (``?20``, ``>20``)
with words of SEPA (``EREF+``) in Germany and around it, words between slashes (``/EREF/``) in the
Netherlands, labels (``TYT.:``) in Poland, numbered lines in Hungary. What is none of these is text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

_NUMBERED = re.compile(r"(?P<code>\d{3})\s?(?P<mark>[?>])(?=\d\d)")
_SEPA = re.compile(
    r"(EREF|KREF|MREF|CRED|DEBT|SVWZ|VWZ|ABWA|ABWE|IBAN|BIC|PURP|COAM|OAMT|RREF|RTRN|RCMT|MTLG)[+:]"
)
_SLASHED_WORDS = (
    "EREF", "PREF", "MARF", "CSID", "CNTP", "BENM", "ORDP", "NAME", "IBAN", "BIC", "REMI", "TRTP",
    "RTRN", "ISDT", "PURP", "ULTD", "ULTC", "ID", "ADDR", "SVCL", "TRCD", "EXCH", "ACCW", "RCMT",
)  # fmt: skip
_SLASHED = re.compile(rf"/({'|'.join(_SLASHED_WORDS)})/")
_LABELLED = re.compile(r"(?:^|;)\s*(ID IPH|Z RACH\.|OD|TYT\.|TNR):")
_IBAN_FIRST = re.compile(r"([A-Z]{2}\d{2}[A-Z0-9]{10,30}) (.+)")
_BENEFICIARY = re.compile(r"REK: ?(\S+)/NAAM: ?(.+)")
_NUMBERED_LINE = re.compile(r"(\d\d)(.*)")
_NONE = {"NONREF", "NOTPROVIDED", "NOT PROVIDED"}


@attrs.frozen
class Told:
    """What a free field tells of an entry."""

    code: str = ""
    end_to_end: str = ""
    mandate: str = ""
    creditor_reference: str = ""
    remittance: str = ""
    name: str = ""
    account: str = ""
    is_return: bool = False

    @classmethod
    def of(cls, parts: Sequence[Told]) -> Told:
        """Return what several fields tell together: the first of each."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            *(
                next(
                    (value for part in parts if (value := getattr(part, field.name))), field.default
                )
                for field in attrs.fields(cls)
            )
        )


def read_information(tag: str, text: str) -> Told:
    """Return what the text of a field :86: or :NS: tells, its lines parted by line ends."""
    if tag == "NS":
        return _numbered_lines(text)
    unbroken = text.replace("\n", "")
    numbered = _NUMBERED.match(unbroken)
    if numbered is not None:
        return _numbered(numbered["code"], unbroken[numbered.end() - 1 :], numbered["mark"])
    if len(_SLASHED.findall(unbroken)) > 1:
        return _slashed(unbroken)
    if len(_LABELLED.findall(unbroken)) > 1:
        return _labelled(unbroken)
    return _plain(text)


def _numbered(code: str, text: str, mark: str) -> Told:
    """Subfields: 20 to 29 and 60 to 63 are the text, 31 the account, 32 and 33 the name."""
    parts: dict[str, str] = {}
    for piece in re.split(rf"{re.escape(mark)}(?=\d\d)", text):
        if piece[:2].isdigit():
            parts[piece[:2]] = parts.get(piece[:2], "") + piece[2:]
    places = [f"{number}" for number in (*range(20, 30), *range(60, 66))]
    said = "".join(parts.get(place, "") for place in places)
    words = _words(_SEPA, said)
    name = " ".join(f"{parts.get('32', '')}{parts.get('33', '')}".split())
    return Told(
        code=code,
        end_to_end=_value(words, "EREF"),
        mandate=_value(words, "MREF"),
        remittance=_line(_value(words, "SVWZ") or _value(words, "VWZ") or words.get("", "")),
        name=name,
        account="".join(parts.get("31", "").split()) or _value(words, "IBAN"),
        is_return="RTRN" in words or "RREF" in words,
    )


def _slashed(text: str) -> Told:
    words = _words(_SLASHED, text)
    account, name = _value(words, "IBAN"), _value(words, "NAME")
    if "CNTP" in words:  # account/bank/name/place
        parts = [*words["CNTP"].split("/"), "", "", ""]
        account, name = account or parts[0].strip(), name or parts[2].strip()
    kind, _, rest = words.get("REMI", "").partition("//")
    remittance = rest.strip("/") if kind == "USTD" else words.get("REMI", "")
    reference = ""
    if remittance.startswith("STRD/"):
        reference, remittance = remittance.rstrip("/").rpartition("/")[2], ""
    return Told(
        end_to_end=_value(words, "EREF"),
        mandate=_value(words, "MARF"),
        creditor_reference=reference,
        remittance=_line(remittance),
        name=name,
        account=account,
        is_return="RTRN" in words,
    )


def _labelled(text: str) -> Told:
    words = _words(_LABELLED, text)
    # The name is followed by an address, without a mark between them.
    return Told(
        code=text[:3] if text[:3].isdigit() else "",
        remittance=_line(words.get("TYT.", "")),
        name=_line(words.get("OD", "")),
        account="".join(words.get("ID IPH", "").split()),
    )


def _numbered_lines(text: str) -> Told:
    """Lines that begin with two digits: to 14 the text, 15 and 16 the name, 34 the account."""
    said: list[str] = []
    parts: dict[int, str] = {}
    for line in text.split("\n"):
        found = _NUMBERED_LINE.fullmatch(line.rstrip())
        if found is None:
            continue
        number = int(found[1])
        if number <= 14:
            said.append(found[2])
        else:
            parts[number] = found[2]
    return Told(
        remittance=_line(" ".join(said)),
        name=_line(f"{parts.get(15, '')}{parts.get(16, '')}"),
        account=parts.get(34, "").strip(),
    )


def _plain(text: str) -> Told:
    lines = [line for part in text.split("\n") if (line := _line(part))]
    if not lines:
        return Told()
    by_iban = _IBAN_FIRST.fullmatch(lines[0])
    if by_iban is not None:
        remittance = " ".join(lines[1:])
        return Told(account=by_iban[1], name=by_iban[2], remittance=remittance)
    beneficiary = _BENEFICIARY.search(lines[-1])
    if beneficiary is not None:
        remittance = " ".join(lines[:-1])
        return Told(account=beneficiary[1], name=beneficiary[2], remittance=remittance)
    return Told(remittance=" ".join(lines))


def _words(form: re.Pattern[str], text: str) -> dict[str, str]:
    """Return the text behind each word, up to the next; what stands before the first has none."""
    words: dict[str, str] = {}
    name, start = "", 0
    for found in form.finditer(text):
        words.setdefault(name, text[start : found.start()])
        name, start = found[1], found.end()
    words.setdefault(name, text[start:])
    return words


def _value(words: dict[str, str], word: str) -> str:
    value = _line(words.get(word, "")).rstrip(";/").strip()
    return "" if value.upper() in _NONE else value


def _line(text: str) -> str:
    return " ".join(text.split())

"""Names, variants of them that a search must find, and hard negatives that it must not.

Variants are made by what people do to a name: case, punctuation, full-width letters, accents,
another or no designation (LTD, INC, 有限公司), AND for &, a leading THE, words in another order,
words written together or apart, nicknames and initials, and typing errors: a letter left out,
doubled, put in, changed, or swapped with the next. A short name (fewer than five letters, or five
Chinese characters) gets no typing error: nothing would tell it from another name. Nor do digits.

A hard negative is another name of the same pool that looks alike: it has the same first letter, or
the same words but one, or the same number of the same firm but for one digit; and, of people, the
same last name with another given name.
"""

import random
import string
from collections.abc import Callable

from karez.books.rights.claim import Debtor
from karez.books.rights.names import Debt

PLACES = [
    "NORTH",
    "SOUTH",
    "RIVER",
    "HILL",
    "LAKE",
    "VALLEY",
    "PRAIRIE",
    "COAST",
    "CEDAR",
    "MAPLE",
    "GOLDEN",
    "SILVER",
    "SUMMIT",
    "HARBOUR",
    "WESTERN",
    "PACIFIC",
    "ATLANTIC",
    "CENTRAL",
    "UNION",
    "PIONEER",
    "FRONTIER",
    "EVEREST",
    "HORIZON",
    "STERLING",
    "CRESCENT",
]
OWNERS = [
    "BROWN",
    "SMITH",
    "MILLER",
    "JOHNSON",
    "PETERSON",
    "KOWALSKI",
    "FERNANDEZ",
    "NGUYEN",
    "O'NEILL",
    "MÜLLER",
    "GARCÍA",
    "SINGH",
    "THOMPSON",
    "CAMPBELL",
    "ANDERSON",
    "MACDONALD",
    "FITZGERALD",
    "OKAFOR",
    "RAHMAN",
    "YUSUPOV",
    "DUBOIS",
    "SCHNEIDER",
]
TRADES = [
    "AUTOMOTIVE",
    "PLUMBING",
    "ROOFING",
    "BAKERY",
    "TRUCKING",
    "FARMS",
    "ORCHARDS",
    "FORESTRY",
    "ELECTRIC",
    "MACHINERY",
    "DAIRY",
    "CONSTRUCTION",
    "FURNITURE",
    "TEXTILES",
    "PRINTING",
    "LOGISTICS",
    "VINEYARDS",
    "IRRIGATION",
    "FISHERIES",
    "CARPENTRY",
]
HAN_PLACES = [
    "天山",
    "昆仑",
    "红旗",
    "长江",
    "泰安",
    "金泉",
    "博乐",
    "喀什",
    "吐鲁番",
    "伊宁",
    "和田",
    "库尔勒",
    "石河子",
]
HAN_WORDS = [
    "瑞丰",
    "恒信",
    "华盛",
    "德隆",
    "永昌",
    "嘉禾",
    "万通",
    "鑫源",
    "中兴",
    "天成",
    "宏达",
    "聚力",
    "安泰",
]
HAN_TRADES = [
    "汽车维修",
    "农业发展",
    "棉花加工",
    "建筑工程",
    "机械设备",
    "物流运输",
    "食品加工",
    "电子商务",
]
HAN_FORMS = ["有限公司", "有限责任公司", "股份有限公司", "", "农民专业合作社"]
GIVEN = [
    "ROBERT",
    "WILLIAM",
    "RICHARD",
    "JAMES",
    "MICHAEL",
    "THOMAS",
    "CHARLES",
    "ELIZABETH",
    "MARGARET",
    "PATRICIA",
    "DOROTHY",
    "SUSAN",
    "BARBARA",
    "NATALIE",
    "GERALD",
    "HEATHER",
    "VINCENT",
    "LAWRENCE",
    "CAROLINE",
    "FREDERICK",
]
NICKNAMES = {
    "ROBERT": "BOB", "WILLIAM": "BILL", "RICHARD": "DICK", "JAMES": "JIM", "MICHAEL": "MIKE",
    "THOMAS": "TOM", "CHARLES": "CHUCK", "ELIZABETH": "BETTY", "MARGARET": "PEGGY",
}  # fmt: skip
UYGHUR = ["买买提·艾力江", "古丽娜尔·阿不都", "吐尔逊·买买提明", "阿依古丽·热合曼"]
FORMS = ["LTD", "LTD.", "INC", "LIMITED", "CORP.", "LLC", "COMPANY", "INCORPORATED", "Co.", ""]


def firms(rng: random.Random, count: int) -> list[str]:
    """Names of firms, Latin and Chinese, each different in its words."""
    made: dict[str, None] = {}
    while len(made) < count:
        kind = rng.random()
        if kind < 0.35:
            made[f"{rng.choice(OWNERS)} {rng.choice(TRADES)} {rng.choice(FORMS[:8])}"] = None
        elif kind < 0.6:
            words = (rng.choice(PLACES), rng.choice(OWNERS), rng.choice(TRADES))
            made[" ".join((*words, rng.choice(FORMS[:8])))] = None
        elif kind < 0.7:
            made[f"{rng.choice(OWNERS)} & {rng.choice(OWNERS)} {rng.choice(TRADES)} LTD"] = None
        elif kind < 0.75:
            made[f"{rng.randrange(100_000, 9_999_999):07d} B.C. LTD."] = None
        else:
            words = (rng.choice(HAN_PLACES), rng.choice(HAN_WORDS), rng.choice(HAN_TRADES))
            made["".join((*words, rng.choice(HAN_FORMS)))] = None
    return list(made)


def people(rng: random.Random, count: int) -> list[tuple[str, str]]:
    """Last and given names, each pair once."""
    made = dict.fromkeys((rng.choice(OWNERS), rng.choice(GIVEN)) for _ in range(count))
    return [*made, *((name, "") for name in UYGHUR)]


def slip(rng: random.Random, text: str) -> str:
    """One typing error in the letters of a name, if it is long enough to be known again."""
    han = any("\u3400" <= each <= "\u9fff" for each in text)
    places = [p for p, each in enumerate(text) if each.isalpha()]
    if len(places) < 5:
        return text
    at = rng.choice(places)
    other = rng.choice("市兴新源安丰" if han else string.ascii_uppercase)
    kind = rng.randrange(5)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at] + text[at:]
    if kind == 2:
        return text[:at] + other + text[at:]
    if kind == 3 or at + 1 >= len(text):
        return text[:at] + other + text[at + 1 :]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def stem(text: str) -> tuple[list[str], str]:
    """The words of a firm's name without its designation, and whether it is Chinese."""
    for form in HAN_FORMS:
        if form and text.endswith(form):
            return [text.removesuffix(form)], "han"
    words = text.split()
    if "\u3400" <= words[0][0] <= "\u9fff":
        return words, "han"
    return words[:-1], "latin"


def vary_firm(rng: random.Random, text: str) -> str:
    words, script = stem(text)
    if script == "han":
        name = words[0]
        changes: list[Callable[[str], str]] = [
            lambda t: t + rng.choice(HAN_FORMS),
            lambda t: slip(rng, t) + rng.choice(HAN_FORMS),
            lambda t: f"{t[:2]} {t[2:]}" + rng.choice(HAN_FORMS),
            lambda t: f"({t[:2]}){t[2:]}" + rng.choice(HAN_FORMS),
        ]
        return rng.choice(changes)(name)
    numbered = words[0].isdigit()
    form = rng.choice(FORMS)
    if numbered:
        return rng.choice([f"{words[0].lstrip('0')} BC {form}", f"{words[0]} b.c. ltd", wide(text)])
    choice = rng.randrange(8)
    if choice == 0:
        return text.lower().title()
    if choice == 1:
        return wide(text)
    if choice == 2:
        return f"The {' '.join(words).replace('&', 'and')} {form}"
    if choice == 3:
        kept = [word for word in words if word != "&"]
        rng.shuffle(kept)
        return " ".join((*kept, form))
    if choice == 4:
        joined = [words[0] + words[1], *words[2:]] if "&" not in words else words
        return " ".join((*joined, form))
    if choice == 5:
        return f"{'-'.join(words)}, {form}"
    name = slip(rng, " ".join(words))
    if choice == 7:
        name = slip(rng, name)
    return f"{name} {form}"


def vary_person(rng: random.Random, name: tuple[str, str]) -> tuple[str, str]:
    last, given = name
    if not given:
        return rng.choice(
            [last.replace("·", ""), last.replace("·", "・"), last.replace("·", " ")]
        ), ""
    choice = rng.randrange(6)
    if choice == 0:
        return last.title(), NICKNAMES.get(given, given).title()
    if choice == 1:
        return last.lower(), given[0]
    if choice == 2:
        return given, last
    if choice == 3:
        return last, f"{given} {rng.choice(string.ascii_uppercase)}."
    if choice == 4:
        return slip(rng, last), given
    return last, slip(rng, given)


def firm_of(text: str) -> Debtor:
    return Debtor(Debt.BUSINESS, text)


def person_of(name: tuple[str, str]) -> Debtor:
    return Debtor(Debt.INDIVIDUAL, *name)

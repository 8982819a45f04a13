"""Small facts for tests, and the answer to them."""

from typing import Any

from karez.doors.files.priority_cases import answer_case
from karez.doors.files.regimes import read_regimes

REGIMES = read_regimes()


def right(name: str, attach: str, file: str | None = None, **more: Any) -> dict[str, Any]:
    filed = {} if file is None else {"file": [[file, None]]}
    return {"id": name, "kind": "si", "attach": attach, "debt": 60} | filed | more


def answer(
    regime: str, *claims: dict[str, Any], asset: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    thing = {"type": "equipment", "debtor": "D"} | (asset or {})
    facts = {"regime": regime, "asof": "2024-12-01", "asset": thing, "claims": list(claims)} | more
    return answer_case({"id": "case", "facts": facts}, REGIMES)


def ranking(regime: str, *claims: dict[str, Any], **more: Any) -> list[list[str]]:
    return answer(regime, *claims, **more)["ranking"]

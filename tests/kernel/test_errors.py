"""Errors: a code and a sentence each, documented as they are."""

import json
import re
import runpy
from collections import Counter
from string import Formatter

import pytest

from karez.kernel.errors import ConflictError, InvalidInputError, KarezError, ensure
from tidy.tree import ROOT

SCRIPT = runpy.run_path(str(ROOT / "scripts" / "errors_page.py"))
ERRORS: list[type[KarezError]] = SCRIPT["error_classes"]()


def test_codes__stand_once():
    families = [KarezError, *SCRIPT["FAMILIES"]]
    codes = Counter(error.code for error in [*families, *ERRORS])
    assert not [code for code, times in codes.items() if times > 1]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_error__has_code_sentence_and_family(error: type[KarezError]):
    assert error.__name__.endswith("Error")
    assert "code" in vars(error), "a class has its own code"
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", error.code)
    assert "__doc__" in vars(error)
    sentence = error.sentence()
    assert re.match(r"[A-Z{]", sentence)
    assert sentence[-1] in ".?!}"
    names = {field for _, field, _, _ in Formatter().parse(sentence) if field is not None}
    assert all(name.isidentifier() for name in names), "details are named"
    assert sum(issubclass(error, family) for family in SCRIPT["FAMILIES"]) == 1


def test_page__is_what_the_classes_say():
    written = SCRIPT["PAGE"].read_text(encoding="utf-8")
    assert written == SCRIPT["page"](), "run: python scripts/errors_page.py --write"


class _TooManyError(ConflictError):
    """{count} is too many of
    {thing!r}: take fewer.

    This is not read out.
    """

    code = "too-many"


def test_error__fills_its_sentence():
    error = _TooManyError(count=3, thing="loan")
    assert error.message == str(error) == "3 is too many of 'loan': take fewer."
    assert json.loads(json.dumps(error.as_dict())) == {
        "code": "too-many",
        "message": "3 is too many of 'loan': take fewer.",
        "details": {"count": 3, "thing": "loan"},
    }


def test_error__braces_in_a_detail_are_text():
    assert InvalidInputError(reason="write {x}").message == "write {x}"


def test_error__without_a_detail_of_its_sentence():
    with pytest.raises(KeyError, match="thing"):
        _TooManyError(count=3)


def test_ensure__holds_or_stops():
    ensure([1], "there is one")
    with pytest.raises(AssertionError, match="there is one"):
        ensure([], "there is one")

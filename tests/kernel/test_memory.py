"""Work without the collector in between: it is back afterwards, whatever happened."""

import gc

import pytest

from karez.kernel.memory import without_collecting


def test_without_collecting__as_before_after_it():
    assert gc.isenabled()
    with without_collecting():
        with without_collecting():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


@without_collecting()
def _fail() -> None:
    assert not gc.isenabled()
    raise LookupError


def test_without_collecting__collects_again_after_a_failure():
    with pytest.raises(LookupError):
        _fail()
    assert gc.isenabled()

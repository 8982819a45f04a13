"""Lines of keys, beside what a person would count."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from karez.services.products.lines import key_lines

EVERY_FORM = '''\
# a comment with [brackets] and a = sign
title = "a # no comment" # one
bare-key = 1
"quoted key" = 2
dotted.key = 3
text = """
inner = 1
[not.a.table]
"""
raw = \'\'\'
other = 2 \'\'\'
list = [
  1, # first
  [2, 3],
  { a = 1, b = "}" },
]
inline = { x = 1, y = { z = [1, 2] } }
[table]
key = 1979-05-27T07:32:00Z
[table.inner] # twice
key = "\\"x\\""
[[several]]
name = 'a'
[[several.parts]]
p = 1
[[several.parts]]
p = 2
[[several]]
name = "b"
[several.only]
q = 1
'''


def test_every_form__has_its_line():
    lines = key_lines(EVERY_FORM)
    assert {path: lines[path] for path in paths(tomllib.loads(EVERY_FORM))} == {
        ("title",): 2, ("bare-key",): 3, ("quoted key",): 4, ("dotted",): 5, ("dotted", "key"): 5,
        ("text",): 6, ("raw",): 10, ("list",): 12, ("list", 0): 13, ("list", 1): 14,
        ("list", 1, 0): 14, ("list", 1, 1): 14, ("list", 2): 15, ("list", 2, "a"): 15,
        ("list", 2, "b"): 15, ("inline",): 17, ("inline", "x"): 17, ("inline", "y"): 17,
        ("inline", "y", "z"): 17, ("inline", "y", "z", 0): 17, ("inline", "y", "z", 1): 17,
        ("table",): 18, ("table", "key"): 19, ("table", "inner"): 20, ("table", "inner", "key"): 21,
        ("several",): 22, ("several", 0): 22, ("several", 0, "name"): 23,
        ("several", 0, "parts"): 24, ("several", 0, "parts", 0): 24,
        ("several", 0, "parts", 0, "p"): 25, ("several", 0, "parts", 1): 26,
        ("several", 0, "parts", 1, "p"): 27, ("several", 1): 28, ("several", 1, "name"): 29,
        ("several", 1, "only"): 30, ("several", 1, "only", "q"): 31,
    }  # fmt: skip


def paths(value, path=()):
    """Every path of a document that tomllib has read."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for name, each in items:
        yield (*path, name)
        if isinstance(each, dict | list):
            yield from paths(each, (*path, name))


KEYS = st.from_regex(r"[a-z][a-z0-9_-]{0,5}", fullmatch=True)
SCALARS = st.one_of(
    st.integers(-9, 9).map(str),
    st.sampled_from(['"a = 1"', "'[x]'", '"""\nb = 2\n"""', "true", "1.5", '"\\""', "2020-01-01"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda found: "[ " + ",\n # c ]\n".join(found) + " ]"),
        st.dictionaries(KEYS, inner.filter(lambda text: "\n" not in text), max_size=2).map(
            lambda found: "{ " + ", ".join(f"{k} = {v}" for k, v in found.items()) + " }"
        ),
    ),
    max_leaves=5,
)
TABLES = st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=3), max_size=3)


@given(st.dictionaries(KEYS, VALUES, max_size=3), TABLES, st.booleans())
def test_any_document__each_key_stands_on_its_line(root, tables, several):
    lines = [f"{key} = {value}" for key, value in root.items()]
    for name, table in tables.items():
        lines += ["", f"[[t-{name}]] # x" if several else f"[t-{name}]"]
        lines += [f"{key} = {value}" for key, value in table.items()]
    text = "\n".join(lines) + "\n"
    found = key_lines(text)
    physical = text.split("\n")
    for path in paths(tomllib.loads(text)):
        assert path in found
        if isinstance(path[-1], str):
            assert path[-1] in physical[found[path] - 1]

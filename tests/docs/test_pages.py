"""The reader of the pages: what would let a wrong page pass."""

from __future__ import annotations

import pytest

from tests.docs.pages import blocks, cells, fits

PAGE = """\
Text.

<!-- exit: 2 -->
<!-- figures vary -->
```console
$ assay check one \\
> --json
first
...
$ assay list
```

<!-- not run: for a reason -->
Text that is no block, so that the mark is of nothing.

```python
print(1)
```

<!-- sheet: evals/a/samples.xlsx -->
| id | input |
| --- | --- |
| a | Hello? |
| b | |
"""


def test_blocks_have_their_marks_and_commands() -> None:
    console, python, table = blocks(PAGE)
    assert console.marks == {"exit": "2", "figures vary": ""}
    assert list(console.commands()) == [
        ("assay check one --json", ["first", "..."]),
        ("assay list", []),
    ]
    assert (python.language, python.lines, python.marks) == ("python", ("print(1)",), {})
    assert cells(table) == [["id", "input"], ["a", "Hello?"], ["b", ""]]


@pytest.mark.parametrize(
    ("shown", "said", "vary"),
    [
        (["a  b"], "a b\n", False),
        (["Run 20261121-030640-70b48d"], "Run 20300101-000000-abcdef", False),
        (["at 2026-11-21T03:06:40+00:00"], "at 2031-01-01T00:00:00+00:00", False),
        (["a", "...", "d"], "a\nb\nc\nd", False),
        (["a", "...", "b"], "a\nb", False),
        (["see .../weights"], "see /root/weights", False),
        (["0.5 [0.1, 0.9]"], "0.25 [0.013, 0.987]", True),
        (["done"], "local/a: 1/2 samples, 0.1/s, 30 tokens\ndone", False),
    ],
)
def test_what_may_differ_does_not_matter(shown: list[str], said: str, vary: bool) -> None:
    assert fits(shown, said, vary=vary)


@pytest.mark.parametrize(
    ("shown", "said", "vary"),
    [
        (["a"], "b", False),
        (["a"], "a\nb", False),
        (["a", "b"], "a", False),
        (["a", "...", "d"], "a\nb\nc", False),
        (["0.5"], "0.25", False),
        (["0.5 refused"], "0.25 answered", True),
        (["a.c"], "abc", False),
    ],
)
def test_what_differs_is_seen(shown: list[str], said: str, vary: bool) -> None:
    assert not fits(shown, said, vary=vary)

import pytest

from reports.toml_lines import line_of

TEXT = '''# a comment with [brackets] = "x"
[letterhead]
parent = "A"
agency = """
[not.a.table]
key = "no"
"""
"logo" = 'x # y.png'
recipients = [
  "a = 1",
  "[b]",
]
[sheet.results]
symbol = "S"
[[sheet.results.columns]]
heading = "one"
width = 10
[[ sheet . results . columns ]]  # the second
heading = "two"
width = 20
[sheet."call-list"]
symbol = "K"
sheet.attendance.symbol = "inside"
inline = { a = 1, b = [1, 2] }
last = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("letterhead",), 2),
        (("letterhead", "parent"), 3),
        (("letterhead", "agency"), 4),
        (("letterhead", "logo"), 8),
        (("letterhead", "recipients"), 9),
        (("letterhead", "recipients", 1), 9),
        (("sheet", "results"), 13),
        (("sheet", "results", "symbol"), 14),
        (("sheet", "results", "columns"), 15),
        (("sheet", "results", "columns", 0, "width"), 17),
        (("sheet", "results", "columns", 1), 18),
        (("sheet", "results", "columns", 1, "heading"), 19),
        (("sheet", "results", "columns", 1, "missing"), 18),
        (("sheet", "call-list"), 21),
        (("sheet", "call-list", "symbol"), 22),
        (("sheet", "call-list", "sheet", "attendance", "symbol"), 23),
        (("sheet", "call-list", "inline", "a"), 24),
        (("sheet", "call-list", "last"), 25),
        (("nowhere",), 1),
    ],
)
def test_the_line_of_a_key(path: tuple[str | int, ...], line: int):
    assert line_of(TEXT, path) == line


@pytest.mark.parametrize("text", ["", "[", '"""', "= =", "[[[", "a = '", "]]]\n}}", '"\\'])
def test_text_that_is_no_toml_has_a_line_all_the_same(text: str):
    assert line_of(text, ("a",)) == 1

"""Makes the XLS files of this folder: `python -m tests.roster_zoo.make_xls`, with xlwt, which the tests do not need.

xlwt writes no dates of its own: the files differ in nothing from one run to the next.
"""

from datetime import date
from pathlib import Path

import xlwt  # type: ignore[import-not-found, import-untyped, unused-ignore]

from tests.roster_zoo.builders import GOOD, HEAD, OTHER, in_tcvn3

FILES = Path(__file__).parent / "files"


def save(name: str, grid: list[list[object]]) -> None:
    """Write one file."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("DS")
    day = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    for index, row in enumerate(grid):
        for column, value in enumerate(row):
            sheet.write(index, column, value, day) if isinstance(value, date) else sheet.write(
                index, column, value
            )
    book.save(str(FILES / name))


def main() -> None:
    """Write all."""
    people = [
        ["001", "nguyễn văn mẫu", "15/01/1999", "001099000001"],
        ["002", "trần thị ánh hoà", "08/03/2001", "001301000002"],
    ]
    save("plain.xls", [HEAD, GOOD, OTHER])
    save("tcvn3.xls", [[in_tcvn3(cell).decode("cp1252") for cell in row] for row in [HEAD, *people]])
    save(
        "cells.xls",
        [HEAD, [1, GOOD[1], date(1999, 1, 15), 1099000001], [2, OTHER[1], date(2001, 3, 8), 1301000002]],
    )


if __name__ == "__main__":
    main()

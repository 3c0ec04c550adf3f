import io
from functools import cache

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from proctor.errors import CommandError
from proctor.page_pictures import MAX_PIXELS, page_count, page_png
from reports.pdf import render
from tests.support.reports_sheets import mixed_roll, sheet_of, signer


@cache
def sheet() -> bytes:
    return render(sheet_of(mixed_roll(9)), signer())


def test_a_sheet_has_its_pages():
    assert page_count(sheet()) == 2


def test_a_page_is_drawn_at_the_resolution_asked_for():
    with Image.open(io.BytesIO(page_png(sheet(), 0, 60))) as picture:
        assert (picture.format, picture.size) == ("PNG", (702, 497))  # 297 by 210 mm at 60 dpi
        assert picture.convert("L").getextrema() == (0, 255)


def test_pages_differ_and_the_same_page_is_the_same():
    assert page_png(sheet(), 1, 40) == page_png(sheet(), 1, 40) != page_png(sheet(), 0, 40)


@pytest.mark.parametrize("page", [-1, 2, 10**9])
def test_a_page_that_is_not_there_is_named(page: int):
    with pytest.raises(CommandError) as caught:
        page_png(sheet(), page, 60)
    assert (caught.value.code, caught.value.facts["page"]) == ("page-missing", page + 1)


@pytest.mark.parametrize("pdf", [b"", b"no PDF", b"%PDF-1.7\n", b"%PDF-1.7\n" + bytes(1_000)])
def test_what_is_no_sheet_is_refused(pdf: bytes):
    for ask in (lambda: page_count(pdf), lambda: page_png(pdf, 0, 60)):
        with pytest.raises(CommandError) as caught:
            ask()
        assert caught.value.code == "page-unreadable"


def test_a_page_of_metres_is_drawn_coarser():
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(14_000, 14_000))
    canvas.showPage()
    canvas.save()
    with Image.open(io.BytesIO(page_png(out.getvalue(), 0, 400))) as picture:
        assert picture.width * picture.height <= 1.01 * MAX_PIXELS

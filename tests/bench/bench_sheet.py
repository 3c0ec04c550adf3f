"""Times of a 300-row attendance sheet with portraits against a bare reportlab table of the same content.

The bare table stands twice: with cells that wrap (reportlab's paragraphs), and with plain strings, which do not wrap
and run into each other: the least that the library can do. Both begin with the same portraits and make them small.
All in the same run, alternating, so that a busy machine slows all; process CPU time. Every candidate has both
portraits. The size is also told of the component with the longest name. A table, then JSON. Nothing is asserted.
"""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median
from time import process_time

from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image as Picture
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Image, Paragraph, SimpleDocTemplate, Table, TableStyle

from reports.attendance import Pictures, build_attendance
from reports.certificate import make_station_certificate
from reports.fonts import Face, width
from reports.pdf import draw, render
from reports.portrait import thumbnail
from reports.sheet import Sheet, Thumbnail
from reports.signature import seal_pdf
from reports.verification import verify_pdf
from sessions.course.states import Standing, State
from sessions.rules import load_rules
from tests.support.portraits import hopper_path
from tests.support.reports_sheets import head_of, roll_row, session_of, sheet_of, signer, texts

ROWS = 300
ROUNDS = 5
RULES = ("driving-tt108-2026", "driving-tt108-2028", "driving-graduation", "computer-exam")
AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
SMALL = "portraits made small"
BUILD = "build (portraits made small)"
RENDER = "render (laid out, sealed)"
PLAIN = "bare table, plain strings"
WRAPPED = "bare table, cells that wrap"
SIGN = "sign"
VERIFY = "verify"


def portraits(count: int, size: tuple[int, int]) -> list[bytes]:
    """Different crops of one public-domain portrait, as JPEG of that size."""
    with Picture.open(hopper_path()) as image:
        whole = image.convert("RGB")
    made = []
    for number in range(count):
        left, top = 40 + number % 60, 10 + number // 60
        out = io.BytesIO()
        whole.crop((left, top, left + 375, top + 500)).resize(size).save(out, "JPEG", quality=80)
        made.append(out.getvalue())
    return made


def small(pictures: list[bytes]) -> list[Thumbnail]:
    """Portraits as they go onto paper."""
    return [thumbnail(jpeg) for jpeg in pictures]


def bare_table(sheet: Sheet, *, wrapped: bool) -> bytes:
    """The same cells and the same small pictures in reportlab's own table: no head, totals, seals or fitting."""
    width("", Face.REGULAR, 10)
    style = ParagraphStyle("cell", fontName=Face.REGULAR.value, fontSize=10, leading=11.7)

    def text(paragraphs: tuple[str, ...]) -> object:
        return Paragraph("<br/>".join(paragraphs), style) if wrapped else "\n".join(paragraphs)

    rows: list[list[object]] = [[text((column.heading,)) for column in sheet.columns]]
    for row in sheet.rows:
        cells = [text(cell.paragraphs) for cell in row.cells]
        pair = [
            Image(io.BytesIO(picture.jpeg), 8.1 * mm, 10.8 * mm)
            for picture in (row.portraits.chip, row.portraits.live)
            if picture is not None
        ]
        cells[1] = pair if pair else ""
        rows.append(cells)
    table = Table(rows, colWidths=[column.width_mm * mm for column in sheet.columns], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.4, "black"),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("FONT", (0, 0), (-1, -1), Face.REGULAR.value, 10),
            ]
        )
    )
    out = io.BytesIO()
    SimpleDocTemplate(out, pagesize=landscape(A4), leftMargin=30 * mm, rightMargin=15 * mm).build([table])
    return out.getvalue()


def of_longest_name(roll: tuple[Standing, ...], pictures: Pictures) -> Sheet:
    """The sheet of the component with the longest name of all that the shipped rules know."""
    rules, component = max(
        ((rules, component) for rules in RULES for component in load_rules(rules).components),
        key=lambda known: len(load_rules(known[0]).components[known[1]].label),
    )
    session = replace(
        session_of(roll, rules=rules),
        component=component,
        component_label=load_rules(rules).components[component].label,
    )
    return build_attendance(session, roll, texts=texts(), head=head_of(), pictures=pictures)


def seconds(work: Callable[[], object]) -> float:
    """The process CPU time of one call."""
    began = process_time()
    work()
    return process_time() - began


def main() -> None:
    """Measure and print."""
    roll = tuple(roll_row(number, State.ADMITTED) for number in range(1, ROWS + 1))
    chip, live = portraits(ROWS, (300, 400)), portraits(ROWS, (480, 640))
    pictures = Pictures(chip=lambda seq: chip[(seq - 5) % ROWS], live=lambda seq: live[(seq - 5 + 7) % ROWS])
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = make_station_certificate(key, signer().key.name, AT)
    sheet = sheet_of(roll, pictures=pictures)
    drawn = draw(sheet, signer())
    sealed = seal_pdf(drawn, key=key, certificate=certificate, at=AT, texts=texts())
    steps: dict[str, Callable[[], object]] = {
        SMALL: lambda: (small(chip), small(live)),
        BUILD: lambda: sheet_of(roll, pictures=pictures),
        RENDER: lambda: render(sheet, signer()),
        PLAIN: lambda: bare_table(sheet, wrapped=False),
        WRAPPED: lambda: bare_table(sheet, wrapped=True),
        SIGN: lambda: seal_pdf(drawn, key=key, certificate=certificate, at=AT, texts=texts()),
        VERIFY: lambda: verify_pdf(sealed, certificate),
    }
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(ROUNDS):
        for name, work in steps.items():
            taken[name].append(seconds(work))
    longest = draw(of_longest_name(roll, pictures), signer())
    sealed_longest = seal_pdf(longest, key=key, certificate=certificate, at=AT, texts=texts())
    print(f"pages: {drawn.pages}; of the component with the longest name: {longest.pages}")
    medians = {name: median(values) for name, values in taken.items()}
    tell(medians, sealed, bare_table(sheet, wrapped=True), len(sealed_longest))


def tell(medians: dict[str, float], sealed: bytes, bare: bytes, longest: int) -> None:
    """Print what was measured."""
    whole = medians[BUILD] + medians[RENDER] + medians[SIGN]
    ratios = {name: medians[RENDER] / medians[name] for name in (PLAIN, WRAPPED)}
    whole_ratios = {name: whole / (medians[SMALL] + medians[name]) for name in (PLAIN, WRAPPED)}
    for name, value in medians.items():
        print(f"{name:44} {value:7.3f} s CPU")
    print(f"{'whole sheet, signed':44} {whole:7.3f} s CPU   (promised: 5 s)")
    for name in (PLAIN, WRAPPED):
        print(f"{'render / ' + name:44} {ratios[name]:7.2f}   (promised: 1.3)")
        print(f"{'whole / portraits + ' + name:44} {whole_ratios[name]:7.2f}")
    print(f"{'size':44} {len(sealed) / 1e6:7.2f} MB  (promised: 1.5; bare table {len(bare) / 1e6:.2f} MB)")
    print(f"{'size, component with the longest name':44} {longest / 1e6:7.2f} MB  (promised: 1.5)")
    print(
        json.dumps(
            {
                "rows": ROWS,
                "cpu_s": {name: round(value, 4) for name, value in medians.items()},
                "whole_s": round(whole, 4),
                "ratio_to_bare_table": {name: round(value, 3) for name, value in ratios.items()},
                "whole_ratio_to_bare_table": {name: round(value, 3) for name, value in whole_ratios.items()},
                "bytes": len(sealed),
                "bytes_longest_component": longest,
                "bytes_bare_table": len(bare),
            }
        )
    )


if __name__ == "__main__":
    main()

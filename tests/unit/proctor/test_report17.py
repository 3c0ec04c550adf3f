"""The report on mô hình 17: every number is what the log says, in every file; each session counts once."""

import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from python_calamine import CalamineWorkbook

from proctor.errors import CommandError
from proctor.packing import export_pack
from proctor.replay.day import Day
from proctor.replay.plan import SEED, SHOWN_FIRST, Size, Without, plan
from proctor.report17.build import Wish, build_report
from proctor.report17.gather import Gathered, gather
from proctor.report17.kinds import ORDER, kind_of
from proctor.report17.logs import sources_of_log
from proctor.report17.packs import ReadPack, RefusedPack, read_pack
from proctor.report17.source import Source, differences
from proctor.report17.text_file import headings, read_typed
from proctor.roots import ensure_training_root, open_training
from proctor.texts import load_texts
from reports.model17 import BLANK, Model17, number
from reports.model17_docx import report_docx
from reports.model17_pdf import report_pdf
from reports.model17_tally import WAYS
from reports.model17_xlsx import report_xlsx
from sessions.closing import close_session
from sessions.course.merge import merge_parts
from sessions.department import DepartmentPrivate
from sessions.pins import StationPins
from sessions.record import Verdict
from sessions.rules import load_rules
from sessions.session import load_session
from tests.support.packs import department
from tests.support.parts import Shared
from tests.support.reports_pages import page_texts
from tests.support.sessions_station import OPERATOR

VI = load_texts("vi")
PEOPLE = len(SHOWN_FIRST) + 1
SOME_DAY = date(2026, 11, 23)
EVER = (date(2000, 1, 1), date(2100, 1, 1))


def play(root: Path, without: Without) -> Path:
    """Play the three kinds of the pilot, made small."""
    with open_training(ensure_training_root(root)) as opened:
        for sitting in plan(SEED, Size(sessions=3, people=PEOPLE), without):
            Day(opened, sitting, notice="mẫu").play()
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play(tmp_path_factory.mktemp("report") / "root", Without())


@pytest.fixture(scope="module")
def sources(root: Path) -> tuple[Source, ...]:
    with open_training(ensure_training_root(root)) as opened:
        return tuple(sources_of_log(opened.store, *EVER))


@pytest.fixture(scope="module")
def gathered(sources: tuple[Source, ...]) -> Gathered:
    return gather(sources, (), since=EVER[0], until=EVER[1], training=True)


def report_of(gathered: Gathered, department: str | None = None) -> Model17:
    wish = Wish(since=EVER[0], until=EVER[1], made=SOME_DAY, department=department, source="Nguồn: thử.")
    return build_report(gathered, None, wish, VI)


def figures_of(report: Model17) -> dict[str, int]:
    assert len({figure.name for figure in report.figures}) == len(report.figures)
    return {figure.name: figure.value for figure in report.figures}


# -- a second count, from the bodies alone -------------------------------------------------------------


def recounted(bodies: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """One session's numbers, by other means: sets of candidate numbers and loops."""
    listed = sum(body["candidates"] for body in bodies if body["kind"] == "open")
    listed += sum(body["added"] for body in bodies if body["kind"] == "roster")
    attempts = [body for body in bodies if body["kind"] == "attempt"]
    let_in: dict[tuple[str, str], str] = {}
    last: dict[str, str] = {}
    for body in bodies:
        said = body.get("verdict") or body.get("decided") or body.get("outcome") or ""
        if body["kind"] == "attempt" and "sbd" in body and body.get("purpose", "check-in") == "check-in":
            last[body["sbd"]] = said
        elif body["kind"] not in {"override", "decision", "manual"}:
            continue
        else:
            last.setdefault(body["sbd"], "")
        how = "chip-face" if body["kind"] == "attempt" else body["kind"]
        if said in {"ADMIT", "admitted", "admitted-provisionally"} and "sbd" in body:
            let_in.setdefault((body["sbd"], body["component"]), how)
    ways = {sbd: let_in[sbd, name] for sbd, name in reversed(let_in)}
    found = Counter({f"by-{way}": count for way, count in Counter(ways.values()).items()})
    out = set(last) - set(ways)
    found["refused"] = sum(last[sbd] == "REFUSE" for sbd in out)
    found["not-let-in"] = len(out) - found["refused"]
    found["absent"] = listed - len(set(last) | set(ways))
    found["candidates"], found["attempts"] = listed, len(attempts)
    found.update({f"attempts-{v.lower()}": n for v, n in Counter(b["verdict"] for b in attempts).items()})
    found["scans"] = sum(b["checks"]["chip-read"]["outcome"] == "passed" for b in attempts)
    found["checks"] = len(let_in)
    found.update({f"checks-{how}": n for how, n in Counter(let_in.values()).items()})
    found["overrides"] = sum(body["kind"] == "override" for body in bodies)
    found["incidents"] = len({body["incident"] for body in bodies if body["kind"] == "incident"})
    found["spot-checks"] = sum(body["kind"] == "spot-check" for body in bodies)
    return found


def bodies_of(source: Source) -> list[Mapping[str, Any]]:
    return [entry.body for entry in source.entries]


def test_every_number_is_what_the_bodies_of_the_log_say(
    sources: tuple[Source, ...], gathered: Gathered
) -> None:
    whole: Counter[str] = sum((recounted(bodies_of(source)) for source in sources), Counter())
    figures = figures_of(report_of(gathered))
    assert {name: figures.get(name, 0) for name in whole} == dict(whole)
    assert len(whole) >= 18
    for each in gathered.counted:
        again, tally = recounted(bodies_of(each.source)), each.tally
        assert {name: tally.person(name) for name in WAYS} == {name: again[name] for name in WAYS}
        assert sum(tally.person(name) for name in WAYS) == tally.person("candidates") == PEOPLE
        assert differences(each.source, tally) == ()
    assert gathered.good


def test_kinds_and_classes_of_the_pilot(gathered: Gathered) -> None:
    figures = figures_of(report_of(gathered))
    for kind in ("graduation-car", "driving-car", "driving-motorcycle"):
        assert (figures[f"kind:{kind}:sessions"], figures[f"kind:{kind}:candidates"]) == (1, PEOPLE)
    assert (figures["class:A1:candidates"], figures["class:B:candidates"]) == (PEOPLE, 2 * PEOPLE)
    assert (figures["sessions"], figures["candidates"]) == (3, 3 * PEOPLE)


def test_a_candidate_less_and_a_session_less_move_every_figure_concerned(
    tmp_path: Path, gathered: Gathered
) -> None:
    """Without the first candidate (who is let in everywhere) of the motorcycle session, and without the others."""
    play(tmp_path / "less", Without(candidates=frozenset({("001", 18)}), sessions=frozenset({1, 2})))
    with open_training(ensure_training_root(tmp_path / "less")) as opened:
        less = gather(sources_of_log(opened.store, *EVER), (), since=EVER[0], until=EVER[1], training=True)
    (fewer,), before = less.counted, gathered.counted[2].tally
    gone = {name: before.person(name) - fewer.tally.person(name) for name in ("candidates", *WAYS)}
    assert {name: count for name, count in gone.items() if count} == {"candidates": 1, "by-chip-face": 1}
    counts = {name: before.counts[name] - fewer.tally.counts[name] for name in before.counts}
    assert counts["attempts"] == counts["attempts-admit"] == counts["scans"] == 2  # theory, yard
    assert counts["checks"] == counts["checks-chip-face"] == 2
    figures = figures_of(report_of(less))
    assert (figures["sessions"], figures["candidates"]) == (1, PEOPLE - 1)
    assert not any(name.startswith(("kind:graduation", "kind:driving-car", "class:B")) for name in figures)


# -- the three files -----------------------------------------------------------------------------------


def squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())


def in_order(needles: Iterable[str], text: str) -> bool:
    """Whether the words come in this order, whatever page heads stand between them."""
    at = 0
    for word in needles:
        at = text.find(word, at)
        if at < 0:
            return False
        at += len(word)
    return True


def test_the_pages_read_back_say_the_same(gathered: Gathered) -> None:
    report = report_of(gathered, "Phòng Mẫu")
    pdf = report_pdf(report)
    assert pdf == report_pdf(report)
    pages = page_texts(pdf)
    text = unicodedata.normalize("NFC", "\n".join(pages))
    assert text == "\n".join(pages)
    assert in_order((word for part in report.row[2] for word in part.split()), text)
    assert squeezed("".join(report.header.lines)) in squeezed(text)
    assert "PHÒNG MẪU" in text
    for page in pages:
        assert "HUẤN LUYỆN – KHÔNG CÓ GIÁ TRỊ SỬ DỤNG" in page
        assert "Nguồn: thử." in page
    for table in report.tables:
        assert table.title in text
    assert all(squeezed(each.source.session) in squeezed(text) for each in gathered.counted)


def test_the_text_document_says_the_same_in_seven_columns(gathered: Gathered) -> None:
    report = report_of(gathered)
    data = report_docx(report)
    assert data == report_docx(report)
    document = Document(io.BytesIO(data))
    section = document.sections[0]
    assert section.page_width.mm == pytest.approx(297, abs=0.1)  # lying A4
    assert section.left_margin.mm == pytest.approx(30, abs=0.1)
    table = next(each for each in document.tables if len(each.columns) == len(report.heads))
    assert [cell.text for cell in table.rows[0].cells] == [
        "STT",
        "Mô hình",
        "Kết quả triển khai",
        "Khó khăn, vướng mắc",
        "Đánh giá hiệu quả, giá trị tiện ích mang lại và tiết kiệm",
        "Kinh phí đầu tư",
        "Có tiếp tục tham mưu nhân rộng không",
    ]
    result = table.rows[1].cells[2].text
    assert result == "\n".join(report.row[2])
    assert result.startswith("Đánh giá tiến độ:")
    assert "w:tblHeader" in table.rows[0]._tr.xml
    said = {int(text.replace(".", "")) for text in re.findall(r"\d[\d.]*\d|\d", result)}
    assert {figure.value for figure in report.figures} <= said
    assert document.styles["Normal"].font.name == "Times New Roman"


def test_the_spreadsheet_holds_typed_numbers_and_the_same_ones(gathered: Gathered) -> None:
    report = report_of(gathered, "")
    data = report_xlsx(report)
    assert data == report_xlsx(report)
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    assert book.sheet_names[:2] == ["Mô hình 17", "Số liệu"]
    rows = book.get_sheet_by_name("Số liệu").to_python()[1:]
    assert [(row[1], row[2]) for row in rows] == [(f.label, f.value) for f in report.figures]
    assert all(isinstance(row[2], (int, float)) for row in rows)
    for table, name in zip(report.tables, book.sheet_names[2:], strict=True):
        found = book.get_sheet_by_name(name).to_python()[2:]
        assert [tuple(row) for row in found] == [tuple(row) for row in table.rows]
    sessions = next(table for table in report.tables if table.name == "sessions")
    assert sum(int(row[6]) for row in sessions.rows[:-1] if isinstance(row[6], int)) == sessions.rows[-1][6]
    column = book.get_sheet_by_name("Mô hình 17").to_python()
    assert any("\n".join(report.row[2]) in row for row in column)


def test_numbers_are_written_as_in_vietnam() -> None:
    assert [number(each) for each in (0, 191, 4_483, 1_234_567)] == ["0", "191", "4.483", "1.234.567"]


# -- what counts ---------------------------------------------------------------------------------------


def test_open_sessions_other_days_and_training_do_not_count(sources: tuple[Source, ...]) -> None:
    first, second, third = sources
    unclosed = replace(first, entries=tuple(e for e in first.entries if e.kind != "close"))
    found = gather((unclosed, second), (), since=EVER[0], until=EVER[1], training=True)
    assert [each.source.session for each in found.counted] == [second.session]
    assert [(each.why, each.session) for each in found.left_out] == [("open", first.session)]
    assert found.good
    assert f"Chưa tính 1 phiên chưa đóng: {first.session}." in report_of(found).row[2]
    real = gather((replace(third, kind="real"), second), (), since=EVER[0], until=EVER[1], training=False)
    assert not real.training
    assert [each.source.session for each in real.counted] == [third.session]
    assert [(each.why, each.session) for each in real.left_out] == [("training", second.session)]
    assert report_of(real).training is None


def test_only_the_days_asked_for_are_read(root: Path, sources: tuple[Source, ...]) -> None:
    day = sources[0].day
    with open_training(ensure_training_root(root)) as opened:
        assert len(tuple(sources_of_log(opened.store, day, day))) == 3
        assert tuple(sources_of_log(opened.store, EVER[0], day - timedelta(days=1))) == ()
        assert tuple(sources_of_log(opened.store, day + timedelta(days=1), EVER[1])) == ()
    nothing = gather((), (), since=day, until=day, training=True)
    assert "không có phiên nào đã đóng" in report_of(nothing).row[2][1]
    assert report_pdf(report_of(nothing)).startswith(b"%PDF")


def test_a_close_that_says_something_else_is_named(sources: tuple[Source, ...]) -> None:
    source = sources[0]
    entries = [
        replace(entry, body={**entry.body, "absent": 99}) if entry.kind == "close" else entry
        for entry in source.entries
    ]
    found = gather(
        (replace(source, entries=tuple(entries)),), (), since=EVER[0], until=EVER[1], training=True
    )
    assert found.counted[0].differs == ("absent",)
    assert not found.good
    assert any(line.startswith("Cần xem lại") for line in report_of(found).row[2])


def test_what_happened_after_the_close_is_not_in_it(sources: tuple[Source, ...]) -> None:
    source = sources[0]
    late = replace(next(entry for entry in source.entries if entry.kind == "attempt"), held=10**9, seq=10**9)
    assert replace(source, entries=(*source.entries, late)).tally() == source.tally()


@pytest.mark.parametrize(
    ("rules", "classes", "kind"),
    [
        ("driving-graduation", {"B"}, "graduation-car"),
        ("driving-tt108-2026", {"A1", "A"}, "driving-motorcycle"),
        ("driving-tt108-2026", {"A1", "C1"}, "driving-mixed"),
        ("driving-tt108-2026", set(), "driving"),
        ("written-exam", {""}, "exam"),
        (None, {"B"}, "other"),
    ],
)
def test_the_kind_of_a_session(rules: str | None, classes: set[str], kind: str) -> None:
    assert kind_of(None if rules is None else load_rules(rules), classes) == kind
    assert kind in ORDER


# -- packs ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def packed(root: Path, tmp_path_factory: pytest.TempPathFactory, sources: tuple[Source, ...]) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    with open_training(ensure_training_root(root)) as opened:
        for source in sources:
            export_pack(opened, load_session(opened.store, source.session), folder)
    return folder


def key_of(root: Path) -> DepartmentPrivate:
    return DepartmentPrivate.open((root / "keys" / "department.key").read_bytes(), None, training=True)


def read(folder: Path, root: Path, *keys: DepartmentPrivate) -> list[ReadPack | RefusedPack]:
    pins = StationPins.load(root / "trust" / "stations")
    return [read_pack(path, pins, keys) for path in sorted(folder.glob("*.pack"))]


@pytest.fixture(scope="module")
def closed(packed: Path, root: Path) -> list[ReadPack | RefusedPack]:
    """The packs as anybody reads them who knows the station."""
    return read(packed, root)


def whole(packs: Iterable[ReadPack | RefusedPack], sources: Iterable[Source] = ()) -> Gathered:
    return gather(sources, packs, since=EVER[0], until=EVER[1], training=True)


def test_packs_give_the_numbers_of_the_log(packed: Path, root: Path, gathered: Gathered) -> None:
    found = whole(read(packed, root, key_of(root)))
    assert found.training
    assert [each.tally for each in found.counted] == [each.tally for each in gathered.counted]
    assert [each.source.category for each in found.counted] == [e.source.category for e in gathered.counted]


def test_packs_that_nobody_here_can_open_count_without_classes(
    packed: Path, root: Path, gathered: Gathered
) -> None:
    found = whole(read(packed, root, department()))  # another department's key
    assert [each.tally.counts for each in found.counted] == [each.tally.counts for each in gathered.counted]
    assert [set(each.tally.people) for each in found.counted] == [{"?"}] * 3
    assert {each.source.category for each in found.counted} == {"graduation", "driving"}


def test_a_session_counts_once_and_a_bad_pack_never(
    packed: Path,
    root: Path,
    tmp_path: Path,
    sources: tuple[Source, ...],
    closed: list[ReadPack | RefusedPack],
) -> None:
    paths = sorted(packed.glob("*.pack"))
    for path in paths:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "again.pack").write_bytes(paths[0].read_bytes())
    altered = bytearray(paths[1].read_bytes())
    altered[len(altered) // 2] ^= 1
    (tmp_path / paths[1].name).write_bytes(altered)
    (tmp_path / "none.pack").write_bytes(b"nothing of the kind")
    found = whole(read(tmp_path, root))
    assert sorted(each.source.session for each in found.counted) == [sources[0].session, sources[2].session]
    assert sorted((each.why, each.file) for each in found.left_out) == [
        ("pack", "none.pack"),
        ("pack", paths[1].name),
        ("same", "again.pack"),
    ]
    assert not found.good
    for each in found.left_out:
        if each.code:
            assert "—" not in VI.say(each.code, **each.facts), each.code
    with_log = whole(closed, sources)
    assert [each.source.file for each in with_log.counted] == [""] * 3
    assert [each.why for each in with_log.left_out] == ["same"] * 3
    strange = [read_pack(path, StationPins()) for path in paths]
    assert {each.why for each in whole(strange).left_out} == {"pack"}
    assert {each.code for each in whole(strange).left_out} == {"unknown-station"}
    assert whole(strange).counted == ()


def test_packs_that_contradict_one_another_do_not_count(closed: list[ReadPack | RefusedPack]) -> None:
    pack = closed[0]
    assert isinstance(pack, ReadPack)
    last = pack.entries[-1]
    forked = replace(
        pack, entries=(*pack.entries[:-1], replace(last, body={**last.body, "at": "x"})), size=pack.size + 9
    )
    found = whole([pack, forked])
    assert (found.counted, {each.why for each in found.left_out}) == ((), {"contradicts"})
    assert not found.good


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("open", {"day": "today"}),
        ("open", {"part": {"number": []}}),
        ("attempt", {"verdict": "MAYBE", "sbd": "001"}),
        ("attempt", {"checks": {"face-match": 7}, "sbd": "001"}),
        ("close", {"totals": {"theory": 7}}),
        ("override", {"of": []}),
    ],
)
def test_signed_nonsense_in_a_pack_is_named_and_not_counted(
    closed: list[ReadPack | RefusedPack], kind: str, changed: dict[str, Any]
) -> None:
    pack = closed[0]
    assert isinstance(pack, ReadPack)
    entries = [
        replace(entry, body={**entry.body, **changed}) if entry.kind == kind else entry
        for entry in pack.entries
    ]
    found = whole([replace(pack, entries=tuple(entries))])
    if kind == "open" and "part" in changed:
        assert [each.why for each in found.left_out] == ["part"]
    else:
        assert (found.counted, [each.why for each in found.left_out]) == ((), ["damaged"])
        assert not found.good


def test_a_department_of_many_centres_fits_a_spreadsheet_and_the_pages(sources: tuple[Source, ...]) -> None:
    """A cell of a spreadsheet ends at 32,767 letters; names of places may hold what no file may."""
    many = [
        replace(sources[0], session=f"HL-{at}", place=f"Trung tâm số {at}\x01 {'rất dài ' * 20}")
        for at in range(150)
    ]
    found = gather(many, (), since=EVER[0], until=EVER[1], training=True)
    report = report_of(found, "Sở Mẫu")
    assert len("\n".join(report.row[2])) > 32_767
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(report_xlsx(report))).get_sheet_by_index(0)
    column = "\n".join(str(row[2]) for row in sheet.to_python() if len(row) > 2 and row[2])
    assert "\n".join(report.row[2]) in column
    figures = figures_of(report)
    assert (
        sum(value for name, value in figures.items() if name.endswith(":sessions") and "centre" in name)
        == 150
    )
    assert Document(io.BytesIO(report_docx(replace(report, tables=())))).tables


def test_parts_of_other_stations_count_once(tmp_path: Path) -> None:
    shared = Shared.divided(tmp_path, "001-003,004-006")
    for station, sbd, verdict in (
        (1, "001", Verdict.ADMIT),
        (2, "004", Verdict.ADMIT),
        (2, "005", Verdict.REFUSE),
    ):
        shared.attend(station, sbd, verdict)
    part = shared.pack(2, tmp_path)
    alone = whole([_read_part(shared, tmp_path / f"{shared.sessions[1].session_id}.pack")])
    assert (alone.counted, [each.why for each in alone.left_out]) == ((), ["part"])
    merge_parts(shared.stores[0], shared.main, [part], operator=OPERATOR)
    close_session(shared.stores[0], shared.main, operator=OPERATOR)
    main = shared.handed_over(1, tmp_path, close=False)
    sources = tuple(sources_of_log(shared.stores[0], *EVER))
    expected = gather(sources, (), since=EVER[0], until=EVER[1], training=True)
    assert expected.good
    assert expected.counted[0].tally.person("candidates") == 6
    assert expected.counted[0].tally.counts["attempts"] == 3
    opened = [_read_part(shared, path, department()) for path in sorted(tmp_path.glob("*.pack"))]
    together = whole(opened)
    assert [each.tally for each in together.counted] == [expected.counted[0].tally]
    assert [each.why for each in together.left_out] == ["part"]
    # without the key, the part's own pack gives what the main station took over; without that, nothing is counted
    closed = [_read_part(shared, path) for path in sorted(tmp_path.glob("*.pack"))]
    assert whole(closed).counted[0].tally.counts == expected.counted[0].tally.counts
    lonely = whole([_read_part(shared, main)])
    assert (lonely.counted, [each.why for each in lonely.left_out], lonely.good) == (
        (),
        ["incomplete"],
        False,
    )
    for each in (*shared.stores,):
        each.close()


def _read_part(shared: Shared, path: Path, *keys: DepartmentPrivate) -> ReadPack | RefusedPack:
    pins = StationPins.of_fingerprint(*(each for bench in shared.benches for each in bench.pins.fingerprints))
    if not pins.fingerprints:
        pins = StationPins(keys=tuple(key for bench in shared.benches for key in bench.pins.keys))
    return read_pack(path, pins, keys)


# -- columns 4 to 7 ------------------------------------------------------------------------------------

TEXT = """\ufeff# một dòng chú thích
[Khó khăn, vướng mắc]
Thẻ cũ đọc chậm.

Đường truyền yếu.
[ĐÁNH GIÁ HIỆU QUẢ,  giá trị tiện ích mang lại và tiết kiệm]
Nhanh hơn.
[Kinh phí đầu tư]
=1+1
"""


def test_the_typed_text_stands_in_its_columns(gathered: Gathered) -> None:
    typed = read_typed(TEXT.replace("\n", "\r\n").encode(), "t.txt")
    assert typed.parts == (("Thẻ cũ đọc chậm.", "Đường truyền yếu."), ("Nhanh hơn.",), ("=1+1",), ())
    wish = Wish(since=EVER[0], until=EVER[1], made=SOME_DAY)
    report = build_report(gathered, typed, wish, VI)
    assert report.row[3:] == (*typed.parts[:3], BLANK)
    assert report_of(gathered).row[3:] == (BLANK,) * 4
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(report_xlsx(report))).get_sheet_by_index(0)
    assert any("=1+1" in row for row in sheet.to_python())  # text, not 2


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (b"[Kinh phi]\n", "report-text-heading", 1),
        (f"[{headings()[0]}]\na\n[{headings()[0]}]\n".encode(), "report-text-twice", 3),
        (b"\n# ghi\nabc\n", "report-text-no-heading", 3),
        (f"[{headings()[2]}]\nx\n".encode() + b"\xff\n", "report-text-not-utf8", 3),
        (f"[{headings()[2]}]\n{'x' * 20_001}\n".encode(), "report-text-too-long", 2),
        (f"[{headings()[2]}]\nx\n\u6f22\n".encode(), "report-text-letter", 3),
    ],
)
def test_a_wrong_text_file_names_its_line(text: bytes, code: str, line: int) -> None:
    with pytest.raises(CommandError) as caught:
        read_typed(text, "t.txt")
    assert (caught.value.code, caught.value.facts["line"]) == (code, line)
    for language in ("vi", "en"):
        assert str(line) in load_texts(language).say(code, **caught.value.facts)


def test_long_texts_run_on_over_pages_and_lose_nothing(gathered: Gathered) -> None:
    words = [f"chữ{at}" for at in range(900)]
    text = f"[{headings()[1]}]\n" + " ".join(words)
    wish = Wish(since=EVER[0], until=EVER[1], made=SOME_DAY)
    report = build_report(gathered, read_typed(text.encode(), "t"), wish, VI)
    pages = page_texts(report_pdf(report))
    assert in_order(words, "\n".join(pages))
    heads = [page for page in pages if "Kinh phí đầu tư" in page]
    assert len(heads) > 2  # the heads are on every page that the columns run over

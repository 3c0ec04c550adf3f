"""`proctor result …` and `proctor prior …` as a secretary types them, in training."""

import io
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import pytest

from sessions.record import Verdict
from sessions.session import load_session
from tests.support.cli import proctor
from tests.support.course_cli import Sitting, sitting
from tests.support.schemas import require_valid


@pytest.fixture
def day(home: Path) -> Sitting:
    """Four candidates of class B, three of them let in to theory."""
    made = sitting(home)
    made.admit("001", "002", "003")
    return made


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def xlsx(path: Path, rows: list[list[str | float]]) -> Path:
    """A workbook of one sheet, as small as it can be."""
    cells = "".join(
        f'<row r="{number}">'
        + "".join(
            f'<c r="{chr(65 + column)}{number}"><v>{value}</v></c>'
            if isinstance(value, float)
            else f'<c r="{chr(65 + column)}{number}" t="inlineStr"><is><t>{value}</t></is></c>'
            for column, value in enumerate(row)
        )
        + "</row>"
        for number, row in enumerate(rows, 1)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="KQ" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    path.write_bytes(buffer.getvalue())
    return path


def enter(day: Sitting, sbd: str, *values: str, component: str = "theory"):
    return proctor(
        *("result", "enter", "--session", day.session, "--sbd", sbd, "--component", component, "--json"),
        *values,
    )


def shown(day: Sitting, *options: str):
    ran = proctor("result", "show", "--session", day.session, "--json", *options)
    assert ran.status == 0, ran.err
    require_valid("result-show", ran.json)
    return ran.json


def totals(data: dict, component: str | None = None) -> dict:
    return next(
        row for row in data["totals"] if row["component"] == component and row["licence_class"] is None
    )


def test_a_result_is_entered_shown_and_opens_the_next_component(day: Sitting) -> None:
    ran = enter(day, "001", "--points", "27", "--source", "máy chấm 1")
    assert ran.status == 0, ran.err
    require_valid("result", ran.json)
    assert (ran.json["code"], ran.json["points"], ran.json["maximum"]) == ("DA", 27, 30)
    (body,) = day.bodies("result")
    assert (body["outcome"], body["points_e1"], body["maximum_e1"], body["code"]) == (
        "passed",
        270,
        300,
        "DA",
    )
    found = {row["candidate"]: row for row in shown(day)["candidates"]}
    assert found["001"]["next"] == ["yard"]
    assert found["002"]["next"] == ["theory"]
    again = enter(day, "1", "--points", "28")
    assert (again.status, again.json["code"]) == (1, "result-exists")


@pytest.mark.parametrize(
    ("sbd", "values", "code"),
    [
        ("004", ("--points", "27"), "result-not-admitted"),
        ("001", ("--absent",), "absent-but-admitted"),
        ("001", ("--points", "31"), "points-above-maximum"),
        ("001", ("--points=-1",), "points-negative"),
        ("001", ("--points", "27,5"), "points-not-whole"),
        ("001", ("--points", "hai bảy"), "points-invalid"),
        ("777", ("--points", "27"), "sbd-unknown"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    day: Sitting, sbd: str, values: tuple[str, ...], code: str
) -> None:
    ran = enter(day, sbd, *values)
    assert (ran.status, ran.json["code"]) == (1, code)
    assert day.bodies("result") == []


def test_a_wrong_critical_question_fails_in_spite_of_the_points(day: Sitting) -> None:
    assert enter(day, "001", "--points", "30", "--critical-failed").json["code"] == "RO"
    refused = enter(day, "001", "--points", "90", component="yard")
    assert (refused.status, refused.json["code"]) == (1, "result-not-admitted")
    day.admit("001", component="yard")
    blocked = enter(day, "001", "--points", "90", component="yard")
    assert (blocked.status, blocked.json["code"]) == (1, "component-blocked")
    assert "Lý thuyết" in blocked.json["vi"]


def test_somebody_referred_and_not_let_in_has_no_result(day: Sitting) -> None:
    day.admit("004", verdict=Verdict.REFER)
    assert enter(day, "004", "--points", "27").json["code"] == "result-not-admitted"
    assert enter(day, "004", "--absent").json["code"] == "VA"


def test_a_file_is_stopped_by_refused_rows_and_goes_on_without_them(day: Sitting, tmp_path: Path) -> None:
    file = write(
        tmp_path / "kq.csv",
        "KẾT QUẢ SÁT HẠCH LÝ THUYẾT;;;;\n"
        "STT;SBD;Họ và tên;Điểm;Liệt;Ghi chú\n"
        "1;1;Nguyễn Văn Mẫu;27;;\n"
        "2;002;TRẦN THỊ MẪU;29;x;sai câu liệt\n"
        "3;003;LÊ VĂN KHÁC;28;;\n"
        "4;004;PHẠM THỊ MẪU;28;;\n"
        "5;999;NGUYỄN VĂN MẪU;28;;\n"
        ";TRUNG TÂM SÁT HẠCH;;;;\n",
    )
    call = ("result", "import", file, "--session", day.session, "--component", "LT", "--json")
    stopped = proctor(*call)
    require_valid("result-import", stopped.json)
    assert (stopped.status, stopped.json["entered"]) == (1, 0)
    assert [(row["row"], row["column"], row["code"]) for row in stopped.json["refused_rows"]] == [
        (5, "Họ và tên", "name-differs"),
        (6, "SBD", "result-not-admitted"),
        (7, "SBD", "sbd-unknown"),
    ]
    assert day.bodies("result") == []
    looked = proctor(*call, "--dry-run", "--skip-bad-rows")
    assert (looked.status, looked.json["ready"], looked.json["entered"]) == (1, 2, 0)
    went = proctor(*call, "--skip-bad-rows")
    assert (went.status, went.json["entered"]) == (0, 2)
    bodies = day.bodies("result")
    assert {body["batch"] for body in bodies} == {went.json["batch"]}
    assert {body["file"] for body in bodies} == {went.json["file_sha256"]}
    assert [body["outcome"] for body in bodies] == ["passed", "failed"]
    again = proctor(*call, "--skip-bad-rows")
    assert (again.status, again.json["entered"], len(again.json["same_rows"])) == (0, 0, 2)
    text = str(day.bodies("result"))
    assert "MẪU" not in text
    assert "001099" not in text


def test_a_workbook_with_numbers_is_read(day: Sitting, tmp_path: Path) -> None:
    file = xlsx(tmp_path / "kq.xlsx", [["SBD", "Điểm"], [1.0, 27.0], [2.0, 26.0], [3.0, 27.5]])
    ran = proctor("result", "import", file, "--session", day.session, "--component", "theory", "--json")
    assert (ran.status, ran.json["ready"]) == (1, 2)
    (refused,) = ran.json["refused_rows"]
    assert (refused["row"], refused["value"], refused["code"]) == (4, "27.5", "points-not-whole")


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "empty"), ("SBD\n001\n", "column"), ("Điểm\n27\n", "column"), ("PK\x03\x04rác", "workbook")],
)
def test_what_is_no_table_is_told(day: Sitting, tmp_path: Path, text: str, why: str) -> None:
    file = write(tmp_path / "kq.csv", text)
    ran = proctor("result", "import", file, "--session", day.session, "--component", "theory", "--json")
    assert (ran.status, ran.json["code"], ran.json["facts"]["why"]) == (1, "table-unreadable", why)


def test_a_correction_needs_a_second_person_and_leaves_the_old_entry(day: Sitting) -> None:
    entry = enter(day, "001", "--points", "25").json["entry"]
    call = ("result", "correct", "--session", day.session, "--entry", str(entry), "--json", "--points", "28")
    assert proctor(*call, "--reason", "entry-mistake").status == 2
    assert proctor(*call, "--reason", "no-such", "--second", "cap-hai").status == 1
    noted = proctor(*call, "--reason", "other", "--second", "cap-hai")
    assert (noted.status, noted.json["code"]) == (1, "exception-note-missing")
    ran = proctor(*call, "--reason", "other", "--note", "-", "--second", "cap-hai", stdin="Phiếu ghi 28")
    assert ran.status == 0, ran.err
    require_valid("result", ran.json)
    assert (ran.json["code"], ran.json["points"], ran.json["corrects"]) == ("DA", 28, entry)
    (body,) = day.bodies("correction")
    assert body["second"]["id"] == "cap-hai"
    assert "Phiếu" not in str(body)
    assert day.bodies("result")[0]["points_e1"] == 250
    late = proctor(*call, "--reason", "entry-mistake", "--second", "cap-hai")
    assert (late.json["code"], late.json["facts"]["why"]) == ("correction-target", "superseded")
    newest = str(ran.json["log"]["seq"])
    voided = proctor(
        *("result", "correct", "--session", day.session, "--entry", newest, "--void", "--json"),
        *("--reason", "wrong-candidate", "--second", "cap-hai"),
    )
    assert (voided.status, voided.json["status"]) == (0, "open")
    assert proctor("log", "verify", "--training", "--json").json["ok"]


def test_an_entry_of_another_session_is_not_corrected(day: Sitting, home: Path) -> None:
    entry = str(enter(day, "001", "--points", "25").json["entry"])
    other = sitting(home)
    for seq, why in ((entry, "other-session"), ("99999", "none")):
        ran = proctor(
            *("result", "correct", "--session", other.session, "--entry", seq, "--points", "28", "--json"),
            *("--reason", "entry-mistake", "--second", "cap-hai"),
        )
        assert (ran.status, ran.json["facts"]["why"]) == (1, why)
    opened = str(other.bodies("open")[0]["seq"])
    ran = proctor(
        *("result", "correct", "--session", other.session, "--entry", opened, "--points", "28", "--json"),
        *("--reason", "entry-mistake", "--second", "cap-hai"),
    )
    assert ran.json["facts"]["why"] == "kind"


def test_codes_and_totals_add_up_after_the_close(day: Sitting) -> None:
    enter(day, "001", "--points", "27")
    enter(day, "002", "--points", "20")
    assert proctor("session", "close", day.session).status == 0
    data = shown(day)
    codes = {row["candidate"]: row["code"] for row in data["candidates"]}
    assert codes == {"001": "KH", "002": "RO", "003": None, "004": "VA"}
    whole, theory = totals(data), totals(data, "theory")
    assert (whole["files"], whole["sat"], whole["absent"], whole["pending"]) == (4, 2, 1, 1)
    assert (theory["passed"], theory["failed"], theory["absent"], theory["pending"]) == (1, 1, 1, 1)
    assert enter(day, "003", "--points", "29").status == 0
    assert totals(shown(day))["pending"] == 0
    lines = proctor("result", "show", "--session", day.session)
    assert "Cả phiên: hồ sơ 4" in lines.out
    one = shown(day, "--sbd", "002", "--component", "theory")
    assert [row["candidate"] for row in one["candidates"]] == ["002"]
    assert [row["component"] for row in one["candidates"][0]["components"]] == ["theory"]


def test_passed_components_come_with_a_source(day: Sitting, tmp_path: Path) -> None:
    file = write(
        tmp_path / "bl.csv",
        "SBD,Số định danh,Họ và tên,Nội dung,Ngày đạt,Điểm,Nơi thi\n"
        "001,001099000001,NGUYỄN VĂN MẪU,Lý thuyết,01/10/2026,28,Trung tâm Ví Dụ\n"
        ",001099000002,,LT,20/11/2025,27,\n"
        "003,001099000004,,LT,01/10/2026,27,\n"
        "004,,,LT,30/13/2026,27,\n"
        "004,,,Sa hình,31/12/2026,27,\n"
        ",001099999999,,LT,01/10/2026,27,\n",
    )
    call = ("prior", "import", file, "--session", day.session, "--json")
    assert proctor(*call).status == 2
    stated = (*call, "--source", "Phòng CSGT", "--reference", "CV 12 ngày 01/11/2026")
    stopped = proctor(*stated)
    require_valid("prior-import", stopped.json)
    assert stopped.status == 1
    assert [(row["row"], row["code"]) for row in stopped.json["refused_rows"]] == [
        (4, "number-differs"),
        (5, "prior-date"),
        (6, "prior-date"),
        (7, "number-unknown"),
    ]
    assert "001099999999" not in stopped.out
    went = proctor(*stated, "--skip-bad-rows")
    assert (went.status, went.json["entered"]) == (0, 2)
    assert [row["candidate"] for row in went.json["expired"]] == ["002"]
    (body,) = day.bodies("prior")
    assert "001099" not in str(body)
    assert body["passes"][0] == {
        "sbd": "001",
        "component": "theory",
        "passed_on": "2026-10-01",
        "points_e1": 280,
        "where": "Trung tâm Ví Dụ",
    }
    listed = proctor("prior", "list", "--session", day.session, "--json")
    require_valid("prior-list", listed.json)
    assert [(row["candidate"], row["counts"]) for row in listed.json["priors"]] == [
        ("001", True),
        ("002", False),
    ]
    assert "KHÔNG còn tính" in proctor("prior", "list", "--session", day.session).out
    found = {row["candidate"]: row for row in shown(day)["candidates"]}
    assert found["001"]["owed"] == ["yard", "road"]
    assert found["001"]["next"] == ["yard"]
    assert found["002"]["owed"] == ["theory", "yard", "road"]
    assert "prior-expired" in found["002"]["warnings"]
    again = proctor(*stated, "--skip-bad-rows")
    assert (again.json["entered"], len(again.json["same_rows"])) == (0, 2)
    fixed = proctor(
        *("result", "correct", "--session", day.session, "--entry", str(body["seq"]), "--json"),
        *("--sbd", "002", "--component", "theory", "--passed-on", "20/12/2025"),
        *("--reason", "document", "--second", "cap-hai"),
    )
    assert (fixed.status, fixed.json["status"]) == (0, "kept")


def test_what_was_passed_in_an_earlier_session_comes_over_by_personal_number(
    home: Path, tmp_path: Path
) -> None:
    first = sitting(home, day=date(2026, 11, 1))
    first.admit("001", "002")
    assert enter(first, "001", "--points", "27").status == 0
    assert enter(first, "002", "--points", "20").status == 0
    second = sitting(home, count=3, components=("yard",))
    blocked = shown(second)["candidates"][0]["components"][0]
    assert (blocked["status"], blocked["why"]) == ("blocked", "unknown")
    ran = proctor(
        *("prior", "import", "--session", second.session, "--from-session", first.session, "--json")
    )
    assert (ran.status, ran.json["entered"]) == (0, 1)
    (body,) = second.bodies("prior")
    assert body["passes"] == [
        {"sbd": "001", "component": "theory", "passed_on": "2026-11-01", "points_e1": 270}
    ]
    assert body["reference"].startswith(first.session)
    found = {row["candidate"]: row["next"] for row in shown(second)["candidates"]}
    assert found == {"001": ["yard"], "002": [], "003": []}
    backwards = proctor(
        *("prior", "import", "--session", first.session, "--from-session", second.session, "--json")
    )
    assert (backwards.status, backwards.json["code"]) == (1, "prior-own-session")


def test_papers_of_an_exam_have_points_and_no_pass(home: Path, tmp_path: Path) -> None:
    papers = ("mathematics", "literature")
    day = sitting(home, rules="written-exam", components=papers, licence_class="")
    day.admit("001", "002", component="mathematics")
    file = write(tmp_path / "toan.csv", "SBD\tĐiểm\n001\t7,25\n002\t8\n003\tvắng\n004\t11\n")
    ran = proctor(
        *("result", "import", file, "--session", day.session, "--component", "Toán", "--json"),
        "--skip-bad-rows",
    )
    assert ran.status == 0, ran.err
    outcomes = [
        (body["outcome"], body.get("points_e1"), body.get("points_e2")) for body in day.bodies("result")
    ]
    assert outcomes[:3] == [("taken", None, 725), ("taken", 80, None), ("absent", None, None)]
    data = shown(day, "--component", "mathematics")
    found = {row["candidate"]: row["components"][0] for row in data["candidates"]}
    assert (found["001"]["points"], found["001"]["code"]) == (7.25, None)
    assert totals(data, "mathematics")["absent"] == 1
    refused = enter(day, "002", "--passed", component="literature")
    assert refused.json["code"] in {"no-pass-mark", "result-not-admitted"}


def test_a_session_whose_parts_are_elsewhere_has_no_totals(day: Sitting) -> None:
    parts = {"1": ["001", "002"], "2": ["003", "004"]}
    with day.opened() as opened:
        body = {
            "session": day.session,
            "group": day.session,
            "number": 1,
            "method": "range",
            "parts": parts,
            "roster_hash": load_session(opened.store, day.session).roster_hash,
        }
        opened.store.append("split", body, operator=opened.require_login().operator)
    data = shown(day)
    assert data["totals"] == []
    assert data["not_whole"]["code"] == "parts-not-merged"
    assert len(data["candidates"]) == 4


def test_the_command_runs_as_a_process(day: Sitting) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "proctor", "result", "show", "--session", day.session],
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert "001" in done.stdout


AN, TK, CT = {"an": "mật khẩu mẫu 1"}, {"tk": "mật khẩu mẫu 3"}, {"ct": "mật khẩu mẫu 4"}


def test_at_a_real_station_a_second_password_alone_corrects_nothing(home: Path, roster: Path) -> None:
    assert proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", secrets=AN).status == 0
    for user, role, secret in (("tk", "secretary", TK), ("ct", "chairman", CT)):
        second = ("--second", "tk") if user != "tk" else ()
        line = ("user", "add", user, "--by", "an", "--role", role, *second)
        added = proctor(*line, secrets={**AN, **TK, **secret})
        assert added.status == 0, added.err
    made = proctor(
        *("session", "create", "--roster", roster, "--rules", "driving-tt108-2026", "--component", "theory"),
        *("--place", "Trung tâm Mẫu", "--by", "an", "--json"),
        secrets=AN,
    )
    session = made.json["id"]
    call = ("result", "enter", "--session", session, "--sbd", "001", "--absent", "--json")
    assert proctor(*call, "--by", "an", secrets=AN).json["code"] == "role-forbidden"
    entered = proctor(*call, "--by", "tk", secrets=TK)
    assert (entered.status, entered.json["code"]) == (0, "VA")
    correct = (
        *(
            "result",
            "correct",
            "--session",
            session,
            "--entry",
            str(entered.json["entry"]),
            "--void",
            "--json",
        ),
        *("--reason", "wrong-candidate", "--by", "tk"),
    )
    alone = proctor(*correct, "--second", "tk", secrets=TK)
    assert (alone.status, alone.out) == (2, "")
    weak = proctor(*correct, "--second", "ct", secrets={**TK, **CT})
    assert (weak.status, weak.json["code"]) == (1, "second-weak")
    shown_again = proctor("result", "show", "--session", session, "--json", "--by", "tk", secrets=TK)
    require_valid("result-show", shown_again.json)
    assert shown_again.json["candidates"][0]["components"][0]["corrections"] == []
    assert proctor("log", "verify", "--by", "an", "--json", secrets=AN).json["ok"]

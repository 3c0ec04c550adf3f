"""`proctor sheets verify` and `proctor sheets timestamp` as a user calls them, on a replayed training root."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from proctor.roots import ensure_training_root, open_training
from proctor.sheet_kinds import BUILDERS, rebuild
from proctor.sheet_wish import Wish
from proctor.sheets import SheetDesk, write_sheet
from proctor.texts import load_texts
from reports.sheet import Cell, Paragraph, Row, Sheet
from reports.signing_official import Official, official_fields, sign_field
from reports.verify_revisions import split_revisions
from sessions.checkpoint import Signer
from sessions.session import load_session
from tests.e2e.conftest import ROSTER
from tests.support.cli import Ran, proctor
from tests.support.schemas import require_valid
from tests.support.signing_pki import new_root, now, pki, shared_token
from tests.support.softhsm import PIN
from tests.support.stamping import answer, tsa_server

Root = tuple[Path, str, dict[str, Path]]


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """A replayed root, its session, its sheets by kind."""
    folder = tmp_path_factory.mktemp("replay") / "root"
    done = proctor("replay", "pilot", "--out", folder, "--sessions", "1", "--people", "6", "--json")
    assert done.status == 0, done.err
    session = done.json["sessions"][0]
    sheets = {each["kind"]: Path(each["file"]) for each in session["sheets"]}
    return folder, session["session"], sheets


def verify(root: Root, file: Path, *more: str) -> Ran:
    return proctor("sheets", "verify", file, "--session", root[1], "--root", root[0], *more)


def certificate_of(root: Root) -> str:
    said: str = verify(root, root[2]["results"], "--json").json["signatures"][0]["certificate"]
    return said


def test_a_sheet_agrees_with_its_log_byte_for_byte(replayed: Root) -> None:
    done = verify(replayed, replayed[2]["attendance"], "--json")
    assert done.status == 0, done.err
    require_valid("sheet-verify", done.json)
    assert (done.json["verdict"], done.json["reasons"]) == ("intact", [])
    assert done.json["log"]["content"] == "same"
    assert done.json["seals"]["good"] == done.json["seals"]["pages"] > 0
    lines = verify(replayed, replayed[2]["attendance"]).out.splitlines()
    assert lines[0] == "NGUYÊN VẸN"
    assert all(words in lines[1] for words in ("Danh sách điểm danh", f"phiên {replayed[1]}", "mục in số"))
    assert "không phải chữ ký số" in lines[2]
    assert any(line.startswith("Khớp nhật ký") for line in lines)


def test_an_auditor_without_root_or_log_in_needs_the_certificate_alone(
    replayed: Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = certificate_of(replayed)
    monkeypatch.setenv("PROCTOR_HOME", str(tmp_path / "nobody"))
    file = replayed[2]["results"]
    done = proctor("sheets", "verify", file, "--certificate", pinned)
    assert done.status == 0, done.err
    assert "Chưa so với nhật ký" in done.out
    assert "chỉ nhật ký của trạm biết" in done.out
    assert f"phiên {replayed[1]}; gốc nhật ký" in done.out.splitlines()[1]
    other = proctor("sheets", "verify", file, "--certificate", "00" * 32, "--json")
    assert (other.status, other.json["verdict"]) == (1, "unverified")
    assert other.json["reasons"] == ["sheet-file-other-signer"]
    assert proctor("sheets", "verify", file).status == 2


def test_an_altered_sheet_is_never_called_intact(replayed: Root, tmp_path: Path) -> None:
    data = replayed[2]["attendance"].read_bytes()
    changed = bytearray(data)
    changed[len(data) // 3] ^= 4
    for name, pdf in {"flip": bytes(changed), "more": data + b"\n%", "before": b" " + data}.items():
        file = tmp_path / f"{name}.pdf"
        file.write_bytes(pdf)
        done = verify(replayed, file)
        assert done.status == 1
        assert done.out.startswith("ĐÃ BỊ SỬA")
        assert "NGUYÊN VẸN" not in done.out
        assert "Không chữ ký nào" in done.out
    assert verify(replayed, tmp_path / "none.pdf").status == 1


def _one_name_changed(*arguments: object) -> Sheet:
    sheet = rebuild(*arguments)  # type: ignore[arg-type]
    row = sheet.rows[2]
    cells = [
        replace(cell, paragraphs=("NGƯỜI KHÁC HẲN",)) if index == 3 else cell
        for index, cell in enumerate(row.cells)
    ]
    return replace(sheet, rows=(*sheet.rows[:2], replace(row, cells=tuple(cells)), *sheet.rows[3:]))


# -- a sheet of the program's own, with other rows -------------------------------------------------


def forged(root: Root, kind: str, folder: Path, change: Callable[[Sheet], Sheet]) -> Path:
    """Print a sheet with a changed page model: whoever may log in can call the program so."""
    with open_training(ensure_training_root(root[0])) as opened:
        session = load_session(opened.store, root[1])
        desk = SheetDesk(opened, session, Wish(kind=kind))
        sheet = change(desk.finished(BUILDERS[kind](desk)))
        wish = replace(desk.wish, pdf_only=True)
        return write_sheet(opened, sheet, folder, load_texts("vi"), wish=wish).path


def _from(sheet: Sheet, at: int, other: int, columns: Callable[[int], bool]) -> Row:
    """A row with some cells of another."""
    cells = zip(sheet.rows[at].cells, sheet.rows[other].cells, strict=True)
    mixed = tuple(new if columns(index) else old for index, (old, new) in enumerate(cells))
    return replace(sheet.rows[at], cells=mixed)


def _outcomes_changed(sheet: Sheet) -> Sheet:
    """The outcomes of the third are those of the first; what the seal carries of it stays."""
    return replace(
        sheet, rows=(*sheet.rows[:2], _from(sheet, 2, 0, lambda column: column > 4), *sheet.rows[3:])
    )


def _people_swapped(sheet: Sheet) -> Sheet:
    """Names and births of the first two changed places."""
    person = (2, 3, 4).__contains__
    rows = (_from(sheet, 0, 1, person), _from(sheet, 1, 0, person))
    return replace(sheet, rows=(*rows, *sheet.rows[2:]))


def _one_more(sheet: Sheet) -> Sheet:
    """Somebody whom no list has stands at the end."""
    name = Cell(paragraphs=("LÊ VĂN BỊA",))
    cells = tuple(name if index in {2, 3} else cell for index, cell in enumerate(sheet.rows[0].cells))
    return replace(sheet, rows=(*sheet.rows, Row(cells=cells, mark=("", "-"))))


def _one_told_twice(sheet: Sheet) -> Sheet:
    return replace(sheet, rows=(sheet.rows[0], *sheet.rows))


@pytest.mark.parametrize(
    ("kind", "change", "named"),
    [
        ("results", _outcomes_changed, ["003"]),
        ("results", _people_swapped, ["001", "002"]),
        ("results", _one_more, ["+"]),
        ("results", _one_told_twice, ["+001"]),
        ("attendance", _people_swapped, ["001", "002"]),
    ],
    ids=["outcomes", "people", "more", "twice", "attendance"],
)
def test_a_sheet_printed_with_other_rows_is_altered(
    replayed: Root, tmp_path: Path, kind: str, change: Callable[[Sheet], Sheet], named: list[str]
) -> None:
    file = forged(replayed, kind, tmp_path, change)
    done = verify(replayed, file, "--json")
    require_valid("sheet-verify", done.json)
    assert (done.status, done.json["verdict"], done.json["log"]["content"]) == (1, "altered", "differs")
    assert set(named) <= set(done.json["log"]["differing"]) <= {*named, "+"}


def test_words_that_only_another_version_could_have_printed_leave_it_open(
    replayed: Root, tmp_path: Path
) -> None:
    """No row can be named, but the pages' seals are not those of the log's words."""

    def body(sheet: Sheet) -> Sheet:
        return replace(sheet, body=(*sheet.body, Paragraph(text="KẾT LUẬN: 003 ĐẠT")))

    file = forged(replayed, "results", tmp_path, body)
    done = verify(replayed, file, "--json")
    assert (done.status, done.json["verdict"], done.json["log"]["content"]) == (
        1,
        "unverified",
        "other-words",
    )
    assert done.json["reasons"] == ["content-other-words"]
    assert "bằng bản đó" in verify(replayed, file).out

    def totals(sheet: Sheet) -> Sheet:
        return replace(sheet, closing=replace(sheet.closing, totals=("Đạt: 6",)))

    assert verify(replayed, forged(replayed, "results", tmp_path, totals)).status == 1


def test_a_sheet_of_another_session_is_said_to_be_one(replayed: Root, tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text(ROSTER, encoding="utf-8")
    made = proctor(
        *("session", "create", "--root", replayed[0], "--json", "--component", "theory"),
        *("--roster", roster, "--rules", "driving-tt108-2026", "--place", "Trung tâm Mẫu", "--training"),
    )
    assert made.status == 0, made.err
    other = (replayed[0], made.json["id"], replayed[2])
    found = verify(other, replayed[2]["results"], "--json")
    assert (found.status, found.json["reasons"]) == (1, ["session-other"])
    lines = verify(other, replayed[2]["results"]).out.splitlines()
    assert lines[0] == "KHÔNG XÁC MINH ĐƯỢC"
    assert any(replayed[1] in line for line in lines)


def test_the_certificate_given_is_enough_whatever_else_is_pinned(
    replayed: Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = certificate_of(replayed)
    monkeypatch.setenv("PROCTOR_HOME", str(tmp_path / "nobody"))
    other = Signer("MAU-OTHER", bytes(32)).key
    with mock.patch("proctor.commands.verify_sheets.pinned_keys", return_value=(other,)):
        done = proctor("sheets", "verify", replayed[2]["results"], "--certificate", pinned, "--json")
        told = proctor(
            *("sheets", "verify", replayed[2]["results"], "--certificate", pinned, "--json"),
            *("--key", other.encode()),
        )
    assert (done.status, done.json["seals"]) == (0, None)
    plain = proctor("sheets", "verify", replayed[2]["results"], "--certificate", pinned)
    assert "Mã QR trên trang: CHƯA kiểm tra" in plain.out
    assert "--key" in plain.out
    assert told.json["reasons"] == ["seals-not-ours"]


def _one_outcome_changed(*arguments: object) -> Sheet:
    sheet = rebuild(*arguments)  # type: ignore[arg-type]
    row = sheet.rows[1]
    mark = (row.mark[0], "X" if row.mark[1] != "X" else "A")
    return replace(sheet, rows=(sheet.rows[0], replace(row, mark=mark), *sheet.rows[2:]))


def _other_words(*arguments: object) -> Sheet:
    sheet = rebuild(*arguments)  # type: ignore[arg-type]
    return replace(sheet, header=replace(sheet.header, agency="Cơ quan khác"))


def test_names_that_changed_places_are_found(replayed: Root) -> None:
    """The same words stand on the page, beside other numbers."""

    def swapped(*given: Any) -> Sheet:
        sheet = rebuild(*given)
        first, second, *rest = sheet.rows
        at = next(index for index, cell in enumerate(first.cells) if cell.paragraphs == (first.mark[0],)) + 1
        one = replace(first, cells=(*first.cells[:at], second.cells[at], *first.cells[at + 1 :]))
        other = replace(second, cells=(*second.cells[:at], first.cells[at], *second.cells[at + 1 :]))
        return replace(sheet, rows=(one, other, *rest))

    with mock.patch("proctor.sheet_content.rebuild", swapped):
        done = verify(replayed, replayed[2]["attendance"], "--json")
    assert (done.status, done.json["log"]["differing"]) == (1, ["001", "002"])


@pytest.mark.parametrize(
    ("change", "content", "status", "row"),
    [
        (_one_name_changed, "differs", 1, 2),
        (_one_outcome_changed, "differs", 1, 1),
        (_other_words, "wording", 0, None),
    ],
)
def test_every_row_is_held_against_the_log_and_named(
    replayed: Root, change: object, content: str, status: int, row: int | None
) -> None:
    """As if the log had come to say something else than the sheet."""
    with mock.patch("proctor.sheet_content.rebuild", change):
        done = verify(replayed, replayed[2]["attendance"], "--json")
        said = verify(replayed, replayed[2]["attendance"]).out
    assert (done.status, done.json["log"]["content"]) == (status, content)
    if row is None:
        assert "chỉ khác đầu tờ" in said
        return
    assert len(done.json["log"]["differing"]) == 1
    assert done.json["log"]["differing"][0] in said
    assert done.json["reasons"] == ["content-differs"]
    assert said.startswith("ĐÃ BỊ SỬA")


def test_a_sheet_of_another_log_was_not_printed_by_this_one(replayed: Root, tmp_path: Path) -> None:
    other = tmp_path / "other"
    done = proctor("replay", "pilot", "--out", other, "--sessions", "1", "--people", "3", "--json")
    foreign = Path(done.json["sessions"][0]["sheets"][0]["file"])
    found = verify(replayed, foreign, "--json")
    assert (found.status, found.json["verdict"]) == (1, "unverified")
    pinned = proctor("sheets", "verify", foreign, "--root", other, "--training", "--json").json
    told = verify(replayed, foreign, "--certificate", pinned["signatures"][0]["certificate"], "--json")
    assert told.status == 1
    assert "print-unknown" in told.json["reasons"]


# -- time stamps -----------------------------------------------------------------------------------


@pytest.fixture
def copy(replayed: Root, tmp_path: Path) -> Path:
    """A sheet of its own for a test that stamps it, printed anew."""
    done = proctor(
        *("sheets", "results", "--session", replayed[1], "--root", replayed[0], "--out", tmp_path, "--json")
    )
    assert done.status == 0, done.err
    return Path(done.json["file"])


def settle(root: Root, url: str) -> None:
    (root[0] / "time-stamps.toml").write_text(f'url = "{url}"\ntimeout_s = 2\n', encoding="utf-8")


@pytest.fixture(scope="module")
def pinned(replayed: Root, tmp_path_factory: pytest.TempPathFactory) -> Root:
    """The same root, the test PKI's root pinned for time stamps, lists imported."""
    folder = tmp_path_factory.mktemp("pins")
    (folder / "root.pem").write_bytes(pki().root.certificate.public_bytes(Encoding.PEM))
    (folder / "issuing.pem").write_bytes(pki().issuing.certificate.public_bytes(Encoding.PEM))
    (folder / "root.crl").write_bytes(pki().root.crl())
    (folder / "issuing.crl").write_bytes(pki().issuing.crl())
    common = ("--root", replayed[0], "--training")
    for words in (
        ("add", folder / "root.pem", "--purpose", "time-stamps", "--second", "nguoi-hai"),
        ("crl", folder / "root.crl"),
        ("crl", folder / "issuing.crl", "--issuer", folder / "issuing.pem"),
    ):
        done = proctor("sheets", "authority", *words, *common)
        assert done.status == 0, done.err
    return replayed


def stamp(root: Root, file: Path, level: str = "T") -> Ran:
    return proctor(
        *("sheets", "timestamp", file, "--session", root[1], "--root", root[0], "--level", level, "--json")
    )


def test_levels_are_reached_and_verified(pinned: Root, copy: Path) -> None:
    before = copy.read_bytes()
    with tsa_server(lambda request: answer(request, pki().tsa)) as url:
        settle(pinned, url)
        for level, reached in (("T", "B-T"), ("LT", "B-LT"), ("LTA", "B-LTA")):
            done = stamp(pinned, copy, level)
            assert done.status == 0, done.err
            require_valid("sheet-timestamp", done.json)
            assert (done.json["level"], done.json["recovered"]) == (reached, False)
    assert copy.read_bytes().startswith(before)
    found = verify(pinned, copy, "--json")
    assert found.status == 0, found.out
    assert found.json["signatures"][0]["level"] == "B-LTA"
    assert found.json["log"]["content"] == "same"
    cut = copy.read_bytes()[: split_revisions(copy.read_bytes())[2].end]
    old = copy.with_name("old.pdf")
    old.write_bytes(cut)
    assert "stamp-newer" in str(stamp(pinned, old).json["code"])
    told = verify(pinned, old, "--json").json
    assert (told["verdict"], told["reasons"], told["log"]["newer"]) == ("unverified", ["log-has-newer"], True)


@pytest.mark.slow
def test_long_term_needs_every_list_up_to_the_root(tmp_path: Path) -> None:
    """Whoever pins the root alone later must find its list about the issuing authority in the file."""
    folder = tmp_path / "root"
    made = proctor("replay", "pilot", "--out", folder, "--sessions", "1", "--people", "2", "--json")
    session = made.json["sessions"][0]["session"]
    sheets = {each["kind"]: Path(each["file"]) for each in made.json["sessions"][0]["sheets"]}
    file, other = sheets["results"], sheets["attendance"]
    own: Root = (folder, session, sheets)
    for name, data in {
        "issuing.der": pki().issuing.der,
        "root.der": pki().root.der,
        "issuing.crl": pki().issuing.crl(),
        "root.crl": pki().root.crl(),
    }.items():
        (tmp_path / name).write_bytes(data)

    def authority(*words: object) -> None:
        done = proctor("sheets", "authority", *words, "--root", folder, "--training")
        assert done.status == 0, done.err

    pin = ("--purpose", "time-stamps", "--second", "nguoi-hai")
    authority("add", tmp_path / "issuing.der", *pin)
    authority("crl", tmp_path / "issuing.crl")
    with tsa_server(lambda request: answer(request, pki().tsa)) as url:
        settle(own, url)
        assert stamp(own, other, "LT").json["level"] == "B-LT"  # nobody knows of a root here
        authority("add", tmp_path / "root.der", *pin)
        before = file.read_bytes()
        for level in ("LT", "LTA"):
            refused = stamp(own, file, level)
            assert (refused.status, refused.json["code"]) == (1, "stamp-no-proof")
            assert refused.json["facts"]["issuer"] == "TEST Root (proctor)"
            assert "TEST Root (proctor)" in refused.err
        assert file.read_bytes() == before
        authority("crl", tmp_path / "root.crl")
        assert stamp(own, file, "T").status == 0
        words = ("sheets", "timestamp", file, "--session", session, "--root", folder, "--level", "LT")
        raised = proctor(*words)
        assert raised.status == 0, raised.err
        assert "không xin thêm dấu mới" in raised.out
        assert "Đã đóng dấu" not in raised.out
        assert stamp(own, file, "LTA").json["level"] == "B-LTA"
    station = verify(own, file, "--json").json["signatures"][0]["certificate"]
    elsewhere = ("sheets", "verify", file, "--certificate", station, "--time-stamps", tmp_path / "root.der")
    found = proctor(*elsewhere, "--json").json["signatures"]
    assert [(each["status"], each["level"]) for each in found[:2]] == [("valid", "B-LTA")] * 2


def test_a_stamp_whose_entry_is_missing_is_entered(pinned: Root, copy: Path) -> None:
    with tsa_server(lambda request: answer(request, pki().tsa)) as url:
        settle(pinned, url)
        with mock.patch("proctor.timestamping.StampDesk._enter", side_effect=KeyboardInterrupt):
            assert stamp(pinned, copy).status == 130
    done = stamp(pinned, copy)
    assert (done.status, done.json["recovered"], done.json["level"]) == (0, True, "B-T")
    assert verify(pinned, copy).status == 0


# -- officials' signatures -------------------------------------------------------------------------


@dataclass(frozen=True)
class Signing:
    """A sheet that an official signed with a token at the station: before, after, and who is believed elsewhere."""

    root: Root
    sealed: Path
    signed: Path
    certificate: str

    def elsewhere(self, file: Path) -> Ran:
        """Verify without the log."""
        folder = self.root[0].parent
        return proctor(
            *("sheets", "verify", file, "--certificate", self.certificate, "--json"),
            *("--authority", folder / "signatures.pem"),
        )


@pytest.fixture(scope="module")
def signing(pinned: Root) -> Signing:
    """The test PKI's root is pinned for signatures as well; one of its officials signs at the station."""
    token, folder = shared_token(), pinned[0].parent / "signing"
    folder.mkdir()
    authority = pinned[0].parent / "signatures.pem"
    authority.write_bytes(pki().root.certificate.public_bytes(Encoding.PEM))
    common = ("--root", pinned[0])
    added = proctor(
        *("sheets", "authority", "add", authority, "--purpose", "signatures"),
        *("--second", "nguoi-hai", "--training", *common),
    )
    assert added.status == 0, added.err
    sealed = forged(pinned, "attendance", folder, lambda sheet: sheet)
    done = proctor(
        *("sheets", "sign", sealed, "--session", pinned[1], "--token", token.library, "--json"),
        *("--certificate", "ky-1", "--field", "KySo2", *common),
        secrets={"tap-huan/pin": PIN},
    )
    assert done.status == 0, done.err
    return Signing(
        root=pinned, sealed=sealed, signed=Path(done.json["file"]), certificate=certificate_of(pinned)
    )


def outside(file: Path, field: int, at: datetime) -> Path:
    """Sign with the same official's certificate, but with another program."""
    official = pki().official
    pdf = file.read_bytes()
    signed = sign_field(
        pdf,
        official_fields(pdf)[field],
        Official(certificate=official.der, chain=official.chain_der[:-1], sign=official.sign),
        at=at,
        unknown=False,
        texts=load_texts("vi"),
    )
    out = file.with_name(f"{file.stem}-outside-{field}.pdf")
    out.write_bytes(signed)
    return out


def test_a_signature_by_token_is_the_one_that_the_log_entered(signing: Signing) -> None:
    found = verify(signing.root, signing.signed, "--json")
    assert found.status == 0, found.out
    log = found.json["log"]
    assert (log["missing_signatures"], log["unlogged_signatures"], log["newer"]) == ([], [], False)
    assert (log["status_when_signed"], found.json["signed_before_seal"]) == ({"KySo2": "valid"}, [])


def test_where_the_log_knows_a_later_signature_the_file_is_not_the_sheet(signing: Signing) -> None:
    found = verify(signing.root, signing.sealed, "--json")
    require_valid("sheet-verify", found.json)
    assert (found.status, found.json["verdict"]) == (1, "unverified")
    assert found.json["reasons"] == ["log-has-newer"]
    assert found.json["log"]["missing_signatures"] == ["KySo2"]
    said = verify(signing.root, signing.sealed).out
    assert "Nhật ký có bản đã ký mới hơn" in said
    assert "NGUYÊN VẸN" not in said
    alone = signing.elsewhere(signing.sealed)
    assert alone.status == 0


def test_the_same_official_elsewhere_and_earlier_is_not_what_was_entered(signing: Signing) -> None:
    """Same certificate, same field, another look and time."""
    other = outside(signing.sealed, 1, now() - timedelta(days=3))
    found = verify(signing.root, other, "--json")
    assert (found.status, found.json["verdict"]) == (1, "unverified")
    assert set(found.json["reasons"]) == {"signature-unlogged", "log-has-newer"}
    assert found.json["log"]["unlogged_signatures"] == found.json["signed_before_seal"] == ["KySo2"]
    said = verify(signing.root, other).out
    assert "KHÔNG phải chữ ký nhật ký đã ghi" in said
    assert "TRƯỚC khi trạm niêm phong" in said
    assert signing.elsewhere(other).json["signed_before_seal"] == ["KySo2"]


def test_a_signature_that_no_entry_names_leaves_the_sheet_open(signing: Signing) -> None:
    """Above the one that the log has, by a certificate of a pinned authority."""
    further = outside(signing.signed, 2, now())
    found = verify(signing.root, further, "--json")
    assert (found.status, found.json["verdict"]) == (1, "unverified")
    assert found.json["reasons"] == ["signature-unlogged"]
    log = found.json["log"]
    assert (log["unlogged_signatures"], log["status_when_signed"]) == (["KySo3"], {"KySo2": "valid"})


FOREIGN = new_root("TEST Root (proctor)")


@pytest.mark.parametrize(
    ("give", "options", "code"),
    [
        (lambda request: answer(request, pki().official), {}, "stamp-untrusted"),
        (lambda request: answer(request, pki().tsa, imprint=bytes(32)), {}, "stamp-answer"),
        (lambda request: answer(request, pki().tsa, ahead=timedelta(hours=2)), {}, "stamp-clock"),
        (lambda request: answer(request, pki().tsa)[:-9], {}, "stamp-answer"),
        (lambda request: bytes(300_000), {}, "stamp-answer"),
        (lambda request: b"<html>", {"mime": "text/html"}, "stamp-answer"),
        (lambda request: b"", {"status": 500}, "stamp-answer"),
        (lambda request: answer(request, pki().tsa), {"drip_s": 0.05}, "stamp-unreachable"),
    ],
    ids=["untrusted", "imprint", "clock", "cut", "large", "html", "500", "drip"],
)
def test_a_wrong_answer_leaves_the_file_as_it_was(
    pinned: Root, give: object, options: dict[str, object], code: str
) -> None:
    file = pinned[2]["summary"]
    before = file.read_bytes()
    with tsa_server(give, **options) as url:  # type: ignore[arg-type]
        settle(pinned, url)
        done = stamp(pinned, file)
    assert (done.status, done.json["code"]) == (1, code)
    assert "giữ nguyên" in done.err
    assert file.read_bytes() == before


def test_nobody_is_asked_unless_an_address_is_configured(pinned: Root) -> None:
    file, settings = pinned[2]["summary"], pinned[0] / "time-stamps.toml"
    settings.unlink(missing_ok=True)
    assert stamp(pinned, file).json["facts"]["why"] == "missing"
    for text, why in {
        'url = "ftp://x"': "url",
        'urls = "http://x"': "key",
        "url = [": "unreadable",
        'url = "http://127.0.0.1:9/"\ntimeout_s = 0': "timeout",
        'url = "http://127.0.0.1:9/"\npolicy = "x"': "policy",
    }.items():
        settings.write_text(text, encoding="utf-8")
        assert stamp(pinned, file).json["facts"]["why"] == why
    settings.write_text('url = "http://127.0.0.1:9/"', encoding="utf-8")
    assert stamp(pinned, file).json["code"] == "stamp-unreachable"


def test_who_was_erased_since_is_counted_and_all_others_are_compared(replayed: Root, tmp_path: Path) -> None:
    """Last: it changes the root for good."""
    common = ("--session", replayed[1], "--root", replayed[0])
    people = ("--second", "nguoi-hai", "--reason", "consent-withdrawn", "--yes")
    swapped = forged(replayed, "results", tmp_path, _people_swapped)
    more = forged(replayed, "attendance", tmp_path, _one_more)
    done = proctor("erase", "--candidate", "003", *people, *common, "--out", tmp_path)
    assert done.status == 0, done.err
    for kind in ("attendance", "results", "summary"):
        found = verify(replayed, replayed[2][kind], "--json")
        assert found.status == 0, found.out
        assert (found.json["log"]["content"], found.json["log"]["differing"]) == ("erased", [])
        assert found.json["log"]["erased"] >= 1
    with mock.patch("proctor.sheet_content.rebuild", _one_outcome_changed):
        told = verify(replayed, replayed[2]["attendance"], "--json")
    assert (told.status, told.json["log"]["differing"]) == (1, ["002"])
    for file, named in ((swapped, ["001", "002"]), (more, ["+"])):
        told = verify(replayed, file, "--json")
        assert (told.status, told.json["log"]["content"]) == (1, "differs")
        assert told.json["log"]["differing"] == named

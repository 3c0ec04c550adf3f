"""`proctor sheets sign`, `token`, `authority` as officials use them, on a training root with a software token."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest
from cryptography import x509

from proctor.config import Places
from proctor.roots import ensure_training_root, open_training
from proctor.signing import SigningDesk
from proctor.texts import load_texts
from reports.signing_official import Official, digest, official_fields, sign_field
from tests.e2e.conftest import ROSTER
from tests.support.cli import PASSWORD, SECOND_PASSWORD, Ran, proctor
from tests.support.ocsp_responder import responder
from tests.support.schemas import require_valid
from tests.support.signing_pki import OFFICIAL, Holder, new_root, now, pki, shared_token
from tests.support.softhsm import PIN

PKI = pki()
GOOD = {"tap-huan/pin": PIN}
EC, RSA = ("--certificate", "ky-1"), ("--certificate", "ky-2")


class Place:
    """A training root with a session and a printed sheet; the issuing authority is pinned, its newest list clean."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.token, self.number = folder, shared_token(), 0
        self.roster = folder / "roster.csv"
        self.roster.write_text(ROSTER, encoding="utf-8")
        self.home_session = self.session = self.begin("driving-tt108-2026")
        self.sheet = self.printed("sheets")
        self.before, self.changed, self.signed = 0, True, False

    def begin(self, rules: str | Path) -> str:
        """Make a session and return its id."""
        made = proctor(
            *("session", "create", "--training", "--json", "--roster", self.roster, "--component", "theory"),
            *("--rules", rules, "--place", "Trung tâm Mẫu"),
        )
        assert made.status == 0, made.err
        return str(made.json["id"])

    def settle(self, folder: Path) -> None:
        """Begin again: a sheet that nobody signed, one authority, a clean list."""
        self.folder, self.session = folder, self.home_session
        if self.changed:
            shutil.rmtree(self.authorities, ignore_errors=True)
            for row in self.authority("list").json["findings"]:
                self.authority("remove", row["fingerprint"], "--second", "hai")
            assert self.pin(PKI.issuing.der).status == 0
            assert self.take(self.crl()).status == 0
            self.changed = False
        if self.signed:
            self.before = len(entries("sheet-signature"))
            self.sheet, self.signed = self.printed("sheets"), False

    def crl(self, *revoked: Holder) -> bytes:
        """Return the issuing authority's next list."""
        self.number += 1
        return PKI.issuing.crl(*revoked, number=self.number)

    @property
    def entries(self) -> list[dict]:  # type: ignore[type-arg]
        """The signatures entered since the test began."""
        return entries("sheet-signature")[self.before :]

    def printed(self, name: str) -> Path:
        out = self.roster.parent / name
        out.mkdir(exist_ok=True)
        ran = proctor("sheets", "attendance", "--session", self.session, "--out", out, "--pdf-only", "--json")
        assert ran.status == 0, ran.err
        return Path(ran.json["file"])

    def copy(self, folder: Path) -> Path:
        folder.mkdir(exist_ok=True)
        return Path(shutil.copy(self.sheet, folder))

    def sign(self, file: Path, *options: str | Path, secrets: dict[str, str] | None = None) -> Ran:
        ran = proctor(
            *("sheets", "sign", file, "--session", self.session, "--token", self.token.library, "--json"),
            *options,
            secrets=GOOD if secrets is None else secrets,
        )
        self.signed = self.signed or ran.status in {0, 130}
        return ran

    def authority(self, name: str, *options: str | Path) -> Ran:
        self.changed = self.changed or name != "list"
        return proctor("sheets", "authority", name, *options, "--training", "--json")

    def pin(self, der: bytes, *options: str) -> Ran:
        path = self.folder / "authority.der"
        path.write_bytes(der)
        return self.authority("add", path, "--purpose", "signatures", "--second", "hai", *options)

    def take(self, crl: bytes, *options: str | Path) -> Ran:
        path = self.folder / "list.crl"
        path.write_bytes(crl)
        return self.authority("crl", path, *options)

    @property
    def authorities(self) -> Path:
        return Path(os.environ["PROCTOR_HOME"]) / "training" / "trust" / "authorities"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Path]:
    """What every test begins with, made once; a copy of a data root would be noticed."""
    folder = tmp_path_factory.mktemp("sign")
    with mock.patch.dict(os.environ, PROCTOR_HOME=str(folder / "home")):
        return Place(folder), folder / "home"


@pytest.fixture
def place(made: tuple[Place, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The same, settled."""
    monkeypatch.setenv("PROCTOR_HOME", str(made[1]))
    monkeypatch.setenv("PROCTOR_TRACEBACK", "1")
    made[0].settle(tmp_path)
    return made[0]


def entries(kind: str) -> list[dict]:  # type: ignore[type-arg]
    """The bodies of a kind in the training log, and the evidence of each."""
    with open_training(ensure_training_root(Places.of(None).training)) as opened:
        found = list(opened.store.entries(kind))
        return [
            {
                **each.body,
                "kept": {n: opened.store.evidence(each.seq, n) for n in each.body.get("evidence", {})},
            }
            for each in found
        ]


def test_two_officials_sign_one_after_the_other(place: Place) -> None:
    first = place.sign(place.sheet, "--role", "Sát hạch viên", *EC)
    assert first.status == 0, first.err
    require_valid("sheet-sign", first.json)
    said = first.json
    assert (said["field"], said["holder"], said["status"]) == ("KySo2", OFFICIAL, "valid")
    assert OFFICIAL in first.err  # who signs is said before the PIN is used
    assert f"phiên {place.session}: {place.sheet.name}, ô KySo2" in first.err
    assert Path(said["file"]).name == f"{place.sheet.stem}-signed-1.pdf"
    second = place.sign(Path(said["file"]), "--field", "KySo1", "--role", "preparer", *RSA)
    assert second.status == 0, second.err
    path = Path(second.json["file"])
    assert path.name == f"{place.sheet.stem}-signed-2.pdf"
    assert [each.signed for each in official_fields(path.read_bytes())] == [True, True, False]
    one, two = place.entries
    assert (one["signed_sha256"], one["role"]) == (two["pdf_sha256"], "SÁT HẠCH VIÊN")
    assert one["authority"] == PKI.issuing.fingerprint
    chain = x509.load_pem_x509_certificates(one["kept"]["chain"])
    assert chain == [PKI.official.certificate, PKI.issuing.certificate]
    assert len(x509.load_pem_x509_crl(one["kept"]["revocation"])) == 0


def test_what_was_signed_further_on_is_the_only_copy(place: Place) -> None:
    done = place.sign(place.sheet, "--field", "KySo1", *EC).json
    again = place.sign(place.sheet, "--field", "KySo2", *EC, "--out", place.folder / "other.pdf")
    assert (again.status, again.json["code"]) == (1, "signing-newer")
    taken = place.sign(Path(done["file"]), "--field", "KySo1", *RSA)
    assert taken.json["code"] == "signing-field-taken"
    unclear = place.sign(Path(done["file"]), "--role", "Chủ tịch", *RSA)
    assert unclear.json["code"] == "signing-field"
    assert "TỔ GIÁM SÁT" in unclear.json["vi"]


def test_in_place_where_the_user_says_so(place: Place) -> None:
    file = place.copy(place.folder / "desk")
    done = place.sign(file, "--field", "KySo3", *EC, "--out", file)
    assert done.status == 0, done.err
    assert [each.signed for each in official_fields(file.read_bytes())] == [False, False, True]
    assert digest(file.read_bytes()) == done.json["signed_sha256"]


def test_a_wrong_pin_stops_and_nothing_is_written(place: Place) -> None:
    ran = place.sign(place.sheet, "--field", "KySo1", *EC, secrets={"tap-huan/pin": "973105"})
    assert (ran.status, ran.json["code"]) == (1, "signing-pin")
    assert ran.json["facts"]["left"] in {"unknown", "few", "last"}
    assert "973105" not in ran.out + ran.err
    assert place.entries == []
    assert list(place.sheet.parent.glob(f"{place.sheet.stem}-signed*")) == []


@pytest.mark.parametrize("change", ["flip", "append", "other-session"])
def test_what_the_log_does_not_know_is_not_signed(place: Place, change: str) -> None:
    data = place.sheet.read_bytes()
    altered = {
        "flip": data[:900] + bytes([data[900] ^ 1]) + data[901:],
        "append": data + b"\n%%EOF\n",
        "other-session": data,
    }[change]
    file = place.folder / "altered.pdf"
    file.write_bytes(altered)
    options: tuple[str, ...] = ()
    if change == "other-session":
        place.session = place.begin("driving-tt108-2026")
    ran = place.sign(file, "--field", "KySo1", *EC, *options)
    assert ran.status == 1
    assert ran.json["code"] in {"signing-not-ours", "sheet-file-altered"}
    assert "PIN" not in ran.err  # nobody was asked
    assert place.entries == []


def test_a_crash_before_the_entry_loses_nothing_and_the_same_command_ends_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(SigningDesk, "_enter", mock.Mock(side_effect=KeyboardInterrupt))
        assert place.sign(place.sheet, "--field", "KySo2", *EC).status == 130
    assert place.entries == []
    again = place.sign(place.sheet, "--field", "KySo2", *EC, secrets={"nobody": "", "asked": ""})
    assert again.status == 0, again.err
    assert again.json["recovered"]
    require_valid("sheet-sign", again.json)
    (entry,) = place.entries
    assert (entry["signed_sha256"], entry["field"]) == (again.json["signed_sha256"], "KySo2")
    assert place.sign(Path(again.json["file"]), "--field", "KySo1", *RSA).status == 0


def test_a_signature_of_somebody_else_is_not_taken_for_a_crash(place: Place) -> None:
    """Filled by another program with a certificate of nobody pinned."""
    stranger = new_root("TEST stranger").issue("TEST nobody")
    data = place.sheet.read_bytes()
    forged = sign_field(
        data,
        official_fields(data)[0],
        Official(certificate=stranger.der, chain=stranger.chain_der, sign=stranger.sign),
        at=datetime.now(UTC),
        unknown=False,
        texts=load_texts("vi"),
    )
    file = place.folder / "forged.pdf"
    file.write_bytes(forged)
    ran = place.sign(file, "--field", "KySo2", *EC)
    assert (ran.status, ran.json["code"], ran.json["facts"]["status"]) == (1, "signing-refused", "untrusted")
    assert place.entries == []


def test_another_file_is_never_overwritten(place: Place) -> None:
    there = place.folder / "there.pdf"
    there.write_bytes(b"%PDF-1.7 somebody's own")
    ran = place.sign(place.sheet, "--field", "KySo1", *EC, "--out", there)
    assert (ran.status, ran.json["code"]) == (1, "signing-out-exists")
    assert there.read_bytes() == b"%PDF-1.7 somebody's own"


def test_revoked_and_unknown_are_refused_and_a_rule_may_mark_unknown(place: Place) -> None:
    assert place.take(place.crl(PKI.official)).status == 0
    ran = place.sign(place.sheet, "--field", "KySo1", *EC)
    assert (ran.json["code"], ran.json["facts"]["status"]) == ("signing-refused", "revoked")
    (place.authorities / f"{PKI.issuing.fingerprint}.crl").unlink()
    ran = place.sign(place.sheet, "--field", "KySo1", *RSA)
    assert (ran.json["code"], ran.json["facts"]["status"]) == ("signing-refused", "unknown")
    assert "CHƯA XÁC ĐỊNH" in ran.json["vi"]
    own = place.folder / "own.toml"
    shipped = Path(__file__).parents[2] / "sessions" / "rules" / "driving-tt108-2026.toml"
    text = shipped.read_text(encoding="utf-8").replace('id = "driving-tt108-2026"', 'id = "driving-own"', 1)
    own.write_text(text + '\n[signatures]\nunknown_revocation = "mark"\n', encoding="utf-8")
    place.session = place.begin(own)
    done = place.sign(place.printed("marked"), "--field", "KySo1", *RSA)
    assert (done.status, done.json["status"]) == (0, "unknown")
    assert "CHƯA XÁC ĐỊNH" in done.err
    (entry,) = place.entries
    assert entry["status"] == "unknown"
    assert set(entry["kept"]) == {"chain"}


def test_where_an_address_was_given_an_answer_is_asked_for_and_kept(place: Place) -> None:
    (place.authorities / f"{PKI.issuing.fingerprint}.crl").unlink()
    for status, expected in (("revoked", "revoked"), ("good", "valid")):
        with responder(200, PKI.issuing.ocsp(PKI.official, status=status)) as (url, asked):
            assert place.pin(PKI.issuing.der, "--ocsp", url).status == 0
            ran = place.sign(place.sheet, "--field", "KySo1", *EC)
            assert len(asked) == 1
        assert {ran.json.get("status"), ran.json.get("facts", {}).get("status")} == {expected, None}
    (entry,) = place.entries
    assert b"-----BEGIN OCSP RESPONSE-----" in entry["kept"]["revocation"]
    assert place.pin(PKI.issuing.der, "--ocsp", "").status == 0
    assert place.authority("list").json["authorities"][0]["ocsp"] == ""
    assert place.pin(PKI.issuing.der, "--ocsp", "nowhere").status == 2


def test_a_certificate_that_ended_is_not_said_to_be_of_nobody_known(place: Place) -> None:
    done = place.sign(place.sheet, "--role", "Sát hạch viên", *EC)
    assert done.status == 0, done.err
    with mock.patch("proctor.commands.verify_sheets.datetime") as clock:
        clock.now.return_value = datetime.now(UTC) + timedelta(days=500)
        told = proctor("sheets", "verify", done.json["file"], "--session", place.session)
    assert told.status == 1
    assert told.out.startswith("KHÔNG XÁC MINH ĐƯỢC")
    assert "không rõ của ai" not in told.out
    assert "Chữ ký của chứng thư NGOÀI HẠN" in told.out
    assert "Khi ký ở ô KySo2, nhật ký ghi: chứng thư còn hiệu lực" in told.out


def test_the_token_is_listed_without_a_pin(place: Place) -> None:
    ran = proctor("sheets", "token", "--token", place.token.library, "--json")
    require_valid("sheet-token", ran.json)
    uses = {row["label"]: row["use"] for row in ran.json["certificates"]}
    assert uses == {"ky-1": "signs", "ky-2": "signs", "ca-1": "authority", "ca-2": "authority"}
    assert OFFICIAL in proctor("sheets", "token", "--token", place.token.library).out
    assert "HẾT HẠN" not in proctor("sheets", "token", "--token", place.token.library).out
    with mock.patch("proctor.commands.sign.datetime") as clock:
        clock.now.return_value = datetime.now(UTC) + timedelta(days=500)
        ended = proctor("sheets", "token", "--token", place.token.library).out
    assert ended.count("HẾT HẠN") == 2
    for options, code in (
        (("--token", "/nowhere/lib.so"), "signing-token"),
        (("--token", "/etc/hostname"), "signing-token"),
        (("--token", place.token.library, "--token-label", "x"), "signing-token"),
    ):
        assert proctor("sheets", "token", *options, "--json").json["code"] == code
    assert place.sign(place.sheet, "--field", "KySo1").json["facts"]["why"] == "certificates"
    fingerprint = PKI.official.fingerprint
    for wanted, code in (
        ("ky-9", "signing-token"),
        ("zz", "signing-token"),
        (fingerprint[:4], "signing-token"),
    ):
        assert place.sign(place.sheet, "--field", "KySo1", "--certificate", wanted).json["code"] == code
    assert place.sign(place.sheet, "--field", "KySo1", "--certificate", fingerprint[:8]).status == 0
    assert place.sign(place.sheet).status == 2  # neither field nor role


def test_authorities_are_pinned_listed_and_removed(place: Place) -> None:
    listed = place.authority("list")
    require_valid("sheet-authority", listed.json)
    assert (listed.status, listed.json["revocation_lists"][0]["number"]) == (0, str(place.number))
    again = place.pin(PKI.issuing.der)
    assert (again.status, again.json["new"]) == (0, False)
    require_valid("sheet-authority", again.json)
    for der, why in (
        (PKI.official.der, "no-authority"),
        (b"%PDF", "unreadable"),
        (new_root("TEST old", days=10).der, "expired"),
    ):
        ran = place.pin(der)
        assert (ran.status, ran.json["facts"]["why"]) == (1, why)
    gone = place.authority("remove", PKI.issuing.fingerprint, "--second", "hai")
    require_valid("sheet-authority", gone.json)
    assert place.authority("list").json["authorities"] == []
    assert place.authority("list").status == 0
    assert place.sign(place.sheet, "--field", "KySo1", *EC).json["facts"]["status"] == "untrusted"
    assert place.authority("remove", PKI.issuing.fingerprint, "--second", "hai").json["code"] == (
        "signing-authority-unknown"
    )
    add = ("sheets", "authority", "add", place.folder / "authority.der", "--purpose", "signatures")
    (place.folder / "authority.der").write_bytes(PKI.issuing.der)
    alone = proctor(*add, "--training")
    assert alone.status == 2


def test_a_file_that_no_entry_names_does_not_count(place: Place) -> None:
    own = new_root("TEST insider")
    place.changed = True
    (place.authorities / f"{own.fingerprint}.der").write_bytes(own.der)
    listed = place.authority("list")
    assert (listed.status, listed.json["ok"]) == (1, False)
    assert listed.json["findings"] == [{"code": "unlogged", "fingerprint": own.fingerprint}]
    assert own.fingerprint not in {row["fingerprint"] for row in listed.json["authorities"]}
    (place.authorities / f"{PKI.issuing.fingerprint}.der").write_bytes(own.der)
    codes = {row["code"] for row in place.authority("list").json["findings"]}
    assert codes == {"unlogged", "altered"}
    ran = place.sign(place.sheet, "--field", "KySo1", *EC)
    assert ran.json["facts"]["status"] == "untrusted"
    assert "CẢNH BÁO" in ran.err
    assert place.pin(PKI.issuing.der).status == 0  # the very file again
    assert place.sign(place.sheet, "--field", "KySo1", *EC).status == 0


def older(number: int) -> list[tuple[bytes, str, str]]:
    """Lists that are refused where that number is the newest: the code, and why."""
    issuing, moment = PKI.issuing, now()
    return [
        (issuing.crl(number=number - 1), "signing-crl-rollback", ""),
        (issuing.crl(number=number, at=moment - timedelta(hours=3)), "signing-crl-rollback", ""),
        (issuing.crl(number=number + 1, at=moment - timedelta(days=30)), "signing-crl-file", "stale"),
        (issuing.crl(number=number + 1, at=moment + timedelta(days=1)), "signing-crl-file", "not-yet"),
        (new_root("TEST Issuing (proctor)").crl(number=number + 1), "signing-crl-file", "issuer-unknown"),
        (b"junk", "signing-crl-file", "unreadable"),
    ]


def test_a_list_that_is_older_stale_or_of_nobody_is_refused(place: Place) -> None:
    for crl, code, why in older(place.number):
        ran = place.take(crl)
        assert (ran.status, ran.json["code"]) == (1, code)
        assert ran.json["facts"].get("why", "") == why
    assert place.authority("list").json["revocation_lists"][0]["number"] == str(place.number)
    own = place.folder / "issuer.der"
    own.write_bytes(PKI.root.der)
    foreign = place.take(PKI.root.crl(), "--issuer", own)  # its maker is known and below nobody
    assert (foreign.json["code"], foreign.json["facts"]["why"]) == ("signing-crl-file", "issuer-untrusted")
    newer = place.take(place.crl())
    require_valid("sheet-authority", newer.json)
    assert newer.json["new"]


def test_below_a_pinned_root_the_issuing_certificate_comes_with_the_list(place: Place) -> None:
    assert place.authority("remove", PKI.issuing.fingerprint, "--second", "hai").status == 0
    assert place.pin(PKI.root.der).status == 0
    assert place.take(PKI.root.crl()).status == 0
    assert place.take(place.crl()).json["facts"]["why"] == "issuer-unknown"
    issuer = place.folder / "issuer.der"
    issuer.write_bytes(PKI.issuing.der)
    assert place.take(place.crl(), "--issuer", issuer).status == 0
    assert place.take(place.crl()).status == 0  # known by now
    done = place.sign(place.sheet, "--field", "KySo1", *EC)
    assert (done.status, done.json["authority"]) == (0, PKI.root.fingerprint)


def test_on_a_real_station_two_administrators_pin(home: Path, tmp_path: Path) -> None:
    an, binh = {"an": PASSWORD}, {"binh": SECOND_PASSWORD}
    assert proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", secrets=an).status == 0
    role = ("--by", "an", "--role", "administrator")
    assert proctor("user", "add", "binh", *role, secrets={**an, **binh}).status == 0
    file = tmp_path / "authority.der"
    file.write_bytes(PKI.issuing.der)
    pin = ("sheets", "authority", "add", file, "--purpose", "signatures", "--by", "an", "--json")
    assert proctor(*pin, secrets=an).status == 2
    wrong = proctor(*pin, "--second", "binh", secrets={**an, "binh": "sai"})
    assert (wrong.status, wrong.json["code"]) == (1, "login-failed")
    assert (
        proctor("sheets", "authority", "list", "--by", "an", "--json", secrets=an).json["authorities"] == []
    )
    assert proctor(*pin, "--second", "binh", secrets={**an, **binh}).status == 0
    listed = proctor("sheets", "authority", "list", "--by", "an", "--json", secrets=an).json
    assert [row["fingerprint"] for row in listed["authorities"]] == [PKI.issuing.fingerprint]

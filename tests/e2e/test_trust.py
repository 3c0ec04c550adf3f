"""`proctor trust …` from the command line: the ceremony, the formats, the alarm, the look inside."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import pem

from proctor.commands.trust_import import grouped
from tests.support.cli import PASSWORD, SECOND_PASSWORD, proctor
from tests.support.softcard import NOW
from tests.support.softcard_certificates import authority
from tests.support.trust_files import country_authority, ldif_entry, list_signer, master_list

AN, BINH = {"an": PASSWORD}, {"binh": SECOND_PASSWORD}
PEOPLE = ("--by", "an", "--second", "binh")
CSCA = authority()
GERMAN = country_authority("DE")


def sha256(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


@pytest.fixture
def station(home: Path) -> Path:
    assert proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", secrets=AN).status == 0
    added = proctor("user", "add", "binh", "--by", "an", "--role", "administrator", secrets={**AN, **BINH})
    assert added.status == 0, added.err
    return home / "station"


def import_file(folder: Path, data: bytes, *more: str, secrets=None):
    path = folder / "file"
    path.write_bytes(data)
    return proctor("trust", "import", path, *PEOPLE, *more, "--json", secrets=secrets or {**AN, **BINH})


def key_events(by: str = "an") -> list[str]:
    from proctor.config import Places
    from proctor.roots import open_real

    with open_real(Places.of(None).real, by=by, ask=lambda _: PASSWORD, login=True) as opened:
        return [entry.body["event"] for entry in opened.store.entries("key")]


def test_fingerprints_are_printed_before_the_second_person_is_asked(station: Path, tmp_path: Path) -> None:
    """With a wrong second password the comparison was already on the screen, and nothing was written."""
    ran = import_file(tmp_path, CSCA.encoded, secrets={**AN, "binh": "sai"})
    assert (ran.status, ran.json["code"]) == (1, "login-failed")
    assert grouped(sha256(CSCA.encoded)) in ran.err
    assert proctor("trust", "list", "--json").json["anchors"] == []
    assert "trust-import-begun" not in key_events()
    good = import_file(tmp_path, CSCA.encoded)
    assert good.status == 0, good.err
    assert key_events()[-2:] == ["trust-import-begun", "csca-imported"]


SPOOFED = "6f0a20d6 3a43fc58 9eaf0d8c 52113a2a 8bfa341c 6f2fab04 121238aa 0c22b1a9"


@pytest.mark.parametrize(
    "name",
    [
        f"CSCA Vietnam\n    {SPOOFED}\x1b[8m",
        f"CSCA\r{SPOOFED}",
        f"CSCA \u202e{SPOOFED[::-1]}",
        f"CSCA\u2028{SPOOFED}",
        f"CSCA\u009b8m{SPOOFED}",
        f"CSCA{' ' * 66}{SPOOFED}",
        SPOOFED,
        SPOOFED.replace(" ", ""),
    ],
)
def test_a_name_cannot_pass_for_a_fingerprint(station: Path, tmp_path: Path, name: str) -> None:
    """In the ceremony, in the list, in one item's details: the fingerprint alone on its line, and before the name."""
    made = authority(name={"country_name": "VN", "common_name": name})
    fingerprint = sha256(made.encoded)
    ran = import_file(tmp_path, made.encoded)
    assert ran.status == 0, ran.err
    listed, shown = proctor("trust", "list").out, proctor("trust", "show", fingerprint[:8]).out
    for said in (ran.err, listed, shown):
        lines = said.splitlines()
        assert all(character.isprintable() for line in lines for character in line)
        assert SPOOFED.replace(" ", "") not in said.replace(" ", "")
        real = next(i for i, line in enumerate(lines) if fingerprint in line.replace(" ", ""))
        named = next(i for i, line in enumerate(lines) if "CN=" in line)
        assert real < named
        assert max(map(len, lines[named:])) < 200
    row = proctor("trust", "list", "--json").json["anchors"][0]
    assert all(str(value).isprintable() for value in row.values())


def test_junk_is_named_and_nobody_is_asked(station: Path, tmp_path: Path) -> None:
    ran = import_file(tmp_path, b"%PDF-1.7 not a certificate", secrets={"nobody": "x"})
    assert (ran.status, ran.json["code"]) == (1, "trust-file-unknown")
    assert "PDF" in ran.json["vi"]
    assert "PDF" in ran.json["en"]


def test_a_master_list_comes_in_as_one_import_for_passports(station: Path, tmp_path: Path) -> None:
    signer = list_signer(GERMAN)
    entries = [GERMAN.encoded, country_authority("FR").encoded, signer.encoded]
    data = master_list(signer, entries)
    ran = import_file(tmp_path, data)
    assert ran.status == 0, ran.err
    assert ran.json["imported"] == {"csca": 2, "crl": 0}
    assert [row["reason"] for row in ran.json["skipped"]] == ["not-self-signed"]
    assert ran.json["vouchers"][0]["pinned_before"] is False
    assert grouped(sha256(GERMAN.encoded)) in ran.err
    assert ran.json["fingerprint"] == sha256(data)
    listed = proctor("trust", "list", "--json").json
    assert {row["scope"] for row in listed["anchors"]} == {"passport"}
    assert key_events()[-2:] == ["trust-import-begun", "csca-imported"]
    again = import_file(tmp_path, data, secrets=AN)
    assert (again.status, again.json["imported"], again.json["known"]) == (0, {"csca": 0, "crl": 0}, 2)


def test_ldif_and_pem(station: Path, tmp_path: Path) -> None:
    text = "version: 1\n\n" + ldif_entry(
        "c=DE", cACertificate__binary=GERMAN.encoded, userCertificate__binary=b"x"
    )
    ran = import_file(tmp_path, text.encode())
    assert (ran.status, ran.json["form"], ran.json["document_signers"]) == (0, "ldif", 1)
    both = pem.armor("CERTIFICATE", CSCA.encoded) + pem.armor("X509 CRL", CSCA.crl(5))
    ran = import_file(tmp_path, both, "--scope", "identity-card")
    assert ran.json["imported"] == {"csca": 1, "crl": 1}


def test_an_older_revocation_list_is_an_alarm_in_the_log(station: Path, tmp_path: Path) -> None:
    assert import_file(tmp_path, CSCA.encoded).status == 0
    assert import_file(tmp_path, CSCA.crl(9, number=5)).status == 0
    ran = import_file(tmp_path, CSCA.crl(number=4))
    assert (ran.status, ran.json["code"]) == (1, "crl-rolled-back")
    assert ran.json["facts"] == {"stored_number": "5", "offered_number": "4"}
    assert key_events()[-1] == "crl-rolled-back"
    assert proctor("trust", "verify", "--by", "an", "--json", secrets=AN).json["ok"]


def test_a_list_that_no_longer_names_somebody_is_an_alarm_in_the_log(station: Path, tmp_path: Path) -> None:
    assert import_file(tmp_path, CSCA.encoded).status == 0
    assert import_file(tmp_path, CSCA.crl(8, 9, number=5)).status == 0
    newer = CSCA.crl(8, number=6)
    ran = import_file(tmp_path, newer)
    assert (ran.status, ran.json["unlisted"]) == (0, [{"sha256": sha256(newer), "count": 1}])
    assert grouped(sha256(newer)) in ran.err
    assert key_events()[-3:] == ["crl-unlisted", "trust-import-begun", "crl-imported"]
    shown = proctor("trust", "show", sha256(CSCA.encoded), "--json").json["crl"]
    assert (shown["number"], shown["revoked"], shown["revoked_earlier"]) == ("6", 1, 1)
    verified = proctor("trust", "verify", "--by", "an", "--json", secrets=AN).json
    assert (verified["ok"], verified["crl"], verified["log"]) == (True, 2, "agrees")


def test_show_by_the_beginning_of_a_fingerprint(station: Path, tmp_path: Path) -> None:
    assert import_file(tmp_path, CSCA.encoded).status == 0
    assert import_file(tmp_path, CSCA.crl(9, number=5)).status == 0
    fingerprint = sha256(CSCA.encoded)
    shown = proctor("trust", "show", fingerprint[:6].upper(), "--json").json
    assert shown["sha256"] == fingerprint
    assert (shown["key"], shown["scope"], shown["by"], shown["second"]) == (
        "ecdsa-secp384r1",
        "identity-card",
        "an",
        "binh",
    )
    assert shown["crl"]["number"] == "5"
    assert "csca-no-san" in shown["deviations"]
    crl = proctor("trust", "show", shown["crl"]["sha256"], "--json").json
    assert (crl["kind"], crl["revoked"], crl["stale"]) == ("crl", 1, False)
    said = proctor("trust", "show", grouped(fingerprint))
    assert (said.status, "csca-no-san" in said.out) == (0, True)
    for wrong in ("ffff", fingerprint[:3]):
        ran = proctor("trust", "show", wrong, "--json")
        assert (ran.status, ran.json["code"]) == (1, "trust-item-unknown")


def test_an_ambiguous_beginning_asks_for_more(station: Path, tmp_path: Path, monkeypatch) -> None:
    made = [country_authority("DE", f"CSCA {number}") for number in range(40)]
    data = b"".join(pem.armor("CERTIFICATE", one.encoded) for one in made)
    assert import_file(tmp_path, data, "--scope", "passport").status == 0
    monkeypatch.setattr("proctor.commands.trust.MIN_PREFIX", 1)
    firsts = [sha256(one.encoded)[0] for one in made]
    twice = next(first for first in firsts if firsts.count(first) > 1)
    assert proctor("trust", "show", twice, "--json").json["code"] == "trust-item-ambiguous"


def test_verify_of_a_sound_a_stale_and_an_altered_store(station: Path, tmp_path: Path) -> None:
    assert import_file(tmp_path, CSCA.encoded).status == 0
    without = proctor("trust", "verify", "--json")
    assert (without.status, without.json["log"]) == (0, "not-read")
    with_log = proctor("trust", "verify", "--by", "an", "--json", secrets=AN)
    assert (with_log.status, with_log.json["log"]) == (0, "agrees")
    assert import_file(tmp_path, CSCA.crl(this_update=NOW - timedelta(days=100))).status == 0
    stale = proctor("trust", "verify", "--json")
    assert (stale.status, [row["code"] for row in stale.json["findings"]]) == (1, ["trust-crl-stale"])
    assert "90" in proctor("trust", "verify", "--lang", "en").out
    next((station / "trust" / "anchors" / "certificates").iterdir()).write_bytes(GERMAN.encoded)
    altered = proctor("trust", "verify", "--json")
    assert (altered.status, altered.json["code"]) == (1, "trust-store-altered")


def test_trust_store_altered_on_disk_refuses_the_start(station: Path, tmp_path: Path) -> None:
    assert import_file(tmp_path, CSCA.encoded).status == 0
    path = station / "trust" / "anchors" / "store.json"
    whole = json.loads(path.read_text())
    whole["manifest"]["items"][0]["scope"] = "passport"
    path.write_text(json.dumps(whole))
    ran = import_file(tmp_path, GERMAN.encoded)
    assert (ran.status, ran.json["code"]) == (1, "trust-store-altered")
    assert proctor("trust", "list", "--json").json["code"] == "trust-store-altered"


class Ring:
    """A system keyring that works."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def set_password(self, service: str, name: str, value: str) -> None:
        self.kept[service, name] = value

    def get_password(self, service: str, name: str) -> str | None:
        return self.kept.get((service, name))

    def delete_password(self, service: str, name: str) -> None:
        del self.kept[service, name]


def put_an_older_store_back(station: Path, folder: Path) -> None:
    """One that this station signed, from before it knew that a signer is revoked."""
    assert import_file(folder, CSCA.encoded).status == 0
    assert import_file(folder, CSCA.crl(number=1)).status == 0
    manifest = station / "trust" / "anchors" / "store.json"
    older = manifest.read_bytes()
    assert import_file(folder, CSCA.crl(0x1234, number=2)).status == 0
    manifest.write_bytes(older)


RELYING = (
    ("trust", "list"),
    ("trust", "verify"),
    ("chip", "read", "--reader", "none of this name", "--can", "-"),
)


@pytest.mark.parametrize("command", RELYING)
def test_an_older_store_is_not_noticed_without_the_log_and_that_is_said(
    station: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    put_an_older_store_back(station, tmp_path)
    ran = proctor(*command, "--json", "--lang", "en", stdin="000001")
    assert ran.json["log"] == "not-read"
    if command[:2] != ("trust", "verify"):
        assert "not compared with the log" in ran.err
    assert "not compared with the log" in "".join(
        getattr(proctor(*command, "--lang", "en", stdin="000001"), stream) for stream in ("err", "out")
    )
    if command[0] == "trust":
        stopped = proctor(*command, "--by", "an", "--json", secrets=AN)
        assert stopped.json["code"] == "trust-store-altered"


@pytest.mark.parametrize(
    "command", [RELYING[0], *(pytest.param(one, marks=pytest.mark.slow) for one in RELYING[1:])]
)
def test_an_older_store_stops_whoever_relies_on_it_where_the_keyring_opens_the_log(
    home: Path, tmp_path: Path, monkeypatch, command: tuple[str, ...]
) -> None:
    ring = Ring()
    for place in ("proctor.commands.people", "proctor.roots"):
        monkeypatch.setattr(f"{place}.working_keyring", lambda: ring)
    assert proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", secrets=AN).status == 0
    proctor("user", "add", "binh", "--by", "an", "--role", "administrator", secrets={**AN, **BINH})
    assert proctor(*command, "--json", stdin="000001").json["log"] == "agrees"
    put_an_older_store_back(home / "station", tmp_path)
    ran = proctor(*command, "--json", stdin="000001")
    assert (ran.status, ran.json["code"]) == (1, "trust-store-altered")
    monkeypatch.setattr("proctor.roots.working_keyring", lambda: None)
    assert proctor(*command, "--json", stdin="000001").json["log"] == "not-read", (
        "nobody is asked for a password"
    )


def test_while_a_session_holds_the_log_the_store_is_read_without_it(home: Path, monkeypatch) -> None:
    from proctor.config import Places
    from proctor.roots import locked, require_real_root

    ring = Ring()
    for place in ("proctor.commands.people", "proctor.roots"):
        monkeypatch.setattr(f"{place}.working_keyring", lambda: ring)
    assert proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", secrets=AN).status == 0
    assert proctor("trust", "list", "--json").json["log"] == "agrees"
    with locked(require_real_root(Places.of(None).real)):
        assert proctor("trust", "list", "--json").json["log"] == "not-read"


def test_verify_of_the_training_store(home: Path) -> None:
    ran = proctor("trust", "verify", "--training", "--json")
    assert ran.json.get("code") == "trust-store-missing" or ran.json["log"] == "not-kept"


def test_training_takes_an_issuer_on_nobodys_word_and_a_real_station_does_not(
    station: Path, tmp_path: Path
) -> None:
    path = tmp_path / "csca.cer"
    path.write_bytes(CSCA.encoded)
    alone = proctor("trust", "import", path, "--by", "an", secrets=AN)
    assert alone.status == 2
    ran = proctor("trust", "import", path, "--training", "--json")
    assert (ran.status, ran.json["imported"]) == (0, {"csca": 1, "crl": 0})
    assert grouped(sha256(CSCA.encoded)) in ran.err
    trained = proctor("trust", "list", "--training", "--json").json["anchors"]
    assert sha256(CSCA.encoded) in {row["sha256"] for row in trained}
    assert proctor("trust", "list", "--json").json["anchors"] == []

"""What the commands of the desk say to a slip: a number without its zeros, a camera that is not there, a reason."""

from pathlib import Path

import pytest

from tests.support.cli import proctor

TWO = ("--second", "giam-sat", "--json")
WORD = "bằng-lái"


def test_one_is_001_in_every_command_and_the_lists_own_spelling_is_written(training_session: str) -> None:
    at = ("--session", training_session)
    ran = proctor("manual", *at, "--sbd", "1", "--document", "passport", *TWO)
    assert (ran.status, ran.json["candidate"]) == (0, "001"), ran.err
    out = proctor("exit", *at, "--sbd", "1", "--reason", "toilet", "--json")
    assert (out.status, out.json["candidate"]) == (0, "001"), out.err
    agreed = proctor("consent", *at, "--sbd", "2", "--agreed", "--json")
    assert agreed.json["candidate"] == "002"
    code = ("--code", "impersonation")
    incident = proctor("incident", "add", *at, "--sbd", "2", *code, "--json")
    assert (incident.status, incident.json.get("candidate")) == (0, "002"), incident.out


def test_no_picture_is_kept_of_who_agrees_to_none(training_session: str, tmp_path: Path) -> None:
    photo = tmp_path / "p.jpg"
    photo.write_bytes(b"\xff\xd8\xff" + bytes(9))
    at = ("--session", training_session)
    proctor("consent", *at, "--sbd", "001", "--refused")
    for sbd, reason in (("1", "chip-dead"), ("2", "biometrics-refused")):
        given = ("--document", "cccd-chip", "--reason", reason, "--photo", photo)
        ran = proctor("manual", *at, "--sbd", sbd, *given, *TWO)
        assert (ran.status, ran.json["code"]) == (1, "photo-refused"), ran.out


@pytest.mark.parametrize("option", ["--camera", "--second-camera"])
def test_a_camera_that_is_not_there_begins_nothing(
    training_session: str, tmp_path: Path, option: str
) -> None:
    given = {"--camera": "0", option: str(tmp_path / "cmaera.jpg")}
    options = [part for pair in given.items() for part in pair]
    if option == "--camera":
        rest = ("check-in", "--session", training_session, "--reader", "softcard", *options)
        ran = proctor(*rest, "--number", "001099000001", "--json")
    else:
        rest = ("manual", "--session", training_session, "--sbd", "001", "--vneid", *TWO)
        ran = proctor(*rest, option, given[option])
    assert ran.status == 2
    assert "cmaera.jpg" in ran.err
    rows = proctor("session", "show", training_session, "--json").json["roll"]
    assert {row["state"] for row in rows} == {"not-seen"}


def test_what_was_not_said_of_a_document_has_its_own_words(training_session: str) -> None:
    base = ("manual", "--session", training_session, "--sbd", "001", "--second", "giam-sat")
    said = [
        proctor(*base, *given).err
        for given in (("--document", WORD), ("--document", "other"), ("--document", "cccd-chip"), ())
    ]
    assert len(set(said)) == len(said)
    assert "--reason" in said[1]
    assert "--document" in said[3]


def test_a_field_of_one_person_is_named_without_a_row(training_session: str, tmp_path: Path) -> None:
    (tmp_path / "name").write_text("NGUYỄN VĂN MẪU")
    who = ("--name", f"@{tmp_path / 'name'}", "--birth", "31/02/1999", "--number", "-")
    base = ("session", "add-candidate", "--session", training_session, *who, "--class", "B")
    ran = proctor(*base, "--reason", "omitted", "--second", "giam-sat", stdin="001099000099")
    assert ran.status == 1
    assert "dòng 2" not in ran.err
    assert "Ngày sinh" in ran.err
    assert "[" not in ran.err

"""The reader driving a whole chip: access and its tries, CardAccess three ways, proof, reading, dead
sessions.

The chip is the software card, whose half of every protocol is code of its own."""

import secrets
from datetime import UTC, datetime

import pytest

from readers.emrtd import files
from readers.emrtd.access_key import Can
from readers.emrtd.evidence import ConsistentKeys, GenuineChip, SecurityObject, freeze
from readers.emrtd.lds.dg1 import parse_dg1
from readers.emrtd.lds.dg2 import parse_portrait
from readers.emrtd.lds.dg13 import parse_dg13
from readers.emrtd.lds.dg14 import parse_dg14
from readers.emrtd.lds.dg15 import ActiveKey, parse_dg15
from readers.emrtd.reading import ChipReader, ReadLimits
from readers.errors import (
    AccessDeniedError,
    AccessLockedError,
    ActiveAuthError,
    CardLostError,
    CardMuteError,
    ChipFileMissingError,
    ChipFileTooLargeError,
    ChipMalformedError,
    ChipStatusError,
    PaceFailedError,
    PaceNotOfferedError,
    SecureMessagingError,
)
from readers.iso7816 import tlv
from readers.softcard.chip import SoftCard
from readers.softcard.faults import Faults
from readers.softcard.in_process import InProcessConnection
from readers.softcard.personalise import personalise
from readers.softcard.pki import training_pki
from readers.softcard.samples import sample_holder
from readers.transport.recording import RecordingConnection
from readers.transport.replay import ReplayConnection

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PORTRAIT = b"\xff\xd8\xff\xe0" + bytes(index % 251 for index in range(12000))
CAN = Can("000001")
CHALLENGE = bytes(range(1, 9))


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return training_pki(tmp_path_factory.mktemp("pki"), now=NOW)


@pytest.fixture(scope="module")
def image_of(pki):
    """A chip image for these faults, made once."""
    made = {}

    def make(faults=None, *, chip_proofs=True):
        key = (repr(faults), chip_proofs)
        if key not in made:
            holder = sample_holder("mau", today=NOW.date())
            made[key] = personalise(
                holder, PORTRAIT, pki, now=NOW, faults=faults or Faults(), chip_proofs=chip_proofs
            )
        return made[key]

    return make


class Tweaked:
    """A connection whose answers may be changed on the way, and whose commands are counted."""

    def __init__(self, image, tweak=None):
        self.inner = InProcessConnection(SoftCard(image))
        self.tweak = tweak or (lambda command, answer: answer)
        self.commands = []
        self.name, self.atr = "tweaked", b""

    def transceive(self, command):
        self.commands.append(command)
        return self.tweak(command, self.inner.transceive(command))

    def close(self):
        self.inner.close()


def reader_of(connection, *, monotonic=lambda: 0.0, **options):
    return ChipReader(connection, randbytes=secrets.token_bytes, monotonic=monotonic, **options)


def keys_of(opened, *, listed=(1, 2, 3, 13, 14, 15)):
    """What passive authentication would hand on; its own tests check how."""
    dg14, dg15 = opened.files.get("DG14"), opened.files.get("DG15")
    sod = SecurityObject(
        raw=b"",
        hash_algorithm="sha256",
        data_group_hashes=dict.fromkeys(listed, b""),
        signer_certificate=b"",
        signing_time=None,
        facts=freeze({}),
    )
    return ConsistentKeys(
        opened=opened,
        sod=sod,
        active_key=parse_dg15(dg15) if dg15 else None,
        security_infos=parse_dg14(dg14) if dg14 else None,
        facts=freeze({}),
    )


def read_all(connection, **options):
    reader = reader_of(connection, **options)
    keys = keys_of(reader.open(CAN))
    return reader.read(reader.require_genuine(keys, CHALLENGE))


def test_whole_chip(image_of):
    progress = []
    connection = Tweaked(image_of())
    raw = read_all(connection, on_progress=lambda *step: progress.append(step))
    opened = raw.genuine.keys.opened
    assert set(opened.files) == {"CardAccess", "COM", "SOD", "DG14", "DG15"}
    assert opened.files == {name: image_of().files[name] for name in opened.files}
    assert raw.files == {name: image_of().files[name] for name in ("DG1", "DG13", "DG2")}
    assert opened.facts == {
        "protocol": "pace-ecdh-gm-aes-128",
        "curve": "brainpoolP256r1",
        "password": "can",
        "card_access": "file-id",
        "tries": 1,
        "key_index": 1,
    }
    facts = raw.genuine.facts
    assert raw.genuine.proven_by == facts["proven_by"] == "ca+aa"
    assert facts["ca_protocol"] == "ca-ecdh-aes-128"
    assert (facts["aa_hash_algorithm"], facts["aa_key_bits"]) == ("sha1", 2048)
    (proof,) = raw.genuine.active_proofs
    assert proof.challenge == CHALLENGE
    assert len(proof.signature) == 256
    assert raw.facts["files"] == "DG1 DG2 DG13"
    assert parse_dg1(raw.files["DG1"]).document_number == "099000001"
    assert parse_dg13(raw.files["DG13"]).warnings == ()
    assert parse_portrait(raw.files["DG2"]).image == PORTRAIT
    of_portrait = [step for step in progress if step[0] == "DG2"]
    assert of_portrait[-1][1] == of_portrait[-1][2] == len(image_of().files["DG2"])
    assert not any(command[1:4] == b"\xa4\x00\x0c" for command in connection.commands)


def test_long_answers_without_the_extended_form(image_of):
    connection = Tweaked(image_of())
    raw = read_all(connection, limits=ReadLimits(extended_length=False))
    assert raw.genuine.proven_by == "ca+aa"
    assert all(len(command) == 5 or command[4] for command in connection.commands)
    assert any(command[1] == 0xC0 for command in connection.commands)


def test_bigger_blocks_when_asked(image_of):
    connection = Tweaked(image_of())
    read_all(connection, limits=ReadLimits(block_octets=4000))
    few = len(connection.commands)
    connection = Tweaked(image_of())
    read_all(connection, limits=ReadLimits(extended_length=False))
    assert few < len(connection.commands) / 2


def test_transcript_of_a_read_replays(image_of):
    octets = iter([secrets.token_bytes(40) for _ in range(2)])
    stored = list(octets)
    recording = RecordingConnection(InProcessConnection(SoftCard(image_of())))
    supply = iter(stored)
    reader = ChipReader(recording, randbytes=lambda _: next(supply), monotonic=lambda: 0.0)
    first = reader.open(CAN)
    replayed = ReplayConnection(recording.transcript)
    again = iter(stored)
    second = ChipReader(replayed, randbytes=lambda _: next(again), monotonic=lambda: 0.0).open(CAN)
    replayed.require_finished()
    assert first == second


def test_wrong_key_then_right_key_on_the_same_card(image_of):
    reader = reader_of(Tweaked(image_of()))
    with pytest.raises(AccessDeniedError) as caught:
        reader.open(Can("000002"))
    assert caught.value.facts == {"sw": "6300", "tries": 1}
    assert reader.open(CAN).facts["tries"] == 2


def test_tries_are_counted_and_end(image_of):
    connection = Tweaked(image_of())
    reader = reader_of(connection, limits=ReadLimits(pace_tries=2))
    for wrong in ("000002", "000003"):
        with pytest.raises(AccessDeniedError):
            reader.open(Can(wrong))
    sent = len(connection.commands)
    with pytest.raises(AccessLockedError) as caught:
        reader.open(CAN)
    assert caught.value.facts == {"tries": 2}
    assert len(connection.commands) == sent
    assert reader.tries == 2


def refuse_select(command, answer):
    """EF.CardAccess cannot be selected."""
    return b"\x6a\x82" if command.startswith(b"\x00\xa4\x02\x0c\x02\x01\x1c") else answer


def refuse_card_access(command, answer):
    """EF.CardAccess can be read in no way."""
    return b"\x69\x82" if command[0] == 0 and command[1] in {0xA4, 0xB0} else answer


@pytest.mark.parametrize(("tweak", "origin"), [(refuse_select, "sfi"), (refuse_card_access, "assumed")])
def test_card_access_by_other_ways(image_of, tweak, origin):
    opened = reader_of(Tweaked(image_of(), tweak)).open(CAN)
    assert opened.access.card_access == opened.facts["card_access"] == origin
    assert ("CardAccess" in opened.files) is (origin == "sfi")


def replace_card_access(octets):
    def tweak(command, answer):
        if command[0] == 0 and command[1] == 0xB0:
            offset = command[2] << 8 | command[3]
            return octets[offset : offset + (command[4] or 256)] + b"\x90\x00"
        return answer

    return tweak


def test_stripped_card_access_is_no_reason_for_bac(image_of):
    only_chip_auth = tlv.encode(0x31, bytes.fromhex("300F060A04007F00070202030202020101"))
    connection = Tweaked(image_of(), replace_card_access(only_chip_auth))
    with pytest.raises(PaceNotOfferedError):
        reader_of(connection).open(CAN)
    assert all(command[1] in {0xA4, 0xB0} for command in connection.commands)


@pytest.mark.parametrize(
    "octets", [bytes.fromhex("310230FF"), tlv.encode(0x31, bytes(12)), b"\x30\x0e" + bytes(14)]
)
def test_broken_card_access(image_of, octets):
    with pytest.raises(ChipMalformedError):
        reader_of(Tweaked(image_of(), replace_card_access(octets + bytes(16)))).open(CAN)


class Bare:
    """A card that answers every command alike."""

    name, atr = "bare", b""

    def __init__(self, answer):
        self.answer = answer

    def transceive(self, command):
        return self.answer

    def close(self):
        pass


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"\x6d\x00", PaceNotOfferedError),
        (b"\x6e\x00", PaceNotOfferedError),
        (b"\x6f\x00", ChipStatusError),
        (b"\x90\x00", ChipMalformedError),
        (b"", ChipMalformedError),
    ],
)
def test_cards_of_another_kind(answer, error):
    with pytest.raises(error):
        reader_of(Bare(answer)).open(CAN)


@pytest.mark.parametrize(
    "fault", ["wrong-token", "no-token", "reflected-key", "bad-point", "zero-nonce", "malformed"]
)
def test_chip_that_cheats_in_pace(image_of, fault):
    with pytest.raises(PaceFailedError):
        reader_of(Tweaked(image_of(Faults(pace=fault)))).open(CAN)


@pytest.mark.parametrize(
    "fault", ["wrong-mac", "no-mac", "no-status", "status-mismatch", "bad-padding", "unprotected"]
)
def test_spoilt_answer_ends_the_session(image_of, fault):
    connection = Tweaked(image_of(Faults(answer=fault, answer_after=12)))
    reader = reader_of(connection)
    with pytest.raises(SecureMessagingError):
        read_with(reader)
    sent = len(connection.commands)
    with pytest.raises(SecureMessagingError, match="session-dead"):
        reader.read(GenuineChip(keys=KEYLESS, proven_by="nothing", facts=freeze({})))
    assert len(connection.commands) == sent


def read_with(reader):
    return reader.read(reader.require_genuine(keys_of(reader.open(CAN)), CHALLENGE))


KEYLESS = ConsistentKeys(
    opened=None,
    sod=SecurityObject(
        raw=b"",
        hash_algorithm="sha256",
        data_group_hashes={},
        signer_certificate=b"",
        signing_time=None,
        facts=freeze({}),
    ),
    active_key=None,
    security_infos=None,
    facts=freeze({}),
)


def test_nothing_is_read_before_access():
    with pytest.raises(SecureMessagingError, match="not-open"):
        reader_of(Bare(b"")).read(GenuineChip(keys=KEYLESS, proven_by="nothing", facts=freeze({})))


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        (Faults(pulled_at=4096), CardLostError),
        (Faults(mute_at=4096), CardMuteError),
        (Faults(announced_octets=0xFFFFFFFF), ChipFileTooLargeError),
        (Faults(announced_octets=60000), ChipMalformedError),
        (Faults(hidden=frozenset({"DG2"})), ChipFileMissingError),
        (Faults(read="empty"), ChipMalformedError),
    ],
)
def test_dg2_that_cannot_be_read(image_of, faults, error):
    with pytest.raises(error):
        read_with(reader_of(Tweaked(image_of(faults))))


def test_without_sod_nothing_goes_on(image_of):
    with pytest.raises(ChipFileMissingError) as caught:
        reader_of(Tweaked(image_of(Faults(hidden=frozenset({"SOD"}))))).open(CAN)
    assert caught.value.facts == {"file": "SOD"}


def test_dg13_is_never_a_gate(image_of):
    raw = read_with(reader_of(Tweaked(image_of(Faults(hidden=frozenset({"DG13"}))))))
    assert set(raw.files) == {"DG1", "DG2"}
    assert raw.facts["dg13"] == "chip-file-missing"


def test_slow_chip_runs_out_of_time(image_of):
    clock = iter(range(10**6))
    with pytest.raises(CardMuteError) as caught:
        read_with(reader_of(Tweaked(image_of()), monotonic=lambda: next(clock) * 1.0))
    assert caught.value.facts["reason"] == "read-deadline"


def test_clone_without_the_key(image_of):
    with pytest.raises(ActiveAuthError):
        read_with(reader_of(Tweaked(image_of(Faults(foreign_active_key=True)))))


@pytest.mark.parametrize(("fault", "reason"), [("truncated", "signature-length"), ("refused", "refused")])
def test_broken_proofs(image_of, fault, reason):
    with pytest.raises(ActiveAuthError) as caught:
        read_with(reader_of(Tweaked(image_of(Faults(proof=fault)))))
    assert caught.value.facts["reason"] == reason


def test_replayed_proof(image_of):
    with pytest.raises(ActiveAuthError) as caught:
        read_with(reader_of(Tweaked(image_of(Faults(proof="replayed")))))
    assert caught.value.facts["reason"] == "hash"


def test_chip_without_keys_is_read_on(image_of):
    reader = reader_of(Tweaked(image_of(chip_proofs=False)))
    opened = reader.open(CAN)
    assert opened.facts["absent"] == "DG15"
    genuine = reader.require_genuine(keys_of(opened, listed=(1, 2, 13, 14)), CHALLENGE)
    assert genuine.facts == {
        "proven_by": "nothing",
        "chip_authentication": "not-offered",
        "active_authentication": "no-dg15",
    }
    hidden = reader.require_genuine(keys_of(opened), CHALLENGE[::-1])
    assert hidden.facts["active_authentication"] == "suppressed"
    assert "DG2" in reader.read(genuine).files


def test_weak_key_is_not_asked():
    key = ActiveKey(family="rsa", modulus=(1 << 1023) + 1, exponent=3, spki=b"")
    keys = ConsistentKeys(opened=None, sod=KEYLESS.sod, active_key=key, security_infos=None, facts=freeze({}))
    genuine = reader_of(Bare(b"")).require_genuine(keys, CHALLENGE)
    assert genuine.proven_by == "nothing"
    assert genuine.facts["active_authentication"] == "key-exponent"


@pytest.mark.parametrize("challenge", [b"", bytes(8), bytes(9), b"1234567"])
def test_challenge_form(challenge):
    with pytest.raises(ValueError, match="challenge"):
        reader_of(Bare(b"")).require_genuine(KEYLESS, challenge)


def test_challenge_is_used_once():
    reader = reader_of(Bare(b""))
    reader.require_genuine(KEYLESS, CHALLENGE)
    with pytest.raises(ValueError, match="once"):
        reader.require_genuine(KEYLESS, CHALLENGE)


def test_application_that_is_not_there(image_of, monkeypatch):
    """A chip that opens but holds no travel document application."""
    monkeypatch.setattr(files, "LDS1_AID", bytes.fromhex("A0000002471002"))
    with pytest.raises((ChipFileMissingError, ChipStatusError)):
        reader_of(Tweaked(image_of())).open(CAN)


def test_nothing_of_a_person_or_key_in_repr_and_facts(image_of):
    raw = read_with(reader_of(Tweaked(image_of())))
    shown = repr(raw) + repr(CAN) + repr(dict(raw.facts)) + repr(dict(raw.genuine.keys.opened.facts))
    for secret in ("000001", "NGUYEN", "Nguyễn", "MAU", "\\xff\\xd8", "1999"):
        assert secret not in shown

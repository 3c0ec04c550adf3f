"""Evidence files: written and read back, every altered octet found, every check made again without the card."""

import base64
import itertools
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from readers.emrtd.crypto import CipherSuite
from readers.emrtd.evidence import freeze
from readers.emrtd.evidence_check import NAMES, challenge_of, verify_evidence
from readers.emrtd.evidence_file import MAX_OCTETS, StoredCheck, StoredProof, export, read_evidence
from readers.errors import EvidenceFileError
from readers.softcard.options import CCCD, ActiveVariant, PaceVariant
from readers.softcard.personalise import personalise
from readers.softcard.pki import training_pki
from readers.softcard.samples import sample_holder
from tests.support.evidence import READ_AT, ROOT, evidence_of
from tests.support.softcard import NOW, fake_jpeg, personal_texts, trust_store

HOLDER = sample_holder("mau", today=NOW.date())
KEY = HOLDER.number.can


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return training_pki(tmp_path_factory.mktemp("pki"), now=NOW)


@pytest.fixture(scope="module")
def store(tmp_path_factory, pki):
    return trust_store(tmp_path_factory.mktemp("store") / "s", pki)


@pytest.fixture(scope="module")
def image(pki):
    return personalise(HOLDER, fake_jpeg(6000), pki, now=NOW - timedelta(days=1))


@pytest.fixture(scope="module")
def evidence(image):
    return evidence_of(image, KEY)


@pytest.fixture(scope="module")
def octets(evidence):
    return export(evidence)


def rewrite(octets, change):
    """The file with a change and, as a forger would, every digest made again."""
    document = json.loads(octets)
    change(document)
    return forged(document)


def forged(document):
    from readers.emrtd.evidence_file import _digests  # what a forger has too
    from readers.emrtd.strict_json import encode

    kept = ("format", "version", "sha256")
    if isinstance(document.get("files"), dict):
        document["sha256"] = _digests({name: part for name, part in document.items() if name not in kept})
    return encode(document)


def verify(evidence, store, **options):
    return verify_evidence(evidence, store, NOW, **options).findings


def outcomes(findings):
    return {name: found.outcome for name, found in findings.items()}


# --- writing and reading back ------------------------------------------------------------------------------


def test_round_trip(evidence, octets):
    again = read_evidence(octets)
    assert export(again) == octets
    assert again == replace(evidence, files=again.files)
    assert dict(again.files) == dict(evidence.files)
    assert again.altered == ()
    assert octets.decode().endswith("}\n")


def test_says_what_was_not_done(octets):
    document = json.loads(octets)
    assert "cross-check" in document["read"]["not_done"]
    assert "cam" in document["read"]["not_done"]


def test_equal_evidence_is_equal_octets(evidence, octets):
    backwards = dict(reversed(evidence.files.items()))
    assert export(replace(evidence, files=backwards)) == octets


@pytest.mark.parametrize(
    "changes",
    [
        {"reader_kind": "camera"},
        {"verdict": "GENUINE"},
        {"program": ""},
        {"files": {"DG3": b"\x63\x00"}},
        {"files": {"DG1": bytes(5000)}},
        {"proofs": (StoredProof(challenge=b"1", signature=b"2"),)},
        {
            "checks": (
                StoredCheck(name="x", outcome="good", code="", started_at=NOW, duration_ms=0, facts={}),
            )
        },
        {
            "checks": (
                StoredCheck(
                    name="x",
                    outcome="passed",
                    code="",
                    started_at=NOW,
                    duration_ms=0,
                    facts=freeze({"f": 0.5}),
                ),
            )
        },
    ],
)
def test_what_could_not_be_read_back_is_not_written(evidence, changes):
    with pytest.raises(EvidenceFileError):
        export(replace(evidence, **changes))


def test_nothing_personal_in_repr(evidence, image):
    shown = repr(evidence).encode()
    for text in personal_texts(image.files):
        assert text not in shown
    assert evidence.proofs[0].signature.hex().encode() not in shown


# --- files that are none -----------------------------------------------------------------------------------

BROKEN = {
    "format": lambda d: d.update(format="other"),
    "version": lambda d: d.update(version=2),
    "version-text": lambda d: d.update(version="1"),
    "version-true": lambda d: d.update(version=True),
    "extra": lambda d: d.update(extra=1),
    "read": lambda d: d.pop("read"),
    "read.at": lambda d: d["read"].update(at="2026-11-22"),
    "read.at-month": lambda d: d["read"].update(at="2026-13-22T00:00:00.000Z"),
    "read.at-first": lambda d: d["read"].update(at="0001-01-01T00:00:00.000Z"),
    "read.at-early": lambda d: d["read"].update(at="1999-12-31T23:59:59.999Z"),
    "read.at-late": lambda d: d["read"].update(at="2200-01-01T00:00:00.000Z"),
    "read.at-last": lambda d: d["read"].update(at="9999-12-31T23:59:59.999Z"),
    "checks.0.started_at": lambda d: d["checks"][0].update(started_at="9999-12-31T23:59:59.999Z"),
    "read.at-arabic": lambda d: d["read"].update(at="٢٠٢٦-11-22T00:00:00.000Z"),
    "read.training": lambda d: d["read"].update(training=1),
    "read.reader_kind": lambda d: d["read"].update(reader_kind="camera"),
    "read.holder": lambda d: d["read"].update(holder="x"),
    "read.not_done": lambda d: d["read"].update(not_done=[]),
    "access": lambda d: d.update(access=None),
    "access.card_access": lambda d: d["access"].update(card_access="guessed"),
    "access.pin": lambda d: d["access"].update(pin="1"),
    "files": lambda d: d.update(files=[]),
    "files.DG3": lambda d: d["files"].update(DG3="YwA="),
    "files.DG1": lambda d: d["files"].update(DG1=7),
    "files.DG1-base64": lambda d: d["files"].update(DG1="!!"),
    "files.DG1-spaces": lambda d: d["files"].update(DG1=" " + d["files"]["DG1"]),
    "files.SOD": lambda d: d["files"].update(SOD="A" * 40000),
    "mapping": lambda d: d.update(mapping=[1]),
    "mapping.oid": lambda d: d.update(mapping={}),
    "active_proofs": lambda d: d.update(active_proofs={}),
    "active_proofs-many": lambda d: d.update(active_proofs=d["active_proofs"] * 5),
    "active_proofs.0.challenge": lambda d: d["active_proofs"][0].update(challenge="AAAA"),
    "active_proofs.0.random": lambda d: d["active_proofs"][0].update(random="AAAA"),
    "active_proofs.0": lambda d: d.update(active_proofs=["x"]),
    "checks.0.outcome": lambda d: d["checks"][0].update(outcome="good"),
    "checks.0.duration_ms": lambda d: d["checks"][0].update(duration_ms=-1),
    "checks.0.duration_ms-float": lambda d: d["checks"][0].update(duration_ms=1.5),
    "checks.0.duration_ms-huge": lambda d: d["checks"][0].update(duration_ms=10**30),
    "checks.0.facts": lambda d: d["checks"][0].update(facts={"a": [1]}),
    "checks.0.facts-true": lambda d: d["checks"][0].update(facts={"a": True}),
    "checks.0.facts-many": lambda d: d["checks"][0].update(facts={f"f{n}": n for n in range(65)}),
    "checks.0.facts-long": lambda d: d["checks"][0].update(facts={"a": "x" * 4097}),
    "steps.0.name": lambda d: d["steps"][0].update(name="<b>"),
    "steps": lambda d: d.update(steps=d["steps"] * 40),
}


@pytest.mark.parametrize("name", BROKEN)
def test_wrong_form_names_the_field(octets, name):
    with pytest.raises(EvidenceFileError) as caught:
        read_evidence(rewrite(octets, BROKEN[name]))
    assert caught.value.facts["field"] == name.partition("-")[0]
    assert not caught.value.conclusive


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"format": "x", "format": "x"}',
        b'{"version": NaN}',
        b'{"version": 1' + b"0" * 5000 + b"}",
        b" " * (MAX_OCTETS + 1),
        b'{"format": "proctor-chip-evidence", "version": 1}',
        b'{"format": "\\ud800", "version": 1}',
    ],
)
def test_hostile_text(text):
    with pytest.raises(EvidenceFileError):
        read_evidence(text)


def test_deep_nesting_in_a_known_part(octets):
    deep = json.dumps("x")
    for _ in range(400):
        deep = f"[{deep}]"
    text = octets.decode()
    for name in ("not_done", "steps", "mapping"):
        with pytest.raises(EvidenceFileError):
            read_evidence(rewrite_text(text, name, deep))


def rewrite_text(text, name, value):
    document = json.loads(text)
    holder = document["read"] if name == "not_done" else document
    holder[name] = json.loads(value)
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "change", [lambda o: o[:-1], lambda o: o + b" ", lambda o: o.replace(b"\n ", b"\n  ", 1)]
)
def test_other_layout_is_refused(octets, change):
    with pytest.raises(EvidenceFileError) as caught:
        read_evidence(change(octets))
    assert caught.value.facts == {"field": "file", "reason": "not-canonical"}


# --- every altered octet -----------------------------------------------------------------------------------


def test_an_altered_octet_in_any_part_is_found(octets, store):
    """Each part in turn, several places of it, the digests left as they were: an error or a finding by name."""
    parts = {}
    for line, start in zip(octets.split(b"\n"), offsets(octets), strict=True):
        if b": " in line and line.strip()[-1:] not in b"{[":
            parts.setdefault(
                line.split(b":")[0], (start + line.index(b": ") + 3, len(line) - line.index(b": ") - 5)
            )
    assert len(parts) > 40
    found = []
    for position, size in parts.values():
        for offset in {0, size // 2} if size > 0 else {0}:
            changed = bytearray(octets)
            changed[position + offset] ^= 1
            try:
                read = read_evidence(bytes(changed))
            except EvidenceFileError as error:
                found.append(error.facts["field"])
                continue
            found.append(verify(read, store)["whole"].facts["parts"])
    assert len(found) > 60
    assert all(found)


def offsets(octets):
    lengths = (len(line) + 1 for line in octets.split(b"\n"))
    return itertools.accumulate(itertools.chain([0], list(lengths)[:-1]))


def change_file(name, at):
    def change(document):
        content = bytearray(base64.b64decode(document["files"][name]))
        content[at] ^= 1
        document["files"][name] = base64.b64encode(content).decode()

    return change


def drop_file(name):
    return lambda document: document["files"].pop(name)


FORGED = {
    "DG1": ("pa-consistent", "failed", "pa-dg-hash", change_file("DG1", 30)),
    "DG2": ("pa-consistent", "failed", "pa-dg-hash", change_file("DG2", 3000)),
    "DG13": ("pa-consistent", "failed", "pa-dg-hash", change_file("DG13", 60)),
    "DG14": ("pa-keys", "failed", "pa-dg-hash", change_file("DG14", 40)),
    "DG15": ("pa-keys", "failed", "pa-dg-hash", change_file("DG15", 60)),
    "SOD-signature": ("pa-keys", "failed", "pa-sod-signature", change_file("SOD", -1)),
    "CardAccess": ("pa-keys", "failed", "card-access-mismatch", change_file("CardAccess", -1)),
    "DG1-gone": ("pa-consistent", "indeterminate", "chip-file-missing", drop_file("DG1")),
    "DG14-gone": ("pa-keys", "indeterminate", "pa-dg-withheld", drop_file("DG14")),
    "SOD-gone": ("pa-keys", "indeterminate", "chip-file-missing", drop_file("SOD")),
    "DG15-gone": ("aa", "failed", "aa-failed", drop_file("DG15")),
    "bac-claimed": (
        "pa-keys",
        "failed",
        "access-downgrade",
        lambda d: d["access"].update(protocol="bac-3des", card_access="assumed"),
    ),
    "signature": (
        "aa",
        "failed",
        "aa-failed",
        lambda d: d["active_proofs"][0].update(signature=base64.b64encode(bytes(256)).decode()),
    ),
    "random": (
        "aa-challenge",
        "failed",
        "evidence-challenge",
        lambda d: d["active_proofs"][0].update(random=base64.b64encode(bytes(32)).decode()),
    ),
    "root": (
        "aa-challenge",
        "failed",
        "evidence-challenge",
        lambda d: d["active_proofs"][0].update(root=base64.b64encode(bytes(32)).decode()),
    ),
    "challenge": (
        "aa",
        "failed",
        "aa-failed",
        lambda d: d["active_proofs"][0].update(challenge=base64.b64encode(bytes(7) + b"\1").decode()),
    ),
    "challenge-zero": (
        "aa",
        "failed",
        "evidence-challenge",
        lambda d: d["active_proofs"][0].update(challenge=base64.b64encode(bytes(8)).decode()),
    ),
    "answer-twice": (
        "aa",
        "failed",
        "evidence-challenge",
        lambda d: d.update(active_proofs=d["active_proofs"] * 2),
    ),
    "answer-gone": ("claims", "failed", "evidence-claim", lambda d: d.update(active_proofs=[])),
    "claims-cam": ("claims", "failed", "evidence-claim", lambda d: d["read"].update(proven_by="cam+aa")),
    "future": (
        "time",
        "failed",
        "evidence-time",
        lambda d: d["read"].update(at="2099-01-01T00:00:00.000Z"),
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_forger_who_makes_the_digests_again(octets, store, name):
    check, outcome, code, change = FORGED[name]
    findings = verify(read_evidence(rewrite(octets, change)), store)
    assert findings["whole"].outcome == "passed"
    assert (findings[check].outcome, findings[check].code) == (outcome, code)


# --- verifying again ---------------------------------------------------------------------------------------


def test_genuine_card_is_verified_without_it(evidence, store):
    findings = verify(evidence, store)
    assert tuple(findings) == NAMES
    assert outcomes(findings) == {
        "whole": "passed",
        "pa-keys": "passed",
        "pa-consistent": "passed",
        "pa-trusted-then": "passed",
        "pa-trusted-now": "passed",
        "aa": "passed",
        "aa-challenge": "passed",
        "cam": "not-performed",
        "ca": "not-performed",
        "access": "not-performed",
        "time": "not-performed",
        "claims": "passed",
    }
    assert findings["ca"].code == findings["access"].code == "evidence-not-repeatable"
    assert findings["time"].code == "evidence-time-unproven"


def test_no_fact_is_personal(evidence, store, image):
    shown = repr(verify_evidence(evidence, store, NOW)).encode()
    for text in personal_texts(image.files):
        assert text not in shown


def test_checkpoint_from_elsewhere_shows_not_before(evidence, store):
    found = verify(evidence, store, checkpoints=frozenset({ROOT}))["time"]
    assert (found.outcome, dict(found.facts)) == ("passed", {"shown": "not-before-checkpoint"})
    assert verify(evidence, store, checkpoints=frozenset({bytes(32)}))["time"].outcome == "not-performed"


def test_checkpoint_shows_nothing_with_a_bad_answer(octets, store):
    bad = read_evidence(rewrite(octets, FORGED["signature"][3]))
    assert verify(bad, store, checkpoints=frozenset({ROOT}))["time"].outcome == "not-performed"


def test_unknown_issuer(evidence, pki, tmp_path):
    from readers.emrtd.pki.store import TrustStore

    empty = TrustStore.create(tmp_path / "empty", training=True, sign=lambda _: b"")
    findings = verify(evidence, empty)
    assert (findings["pa-trusted-now"].outcome, findings["pa-trusted-now"].code) == (
        "indeterminate",
        "pa-no-trust-anchor",
    )
    assert findings["aa"].outcome == "passed"


def test_list_issued_after_the_reading_speaks_of_it_too(image, store):
    """The CRL is younger than the read: what is not on it now was not on it then."""
    earlier = evidence_of(image, KEY, read_at=NOW - timedelta(hours=30))
    findings = verify(earlier, store)
    assert outcomes(findings)["pa-trusted-then"] == outcomes(findings)["pa-trusted-now"] == "passed"


def test_stale_list_today_was_fresh_on_the_day(evidence, store):
    findings = verify_evidence(evidence, store, NOW + timedelta(days=200)).findings
    assert findings["pa-trusted-then"].outcome == "passed"
    assert findings["pa-trusted-now"].code == "pa-revocation-unknown"


def test_making_that_was_not_kept(evidence, store):
    bare = replace(evidence, proofs=(replace(evidence.proofs[0], random=None, root=None),))
    found = verify(bare, store)["aa-challenge"]
    assert (found.outcome, found.code) == ("not-performed", "evidence-no-making")
    other = StoredProof(challenge=b"12345678", signature=b"x")
    half = replace(evidence, proofs=(evidence.proofs[0], other))
    assert verify(half, store)["aa-challenge"].facts["reason"] == "making-missing"


def test_challenge_is_the_documented_hash():
    import hashlib

    expected = hashlib.sha256(b"proctor-aa-1" + bytes(32) + ROOT).digest()[:8]
    assert challenge_of(bytes(32), ROOT) == expected


def test_chip_without_proofs(pki, store):
    bare = personalise(HOLDER, fake_jpeg(), pki, now=NOW, chip_proofs=False)
    findings = verify(evidence_of(bare, KEY), store)
    assert (findings["aa"].outcome, findings["aa"].code) == ("not-performed", "evidence-no-answer")
    assert findings["claims"].outcome == "passed"


@pytest.mark.parametrize("active", ["ecdsa:13:sha256", "ecdsa:18:sha512", "rsa:3072:sha256"])
def test_other_keys(pki, store, active):
    options = replace(
        CCCD, active_auth=ActiveVariant.parse(active), active_auth_trailer="named", active_auth_info=True
    )
    other = personalise(HOLDER, fake_jpeg(), pki, now=NOW, options=options)
    findings = verify(read_evidence(export(evidence_of(other, KEY))), store)
    assert findings["aa"].outcome == "passed"


def test_mapping_is_checked_with_the_signed_key(pki, store):
    options = replace(CCCD, pace=(PaceVariant("ecdh-cam", CipherSuite.AES_128, 13),))
    mapped = evidence_of(personalise(HOLDER, fake_jpeg(), pki, now=NOW, options=options), KEY)
    assert mapped.proven_by == "cam+ca+aa"
    octets = export(mapped)
    findings = verify(read_evidence(octets), store)
    assert set(outcomes(findings).values()) == {"passed", "not-performed"}
    assert findings["cam"].outcome == "passed"
    other = base64.b64encode(b"\1" * 32).decode()
    forged_one = verify(read_evidence(rewrite(octets, lambda d: d["mapping"].update(data=other))), store)
    assert (forged_one["cam"].outcome, forged_one["cam"].code) == ("failed", "ca-failed")
    assert forged_one["claims"].code == "evidence-claim"


def test_read_at_is_kept_to_the_millisecond(evidence):
    fine = replace(evidence, read_at=READ_AT.replace(microsecond=123456))
    assert read_evidence(export(fine)).read_at == READ_AT.replace(microsecond=123000)

"""Files that somebody with a file, a certificate or a tool made: looks, envelopes, chains and parsers."""

import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.x509.oid import NameOID

import reports.signing_official as signing
from proctor.texts import load_texts
from reports.dss import Dss
from reports.signature import fill_field
from reports.signing_ecdsa import has_low_s
from reports.signing_look import Box, Shown
from reports.signing_official import Official, official_fields, sign_field
from reports.signing_paths import paths_up
from reports.verification import verify_pdf
from reports.verify_look import WORDINGS
from reports.verify_revisions import envelope_of, split_revisions
from reports.verify_sheet import Believed, SheetFinding, verify_sheet
from reports.wording import Texts
from tests.support.reports_sheets import texts
from tests.support.signed_sheets import CERTIFICATE, believed, sealed, signed, signed_by, with_store
from tests.support.signing_pki import Authority, Holder, now, pki

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
Change = Callable[[Shown], Shown]


def judged(pdf: bytes, known: Believed | None = None) -> SheetFinding:
    return verify_sheet(pdf, CERTIFICATE, known or believed(), at=datetime.now(UTC))


def why(pdf: bytes) -> str:
    found = judged(pdf)
    assert found.signatures == ()
    return str(found.error.facts["why"]) if found.error else ""


# -- looks -----------------------------------------------------------------------------------------


def test_boxes_are_judged_in_the_words_in_which_they_are_written():
    known = load_texts("vi")
    keys = [
        key for key in known if key.startswith(("sheet.station-seal.", "signing.look.", "signing.reason"))
    ]
    assert {key: known[key] for key in keys} == WORDINGS[-1]


@pytest.mark.parametrize(
    "change",
    [
        lambda shown: replace(shown, holder="TRẦN THỊ MẪU (TEST) – KẾT LUẬN: 003 ĐẠT"),
        lambda shown: replace(shown, role="TỔ GIÁM SÁT"),
        lambda shown: replace(shown, issuer="TEST Another"),
        lambda shown: replace(shown, at=shown.at - timedelta(seconds=2)),
    ],
    ids=["holder", "role", "issuer", "time"],
)
def test_a_box_that_shows_something_else_than_the_signature_is_no_look_of_this_program(
    change: Change, monkeypatch: pytest.MonkeyPatch
):
    honest = signing.official_look
    monkeypatch.setattr(signing, "official_look", lambda box, shown, texts: honest(box, change(shown), texts))
    forged = signed_by(sealed(), pki().official)
    assert why(forged) == "look-foreign"
    monkeypatch.undo()
    assert judged(signed_by(sealed(), pki().official)).credible


def test_nothing_more_is_painted_into_a_box(monkeypatch: pytest.MonkeyPatch):
    honest = signing.official_look

    def framed(box: Box, shown: Shown, words: Texts):
        return replace(honest(box, shown, words), border_width=1)

    monkeypatch.setattr(signing, "official_look", framed)
    assert why(signed_by(sealed(), pki().official)) == "look-foreign"


def test_what_a_signature_says_of_itself_in_a_viewer_is_held_as_well(monkeypatch: pytest.MonkeyPatch):
    changed: dict[str, str] = {}

    def elsewhere(writer, meta, *given, **more):
        return fill_field(writer, replace(meta, **changed), *given, **more)

    monkeypatch.setattr(signing, "fill_field", elsewhere)
    for words in ({"reason": "KẾT LUẬN: ĐẠT"}, {"name": "SOMEBODY ELSE"}, {"location": "HÀ NỘI"}):
        changed.clear()
        changed.update(words)
        assert why(signed_by(sealed(), pki().official)) == "look-foreign"


def test_the_seal_shows_its_own_certificate_and_time(monkeypatch: pytest.MonkeyPatch):
    import reports.signature as sealing
    from tests.support.signed_sheets import AT, KEY, drawn

    honest = sealing.station_look

    def later(box: Box, *, at: datetime, **given: object):
        return honest(box, at=at + timedelta(hours=1), **given)  # type: ignore[arg-type]

    monkeypatch.setattr(sealing, "station_look", later)
    forged = sealing.seal_pdf(drawn(), key=KEY, certificate=CERTIFICATE, at=AT, texts=texts())
    assert why(forged) == "look-foreign"


# -- envelopes -------------------------------------------------------------------------------------


def with_envelope(pdf: bytes, number: int, change: Callable[[cms.ContentInfo], None]) -> bytes:
    """The file with another CMS at the place of a revision's."""
    revision = split_revisions(pdf)[number]
    message = cms.ContentInfo.load(envelope_of(pdf, revision))
    change(message)
    start, end = revision.gap or (0, 0)
    octets = message.dump(force=True).hex().upper().encode()
    return pdf[:start] + b"<" + octets.ljust(end - start - 2, b"0") + b">" + pdf[end:]


def other_s(message: cms.ContentInfo) -> None:
    info = message["content"]["signer_infos"][0]
    r, s = decode_dss_signature(info["signature"].native)
    info["signature"] = encode_dss_signature(r, P256_ORDER - s)


def more_certificates(message: cms.ContentInfo) -> None:
    root = asn1_x509.Certificate.load(pki().root.der)
    message["content"]["certificates"].append(cms.CertificateChoices({"certificate": root}))


def no_certificates(message: cms.ContentInfo) -> None:
    """The signer's alone."""
    (own,) = (each for each in message["content"]["certificates"] if each.chosen.dump() == pki().other.der)
    message["content"]["certificates"] = [own]


def other_hash(message: cms.ContentInfo) -> None:
    """The same algorithm, written without its parameters."""
    del message["content"]["signer_infos"][0]["digest_algorithm"]["parameters"]


@pytest.mark.parametrize("number", [1, 2], ids=["seal", "official"])
def test_the_other_value_of_an_ecdsa_signature_is_none(number: int):
    assert judged(with_envelope(signed(), number, lambda message: None)).credible
    assert why(with_envelope(signed(), number, other_s)) == "signature"
    if number == 1:
        assert why(with_envelope(sealed(), 1, other_s)) == "signature"


def test_what_an_official_signs_with_has_the_smaller_value_whatever_the_token_gives():
    holder = pki().official

    def high(message: bytes) -> bytes:
        r, s = decode_dss_signature(holder.sign(message))
        return encode_dss_signature(r, max(s, P256_ORDER - s))

    official = Official(certificate=holder.der, chain=(), sign=high)
    pdf = sign_field(sealed(), official_fields(sealed())[0], official, at=now(), unknown=True, texts=texts())
    info = cms.ContentInfo.load(envelope_of(pdf, split_revisions(pdf)[2]))["content"]["signer_infos"][0]
    assert has_low_s(info["signature"].native, holder.key.public_key())  # type: ignore[arg-type]
    verify_pdf(pdf, CERTIFICATE)


@pytest.mark.parametrize(
    "curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name
)
def test_every_curve_of_an_official_has_its_order(curve: ec.EllipticCurve):
    holder = pki().issuing.issue("TEST other curve", key=ec.generate_private_key(curve))  # type: ignore[arg-type]
    for _ in range(3):  # half of what a key gives is the larger value
        assert judged(signed_by(sealed(), holder)).credible


def test_an_officials_envelope_has_no_octet_to_spare():
    assert why(with_envelope(signed(), 3, more_certificates)) == "certificates"
    assert why(with_envelope(signed(), 3, no_certificates)) == "certificates"
    assert why(with_envelope(signed(), 3, other_hash)) == "envelope"


# -- chains ----------------------------------------------------------------------------------------


def carrying(holder: Holder, *chain: bytes) -> bytes:
    official = Official(certificate=holder.der, chain=chain, sign=holder.sign)
    place = official_fields(sealed())[0]
    return sign_field(sealed(), place, official, at=now(), unknown=True, texts=texts())


def test_the_pinned_authoritys_own_certificate_may_come_along():
    known, lists = pki(), (pki().issuing.crl(),)
    pinned = Believed(signatures=(known.issuing.der,), crls=lists)
    for chain in ((), (known.issuing.der,), (known.issuing.der, known.root.der)):
        found = judged(carrying(known.official, *chain), pinned)
        assert found.credible, found.error
        assert found.signatures[1].status == "valid"
    stranger = known.root.issue("TEST Another (proctor)", ca=True)
    assert not judged(carrying(known.official, known.issuing.der, stranger.der), pinned).intact


def namesakes(count: int) -> tuple[Holder, list[bytes]]:
    """A holder and certificates above it, every one named X, each made by the next; none is believed."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "X")])
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(count + 1)]
    made = []
    for number, key in enumerate(keys):
        usage = {"key_cert_sign": number > 0, "crl_sign": number > 0, "digital_signature": True}
        names = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
        rest = dict.fromkeys((*names, "encipher_only", "decipher_only"), False)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        builder = builder.serial_number(number + 1).not_valid_before(now() - timedelta(days=1))
        builder = builder.not_valid_after(now() + timedelta(days=9))
        builder = builder.add_extension(x509.KeyUsage(**usage, **rest), critical=True)
        made.append(builder.sign(keys[min(number + 1, count)], hashes.SHA256()))
    ders = [each.public_bytes(serialization.Encoding.DER) for each in made]
    return Holder(key=keys[0], certificate=made[0], chain=()), ders


@pytest.mark.parametrize("count", [3, 7, 20, 45, 60])
def test_certificates_of_one_name_keep_nobody_busy(count: int):
    holder, ders = namesakes(count)
    pdf = with_store(carrying(holder), Dss(certificates=tuple(reversed(ders[1:]))))
    start = time.process_time()
    found = judged(pdf)
    assert not found.credible
    assert time.process_time() - start < 2
    start = time.process_time()
    assert not judged(carrying(holder, *ders[1:16])).credible
    assert time.process_time() - start < 2


def test_a_search_for_paths_ends_and_finds_the_short_one_first():
    known = pki()
    both = (known.issuing.der, known.root.der)
    assert list(paths_up(known.official.der, both, both)) == [(known.official.der, known.issuing.der)]
    holder, ders = namesakes(11)
    assert list(paths_up(holder.der, ders, (ders[-1],))) == [tuple(ders)]
    assert list(paths_up(holder.der, ders, (known.root.der,))) == []


# -- parsers ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_no_bit_of_an_envelope_crashes_the_judge():
    """Curves, versions and extensions among them; one in a certificate above, which nobody then vouches for, too."""
    pdf, rng = signed(), random.Random(20261122)
    for number in (1, 2, 3):
        revision = split_revisions(pdf)[number]
        start, length = (revision.gap or (0, 0))[0] + 1, 2 * len(envelope_of(pdf, revision))
        octets = bytes.fromhex(pdf[start : start + length].decode())
        curve = octets.find(bytes.fromhex("2a8648ce3d030107"))
        places = [*rng.sample(range(len(octets)), 10), *(curve + at for at in range(8) if curve > 0)]
        for place in places:
            changed = bytearray(octets)
            changed[place] ^= 1 << rng.randrange(8)
            found = judged(pdf[:start] + changed.hex().upper().encode() + pdf[start + length :])
            assert not found.credible, (number, place)


@pytest.mark.slow
def test_no_bit_of_an_authoritys_certificate_crashes_the_judge():
    rng, issuing = random.Random(20261122), pki().issuing
    assert isinstance(issuing, Authority)
    for place in rng.sample(range(len(issuing.der)), 6):
        changed = bytearray(issuing.der)
        changed[place] ^= 1 << rng.randrange(8)
        broken = with_store(signed(), Dss(certificates=(bytes(changed),)))
        assert not judged(broken).intact, place


def test_a_flipped_certificate_is_found_although_another_way_leads_to_the_pinned_one():
    pdf, issuing = signed(), pki().issuing.der
    (start, _), flipped = split_revisions(pdf)[3].gap or (0, 0), bytearray(issuing)
    flipped[-1] ^= 1
    there = pdf.index(issuing.hex().upper().encode(), start)
    altered = pdf[:there] + flipped.hex().upper().encode() + pdf[there + 2 * len(issuing) :]
    assert why(with_store(altered, Dss(certificates=(issuing,)))) == "certificates"

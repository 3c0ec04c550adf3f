import base64

import cbor2
import cwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import base45
from reports.errors import SealFormatError, SealSignatureError, SealTooLongError
from reports.seal import LONGEST_TEXT, PREFIX, PageSeal, fits, qr_modules, read_seal, seal_text
from reports.seal_rows import pack_numbers, unpack_numbers
from sessions.anchor import parse_seal
from sessions.checkpoint import Signer, VerifierKey
from tests.support.reports_sheets import ROOT, SEED, signer

SEAL = PageSeal(
    kind="attendance",
    origin="proctor.real/0a1b2c3d",
    session_id="S-20261122-01",
    page=2,
    pages=30,
    size=1_234,
    root=ROOT,
    roster=bytes(16),
    digest=bytes(range(16)),
    rows=tuple((f"{number:03d}", "ARX-"[number % 4]) for number in range(1, 12)),
    variant="theory",
)
PLACE = {"kind": SEAL.kind, "origin": SEAL.origin, "session_id": SEAL.session_id, "variant": SEAL.variant}
TEXT = seal_text(SEAL, signer())


def forge(payload: bytes, key: Signer | None = None) -> str:
    """A seal of any payload, signed as a station signs."""
    key = key or signer()
    protected = cbor2.dumps({1: -8, 4: bytes.fromhex(key.key.fingerprint)[:8]}, canonical=True)
    signature = key.sign(cbor2.dumps(["Signature1", protected, b"", payload], canonical=True))
    return PREFIX + base45.encode(cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature])))


def test_a_seal_comes_back_under_the_pinned_key():
    assert read_seal(TEXT, signer().key) == SEAL


def test_the_same_seal_has_the_same_text():
    assert seal_text(SEAL, signer()) == TEXT


def test_an_independent_cose_implementation_accepts_it():
    fingerprint = bytes.fromhex(signer().key.fingerprint)
    public = cwt.COSEKey.from_jwk(
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": base64.urlsafe_b64encode(signer().key.public).rstrip(b"=").decode(),
            "alg": "EdDSA",
            "kid": fingerprint[:8],
        }
    )
    payload = cwt.COSE.new().decode(base45.decode(TEXT.removeprefix(PREFIX)), public)
    assert cbor2.loads(payload)[7] == ROOT


def test_a_page_of_eleven_rows_reads_at_100_dpi():
    modules = qr_modules(TEXT)
    assert len(modules) <= 65  # at 0.52 mm each: two dots a module within 34 mm


def test_the_code_uses_the_dense_letters_only():
    assert set(TEXT) <= set(base45.ALPHABET)


def test_another_key_of_the_same_name_is_refused():
    other = Signer(signer().key.name, bytes(32))
    with pytest.raises(SealSignatureError) as caught:
        read_seal(seal_text(SEAL, other), signer().key)
    assert caught.value.conclusive
    assert caught.value.facts == {"why": "other-key"}


def test_a_key_may_not_speak_for_another_origin():
    renamed = VerifierKey(name="proctor.real/ffffffff", public=signer().key.public)
    with pytest.raises(SealSignatureError) as caught:
        read_seal(TEXT, renamed)
    assert caught.value.facts == {"why": "origin"}


@pytest.mark.parametrize("at", range(0, len(TEXT), 7))
def test_one_changed_letter_is_refused(at: int):
    other = "A" if TEXT[at] != "A" else "B"
    with pytest.raises((SealFormatError, SealSignatureError)):
        read_seal(TEXT[:at] + other + TEXT[at + 1 :], signer().key)


def test_every_flipped_bit_is_refused():
    data = base45.decode(TEXT.removeprefix(PREFIX))
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises((SealFormatError, SealSignatureError)):
            read_seal(PREFIX + base45.encode(bytes(changed)), signer().key)


@pytest.mark.parametrize(
    "text", ["", "PRS1:", "PRS1:00", "HC1:" + TEXT[5:], TEXT + "00", TEXT * 4, TEXT[:-3]]
)
def test_other_text_is_no_seal(text: str):
    with pytest.raises(SealFormatError):
        read_seal(text, signer().key)


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_by_code(data: bytes):
    with pytest.raises((SealFormatError, SealSignatureError)):
        read_seal(PREFIX + base45.encode(data), signer().key)


def changed(**values: object) -> bytes:
    body = cbor2.loads(SEAL.payload())
    for key, value in values.items():
        body[int(key[1:])] = value
    return cbor2.dumps(body, canonical=True)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff",
        b"\x80",
        SEAL.payload() + b"\x00",
        cbor2.dumps([1]),
        changed(_0=1),
        changed(_0=3),
        changed(_0=True),
        changed(_12=1),
        changed(_1=1),
        changed(_4="2"),
        changed(_4=True),
        changed(_7=b"short"),
        changed(_8=bytes(32)),
        changed(_10=["001"]),
        changed(_10=[1] * 11),
        changed(_10=[b"001"] * 11),
        changed(_10=["001", *[1] * 9, True]),
        changed(_10=["001", 1000, *[1] * 9]),
        changed(_10=["001", -2, *[1] * 9]),
        changed(_10=["001", 2**70, *[1] * 9]),
        changed(_10=["K", *[1] * 10]),
        changed(_10=["001", "002", *[1] * 9]),
        changed(_11="Z" * 11),
        changed(_10=["001"] * 65, _11="A" * 65),
        cbor2.dumps([*cbor2.loads(SEAL.payload()), 0]),
    ],
)
def test_a_signed_payload_of_another_form_is_refused(payload: bytes):
    with pytest.raises(SealFormatError):
        read_seal(forge(payload), signer().key)


def test_the_forger_of_these_tests_makes_good_seals_too():
    assert read_seal(forge(SEAL.payload()), signer().key) == SEAL


LONG = (("Đ" * 16, "A"), ("0123456789ABCDEF", "-"))


@pytest.mark.parametrize("rows", [LONG * 60, (("1", "A"),) * 65])
def test_too_much_for_one_page_is_an_error(rows: tuple[tuple[str, str], ...]):
    fields = {name: getattr(SEAL, name) for name in PageSeal.__slots__}
    with pytest.raises(SealTooLongError):
        seal_text(PageSeal(**(fields | {"rows": rows})), signer())


def of_rows(rows: tuple[tuple[str, str], ...], **fields: object) -> PageSeal:
    kept = {name: getattr(SEAL, name) for name in PageSeal.__slots__}
    return PageSeal(**(kept | {"rows": rows} | fields))


@pytest.mark.parametrize(
    "rows",
    [
        (),
        (("", "-"),) * 40,
        tuple((f"{number:04d}", "DOVKT-"[number % 6]) for number in range(1, 64)),
        tuple((f"SH-HN-{number:06d}", "A") for number in range(997, 1_061)),
        LONG * 3,
        (
            ("001", "A"),
            ("", "-"),
            ("003", "X"),
            ("003", "-"),
            ("B-003", "R"),
            ("B-001", "R"),
            ("1234567890123456", "A"),
        ),
    ],
)
def test_rows_of_every_kind_come_back_and_fit(rows: tuple[tuple[str, str], ...]):
    seal = of_rows(rows, page=999, pages=999, size=2**32 - 1)
    assert fits(rows, **PLACE)
    assert read_seal(seal_text(seal, signer()), signer().key) == seal


@given(st.lists(st.text("019ABĐ./_-", max_size=16) | st.integers(0, 10**16 - 1).map(str), max_size=64))
def test_any_numbers_come_back_in_one_form(numbers: list[str]):
    packed = pack_numbers(numbers)
    assert unpack_numbers(packed, counting=True) == numbers
    assert len(cbor2.dumps(packed)) <= len(cbor2.dumps(numbers))


@given(st.lists(st.text("019Đ-", max_size=16), max_size=64))
def test_what_is_said_to_fit_does(numbers: list[str]):
    rows = tuple((number, "A") for number in numbers)
    seal = of_rows(rows, page=999, pages=999, size=2**32 - 1)
    if fits(rows, **PLACE):
        assert len(seal_text(seal, signer())) <= LONGEST_TEXT
    else:
        with pytest.raises(SealTooLongError):
            seal_text(seal, signer())


def test_thirty_numbered_rows_make_a_code_of_two_dots_a_module_at_100_dpi():
    rows = tuple((f"{number:04d}", "DOVK"[number % 4]) for number in range(1, 31))
    assert len(qr_modules(seal_text(of_rows(rows), signer()))) <= 69


def test_a_page_of_longest_numbers_still_has_a_code():
    rows = tuple((f"{chr(65 + number)}.01234567890-AB", "A") for number in range(11))
    assert fits(rows, **PLACE)
    assert len(qr_modules(seal_text(of_rows(rows), signer()))) <= 81


def test_a_seal_of_the_first_version_is_still_read():
    old = of_rows(SEAL.rows, version=1, variant="")
    assert cbor2.loads(old.payload())[0] == 1
    assert len(cbor2.loads(old.payload())) == 12
    assert read_seal(seal_text(old, signer()), signer().key) == old


def test_a_seal_of_the_first_version_knows_no_later_letters_and_no_short_numbers():
    for number, outcomes in ((["001"], "D"), (["001", 1], "AA")):
        body = cbor2.loads(of_rows(SEAL.rows, version=1, variant="").payload())
        body[10], body[11] = number, outcomes
        with pytest.raises(SealFormatError):
            read_seal(forge(cbor2.dumps(body, canonical=True)), signer().key)


@pytest.mark.parametrize("version", [1, 2])
def test_the_logs_own_reader_finds_the_tree_head_in_every_version(version: int):
    anchor = parse_seal(seal_text(of_rows(SEAL.rows, version=version), signer()))
    assert (anchor.origin, anchor.size, anchor.root) == (SEAL.origin, SEAL.size, SEAL.root)
    assert anchor.proven_by([signer().key])


def test_the_key_is_the_logs():
    assert Signer(signer().key.name, SEED).key == signer().key

"""What is fuzzed: each target takes any octets and may raise nothing but errors of readers, biometrics, sessions."""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from readers.cccd.access_plan import plan_for, read_access
from readers.cccd.qr import parse_qr
from readers.emrtd import active_auth, chip_auth
from readers.emrtd.card_security import require_signed_infos
from readers.emrtd.curves import CURVES
from readers.emrtd.evidence import ChipMapping
from readers.emrtd.evidence_check import verify_evidence
from readers.emrtd.evidence_file import read_evidence
from readers.emrtd.lds.card_access import parse_card_access
from readers.emrtd.lds.com import parse_com
from readers.emrtd.lds.dg1 import parse_dg1
from readers.emrtd.lds.dg2 import parse_portrait
from readers.emrtd.lds.dg2_iso39794 import parse_face_image
from readers.emrtd.lds.dg11 import parse_dg11
from readers.emrtd.lds.dg12 import parse_dg12
from readers.emrtd.lds.dg13 import parse_dg13
from readers.emrtd.lds.dg14 import parse_dg14
from readers.emrtd.lds.dg15 import parse_dg15
from readers.emrtd.lds.mrz import parse_mrz
from readers.emrtd.pace_variants import choose_variant, offers_better
from readers.emrtd.pki.certificate import read_certificate, read_pem_or_der
from readers.emrtd.pki.crl import read_crl
from readers.emrtd.pki.master_list import read_master_list
from readers.emrtd.pki.public_key import load_public_key
from readers.emrtd.pki.sod import require_signed
from readers.emrtd.pki.store import TrustStore
from readers.emrtd.pki.trust_file import read_trust_file
from readers.errors import ReaderError
from readers.iso7816 import der, tlv
from tests.fuzz import chips, packs, seeds
from tests.support.softcard import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

_CHALLENGE = bytes(range(1, 9))
_AGREED_BITS = 2048
_CROWD_PROOF = ChipMapping(
    oid="0.4.0.127.0.7.2.2.4.6.2",
    parameter_id=17,
    mapping_key=CURVES[17].encode(CURVES[17].generator),
    data=(CURVES[17].n - 0x1234567890ABCDEF).to_bytes(64, "big"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """`run` takes an input, and returns CPU seconds that are not the reader's, if there are any; `seeds` are what
    mutation starts from."""

    run: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]


def _tlv(octets: bytes) -> None:
    with suppress(ReaderError):
        tlv.check_nesting(octets)
    with suppress(ReaderError):
        for item in tlv.parse_all(octets):
            item.children()
            der.decode_oid(item)
    with suppress(ReaderError):
        der.decode_integer(tlv.parse_one(octets))


def _dg14(octets: bytes) -> None:
    infos = parse_dg14(octets)
    infos.missing_from(infos)
    with suppress(ReaderError):
        _ = infos.pace, infos.pace_domains, infos.active_auth_algorithm
    with suppress(ReaderError):
        chip_auth.require_mapping(_CROWD_PROOF, infos)
    choice = chip_auth.choose(infos)
    if choice is not None:
        _ = choice.protocol, choice.facts
        if choice.key is not None and choice.key.bits <= _AGREED_BITS:
            choice.key.agree(_counted)


def _counted(octets: int) -> bytes:
    """Randomness that is none, so that a crash can be repeated."""
    return bytes((7 * number + 1) % 256 for number in range(octets))


def _card_access(octets: bytes) -> None:
    infos = parse_card_access(octets)
    _ = infos.pace, infos.pace_domains, infos.offers_pace
    _ = choose_variant(infos).info.protocol, offers_better(infos, "pace-ecdh-gm-3des")


def _dg15(octets: bytes) -> None:
    key = parse_dg15(octets)
    if active_auth.weakness(key) is None:
        active_auth.require_signature(key, _CHALLENGE, octets[-(key.bits // 8 or 64) :])


def _active_answer(octets: bytes) -> None:
    """An answer to INTERNAL AUTHENTICATE under the specimen's key."""
    key = parse_dg15(seeds.material().files["DG15"])
    active_auth.require_signature(key, _CHALLENGE, octets)


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")


def _access_text(octets: bytes) -> None:
    plan_for(read_access(octets))


def _access_string(octets: bytes) -> None:
    plan_for(read_access(_text(octets)))


def _of(*names: str) -> Callable[[], list[bytes]]:
    def made() -> list[bytes]:
        own = seeds.material().named(*names)
        return own + seeds.starting(own[0][0])

    return made


def _certificates() -> list[bytes]:
    return [seeds.material().csca, seeds.material().crl, *seeds.starting(0x30)]


def _trust_files() -> list[bytes]:
    csca, crl = seeds.material().csca, seeds.material().crl
    pem = b"-----BEGIN CERTIFICATE-----\n" + b64encode(csca) + b"\n-----END CERTIFICATE-----\n"
    entry = b"dn: c=VN\nobjectClass: top\n"
    certificate = b"userCertificate;binary:: " + b64encode(csca) + b"\n"
    revocation = b"certificateRevocationList;binary:: " + b64encode(crl) + b"\n"
    master = b"pkdMasterListContent:: " + b64encode(seeds.material().files["SOD"][4:]) + b"\n"
    ldif = b"version: 1\n" + b"\n".join(entry + line for line in (certificate, revocation, master))
    return [csca, crl, pem, ldif, seeds.material().files["SOD"][4:], b"%PDF-1.7"]


def _spki() -> list[bytes]:
    return [seeds.material().files["DG15"][4:], *seeds.starting(0x30)]


def _face_records() -> list[bytes]:
    """What stands in DG2 of ISO/IEC 39794-5 behind the template of the record."""
    octets = seeds.material().more["iso39794", "DG2"]
    at = octets.find(b"\x7f\x2e")
    return [tlv.read_tlv(octets, at)[0].value if at >= 0 else octets]


def _mapping_proof(octets: bytes) -> None:
    """Data of the Chip Authentication Mapping against the keys of DG14."""
    infos = parse_dg14(seeds.material().files["DG14"])
    proof = ChipMapping(
        oid="0.4.0.127.0.7.2.2.4.6.2",
        parameter_id=octets[0] % 20 if octets else 13,
        mapping_key=octets[1:66],
        data=octets[66:],
    )
    chip_auth.require_mapping(proof, infos)


def _mapping_seeds() -> list[bytes]:
    curve = CURVES[13]
    point = curve.encode(curve.generator)
    return [b"\x0d" + point + bytes(31) + b"\x01", b"\x0d" + point + bytes(range(1, 33))]


@cache
def _empty_store() -> TrustStore:
    with TemporaryDirectory() as folder:
        return TrustStore.create(Path(folder) / "store", training=True, sign=lambda _: b"")


def _evidence(octets: bytes) -> None:
    verify_evidence(read_evidence(octets), _empty_store(), NOW)


def _qr_seeds() -> list[bytes]:
    return [
        "001099000001|012345678|Nguyễn Văn Mẫu|15011999|Nam|Số 1 Đường Mẫu, Hà Nội|01062021".encode(),
        "001099000001||Nguyễn Văn Mẫu|1999|Nam|Hà Nội|01062021||||".encode(),
        b"\xef\xbb\xbf001099000001|||||\r\n",
    ]


def _mrz_seeds() -> list[bytes]:
    return [
        b"IDVNM0990000017001099000001<<8\n9901155M2401151VNM<<<<<<<<<<<2\nNGUYEN<<VAN<MAU<<<<<<<<<<<<<<<",
        b"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
        b"I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6",
        b"001099000001",
    ]


TARGETS: dict[str, Target] = {
    "tlv": Target(_tlv, lambda: [*seeds.material().files.values(), *seeds.vectors()]),
    "com": Target(parse_com, _of("COM")),
    "sod": Target(require_signed, _of("SOD")),
    "dg1": Target(parse_dg1, _of("DG1")),
    "dg2": Target(parse_portrait, _of("DG2")),
    "dg11": Target(parse_dg11, _of("DG11")),
    "dg12": Target(parse_dg12, _of("DG12")),
    "dg13": Target(parse_dg13, _of("DG13")),
    "dg14": Target(_dg14, lambda: [*_of("DG14", "CardAccess")(), *seeds.agreement_keys()]),
    "dg15": Target(_dg15, _of("DG15")),
    "active-answer": Target(_active_answer, lambda: [bytes(256), b"\x6a" + bytes(254) + b"\xbc"]),
    "card-access": Target(_card_access, lambda: [*_of("CardAccess")(), seeds.many_domains()]),
    "card-security": Target(require_signed_infos, _of("CardSecurity")),
    "mrz": Target(lambda octets: parse_mrz(_text(octets)), _mrz_seeds),
    "qr": Target(parse_qr, _qr_seeds),
    "access": Target(_access_text, lambda: _qr_seeds() + _mrz_seeds()),
    "access-text": Target(_access_string, lambda: _qr_seeds() + _mrz_seeds()),
    "certificate": Target(read_certificate, _certificates),
    "certificate-file": Target(read_pem_or_der, _trust_files),
    "crl": Target(read_crl, _certificates),
    "master-list": Target(read_master_list, lambda: [seeds.material().files["SOD"][4:], *_certificates()]),
    "public-key": Target(load_public_key, _spki),
    "trust-file": Target(read_trust_file, _trust_files),
    "face-record": Target(parse_face_image, _face_records),
    "mapping-proof": Target(_mapping_proof, _mapping_seeds),
    "evidence": Target(_evidence, lambda: [seeds.material().evidence, seeds.late_evidence(), b"{}"]),
    "secure-messaging": Target(chips.secure_messaging, chips.secure_seeds),
    "pace": Target(chips.pace, chips.pace_seeds),
    "chip": Target(chips.whole_read, chips.read_seeds),
    "pack": Target(packs.whole, packs.whole_seeds),
    "pack-part": Target(packs.part, packs.part_seeds),
}

"""OpenSSL as the second opinion on signed data: it verifies what the software card carries, refuses what we refuse, and
signs security objects and master lists that we accept."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from readers.emrtd.pki.errors import SodSignatureError, WeakAlgorithmError
from readers.emrtd.pki.master_list import read_master_list
from readers.emrtd.pki.sod import require_signed
from readers.errors import ReaderError
from readers.iso7816 import der, tlv
from readers.softcard.options import ChipOptions
from readers.softcard.pki import TrainingPki, training_pki
from readers.softcard.sod_file import security_object
from tests.support.softcard import NOW
from tests.support.softcard_samples import image_of

if TYPE_CHECKING:
    from pathlib import Path

SOD_TAG = 0x77
LDS_SECURITY_OBJECT = "2.23.136.1.1.1"
MASTER_LIST = "2.23.136.1.1.2"
GROUPS = {1: b"\x61\x00", 2: b"\x75\x00", 14: b"\x6e\x00"}
HONEST = [
    "mau",
    "rsa-signer",
    "pss-signer",
    "explicit-signer",
    "lds-1",
    "since-expired-signer",
    "passport",
    "sod-indefinite",
]
ALTERED = ["wrong-digest", "signature-over-econtent", "bad-pss"]


@pytest.fixture(scope="module", autouse=True)
def _openssl() -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl")


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TrainingPki:
    return training_pki(tmp_path_factory.mktemp("pki"), now=NOW)


def openssl(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=False, timeout=60)


def cms_of(sod: bytes) -> bytes:
    """The SignedData inside the template."""
    return sod[tlv.read_header(sod).size :]


@pytest.mark.parametrize("sample", HONEST)
def test_openssl_verifies_our_security_objects(sample: str, pki: TrainingPki) -> None:
    sod = image_of(sample, pki).files["SOD"]
    ours = require_signed(sod)
    done = openssl("cms", "-verify", "-inform", "DER", "-noverify", given=cms_of(sod))
    assert done.returncode == 0, done.stderr.decode()
    content = tlv.parse_one(done.stdout, der.SEQUENCE)
    assert ours.data_group_hashes[1] in content.value


@pytest.mark.parametrize("sample", ALTERED)
def test_openssl_refuses_what_we_refuse(sample: str, pki: TrainingPki) -> None:
    sod = image_of(sample, pki).files["SOD"]
    done = openssl("cms", "-verify", "-inform", "DER", "-noverify", given=cms_of(sod))
    assert done.returncode != 0
    with pytest.raises(SodSignatureError):
        require_signed(sod)


def signed_by_openssl(
    pki: TrainingPki,
    folder: Path,
    *options: str,
    content_type: str = LDS_SECURITY_OBJECT,
    content: bytes = b"",
    chip: ChipOptions | None = None,
) -> bytes:
    """A SignedData that OpenSSL made with a training signer's key."""
    signer = pki.signer_for(chip or ChipOptions())
    certificate, key, data = folder / "c.der", folder / "k.pem", folder / "content"
    certificate.write_bytes(signer.encoded)
    key.write_bytes(signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    data.write_bytes(content or security_object(GROUPS))
    pem = folder / "c.pem"
    openssl("x509", "-inform", "DER", "-in", str(certificate), "-out", str(pem))
    done = openssl(
        *("cms", "-sign", "-binary", "-nodetach", "-nosmimecap", "-outform", "DER"),
        *("-econtent_type", content_type, "-signer", str(pem), "-inkey", str(key), "-in", str(data)),
        *options,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize(
    ("options", "chip"),
    [
        (("-md", "sha256"), ChipOptions()),
        (("-md", "sha384"), ChipOptions()),
        (("-md", "sha512"), ChipOptions()),
        (("-md", "sha256", "-keyid"), ChipOptions()),
        (("-md", "sha256"), ChipOptions(sod_signature="rsa")),
        (("-md", "sha512", "-keyid"), ChipOptions(sod_signature="rsa")),
        (("-md", "sha256", "-keyopt", "rsa_padding_mode:pss"), ChipOptions(sod_signature="rsa")),
        (
            ("-md", "sha384", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:48"),
            ChipOptions(sod_signature="rsa"),
        ),
        (("-md", "sha256", "-stream"), ChipOptions()),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value.sod_signature,
)
def test_security_objects_that_openssl_signed(
    options: tuple[str, ...], chip: ChipOptions, pki: TrainingPki, tmp_path: Path
) -> None:
    sod = tlv.encode(SOD_TAG, signed_by_openssl(pki, tmp_path, *options, chip=chip))
    found = require_signed(sod)
    assert found.data_group_hashes[1] == hashlib.sha256(GROUPS[1]).digest()
    assert found.signing_time is not None


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("-md", "sha1"), WeakAlgorithmError),
        (("-md", "sha256", "-nocerts"), ReaderError),
        (("-md", "sha256", "-noattr"), ReaderError),
    ],
    ids=["sha1", "no certificate", "no attributes"],
)
def test_security_objects_of_openssl_that_the_standard_forbids(
    options: tuple[str, ...], error: type[ReaderError], pki: TrainingPki, tmp_path: Path
) -> None:
    with pytest.raises(error):
        require_signed(tlv.encode(SOD_TAG, signed_by_openssl(pki, tmp_path, *options)))


def test_another_content_type_is_no_security_object(pki: TrainingPki, tmp_path: Path) -> None:
    made = signed_by_openssl(pki, tmp_path, "-md", "sha256", content_type=MASTER_LIST)
    with pytest.raises(ReaderError):
        require_signed(tlv.encode(SOD_TAG, made))


def test_a_master_list_that_openssl_signed(pki: TrainingPki, tmp_path: Path) -> None:
    certificates = tlv.encode(der.SET, pki.csca.encoded, pki.passport_cscas["UTO"].encoded)
    content = tlv.encode(der.SEQUENCE, der.encode_integer(0), certificates)
    made = signed_by_openssl(pki, tmp_path, "-md", "sha256", content_type=MASTER_LIST, content=content)
    assert set(read_master_list(made).certificates) == {
        pki.csca.encoded,
        pki.passport_cscas["UTO"].encoded,
    }


def test_openssl_verifies_the_chain_of_an_honest_signer(pki: TrainingPki, tmp_path: Path) -> None:
    anchor = tmp_path / "csca.pem"
    openssl("x509", "-inform", "DER", "-out", str(anchor), given=pki.csca.encoded)
    sod = image_of("mau", pki).files["SOD"]
    arguments = ("cms", "-verify", "-inform", "DER", "-purpose", "any", "-CAfile", str(anchor))
    assert openssl(*arguments, given=cms_of(sod)).returncode == 0
    forged = image_of("self-made-csca", pki).files["SOD"]
    assert openssl(*arguments, given=cms_of(forged)).returncode != 0

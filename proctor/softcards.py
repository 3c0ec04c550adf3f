"""Software cards for training: the training PKI, the specimen portraits, cards by sample name or holder file."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from biometrics.decode import FILE_LIMITS, PortraitDecoder
from biometrics.detect import Face, FaceDetector
from biometrics.frames import Image
from biometrics.opencv import prepare
from biometrics.quality import load_quality_rules
from biometrics.recorded import portrait_jpeg, specimen_portraits
from biometrics.weights import load_detector
from biometrics.zone import face_of_still
from proctor.files import read_file
from proctor.trusting import open_trust, signer_of
from readers.emrtd.pki.store import TrustStore
from readers.softcard.chip import SoftCard
from readers.softcard.holder import HolderRecord, load_holder, qr_payload
from readers.softcard.in_process import READER_NAME, InProcessConnection
from readers.softcard.personalise import ChipImage, personalise
from readers.softcard.pki import TrainingPki, training_pki
from readers.softcard.samples import DEFAULT_SAMPLE, sample_card, sample_holder
from sessions.keys import Unlocked
from sessions.root import DataRoot

PKI_FOLDER = "pki"
MAX_PORTRAIT = 8 * 1024 * 1024
FACE_OF_CARDS = "hopper"
IMPORTER = "station"


class CardWorkshop:
    """Makes software cards of one training root."""

    def __init__(self, pki: TrainingPki, *, today_utc: datetime) -> None:
        self._pki = pki
        self._now = today_utc
        self._portraits: dict[str, bytes] = {}

    @property
    def pki(self) -> TrainingPki:
        """The training PKI."""
        return self._pki

    def portrait(self, face: str = FACE_OF_CARDS) -> bytes:
        """Return the JPEG (300×400) of a specimen face, as a chip carries it."""
        if face not in self._portraits:
            self._portraits[face] = make_portraits((face,))[face]
        return self._portraits[face]

    def sample(self, name: str = DEFAULT_SAMPLE, *, portrait: bytes | None = None) -> SoftCard:
        """Return the card of the catalogue. Raises UnknownSampleError."""
        return SoftCard(sample_card(name, portrait or self.portrait(), self._pki, now=self._now))

    def of_holder(self, holder: HolderRecord, *, portrait: bytes | None = None) -> SoftCard:
        """Return a genuine card of a holder."""
        return SoftCard(self.image(holder, portrait or self.portrait()))

    def image(self, holder: HolderRecord, portrait: bytes) -> ChipImage:
        """Return the chip of a holder with this portrait."""
        return personalise(holder, portrait, self._pki, now=self._now)

    def connect(self, spec: str) -> InProcessConnection:
        """Put the card that `softcard[:SAMPLE|FILE]` names on an in-process reader."""
        return InProcessConnection(self.card_of(spec.removeprefix(READER_NAME).removeprefix(":")))

    def card_of(self, name: str, *, portrait: bytes | None = None) -> SoftCard:
        """Return the card of a sample name or a holder file (`.toml`); empty is the default sample."""
        if name.endswith(".toml"):
            return self.of_holder(load_holder(Path(name)), portrait=portrait)
        return self.sample(name or DEFAULT_SAMPLE, portrait=portrait)

    def holder_of(self, name: str) -> HolderRecord:
        """Return who the card of `card_of` is for."""
        if name.endswith(".toml"):
            return load_holder(Path(name))
        return sample_holder(name or DEFAULT_SAMPLE, today=self._now.date())

    def payload_of(self, name: str) -> str:
        """Return the QR payload of that card."""
        return qr_payload(self.holder_of(name))


def open_workshop(root: DataRoot, keys: Unlocked) -> tuple[CardWorkshop, TrustStore]:
    """Return the workshop of a training root and its trust store, which holds the training CSCA and a fresh CRL."""
    now = datetime.now(UTC)
    pki = training_pki(root.path / PKI_FOLDER, now=now)
    store = open_trust(root, keys)
    known = {(item.kind, item.sha256) for item in store.list()}
    sign = signer_of(root, keys)
    if ("csca", _digest(pki.csca.encoded)) not in known:
        store.import_certificate(pki.csca.encoded, by=IMPORTER, second=IMPORTER, at=now, sign=sign)
    if ("crl", _digest(pki.crl)) not in known:
        store.import_crl(pki.crl, by=IMPORTER, at=now, sign=sign)
    return CardWorkshop(pki, today_utc=now), store


def is_softcard(reader: str) -> bool:
    """Whether a reader name means the in-process software card."""
    return reader == READER_NAME or reader.startswith(f"{READER_NAME}:")


def specimen_faces(names: tuple[str, ...]) -> Mapping[str, tuple[Image, Face]]:
    """Return specimen images with their face. The faces are public domain and come inside installed packages."""
    prepare()
    detector, rules = FaceDetector(load_detector()), load_quality_rules()
    found: dict[str, tuple[Image, Face]] = {}
    for name in names:
        image = cv2.imdecode(np.frombuffer(specimen_portraits()[name], np.uint8), cv2.IMREAD_COLOR)
        picture: Image = np.asarray(image, dtype=np.uint8)
        height, width = picture.shape[:2]
        found[name] = (picture, face_of_still(detector.detect(picture), width, height, rules.zone))
    return found


def make_portraits(names: tuple[str, ...]) -> Mapping[str, bytes]:
    """Return the specimen faces as chips carry them."""
    return {name: portrait_jpeg(image, face=face) for name, (image, face) in specimen_faces(names).items()}


def portrait_of_file(path: str) -> bytes:
    """Return a picture file as a chip's portrait. Raises CommandError, BiometricsError."""
    data = read_file(path, MAX_PORTRAIT)
    prepare()
    with PortraitDecoder(FILE_LIMITS) as decoder:
        image = decoder.decode(data)
    height, width = image.shape[:2]
    faces = FaceDetector(load_detector()).detect(image)
    return portrait_jpeg(image, face=face_of_still(faces, width, height, load_quality_rules().zone))


def _digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()

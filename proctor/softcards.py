"""Software cards for training: the training PKI, the specimen portraits, cards by sample name or holder file."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
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
from readers.cccd.id_number import parse_id_number
from readers.emrtd.dates import PartialDate
from readers.emrtd.pki.chain import Scope
from readers.emrtd.pki.store import TrustStore
from readers.softcard.chip import SoftCard
from readers.softcard.chip_keys import SharedKeys
from readers.softcard.faults import NO_FAULTS, Incident
from readers.softcard.holder import HolderRecord, access_text, load_card
from readers.softcard.in_process import READER_NAME, CardSlot, InProcessConnection
from readers.softcard.options import CCCD, ChipOptions
from readers.softcard.personalise import ChipImage, personalise
from readers.softcard.pki import TrainingPki, training_pki
from readers.softcard.samples import DEFAULT_SAMPLE, require_sample, sample_card, sample_holder
from sessions.keys import Unlocked
from sessions.root import DataRoot
from sessions.roster.model import Seat

PKI_FOLDER = "pki"
MAX_PORTRAIT = 8 * 1024 * 1024
FACE_OF_CARDS = "hopper"
IMPORTER = "station"
ISSUED_BEFORE = timedelta(days=7)
JPEG_2000_PERMILLE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCard:
    """A card that is ready for a reader: who it is for, what opens it, and what is put back after it was lifted."""

    holder: HolderRecord = field(repr=False)
    access_text: str = field(repr=False)
    card: SoftCard = field(repr=False)
    replacement: SoftCard | None = field(default=None, repr=False)


class CardWorkshop:
    """Makes software cards of one training root. Cards of one workshop share a few RSA keys: nobody clones them."""

    def __init__(self, pki: TrainingPki, *, today_utc: datetime) -> None:
        self._pki = pki
        self._now = today_utc
        self._keys = SharedKeys()
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

    def sample(
        self,
        name: str = DEFAULT_SAMPLE,
        *,
        portrait: bytes | None = None,
        incidents: tuple[Incident, ...] = (),
    ) -> SoftCard:
        """Return the card of the catalogue, with more incidents than its own. Raises UnknownSampleError."""
        picture = self._picture(require_sample(name).chip, portrait)
        extra = replace(NO_FAULTS, incidents=incidents)
        return SoftCard(sample_card(name, picture, self._pki, now=self._now, keys=self._keys, extra=extra))

    def image(
        self,
        holder: HolderRecord,
        portrait: bytes,
        *,
        options: ChipOptions = CCCD,
        incidents: tuple[Incident, ...] = (),
    ) -> ChipImage:
        """Return the chip of a holder with this portrait."""
        return personalise(
            holder,
            self._picture(options, portrait),
            self._pki,
            now=self._now,
            options=options,
            faults=replace(NO_FAULTS, incidents=incidents),
            keys=self._keys,
        )

    def _picture(self, options: ChipOptions, portrait: bytes | None) -> bytes:
        picture = portrait or self.portrait()
        return as_jpeg_2000(picture) if options.portrait_format == "jpeg2000" else picture

    def make(
        self, name: str, *, portrait: bytes | None = None, incidents: tuple[Incident, ...] = ()
    ) -> MadeCard:
        """Return the card of a sample name or a holder file (`.toml`); empty is the default sample.

        Raises UnknownSampleError, HolderError, IdNumberError."""
        holder, options = self._described(name)
        if name.endswith(".toml"):
            picture = portrait or self.portrait()
            card = SoftCard(self.image(holder, picture, options=options, incidents=incidents))
            return MadeCard(holder=holder, access_text=access_text(holder, options), card=card)
        sample = require_sample(name or DEFAULT_SAMPLE)
        other = sample.replaced_by
        return MadeCard(
            holder=holder,
            access_text=access_text(holder, options),
            card=self.sample(name or DEFAULT_SAMPLE, portrait=portrait, incidents=incidents),
            replacement=self.sample(other, portrait=portrait) if other else None,
        )

    def of_seat(
        self, seat: Seat, *, portrait: bytes | None = None, incidents: tuple[Incident, ...] = ()
    ) -> MadeCard:
        """Return the genuine card of a candidate, issued this year; the sex is the number's. Raises HolderError."""
        holder = holder_of_seat(seat, self._now.date())
        image = self.image(holder, portrait or self.portrait(), incidents=incidents)
        return MadeCard(holder=holder, access_text=access_text(holder), card=SoftCard(image))

    def slot(self, spec: str) -> "WorkshopSlot":
        """Return the in-process reader with the card that `softcard[:SAMPLE|FILE]` names."""
        return WorkshopSlot(self, spec.removeprefix(READER_NAME).removeprefix(":"))

    def connect(self, spec: str) -> InProcessConnection:
        """Put the card that `softcard[:SAMPLE|FILE]` names on an in-process reader."""
        return self.slot(spec).connect()

    def holder_of(self, name: str) -> HolderRecord:
        """Return who the card of `make` is for."""
        return self._described(name)[0]

    def _described(self, name: str) -> tuple[HolderRecord, ChipOptions]:
        if name.endswith(".toml"):
            return load_card(Path(name))
        chosen = name or DEFAULT_SAMPLE
        return sample_holder(chosen, today=self._now.date()), require_sample(chosen).chip


class WorkshopSlot:
    """An in-process reader: a new card for every read, and the lifted one again for the rest of a read."""

    def __init__(self, workshop: CardWorkshop, name: str) -> None:
        self._workshop = workshop
        self._name = name
        self._slot: CardSlot | None = None

    def connect(self) -> InProcessConnection:
        """Put a new card in. Raises UnknownSampleError, HolderError."""
        made = self._workshop.make(self._name)
        self._slot = CardSlot(made.card, replacement=made.replacement)
        return self._slot.connect()

    def reconnect(self, wait_s: float) -> InProcessConnection:
        """Wait for the card that was lifted. Raises NoCardError."""
        return self.connect() if self._slot is None else self._slot.connect(wait_s)


def holder_of_seat(seat: Seat, today: date) -> HolderRecord:
    """Return the holder record of a roster's seat, on a card issued a week ago."""
    sex = "Nữ" if parse_id_number(seat.id_number).sex == "F" else "Nam"
    birth = PartialDate(year=seat.birth.year, month=seat.birth.month, day=seat.birth.day)
    issued = max(date(today.year, 1, 1), today - ISSUED_BEFORE)
    return HolderRecord(
        id_number=seat.id_number, full_name=seat.full_name, birth=birth, sex=sex, issued=issued
    )


def as_jpeg_2000(picture: bytes) -> bytes:
    """Return a picture in JPEG 2000, about as large as a chip carries it."""
    image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    _, data = cv2.imencode(
        ".jp2", np.asarray(image), [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, JPEG_2000_PERMILLE]
    )
    return bytes(data)


def open_workshop(root: DataRoot, keys: Unlocked) -> tuple[CardWorkshop, TrustStore]:
    """Return the workshop of a training root and its trust store, which holds the training CSCAs and fresh CRLs."""
    now = datetime.now(UTC)
    pki = training_pki(root.path / PKI_FOLDER, now=now)
    store = open_trust(root, keys)
    known = {(item.kind, item.sha256) for item in store.list()}
    sign = signer_of(root, keys)
    for csca in (pki.csca, *pki.passport_cscas.values()):
        if ("csca", _digest(csca.encoded)) not in known:
            scope: Scope = "identity-card" if csca is pki.csca else "passport"
            store.import_certificate(
                csca.encoded, by=IMPORTER, second=IMPORTER, at=now, sign=sign, scope=scope
            )
    for crl in (pki.crl, *pki.passport_crls.values()):
        if ("crl", _digest(crl)) not in known:
            store.import_crl(crl, by=IMPORTER, at=now, sign=sign)
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

"""A second person at the whole window of a real station: their chip cards in a real PC/SC reader, recorded cameras.

A real station refuses training's cards, simulated readers and recordings; for these tests the cards have an issuer of
their own that is no training one, pinned as any other, and the reader and the recordings count as physical here.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from biometrics.camera import Camera, open_camera
from biometrics.camera_info import CameraInfo, classify
from proctor import cameras, chip_means, desks, presence
from proctor.cameras import CameraDesk
from proctor.softcards import CardWorkshop
from readers.softcard import pki
from readers.softcard.chip import SoftCard
from readers.softcard.holder import HolderRecord, qr_payload
from readers.softcard.samples import sample_holder
from readers.softcard.vpcd import DEFAULT_PORT, serve_vpcd
from readers.transport import pcsc
from tests.support.kept_worker import KeptFaceWorker

OWN, OTHER = "own", "other"
MARKER = {"oid": "2.25.1", "organization": "TEST ISSUER", "text": "TEST"}
PULLED_AT = 4096
CSCA, CRL = "csca.cer", "list.crl"


def issuer(folder: Path) -> pki.TrainingPki:
    """An issuer of cards whose certificates carry no training marker, made once in this folder."""
    kept = pki.load_spec
    spec = pki.load_spec() | {"marker": MARKER}
    pki.load_spec = lambda: spec
    try:
        made = pki.training_pki(folder, now=datetime.now(UTC))
    finally:
        pki.load_spec = kept
    (folder / CSCA).write_bytes(made.csca.encoded)
    (folder / CRL).write_bytes(made.crl)
    return made


def holder(name: str) -> HolderRecord:
    """The second person, or somebody else."""
    today = datetime.now(UTC).date()
    found = sample_holder("mau", today=today)
    return found if name == OWN else replace(found, id_number="001099000777", full_name="Lê Văn Khác")


@dataclass
class Cards:
    """Cards of one issuer, laid on the reader and lifted by hand."""

    workshop: CardWorkshop
    port: int = DEFAULT_PORT

    @classmethod
    def of(cls, folder: Path) -> "Cards":
        return cls(CardWorkshop(issuer(folder), today_utc=datetime.now(UTC)))

    @contextmanager
    def laid(self, name: str, *, pulled: bool = False) -> Iterator[None]:
        """Somebody's card lies on the reader; `pulled`: it is lifted for good in the middle of the portrait."""
        image = self.workshop.image(holder(name), self.workshop.portrait())
        if pulled:
            image = replace(image, faults=replace(image.faults, pulled_at=PULLED_AT))
        stop, there = threading.Event(), threading.Event()
        thread = threading.Thread(
            target=serve_vpcd,
            args=(SoftCard(image), "127.0.0.1", self.port, stop),
            kwargs={"on_insert": there.set, "reinsert": not pulled},
        )
        thread.start()
        assert there.wait(10.0)
        try:
            yield
        finally:
            stop.set()
            thread.join(10.0)


def code(name: str) -> str:
    """The QR code on somebody's card."""
    return qr_payload(holder(name))


class PhysicalDesk(CameraDesk):
    """Takes a recording for a camera of this machine."""

    def open(self, spec: str) -> Camera:
        """Return the recording as a camera, switched off."""
        return open_camera(spec, allow_recorded=True, info=physical(spec))


def physical(spec: str) -> CameraInfo:
    """What the station is told of a recording."""
    return replace(classify(spec), physical=True)


def stand_for_devices() -> None:
    """Let the virtual reader and recordings count as devices in this process."""
    for module in (chip_means, desks, pcsc):
        module.is_virtual_reader = lambda _name: False  # type: ignore[attr-defined]
    presence.CameraDesk = PhysicalDesk  # type: ignore[attr-defined]
    presence.FaceWorker = KeptFaceWorker  # type: ignore[attr-defined]
    cameras.classify = physical  # type: ignore[attr-defined]


def entries_of(store: Any, kind: str) -> list[dict[str, Any]]:
    """Every entry of a kind."""
    return [dict(entry.body) for entry in store.entries(kind)]

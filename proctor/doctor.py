"""What this machine has and lacks for a real session, in plain words."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from biometrics.camera_info import installed_cameras
from biometrics.errors import BiometricsError
from biometrics.weights import load_advisory, load_models
from proctor.cameras import noted_list
from proctor.config import Places
from proctor.errors import CommandError
from proctor.face_models import ModelsInUse, folder_at, list_models
from proctor.keeping import BackupPlaces
from proctor.texts import Texts
from proctor.trusting import open_trust_read_only
from proctor.witness.settings import settings_file
from readers.emrtd.pki.errors import TrustStoreAlteredError, TrustStoreMissingError
from readers.errors import ReaderError
from readers.transport.pcsc import list_readers
from reports.fonts import missing_letters
from sessions.engine import require_sqlite
from sessions.errors import SessionsError
from sessions.root import DataRoot
from sessions.vietnam import VIETNAM
from sessions.witnesses import read_file

Probe = Callable[[], tuple[bool, str]]
FREE_MB = 500
NOT_BEFORE = date(2026, 11, 1)  # this program was not written before; an earlier clock is wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One finding. `needed`: a real session cannot do without it; `stops`: what the station
    stands on was changed."""

    name: str
    ok: bool
    detail: str
    advice: str
    needed: bool = True
    stops: bool = False


def examine(
    places: Places, texts: Texts, *, names: frozenset[str] | None = None, training: bool = False
) -> tuple[Item, ...]:
    """Return every finding, in the order in which a person would mend them; with `names` these alone.

    `training`: about the data root of training, which can do without a reader and a camera: its candidates bring
    software cards and recorded faces.
    """
    root = places.training if training else places.real
    devices: tuple[tuple[str, Probe], ...] = (("readers", _readers), ("cameras", _cameras))
    station: tuple[tuple[str, Probe], ...] = (
        ("models", _models),
        ("fonts", _fonts),
        ("sqlite", lambda: (True, require_sqlite())),
        ("disk", lambda: _disk(places.home)),
        ("clock", _clock),
        ("keys", lambda: _keys(root, texts)),
        ("trust", lambda: _trust(root, texts, training=training)),
    )
    needed = station if training else (*devices, *station)
    further = tuple(_further(root, places, texts, training=training))
    return tuple(
        _item(name, probe, texts, needed=(name, probe) in needed)
        for name, probe in (*devices, *station, *further)
        if names is None or name in names
    )


def _further(root: Path, places: Places, texts: Texts, *, training: bool) -> Iterator[tuple[str, Probe]]:
    """What a session can do without, as far as there is anything to look at."""
    if (root / "root.toml").exists() and any(folder_at(root).glob("*.toml")):
        yield "site-models", lambda: _site_models(root, texts)
    if not training and (root / "root.toml").exists():
        yield "camera-list", lambda: _camera_list(root, texts)
        yield "backup", lambda: _backup(root, texts)
        yield "witnesses", lambda: _witnesses(root)
    yield "dlib", _dlib
    yield "pad", lambda: (True, texts["doctor.pad.passes"])
    if not training and (places.training / "root.toml").exists():
        yield "training", lambda: _keys(places.training, texts)


def _item(name: str, probe: Probe, texts: Texts, *, needed: bool = True) -> Item:
    try:
        ok, detail = probe()
    except TrustStoreAlteredError as error:  # its text says what to do: importing again would hide it
        return Item(name=name, ok=False, detail=texts.say(error.code), advice="", stops=True)
    except (ReaderError, BiometricsError, SessionsError, CommandError) as error:
        ok, detail = False, texts.say(error.code, **error.facts)
    except OSError as error:
        ok, detail = False, error.strerror or type(error).__name__
    advice = "" if ok else texts.get(f"doctor.{name}.advice", "").format(need=FREE_MB)
    return Item(name=name, ok=ok, detail=detail, advice=advice, needed=needed)


def _readers() -> tuple[bool, str]:
    readers = list_readers()
    physical = [reader.name for reader in readers if not reader.virtual]
    return bool(physical), ", ".join(reader.name for reader in readers)


def _cameras() -> tuple[bool, str]:
    present = installed_cameras()
    names = [
        f"{info.index}: {info.name or '?'}{'' if info.physical else ' (ảo / virtual)'}" for info in present
    ]
    return any(info.physical for info in present), ", ".join(names)


def _camera_list(path: Path, texts: Texts) -> tuple[bool, str]:
    """Which cameras the station allows, as was noted when the list was last seen; the log decides."""
    noted = noted_list(path)
    return noted == "listed", texts.say(f"doctor.camera-list.{noted}")


def _models() -> tuple[bool, str]:
    models = load_models()
    weights = (models.detector.weights, models.embedder.weights)
    return True, ", ".join(f"{each.name} {each.sha256[:16]}" for each in weights)


def _site_models(path: Path, texts: Texts) -> tuple[bool, str]:
    """A site's own models, each by its card: which is in use only the log knows, and that takes a password."""
    rows = list_models(ModelsInUse(folder=folder_at(path)))
    told = [row.name if row.error is None else texts.say(row.error.code, **row.error.facts) for row in rows]
    return all(row.error is None for row in rows), "; ".join(told)


def _dlib() -> tuple[bool, str]:
    return True, load_advisory().network.name


def _fonts() -> tuple[bool, str]:
    missing = missing_letters("ẰẲẴẶỀỂỄỆỒỔỖỘỪỬỮỰỲỶỸỴĐđ“”–—…")
    return not missing, missing or "Liberation Serif"


def _disk(folder: Path) -> tuple[bool, str]:
    while not folder.exists():
        folder = folder.parent
    free_mb = shutil.disk_usage(folder).free // 2**20
    return free_mb >= FREE_MB, f"{free_mb} MB"


def _clock() -> tuple[bool, str]:
    now = datetime.now(UTC)
    return now.date() >= NOT_BEFORE, now.astimezone(VIETNAM).strftime("%H:%M:%S %d/%m/%Y")


def _keys(path: Path, texts: Texts) -> tuple[bool, str]:
    root = DataRoot.open(path)
    custody = root.keys.custody
    detail = f"{texts.say(f'doctor.keys.{custody}')}; {root.origin}; {root.station_key().fingerprint}"
    return custody != "bare" or root.kind == "training", detail


def _backup(path: Path, texts: Texts) -> tuple[bool, str]:
    """Where backups go, and whether there is a department key that their keys part is sealed to."""
    root = DataRoot.open(path)
    chosen = BackupPlaces.load(root)
    department = any((root.trust_dir / "department").glob("*.pub"))
    place = "" if chosen is None else f"{chosen.to}, {chosen.keys_to or '—'}"
    detail = (
        place if department else "; ".join(part for part in (place, texts["doctor.no-department"]) if part)
    )
    return chosen is not None and chosen.keys_to is not None and department, detail


def _witnesses(path: Path) -> tuple[bool, str]:
    found = read_file(settings_file(DataRoot.open(path)))
    return bool(found), ", ".join(f"{each.name}{' *' if each.required else ''}" for each in found)


def _trust(path: Path, texts: Texts, *, training: bool) -> tuple[bool, str]:
    try:
        store = open_trust_read_only(DataRoot.open(path))
    except TrustStoreMissingError:
        if training:
            return True, texts["doctor.trust.training"]
        raise
    anchors = [item for item in store.list() if item.kind == "csca"]
    lists = [item for item in store.list() if item.kind == "crl"]
    return bool(anchors), f"CSCA {len(anchors)}, CRL {len(lists)}"

"""What the station's window is made of in earnest: each part is loaded when it is needed, and not before."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biometrics.errors import BiometricsError
from proctor.config import Places
from proctor.errors import CommandError
from proctor.gui.station.desk_options import DeskOptions
from proctor.gui.station.going import Means, OpenDesk
from proctor.texts import Texts
from readers.errors import ReaderError

if TYPE_CHECKING:
    from proctor.roots import OpenRoot
    from sessions.session import Session

LOOKED_AT = frozenset({"disk", "clock", "witnesses"})
FIRST_SCENE = "scene:bona-fide?face=hopper"


def means(options: DeskOptions, home: Path | None = None) -> Means:
    """Return the real parts; `options`: what this station's desk has. `home`: where the station keeps the settings that
    hold where an option says nothing; None: nowhere."""
    return Means(
        open_desk=partial(_open_desk, options, home),
        make_page=_make_page,
        make_bar=_make_bar,
        examine=partial(_examine, options, home),
        lend=partial(_lend, options, home),
    )


def _open_desk(
    options: DeskOptions,
    home: Path | None,
    opened: "OpenRoot",
    session: "Session",
    *,
    room: str,
    stood: Any,
    language: str,
) -> OpenDesk:
    """Start a desk. Runs beside the window. Raises CommandError, SessionsError."""
    try:
        return _desk(
            _with_settings(options, home, opened.training),
            opened,
            session,
            room=room,
            stood=stood,
            language=language,
        )
    except (ReaderError, BiometricsError) as error:
        raise CommandError.of(error.code, error.facts) from None


def _with_settings(options: DeskOptions, home: Path | None, training: bool) -> DeskOptions:
    """Return the options, and what the station keeps where they say nothing. Training's devices are software: of the
    station's it has the screens and sounds alone. Raises CommandError "devices-settings"."""
    if home is None:
        return options
    from proctor.station_settings import load_station  # noqa: PLC0415

    kept = load_station(home)
    names = ("candidate_screen",) if training else ("reader", "camera", "scanner", "candidate_screen")
    given = {name: getattr(options, name) or getattr(kept, name) for name in names}
    scan = options.scan_by_camera or (kept.scan_by_camera and not training)
    return replace(options, **given, sounds=options.sounds and kept.sounds, scan_by_camera=scan)


def _desk(
    options: DeskOptions, opened: "OpenRoot", session: "Session", *, room: str, stood: Any, language: str
) -> OpenDesk:
    from proctor.commands.session import trust_of  # noqa: PLC0415
    from proctor.desk.runtime import StationRuntime, StationSetup  # noqa: PLC0415
    from proctor.gui.station.driver import Driver  # noqa: PLC0415

    trust, workshop = trust_of(opened)
    setup = StationSetup(
        camera=FIRST_SCENE if opened.training and not options.camera else options.camera or "0",
        reader=options.reader,
        scanner=options.scanner,
        candidate_screen=options.candidate_screen,
        room=room,
        language=language,
        sounds=options.sounds,
        speech=options.sounds,
        search_stops=not opened.training,  # a few specimen faces stand for everybody
        watch_readers=not opened.training or bool(options.reader),
        scan_by_camera=options.scan_by_camera,
    )
    runtime = StationRuntime(opened, session, trust, setup, workshop=workshop)
    driver = Driver(runtime, training=opened.training, stood=stood)
    practice = None
    if workshop is not None and session.seats:
        from proctor.gui.station.rehearsal import Rehearsal  # noqa: PLC0415
        from proctor.gui.station.training_bar import Practice  # noqa: PLC0415

        practice = Practice(Rehearsal(session, workshop), driver)
    return OpenDesk(session=session, room=room, driver=driver, practice=practice)


@contextmanager
def _lend(options: DeskOptions, home: Path | None, opened: "OpenRoot") -> Iterator[tuple[str, str]]:
    """Lend the station's reader and camera to a second person while no desk is open. Runs beside the window. Raises
    CommandError "reader-not-found", ReaderError."""
    from proctor.desk.cards import NO_READER  # noqa: PLC0415
    from readers.transport.pcsc import list_readers  # noqa: PLC0415

    kept = _with_settings(options, home, opened.training)
    named = (each.name for each in list_readers() if kept.reader.casefold() in each.name.casefold())
    found = next(named, "")
    if not found:
        raise CommandError(NO_READER)
    yield found, kept.camera or "0"


def _make_page(parent: Any, window: Any, driver: Any) -> Any:
    from proctor.gui.station.checkin import CheckInPage  # noqa: PLC0415

    return CheckInPage(parent, window, driver)


def _make_bar(parent: Any, window: Any, practice: Any) -> Any:
    from proctor.gui.station.training_bar import TrainingBar  # noqa: PLC0415

    return TrainingBar(
        parent, window.look, window.texts, going=practice, background=window.background, failed=window.failed
    )


def _examine(
    options: DeskOptions, home: Path | None, places: Places, texts: Texts, training: bool
) -> Iterable[Any]:
    from proctor.desk.equipment import rows_of_machine  # noqa: PLC0415
    from proctor.desk.looking import Looking  # noqa: PLC0415
    from proctor.doctor import examine  # noqa: PLC0415

    with suppress(CommandError):  # settings nobody can read: opening the desk says so
        options = _with_settings(options, home, training)
    looking = Looking(
        reader=options.reader,
        camera=options.camera,
        scanner=options.scanner,
        printers=places.training if training else places.real,
        training=training,
    )
    look = partial(examine, names=LOOKED_AT)
    return rows_of_machine(places, texts, stands=looking.stands(), look=look, training=training)

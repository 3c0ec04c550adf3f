"""A desk at work without a window, in a process of its own: `python -m tests.support.desk_child SESSION CAMERA`.

Each line of standard input is a scan, "end" the end. What happens is said in lines on standard output, without anything
of a person.
"""

import sys
import time
from threading import Thread
from uuid import uuid4

from proctor.commands.session import trust_of
from proctor.config import Places
from proctor.desk.events import CardIn, CardOut, CheckDone, Device, Ended, Event, Failed, Scanned
from proctor.desk.machine import step
from proctor.desk.runtime import StationRuntime, StationSetup
from proctor.desk.state import State
from proctor.roots import ensure_training_root, open_training
from sessions.session import load_session

END = "end"


def line_of(event: Event) -> str:
    """Return an event in one line; "" for those that nobody here waits for."""
    match event:
        case CardIn() | CardOut():
            return f"{type(event).__name__} {event.reader}"
        case Device():
            return f"Device {event.kind} {event.state} {event.code}".strip()
        case CheckDone():
            return f"Check {event.name} {event.outcome.value} {event.code}"
        case Ended():
            reasons = " ".join(reason.code for reason in event.result.reasons)
            return f"Ended {event.result.verdict.value} {reasons}".strip()
        case Failed():
            return f"Failed {event.code}"
        case _:
            return ""


def listen(runtime: StationRuntime, ended: list[bool]) -> None:
    """Take scans from standard input."""
    for line in iter(sys.stdin.readline, ""):
        if line.strip() == END:
            break
        runtime.post(Scanned(text=line.strip(), source="serial"))
    ended.append(True)


def main(session_id: str, camera: str) -> None:
    """Serve the desk of a training session."""
    ended: list[bool] = []
    with open_training(ensure_training_root(Places.of(None).training)) as opened:
        trust, workshop = trust_of(opened)
        setup = StationSetup(camera=camera, sounds=False, search_stops=False)
        session = load_session(opened.store, session_id)
        runtime = StationRuntime(opened, session, trust, setup, workshop=workshop)
        runtime.start()
        Thread(target=listen, args=(runtime, ended), daemon=True).start()
        state = State.first(str(uuid4()), training=True)
        while not ended:
            for event in runtime.events():
                if line := line_of(event):
                    print(line, flush=True)
                state, effects = step(state, event)
                for effect in effects:
                    runtime.perform(effect)
            time.sleep(0.02)
        began = time.monotonic()
        runtime.close()
        print(f"Closed {time.monotonic() - began:.1f}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:3])

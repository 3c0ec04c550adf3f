"""Frames a second of a 640×480 preview while faces are worked on: alone, in the face process, and, as the control, in a
thread of the same process. A table, then JSON; nothing is asserted. Needs a display or Xvfb.
"""

import gc
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

from biometrics.engine import FaceEngine
from biometrics.frames import Frame, Image
from biometrics.recorded import vary
from biometrics.worker import FaceWorker
from tests.support.portraits import astronaut_path, hopper_path, picture

SECONDS = 6.0
CAMERA_FPS = 30.0
GOAL_FPS = 20


class Cam:
    """A camera's thread: a fresh picture 30 times a second, only the newest is kept."""

    def __init__(self, images: tuple[Image, ...]) -> None:
        self._images = images
        self._stop = Event()
        self.newest = Frame(image=images[0], monotonic_s=0.0, number=0)
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        due, number = monotonic(), 0
        while not self._stop.wait(max(0.0, due - monotonic())):
            number += 1
            image = self._images[number % len(self._images)].copy()
            self.newest = Frame(image=image, monotonic_s=monotonic(), number=number)
            due = max(due + 1 / CAMERA_FPS, monotonic() - 1 / CAMERA_FPS)

    def close(self) -> None:
        """Stop it."""
        self._stop.set()
        self._thread.join()


def preview(cam: Cam, seconds: float = SECONDS) -> dict[str, float]:
    """Show the newest frame in a window for a while; return frames a second and the longest gap in ms."""
    import tkinter  # after the display is chosen

    from PIL import Image as Picture
    from PIL import ImageTk

    window = tkinter.Tk()
    photo = ImageTk.PhotoImage("RGB", (640, 480), master=window)
    tkinter.Label(window, image=photo).pack()
    times: list[float] = []
    waiting: list[str] = []
    shown = 0

    def poll() -> None:
        nonlocal shown
        frame = cam.newest
        if frame.number != shown:
            shown = frame.number
            photo.paste(Picture.frombuffer("RGB", (640, 480), frame.image.tobytes(), "raw", "BGR", 0, 1))
            window.update_idletasks()
            times.append(monotonic())
        waiting[:] = [window.after(5, poll)]

    poll()
    window.after(round(seconds * 1000), window.quit)
    window.mainloop()
    window.after_cancel(waiting[0])
    window.destroy()
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return {
        "fps": round((len(times) - 1) / (times[-1] - times[0]), 1),
        "longest_gap_ms": round(max(gaps) * 1000),
    }


def work_on(cam: Cam, faces: Any, stop: Event, done: list[int]) -> None:
    """Judge every newest frame as it comes, and have dlib advise now and then, as a grey score does."""
    portraits = [path.read_bytes() for path in (hopper_path(), astronaut_path())]
    seen = 0
    while not stop.is_set():
        frame = cam.newest
        if frame.number == seen:
            sleep(0.003)
            continue
        seen = frame.number
        faces.judge(frame)
        done.append(seen)
        if len(done) % 20 == 0:
            faces.compare_images(*portraits)


def under(cam: Cam, faces: Any) -> dict[str, float]:
    """Return the preview's figures while `faces` works without a pause, and how many frames it judged."""
    stop, done = Event(), list[int]()
    thread = Thread(target=work_on, args=(cam, faces, stop, done), daemon=True)
    thread.start()
    figures = preview(cam)
    stop.set()
    thread.join()
    return {**figures, "judged_per_s": round(len(done) / SECONDS, 1)}


@contextmanager
def display() -> Iterator[bool]:
    """Give a screen: the one there is, else Xvfb. False without either."""
    program = shutil.which("Xvfb")
    if os.environ.get("DISPLAY") or program is None:
        yield bool(os.environ.get("DISPLAY"))
        return
    reading, writing = os.pipe()
    options = ("-displayfd", str(writing), "-screen", "0", "1366x768x24", "-nolisten", "tcp", "-noreset")
    server = subprocess.Popen(
        [program, *options], pass_fds=(writing,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(writing)
    with os.fdopen(reading) as told:
        os.environ["DISPLAY"] = f":{told.readline().strip()}"
    try:
        yield True
    finally:
        os.environ.pop("DISPLAY")
        server.terminate()
        server.wait(timeout=10)


def measure() -> dict[str, dict[str, float]]:
    """Return the figures of each way."""
    cam = Cam(vary(picture("hopper"), seed=1))
    ways: dict[str, Callable[[], dict[str, float]]] = {"alone": lambda: preview(cam)}
    with FaceWorker.start(dlib=True) as worker, FaceEngine.load(dlib=True) as engine:
        for faces in (worker, engine):
            faces.warm_up()
        ways |= {
            "face process": lambda: under(cam, worker),
            "thread (control)": lambda: under(cam, engine),
        }
        gc.disable()  # Tk's objects may go in this thread only
        result = {}
        for name, way in ways.items():
            result[name] = way()
            gc.collect()
        gc.enable()
    cam.close()
    return result


def main() -> None:
    """Print the table and the JSON."""
    with display() as there:
        result = measure() if there else {}
    print(f"preview of 640x480 at {CAMERA_FPS:g} fps while every frame is judged; goal >= {GOAL_FPS} fps")
    for name, figures in result.items():
        print(f"  {name:18}" + "".join(f"  {key} {value:>6}" for key, value in figures.items()))
    if not result:
        print("  no display and no Xvfb: not measured")
    print(json.dumps({"bench": "preview", **result}))


if __name__ == "__main__":
    main()

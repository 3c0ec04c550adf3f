"""A camera's small picture while somebody chooses one. Nothing is kept; it ends with the form."""

import hashlib
from contextlib import closing
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import ttkbootstrap as ttk
from PIL import Image, ImageTk

from biometrics.camera import open_camera
from biometrics.errors import BiometricsError
from biometrics.notice import NoticeShown
from proctor.gui.station.parts import Line
from proctor.scenes import is_scene, named_scene, open_scene

if TYPE_CHECKING:
    from proctor.gui.station.admin.page import AdminPage

POLL_MS: Final = 66
SIZE: Final = (320, 240)
NOTICE: Final = "devices-1"
FRAME_S: Final = 2.0
JOIN_S: Final = 8.0


class LivePicture(ttk.Frame):
    """`show` a camera by its specification, "" for none. While a desk is open its camera is the desk's."""

    def __init__(self, master: Any, page: "AdminPage") -> None:
        super().__init__(master)
        self._page, self._thread, self._polling = page, None, ""
        self._photo: ImageTk.PhotoImage | None = None
        self._ended: Event | None = None
        self._spec = ""
        self.said = Line(self, page.look)
        self.picture = ttk.Label(self)
        self.columnconfigure(0, weight=1)
        self.said.grid(row=0, column=0, sticky="ew")
        self.picture.grid(row=1, column=0, sticky="w")
        self.said.grid_remove()
        self.frames = 0

    _thread: Thread | None

    def show(self, spec: str) -> None:
        """Show this camera in place of the one before."""
        if spec == self._spec:
            return
        self._end()
        self._spec = spec
        if not spec:
            self.said.grid_remove()
            return
        texts = self._page.texts
        self.said.grid()
        if self._page.window.going.desk is not None:
            self._say("admin-page.live.desk", "bang")
            return
        self._say("admin-page.live.notice", "arrow")
        text = texts["admin-page.live.notice"]
        notice = NoticeShown(
            version=NOTICE, sha256=hashlib.sha256(text.encode()).hexdigest(), shown_at=datetime.now(UTC)
        )
        queue: SimpleQueue[Image.Image | str] = SimpleQueue()
        self._ended = Event()
        training = bool(self._page.window.opened.training)
        self._thread = Thread(
            target=_look, args=(spec, training, notice, queue, self._ended), name="camera-look", daemon=True
        )
        self._thread.start()
        self._poll(queue)

    def _poll(self, queue: "SimpleQueue[Image.Image | str]") -> None:
        self._polling = self.after(POLL_MS, self._poll, queue)
        newest: Image.Image | str | None = None
        while True:
            try:
                newest = queue.get_nowait()
            except Empty:
                break
        if isinstance(newest, str):
            self._say(newest, "cross")
        elif newest is not None:
            self._draw(newest)

    def _draw(self, image: Image.Image) -> None:
        self.frames += 1
        if self._photo is None or (self._photo.width(), self._photo.height()) != image.size:
            self._photo = ImageTk.PhotoImage(image, master=self)
            self.picture.configure(image=self._photo)
        else:
            self._photo.paste(image)

    def _say(self, key: str, sign: str) -> None:
        self.said.show(self._page.texts.say(key), sign)

    def _end(self) -> None:
        if self._polling:
            self.after_cancel(self._polling)
            self._polling = ""
        if self._ended is not None and self._thread is not None:
            self._ended.set()
            self._thread.join(JOIN_S)  # a thread that holds a camera when the process ends aborts it
        self._ended = self._thread = None
        self._photo = None
        self.picture.configure(image="")


def _look(
    spec: str, training: bool, notice: NoticeShown, queue: "SimpleQueue[Image.Image | str]", ended: Event
) -> None:
    """Read a camera until told to stop; an error is its code. Runs in a thread of its own."""
    try:
        with _opened(spec, training) as camera:
            while not ended.is_set():
                frame = camera.preview(notice)
                if frame is not None and queue.empty():
                    queue.put(_small(frame.image))
                ended.wait(POLL_MS / 1000)
    except BiometricsError as error:
        queue.put(error.code)


def _opened(spec: str, training: bool) -> Any:
    """Return the camera; in training a scene is one, too. Raises BiometricsError."""
    if not is_scene(spec):
        return open_camera(spec, allow_recorded=training)
    return closing(open_scene(named_scene(spec), training=training))


def _small(image: Any) -> Image.Image:
    picture = Image.fromarray(np.ascontiguousarray(image[:, :, ::-1]))
    picture.thumbnail(SIZE)
    return picture

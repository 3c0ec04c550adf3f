"""Portraits side by side: the chip's and the live one, at one height, as large as there is room; or a preview.

What is shown is held in memory only and let go with the candidate.
"""

import io
import tkinter
from collections.abc import Mapping
from typing import Any, Final, Protocol

import ttkbootstrap as ttk
from PIL import Image, ImageTk

from proctor.gui.look import Look

FORMATS: Final = ("JPEG", "PNG")
MAX_PIXELS: Final = 24_000_000
"""Of a picture as it is told by its head, before anything is unpacked."""
GROUND: Final = "#dfe4e9"
QUIET: Final = "#4a5560"


class PreviewPicture(Protocol):
    """A frame of the camera: 8-bit RGB, row by row, `width` × `height` pixels, of one attempt."""

    @property
    def attempt_id(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def rgb(self) -> bytes: ...


def unpacked(data: bytes | None) -> Image.Image | None:
    """Return a JPEG or PNG as a picture; None for nothing, and for what is none or is too large."""
    if not data:
        return None
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.width * image.height > MAX_PIXELS:
            return None
        return image.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


class Picture(tkinter.Canvas):
    """One picture, whole, as large as its place; without one a word in its place."""

    def __init__(self, master: Any, look: Look) -> None:
        super().__init__(
            master, highlightthickness=0, borderwidth=0, background=GROUND, width=40, height=40, takefocus=0
        )
        self._look = look
        self._empty = ""
        self._data: bytes | None = None
        self._image: Image.Image | None = None
        self._shown: ImageTk.PhotoImage | None = None
        self._size = (0, 0)
        self.bind("<Configure>", lambda _event: self._draw())
        self.bind("<Destroy>", lambda _event: self.forget())

    @property
    def filled(self) -> bool:
        """Whether a picture is shown."""
        return self._image is not None

    def show(self, data: bytes | None, empty: str) -> None:
        """Show a JPEG or PNG, or the words where there is none; the same again costs nothing."""
        if data is self._data and empty == self._empty and (data is not None or self._image is None):
            return
        self._data, self._empty = data, empty
        self._image = unpacked(data)
        self._draw()

    def put(self, frame: PreviewPicture) -> None:
        """Show a frame of the preview; it replaces the one before."""
        size = (frame.width, frame.height)
        if not frame.rgb or len(frame.rgb) != size[0] * size[1] * 3:
            return
        self._data = None
        self._image = Image.frombuffer("RGB", size, frame.rgb, "raw", "RGB", 0, 1)
        self._paste(Image.Resampling.NEAREST)

    def forget(self) -> None:
        """Let the picture go."""
        self._data = self._image = self._shown = None
        self._size = (0, 0)

    def _draw(self) -> None:
        if self.winfo_width() < 4 or self.winfo_height() < 4:
            return
        if self._image is not None:
            self._paste(Image.Resampling.BICUBIC)
            return
        self.delete("all")
        self._shown, self._size = None, (0, 0)
        self.create_text(
            self.winfo_width() // 2,
            self.winfo_height() // 2,
            text=self._empty,
            font=self._look.body,
            fill=QUIET,
            width=max(40, self.winfo_width() - self._look.px(12)),
            justify="center",
            tags="empty",
        )

    def _paste(self, how: Image.Resampling) -> None:
        """Draw the picture at the size of its place; a picture of the same size goes into the one that is there."""
        image = self._image
        if image is None or self.winfo_width() < 4:
            return
        size = contained(image.size, (self.winfo_width(), self.winfo_height()))
        drawn = image.resize(size, how, reducing_gap=2.0 if how is Image.Resampling.BICUBIC else None)
        if self._shown is not None and size == self._size:
            self._shown.paste(drawn)
            return
        self.delete("all")
        self._shown, self._size = ImageTk.PhotoImage(drawn, master=self), size
        self.create_image(self.winfo_width() // 2, self.winfo_height() // 2, image=self._shown)


def contained(size: tuple[int, int], place: tuple[int, int]) -> tuple[int, int]:
    """Return the largest size of the same proportions in a place, at least one pixel each way."""
    wide, high = size
    factor = min(place[0] / wide, place[1] / high)
    return max(1, round(wide * factor)), max(1, round(high * factor))


class Photos(ttk.Frame):
    """Pictures in a row, each under its caption; all as high as the row."""

    def __init__(self, master: Any, look: Look, captions: Mapping[str, str]) -> None:
        super().__init__(master)
        self._look = look
        self.pictures: dict[str, Picture] = {}
        self.captions: dict[str, ttk.Label] = {}
        self.rowconfigure(1, weight=1)
        for place, (name, caption) in enumerate(captions.items()):
            self.columnconfigure(place, weight=1, uniform="photo")
            across = (0, 0) if place == 0 else (look.px(6), 0)
            label = ttk.Label(self, text=caption, anchor="w", font=look.body)
            label.grid(row=0, column=place, sticky="ew", padx=across)
            picture = Picture(self, look)
            picture.grid(row=1, column=place, sticky="nsew", padx=across)
            self.captions[name], self.pictures[name] = label, picture

    def caption(self, name: str, text: str) -> None:
        """Say what a picture is."""
        self.captions[name].configure(text=text)

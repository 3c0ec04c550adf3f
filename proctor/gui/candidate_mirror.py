"""Whoever stands before the candidate's screen, as in a mirror, with the zone where the face belongs."""

import tkinter as tk
from typing import Final

from PIL import Image, ImageTk

MOST_OCTETS: Final = 1920 * 1080 * 3
EDGE, ZONE = "#12263f", "#ffffff"
Box = tuple[float, float, float, float]


class Mirror:
    """One picture on a canvas; a new one takes the old one's place. Nothing of it stays after `forget`."""

    def __init__(self, canvas: tk.Canvas) -> None:
        self._canvas = canvas
        self._image: Image.Image | None = None
        self._zone: Box = (0.0, 0.0, 1.0, 1.0)
        self._photo: ImageTk.PhotoImage | None = None
        self._item: int | None = None

    @property
    def there(self) -> bool:
        """Whether there is a picture to show."""
        return self._image is not None

    def take(self, image: Image.Image, zone: Box) -> None:
        """Keep this picture in place of the last."""
        self._image, self._zone = image, zone

    def refresh(self) -> None:
        """Draw the newest picture where the last one stands."""
        if self._image is not None and self._photo is not None and self._item is not None:
            size = (self._photo.width(), self._photo.height())
            self._photo.paste(self._image.resize(size, Image.Resampling.BILINEAR))

    def show(self, box: Box) -> None:
        """Draw the picture into a box of the canvas, as large as it fits, with the zone as an oval."""
        if self._image is None:
            return
        left, top, right, bottom = box
        scale = min((right - left) / self._image.width, (bottom - top) / self._image.height)
        wide, high = max(round(self._image.width * scale), 1), max(round(self._image.height * scale), 1)
        picture = self._image.resize((wide, high), Image.Resampling.BILINEAR)
        if self._photo is None or (self._photo.width(), self._photo.height()) != (wide, high):
            self._photo = ImageTk.PhotoImage(picture, master=self._canvas)
        else:
            self._photo.paste(picture)
        x, y = round((left + right - wide) / 2), round((top + bottom - high) / 2)
        self._item = self._canvas.create_image(x, y, anchor="nw", image=self._photo)
        first, second, third, fourth = self._zone
        oval = (x + first * wide, y + second * high, x + third * wide, y + fourth * high)
        self._canvas.create_oval(*oval, outline=EDGE, width=7)
        self._canvas.create_oval(*oval, outline=ZONE, width=3)

    def hide(self) -> None:
        """The canvas is about to be drawn anew."""
        self._item = None

    def forget(self) -> None:
        """Take the picture away for good."""
        self._image = self._photo = self._item = None

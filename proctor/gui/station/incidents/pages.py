"""A sheet that was made, page by page beneath one another, as it comes out of the printer."""

import io
from typing import Any

import ttkbootstrap as ttk
from PIL import Image, ImageTk


class PagePictures(ttk.Frame):
    """Pictures of pages, no wider than there is room."""

    def __init__(self, master: Any, pictures: tuple[bytes, ...], *, wide: int) -> None:
        super().__init__(master)
        self._kept: list[Any] = []
        for row, data in enumerate(pictures):
            with Image.open(io.BytesIO(data)) as page:
                shown = page.convert("RGB")
            if shown.width > wide:
                size = (wide, round(shown.height * wide / shown.width))
                shown = shown.resize(size, Image.Resampling.LANCZOS)
            picture = ImageTk.PhotoImage(shown, master=self)
            self._kept.append(picture)
            label = ttk.Label(self, image=picture, borderwidth=1, relief="solid")
            label.grid(row=row, column=0, sticky="w", pady=(0, 8))

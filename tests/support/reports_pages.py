"""PDF files read back: text by two programs, pages as pictures, QR codes of a picture."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pypdf
import pytest
import zxingcpp
from PIL import Image

needs_poppler = pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler-utils is not installed")


def page_texts(pdf: bytes) -> list[str]:
    """The text of each page, in the order of drawing (pypdf)."""
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def poppler(program: str, pdf: bytes, folder: Path, *arguments: str) -> str:
    """What a program of poppler-utils prints of a PDF."""
    path = folder / "sheet.pdf"
    path.write_bytes(pdf)
    command = [program, *arguments[:-1], str(path), *arguments[-1:]] if arguments else [program, str(path)]
    return subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout


def pictures(pdf: bytes, folder: Path, dpi: int = 100) -> list[Image.Image]:
    """The pages as grey pictures."""
    poppler("pdftoppm", pdf, folder, "-r", str(dpi), "-gray", str(folder / "page"))
    found = []
    for path in sorted(folder.glob("page-*.pgm")):
        with Image.open(path) as image:
            found.append(image.copy())
    return found


def qr_texts(picture: Image.Image) -> list[str]:
    """The texts of the QR codes in a picture."""
    return [code.text for code in zxingcpp.read_barcodes(np.asarray(picture))]

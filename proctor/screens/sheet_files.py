"""Which file of a folder is which sheet of the log: by its octets, never by its name."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from proctor.files import read_file
from proctor.page_pictures import MAX_BYTES

MOST: Final = 4_000


class Files:
    """The PDF files of some folders by their SHA-256. A file is read again only where its size or time changed."""

    def __init__(self) -> None:
        self._seen: dict[Path, tuple[int, int, str]] = {}

    def look(self, folders: Iterable[Path]) -> dict[str, Path]:
        """Return the files by their SHA-256; what cannot be read is not there."""
        found: dict[str, Path] = {}
        for folder in dict.fromkeys(folders):
            for path in _pdfs(folder):
                digest = self._digest(path)
                if digest:
                    found.setdefault(digest, path)
        return found

    def _digest(self, path: Path) -> str:
        try:
            stat = path.stat()
            known = self._seen.get(path)
            if known is not None and known[:2] == (stat.st_size, stat.st_mtime_ns):
                return known[2]
            if stat.st_size > MAX_BYTES:
                return ""
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:
            return ""
        self._seen[path] = (stat.st_size, stat.st_mtime_ns, digest)
        return digest


def read_pdf(path: Path) -> bytes:
    """Return a file's octets. Raises CommandError."""
    return read_file(str(path), MAX_BYTES)


def _pdfs(folder: Path) -> list[Path]:
    try:
        return sorted(each for each in folder.iterdir() if each.suffix.lower() == ".pdf")[:MOST]
    except OSError:
        return []

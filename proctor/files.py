"""Reading what an operator names, with a limit."""

from pathlib import Path

from proctor.errors import CommandError


def read_file(path: str, limit: int) -> bytes:
    """Return a file's bytes, at most `limit`. Raises CommandError "file-missing", "file-too-large"."""
    try:
        if not Path(path).is_file():  # a pipe or a device would hang
            raise CommandError("file-missing", file=path)
        with Path(path).open("rb") as file:
            data = file.read(limit + 1)
    except OSError:
        raise CommandError("file-missing", file=path) from None
    if len(data) > limit:
        raise CommandError("file-too-large", file=path, limit=limit)
    return data


def require_folder(path: Path) -> Path:
    """Return the folder, made if absent. Raises CommandError "cannot-write"."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise CommandError("cannot-write", file=str(path)) from None
    return path

"""The agency's own heads: the template file of a data root, and the logo beside it."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from proctor.errors import CommandError
from proctor.files import read_file
from reports.template import FILE, Template
from reports.template_errors import TemplateError, TemplateLogoError
from reports.template_file import MAX_FILE, MAX_LOGO, logo_name, read_template
from sessions.files import make_private_dir, write_private

SAMPLE_KEY: Final = "template.sample"
KEPT: Final = "sheet-templates"
"""The folder of a data root with every template that a sheet was printed with."""


def template_file(root: Path) -> Path:
    """Return where a data root's template lies."""
    return root / FILE


def load_template(root: Path) -> Template:
    """Return a data root's template; an empty one where there is no file.

    Raises CommandError "file-missing", "file-too-large", TemplateError, TemplateLogoError.
    """
    path = template_file(root)
    return check_template(path) if path.exists() else Template()


def check_template(path: Path) -> Template:
    """Return what a template file says, its logo taken from beside it. Raises as `load_template`."""
    if not path.is_file():
        raise CommandError("file-missing", file=str(path))
    data = read_file(str(path), MAX_FILE)
    name = logo_name(data)
    logo = path.parent / name if name else None
    if logo is None or not logo.is_file():
        return read_template(data)
    return read_template(data, read_file(str(logo), MAX_LOGO))


def write_sample(root: Path, text: str) -> Path:
    """Write a sample template into a data root and return its path; raises CommandError "sheet-template-exists"."""
    path = template_file(root)
    if path.exists() or path.is_symlink():
        raise CommandError("sheet-template-exists", file=str(path))
    try:
        write_private(path, text.encode())
    except OSError:
        raise CommandError("cannot-write", file=str(path)) from None
    return path


def take_template(root: Path, source: Path) -> Path:
    """Copy a good template and its logo into a data root, in place of the one there, and return its path.

    Raises as `check_template`, and CommandError "cannot-write"; then the one before still holds.
    """
    check_template(source)
    data = read_file(str(source), MAX_FILE)
    name, path = logo_name(data), template_file(root)
    try:
        if name:
            write_private(root / name, read_file(str(source.parent / name), MAX_LOGO))
        write_private(path, data)
    except OSError:
        raise CommandError("cannot-write", file=str(path)) from None
    return path


def keep_template(root: Path, sha256: str) -> None:
    """Keep what a sheet was printed with, so that it can be built again after an edit. Raises CommandError."""
    folder = root / KEPT / sha256[:32]
    if (folder / FILE).exists():
        return
    path = template_file(root)
    data = read_file(str(path), MAX_FILE)
    name = logo_name(data)
    logo = read_file(str(path.parent / name), MAX_LOGO) if name else None
    if read_template(data, logo).sha256 != sha256:
        return  # edited in this moment; the sheet has what it was drawn with
    try:
        make_private_dir(folder)
        if logo is not None:
            write_private(folder / name, logo)
        write_private(folder / FILE, data)
    except OSError:
        raise CommandError("cannot-write", file=str(folder)) from None


def kept_template(root: Path, sha256: str) -> Template | None:
    """Return a template by its SHA-256: the present one, or one a sheet was printed with; None where it is gone."""
    for path in (template_file(root), root / KEPT / sha256[:32] / FILE):
        with suppress(TemplateError, TemplateLogoError, CommandError):  # the present one may be broken by now
            if path.is_file() and (found := check_template(path)).sha256 == sha256:
                return found
    return None

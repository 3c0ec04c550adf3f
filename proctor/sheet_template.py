"""The agency's own heads: the template file of a data root, and the logo beside it."""

from pathlib import Path
from typing import Final

from proctor.errors import CommandError
from proctor.files import read_file
from reports.template import FILE, Template
from reports.template_file import MAX_FILE, MAX_LOGO, logo_name, read_template
from sessions.files import write_private

SAMPLE_KEY: Final = "template.sample"


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

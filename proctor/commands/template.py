"""`proctor sheets template`: the file with the agency's own heads: a sample, a check, what holds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from proctor.commands.context import Context
from proctor.errors import CommandError
from proctor.roots import ensure_training_root, kind_at
from proctor.sheet_template import SAMPLE_KEY, check_template, take_template, template_file, write_sample
from proctor.texts import load_texts
from reports.sheet import Letterhead
from reports.template import KINDS, Template


def template(context: Context) -> int:
    """Write a sample, take a file, check one, or show what holds. Exit 1 where the file is wrong or missing."""
    if context.options.write:
        return _write(context)
    if context.options.take:
        return _take(context)
    return _read(context)


def _write(context: Context) -> int:
    path = write_sample(_root(context), load_texts(context.texts.language)[SAMPLE_KEY])
    context.result({"ok": True, "file": str(path)}, (context.texts.say("template.written", file=str(path)),))
    return 0


def _take(context: Context) -> int:
    """A file from elsewhere, its logo beside it, holds from now on in place of the one before."""
    path = take_template(_root(context), Path(context.options.take))
    found = check_template(path)
    data = {"ok": True, "file": str(path), "sha256": found.sha256, "kinds": _json(found)}
    context.result(data, (context.texts.say("template.taken", file=str(path)),))
    return 0


def _read(context: Context) -> int:
    options = context.options
    path = Path(options.check) if options.check else template_file(_root(context))
    if not path.exists():
        raise CommandError("sheet-template-none", file=str(path))
    found = check_template(path)
    data = {"ok": True, "file": str(path), "sha256": found.sha256, "kinds": _json(found)}
    lines = (context.texts.say("template.good", file=str(path)),)
    context.result(data, (*lines, *_lines(context, found)) if options.show else lines)
    return 0


def _root(context: Context) -> Path:
    """Return the data root that is meant. Raises CommandError "no-station"."""
    if context.options.training:
        return ensure_training_root(context.places.training).path
    path = context.places.real
    if kind_at(path) is None:
        raise CommandError("no-station", root=str(path))
    return path


def _json(found: Template) -> dict[str, Any]:
    return {
        kind: {
            **_head(found.letterhead_of(kind)),
            "recipients": list(found.recipients_of(kind)),
            "signatures": list(found.signatures.get(kind, ())),
            "columns": [
                {"heading": column.heading, "width": column.width_mm, "field": column.source}
                for column in found.extra.get(kind, ())
            ],
        }
        for kind in KINDS
    }


def _head(letterhead: Letterhead) -> dict[str, Any]:
    return {
        "parent": letterhead.parent,
        "agency": letterhead.agency,
        "symbol": letterhead.symbol,
        "locality": letterhead.locality,
        "logo": letterhead.logo is not None,
    }


def _lines(context: Context, found: Template) -> Iterator[str]:
    """Yield what holds for each kind of sheet, in words."""
    say = context.texts.say
    for kind in KINDS:
        head = found.letterhead_of(kind)
        names = (head.parent, head.agency, head.symbol, head.locality)
        yield f"{say(f'template.kind.{kind}')} ({kind}): " + " · ".join(name or "…" for name in names)
        for key, values in (
            ("recipients", found.recipients_of(kind)),
            ("signatures", found.signatures.get(kind, ())),
            ("columns", tuple(column.heading for column in found.extra.get(kind, ()))),
        ):
            if values:
                yield f"    {say(f'template.{key}')}: " + " | ".join(values)

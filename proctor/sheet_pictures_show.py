"""What a photo or scan of sheets shows, for people and for programs."""

from collections.abc import Iterator, Mapping
from typing import Any

from proctor.seal_content import Comparison, RowDifference
from proctor.sheet_pictures import VALID, FoundSeal, PictureFinding, SealedSheet
from proctor.texts import Texts
from reports.seal import PageSeal


def picture_json(finding: PictureFinding, file: str) -> dict[str, Any]:
    """Return a finding as --json has it; `printed_text_read` is false, always."""
    return {
        "ok": finding.ok,
        "kind": "picture",
        "file": file,
        "verdict": finding.verdict.value,
        "pages": finding.pages,
        "pages_without_seal": list(finding.bare),
        "pages_with_letters": list(finding.letters),
        "pages_with_more": list(finding.crowded),
        "searched_whole": finding.whole,
        "printed_text_read": False,
        "compared_with_log": finding.compared,
        "seals": [_seal_json(seal) for seal in finding.seals],
        "sheets": [_sheet_json(sheet) for sheet in finding.sheets],
    }


def picture_lines(finding: PictureFinding, texts: Texts) -> tuple[str, ...]:
    """Return a finding in words: the verdict first, then what is wrong, then each sheet with its sealed rows."""
    return tuple(_lines(finding, texts))


def _lines(finding: PictureFinding, texts: Texts) -> Iterator[str]:
    part = "-part" if finding.ok and finding.lacks else ""
    yield texts[f"picture.verdict.{finding.verdict}{part}"]
    yield from _troubles(finding, texts)
    for sheet in finding.sheets:
        yield ""
        yield from _sheet_lines(sheet, texts)
    if finding.sheets:
        yield ""
        yield texts["picture.text-not-read"]
    if finding.sheets and not finding.compared:
        yield texts["picture.no-log"]


def _troubles(finding: PictureFinding, texts: Texts) -> Iterator[str]:
    say = texts.say
    if not finding.seals:
        yield say("picture.no-seal")
    for seal in finding.seals:
        if seal.status != VALID:
            yield say(
                f"picture.seal.{seal.status}",
                page=_numbers(seal.pages),
                origin=_plain(seal.claimed) or "—",
            )
    yield from _too_much(finding, texts)
    if finding.seals and finding.bare:
        yield say("picture.bare", pages=_numbers(finding.bare))
    if finding.letters:
        yield say("picture.letters", pages=_numbers(finding.letters))
    if not finding.whole:
        yield say("picture.not-whole")
    if len(finding.sheets) > 1:
        yield say("picture.several", count=len(finding.sheets))


def _too_much(finding: PictureFinding, texts: Texts) -> Iterator[str]:
    for seal in finding.seals:
        if seal.repeated and seal.seal is not None:
            pages = _numbers(seal.pages)
            yield texts.say("picture.repeated", page=seal.seal.page, times=len(seal.pages), pages=pages)
    if finding.crowded:
        yield texts.say("picture.crowded", pages=_numbers(finding.crowded))


def _sheet_lines(sheet: SealedSheet, texts: Texts) -> Iterator[str]:
    first, say = sheet.first, texts.say
    yield say(
        "picture.sheet",
        kind=texts.get(f"picture.kind.{first.kind}", _plain(first.kind)),
        variant=f" ({_plain(first.variant)})" if first.variant else "",
        session=_plain(first.session_id),
        origin=_plain(first.origin),
        size=first.size,
        root=first.root.hex(),
    )
    found = _numbers(tuple(seal.page for seal in sheet.pages))
    yield say("picture.pages", found=found, pages=first.pages)
    if sheet.missing:
        yield say("picture.missing", missing=_numbers(sheet.missing), pages=first.pages)
    for seal in sheet.pages:
        yield say("picture.page", page=seal.page, count=len(seal.rows))
        for number, (sbd, letter) in enumerate(seal.rows, start=1):
            yield say(
                "picture.row" if sbd else "picture.row-of-nobody",
                row=number,
                sbd=_plain(sbd),
                letter=letter,
                outcome=outcome_words(texts, seal, letter),
            )
    if sheet.comparison is not None:
        yield from _comparison_lines(sheet.comparison, first, texts)


def _comparison_lines(found: Comparison, seal: PageSeal, texts: Texts) -> Iterator[str]:
    yield texts.say(
        f"picture.log.{found.status}",
        entry=-1 if found.entry is None else found.entry,
        size=seal.size,
        count=sum(not row.erased for row in found.rows),
        why=found.why,
    )
    if found.copy:
        yield texts.say("picture.log.copy", number=found.copy)
    if found.roster is False:
        yield texts.say("picture.log.roster")
    for row in found.rows:
        key = "picture.log.row-erased" if row.erased else "picture.log.row"
        yield texts.say(
            key,
            page=row.page,
            row=row.row,
            sealed=_mark(texts, seal, row.sealed),
            logged=_mark(texts, seal, row.logged),
        )
    if found.ok and found.words is False and not found.rows:
        yield texts.say("picture.log.words")


def outcome_words(texts: Mapping[str, str], seal: PageSeal, letter: str) -> str:
    """Return what an outcome's letter means on this kind of sheet."""
    general = texts.get(f"picture.outcome.{letter}", letter)
    return texts.get(f"picture.outcome.{seal.kind}.{letter}", general)


def _mark(texts: Texts, seal: PageSeal, mark: tuple[str, str]) -> str:
    sbd, letter = mark
    if not sbd and not letter:
        return texts["picture.log.nothing"]
    return f"{_plain(sbd) or '—'} {outcome_words(texts, seal, letter)}"


def _numbers(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, dict.fromkeys(numbers)))


def _plain(text: str) -> str:
    """Return a text that can do a terminal no harm: a seal may be anybody's."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)[:80]


def _seal_json(found: FoundSeal) -> dict[str, Any]:
    return {
        "status": found.status,
        "pages": list(dict.fromkeys(found.pages)),
        "times": len(found.pages),
        "claimed_origin": _plain(found.claimed),
        "fingerprint": found.fingerprint,
    }


def _sheet_json(sheet: SealedSheet) -> dict[str, Any]:
    first = sheet.first
    return {
        "kind": first.kind,
        "variant": first.variant,
        "session": first.session_id,
        "origin": first.origin,
        "size": first.size,
        "root": first.root.hex(),
        "roster_hash_begins": first.roster.hex(),
        "pages": first.pages,
        "missing": list(sheet.missing),
        "found": [_page_json(seal) for seal in sheet.pages],
        "log": None if sheet.comparison is None else _comparison_json(sheet.comparison),
    }


def _page_json(seal: PageSeal) -> dict[str, Any]:
    return {
        "page": seal.page,
        "digest_begins": seal.digest.hex(),
        "rows": [{"sbd": sbd, "outcome": letter} for sbd, letter in seal.rows],
    }


def _comparison_json(found: Comparison) -> dict[str, Any]:
    return {
        "status": found.status,
        "entry": found.entry,
        "copy": found.copy,
        "roster": found.roster,
        "words": found.words,
        "why": found.why,
        "rows": [_row_json(row) for row in found.rows],
    }


def _row_json(row: RowDifference) -> dict[str, Any]:
    return {
        "page": row.page,
        "row": row.row,
        "sealed": {"sbd": row.sealed[0], "outcome": row.sealed[1]},
        "log": {"sbd": row.logged[0], "outcome": row.logged[1]},
        "erased": row.erased,
    }

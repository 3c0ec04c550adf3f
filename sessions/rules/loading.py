"""Reading a rules file: every key known, every value possible, and the file's SHA-256 kept."""

from __future__ import annotations

import hashlib
import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from sessions.errors import RetentionError, RulesError, UnknownRulesError
from sessions.record import CHECK_NAMES, Verdict
from sessions.roster.names import comparison_key
from sessions.rules.errors import RulesIdTakenError
from sessions.rules.faces import MAX_FMR_REFER, NEVER_REFUSE, searching
from sessions.rules.model import Component, Deadlines, Rules, SectionSource, Source
from sessions.rules.sections import (
    NAME,
    SMALL_SECTIONS,
    classes_of,
    documents_of,
    grading_of,
    incidents_of,
    roles_of,
    seconds_of,
    signatories_of,
    small_sections,
)
from sessions.rules.tables import POLICY, Table
from sessions.rules.terms import parse_terms

CHIP_VERDICTS: Final = (
    "genuine",
    "genuine-revocation-unknown",
    "signer-unknown",
    "not-proven",
    "altered",
    "unreadable",
    "no-chip",
)
KINDS: Final = ("driving-test", "exam")
MAX_FILE: Final = 1_000_000
MUST_REFUSE: Final = frozenset(
    {"chip-open", "pa-keys", "chip-genuine", "pa-consistent", "pa-trusted", "face-match"}
)
"""Failed checks that no file can soften: they are evidence against the chip or the face, not a lack of it."""
MAX_FMR_ACCEPT: Final = 1e-3
"""The weakest threshold: of a thousand impostors one comes in."""
_FORMER: Final = frozenset(
    {
        "6474843d55c472a6eb617b8bad1c0adc3f3d9fc2e6fa1dbf9d2e374a696b739e",  # driving-tt108-2026
        "4d053f2df038530955ba1284ccd8bebaadfe0d542d76ccddab56b1c8f2611efd",  # written-exam
        "802aa87ffda47dc49b653b3a3a10c8f7e7edcff90809ffa77cca422e51c375b3",  # computer-exam
        "669974a7986c45d1a6fce88c990bbf29b8b7e6f145c7698fa188e748994820e3",  # driving-graduation
        "3fe9e1caf8cf3f68a015bea962e4f02ce185d19fbb9614b5b0d4049521f50047",  # driving-tt108-2026
        "797db713f42be201c7df200643a58920ab40fa4abb79cd978c455632b3e9eb43",  # driving-tt108-2027-01
        "1a7440d82f87664dfedd53916358797ebc2ce2b67cb6585f4f8f8855c5b1bb66",  # driving-tt108-2027-03
        "565b17c90204bc8f020266cd449f1340caf329dfa4a1657c6672ebbbcc124946",  # driving-tt108-2027-07
        "7c7707ad57eec20f0926d1a75c631aa850a941a0b59fb47879cfaa0fd288d674",  # driving-tt108-2028
        "30a3ce852121e5e4b43fd86629a4b9aa0ccc44995f532b47edeeffd3822d26c3",  # driving-tt12-2025
        "7cdc7d54fd8f3506ce8f14d3f3cfa4e918c5afb23114a16d0873f05dd26ef2cd",  # written-exam
    }
)
"""SHA-256 of files that came with an earlier program: old logs keep them, and they stay shipped ones."""
_NEEDED: Final = frozenset(
    {
        "id",
        "title",
        "kind",
        "source",
        "valid",
        "components",
        "checks",
        "chip",
        "face",
        "access",
        "notice",
        "deadlines",
    }
)
_OPTIONAL: Final = SMALL_SECTIONS | {
    "family",
    "retention",
    "classes",
    "grading",
    "roles",
    "second",
    "signatories",
    "documents",
    "incidents",
}
_HEAD: Final = re.compile(r"\[{1,2}([A-Za-z0-9_. -]+)\]{1,2}\s*(?:#.*)?")
_TWICE: Final = ("twice", "overwrite", "Duplicate")
_WHERE: Final = re.compile(r"\(at line (\d+), column (\d+)\)|\(at end of document\)")


def list_rules() -> tuple[Rules, ...]:
    """Return every rules file that comes with the program, by id; raises RulesError."""
    return tuple(load_rules(rules_id) for rules_id in _known_ids())


def load_rules(rules_id: str) -> Rules:
    """Return the rules of an id; raises UnknownRulesError, or RulesError naming the wrong key."""
    path = _folder() / f"{rules_id}.toml"
    if not NAME.fullmatch(rules_id) or not path.is_file():
        raise UnknownRulesError(rules=rules_id[:64], known=" ".join(_known_ids()))
    rules = parse_rules(path.read_bytes())
    if rules.rules_id != rules_id:
        raise RulesError(key="id")
    return rules


def parse_rules(data: bytes) -> Rules:
    """Return the rules of a file's bytes; raises RulesError naming the first wrong key, or TOML's line."""
    if len(data) > MAX_FILE:
        raise RulesError(key="(size)", why="size")
    return _parsed(data)


@lru_cache(maxsize=32)
def _parsed(data: bytes) -> Rules:
    """Return the rules of a file's bytes; a list of many sessions meets the same file again and again."""
    if not data.strip():
        raise RulesError(key="(toml)", why="empty")
    try:
        fields = tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise RulesError(key="(toml)", why="encoding") from None
    except (ValueError, RecursionError) as error:
        raise RulesError(key="(toml)", why=_toml_fault(str(error)), **_place_of(str(error))) from None
    try:
        return _rules(fields, data)
    except (RetentionError, RulesError) as error:
        raise RulesError(**{**error.facts, **_line_of(data, str(error.facts["key"]))}) from None


def require_own_id(rules: Rules) -> Rules:
    """Return the rules of a site's own file; raises RulesIdTakenError where it bears the id of another, shipped one."""
    if rules.rules_id in _known_ids() and not is_shipped(rules.sha256):
        raise RulesIdTakenError(rules=rules.rules_id)
    return rules


def is_shipped(sha256: str) -> bool:
    """Whether these bytes come, or came, with the program."""
    return sha256 in _FORMER or sha256 in _shipped()


@lru_cache(maxsize=1)
def _shipped() -> frozenset[str]:
    paths = (_folder() / f"{name}.toml" for name in _known_ids())
    return frozenset(hashlib.sha256(path.read_bytes()).hexdigest() for path in paths)


def _toml_fault(text: str) -> str:
    """Return what TOML's parser found: something twice, a text that ends too early, or any other slip."""
    if any(words in text for words in _TWICE):
        return "duplicate"
    return "cut-off" if text.endswith("(at end of document)") else "toml"


def _place_of(text: str) -> dict[str, int]:
    found = _WHERE.search(text)
    return {"line": int(found[1])} if found and found[1] else {}


def _line_of(data: bytes, key: str) -> dict[str, int]:
    """Return where a key path stands, as far as lines tell: its own line, else that of the table it belongs to."""
    table, found = "", 0
    rows: dict[str, int] = {}
    for number, line in enumerate(data.decode("utf-8").splitlines(), 1):
        text = line.strip()
        if head := _HEAD.fullmatch(text):
            table = head[1].replace(" ", "")
            rows[table] = rows.get(table, 0) + 1
            name = f"{table}[{rows[table]}]" if text.startswith("[[") else table
            table = table if not text.startswith("[[") else name
            at = name
        elif "=" in text and not text.startswith("#"):
            own = text.partition("=")[0].strip().strip('"')
            at = f"{table}.{own}" if table else own
        else:
            continue
        if key == at or (not found and at == key.rpartition(".")[0]):
            found = number
        if key == at:
            break
    return {"line": found} if found else {}


def _known_ids() -> list[str]:
    names = (path.name for path in _folder().iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def _folder() -> Traversable:
    return files("sessions.rules")


def _rules(fields: dict[str, Any], data: bytes) -> Rules:
    top = Table(fields, "", {}).only(_NEEDED, _OPTIONAL, sourced=False)
    source = _source(top)
    kind = top.one_of("kind", KINDS)
    components = _components(top)
    role_table = roles_of(top.tables("roles"), kind)
    small = small_sections(top)
    fields_of = {**_base(top), **_checking(top), **small}
    gradings = {name: grading_of(table) for name, table in top.tables("grading").items()}
    if not set(gradings) <= set(components):
        raise RulesError(key=f"grading.{sorted(set(gradings) - set(components))[0]}")
    rules = Rules(
        kind=kind,
        source=source,
        components=components,
        sha256=hashlib.sha256(data).hexdigest(),
        data=data,
        retention=parse_terms(fields["retention"]) if "retention" in fields else {},
        classes=classes_of(top.tables("classes"), components),
        gradings=gradings,
        role_table=role_table,
        seconds=seconds_of(top.tables("second"), role_table),
        signatories=signatories_of(top.under("signatories")) if "signatories" in top.value else {},
        documents=documents_of(top.under("documents")) if "documents" in top.value else {},
        incidents=incidents_of(top.tables("incidents"), role_table),
        sources=top.sources,
        **fields_of,
    )
    _require_possible(rules)
    _add_sources(rules, top.sources)
    return rules


def _source(top: Table) -> Source:
    table = top.under("source").only({"title", "article", "status", "retrieved"}, sourced=False)
    return Source(
        title=table.text("title"),
        article=table.text("article"),
        status=table.status(),
        retrieved=table.day("retrieved"),
    )


def _components(top: Table) -> dict[str, Component]:
    components = {name: _component(name, table) for name, table in top.tables("components").items()}
    if not components:
        raise RulesError(key="components")
    _require_names_apart(components)
    orders = [component.order for component in components.values()]
    for name, component in components.items():
        if orders.count(component.order) > 1:
            raise RulesError(key=f"components.{name}.order")
    return dict(sorted(components.items(), key=lambda item: item[1].order))


def _require_names_apart(components: dict[str, Component]) -> None:
    """Raise RulesError where a name in a roster could mean two components."""
    owners: dict[str, str] = {}
    for name, component in components.items():
        for text in (name, component.label, *component.aliases):
            if owners.setdefault(comparison_key(text), name) != name:
                raise RulesError(key=f"components.{name}.aliases")


def _component(name: str, table: Table) -> Component:
    if not NAME.fullmatch(name):
        raise RulesError(key=table.path)
    table.only({"label", "order"}, {"aliases"})
    return Component(
        component_id=name,
        label=table.text("label"),
        order=table.integer("order", 1, 1_000),
        aliases=table.texts("aliases"),
    )


def _base(top: Table) -> dict[str, Any]:
    valid = top.under("valid").only({"from"}, {"until"})
    rules_id = top.text("id")
    if not NAME.fullmatch(rules_id):
        raise RulesError(key="id")
    family = top.text("family") if "family" in top.value else ""
    if family and not NAME.fullmatch(family):
        raise RulesError(key="family")
    return {
        "rules_id": rules_id,
        "title": top.text("title"),
        "family": family,
        "valid_from": valid.day("from"),
        "valid_until": valid.maybe("until", valid.day),
    }


def _checking(top: Table) -> dict[str, Any]:
    """Return what the pipeline takes: checks, chip verdicts, thresholds, limits of time."""
    checks = top.under("checks").only({"required", "refuse_on_failed"}).policy()
    chip = top.under("chip").only(CHIP_VERDICTS).policy()
    face = top.under("face").only({"fmr_accept", "fmr_refer"}, {"tries", "search_fmr", "old_photo"}).policy()
    access = top.under("access").only({"pace_tries", "bac"}).policy()
    waits = top.under("deadlines").only({"apdu_s", "chip_s", "face_capture_s"}).policy()
    tries = face.maybe("tries", lambda name: face.integer(name, 1, 5))
    return {
        "required": frozenset(checks.texts("required", CHECK_NAMES)),
        "refuse_on_failed": frozenset(checks.texts("refuse_on_failed", CHECK_NAMES)),
        "chip_at_best": {name: Verdict(chip.one_of(name, Verdict)) for name in CHIP_VERDICTS},
        "fmr_accept": face.number("fmr_accept", MAX_FMR_ACCEPT),
        "fmr_refer": face.number("fmr_refer", MAX_FMR_REFER),
        "pace_tries": access.integer("pace_tries", 1, 4),
        "bac_allowed": access.flag("bac"),
        "notice_version": top.under("notice").only({"version"}).policy().text("version"),
        "deadlines": Deadlines(
            apdu_s=waits.number("apdu_s", 600.0),
            chip_s=waits.number("chip_s", 600.0),
            face_capture_s=waits.number("face_capture_s", 600.0),
        ),
        **({} if tries is None else {"face_tries": tries}),
        **searching(face),
    }


def _require_possible(rules: Rules) -> None:
    """Raise RulesError for values that do not go together, and for any that would admit without proof."""
    admitting = {name for name, best in rules.chip_at_best.items() if best is Verdict.ADMIT}
    problems = {
        "valid.until": rules.valid_until is not None and rules.valid_until < rules.valid_from,
        "checks.required": not {"pa-trusted", "face-match", "roster"} <= rules.required,
        "checks.refuse_on_failed": not rules.refuse_on_failed >= MUST_REFUSE
        or bool(rules.refuse_on_failed & NEVER_REFUSE),
        "chip": admitting != {"genuine"},
        "chip.altered": rules.chip_at_best["altered"] is not Verdict.REFUSE,
        "face": not rules.fmr_accept <= rules.fmr_refer,
        "grading": bool(rules.gradings and rules.classes),
        "second": bool(rules.seconds and not rules.role_table),
    }
    wrong = [key for key, is_wrong in problems.items() if is_wrong]
    if wrong:
        raise RulesError(key=wrong[0])


def _add_sources(rules: Rules, sources: dict[str, SectionSource]) -> None:
    """Add the file's own source and those of the retention terms, which have had theirs from the start.

    Whatever a file that is not shipped says of itself, nobody has read it but its author: it is unconfirmed.
    """
    sources["source"] = SectionSource(
        text=f"{rules.source.title}: {rules.source.article}",
        status=rules.source.status if is_shipped(rules.sha256) else "unconfirmed",
    )
    for kind, term in rules.retention.items():
        sources[f"retention.{kind}"] = SectionSource(text=term.source, status=term.status)


__all__ = ["CHIP_VERDICTS", "KINDS", "POLICY", "list_rules", "load_rules", "parse_rules", "require_own_id"]

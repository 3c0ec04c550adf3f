"""What the docs promise: every command is mentioned, every link leads somewhere, nothing points outside."""

import argparse
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from proctor.cli import build_parser
from readers.softcard.samples import samples

ROOT = Path(__file__).parents[3]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = "\n".join(path.read_text(encoding="utf-8") for path in DOCS)


def commands(parser: argparse.ArgumentParser, prefix: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield prefix, parser
    for group in groups:
        for name, child in group.choices.items():
            yield from commands(child, f"{prefix} {name}")


COMMANDS = dict(commands(build_parser(), "proctor"))


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_in_the_docs(command: str) -> None:
    assert command in TEXT


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_there_when_it_is_called(command: str) -> None:
    module, _, name = COMMANDS[command].get_default("run").__qualname__.partition(":")
    assert callable(getattr(import_module(module), name))


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_option_has_help_in_both_languages(command: str) -> None:
    for action in COMMANDS[command]._actions:
        if action.dest != "help":
            assert action.help, action.dest
            assert " · " in action.help, action.dest


def test_no_doc_names_a_command_that_does_not_exist() -> None:
    shown = re.findall(r"`proctor ((?:[a-z][a-z0-9-]* ?)+)", TEXT)
    known = {name.removeprefix("proctor ") for name in COMMANDS}
    for words in shown:
        if words.strip() in {"", "training"}:
            continue
        assert any(
            (name + " ").startswith(words.strip() + " ") or words.startswith(name) for name in known
        ), words


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_every_module_named_in_the_architecture_exists() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for name in re.findall(r"`((?:proctor|readers|biometrics|sessions|reports|tests)/[\w/.*-]*)`", text):
        assert list(ROOT.glob(name.rstrip("/"))), name


def test_every_test_and_card_named_in_the_threat_model_exists() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    paths = re.findall(r"`(tests/[\w/]+(?:\.py)?)`", text)
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []
    section = text.partition("## The chip, and what lies between")[2].partition("## Insiders")[0]
    last_column = [
        line.rstrip(" |").rpartition("|")[2] for line in section.splitlines() if line.startswith("| ")
    ]
    named = {name for cell in last_column for name in re.findall(r"`([\w-]+)`", cell)}
    assert len(named) > 50
    assert named <= set(samples())


def test_the_readme_shows_the_two_commands_first() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40])
    for words in ("make run", "make test", "Windows"):
        assert words in first_screen

"""The command line of results and passed components: names and options."""

import argparse

from proctor.cli_build import Builder, Commands, add_login, add_second, help_of

priors = Commands("priors")
results = Commands("results")


def add_results_commands(build: Builder) -> None:
    """Add them."""
    group = build.group("result", "result")
    _add_enter(group)
    _add_import(group)
    show = group.command("show", "result.show", results.show)
    _add_session(show)
    show.add_argument("--sbd", metavar="N", help=help_of("option.sbd"))
    show.add_argument("--component", metavar="C", help=help_of("option.component"))
    add_login(show)
    _add_correct(group)
    _add_priors(build.group("prior", "prior"))


def _add_enter(group: Builder) -> None:
    enter = group.command("enter", "result.enter", results.enter)
    _add_session(enter)
    enter.add_argument("--sbd", metavar="N", required=True, help=help_of("option.sbd"))
    enter.add_argument("--component", metavar="C", help=help_of("option.component"))
    _add_values(enter.add_mutually_exclusive_group(required=True))
    enter.add_argument("--critical-failed", action="store_true", help=help_of("option.critical-failed"))
    enter.add_argument("--source", metavar="TEXT", help=help_of("option.result-source"))
    enter.add_argument("--note", metavar="-", help=help_of("option.note"))
    add_login(enter)


def _add_import(group: Builder) -> None:
    bring = group.command("import", "result.import", results.import_file)
    bring.add_argument("file", metavar="FILE", help=help_of("option.result-file"))
    _add_session(bring)
    bring.add_argument("--component", metavar="C", required=True, help=help_of("option.component"))
    bring.add_argument("--source", metavar="TEXT", help=help_of("option.result-source"))
    _add_rows(bring)
    add_login(bring)


def _add_correct(group: Builder) -> None:
    correct = group.command("correct", "result.correct", results.correct)
    _add_session(correct)
    correct.add_argument("--entry", metavar="SEQ", type=int, required=True, help=help_of("option.corrects"))
    correct.add_argument("--of-station", metavar="ORIGIN", help=help_of("option.of-station"))
    correct.add_argument("--sbd", metavar="N", help=help_of("option.correct-sbd"))
    correct.add_argument("--component", metavar="C", help=help_of("option.correct-component"))
    values = correct.add_mutually_exclusive_group(required=True)
    _add_values(values)
    values.add_argument("--void", action="store_true", help=help_of("option.void"))
    values.add_argument("--passed-on", metavar="DATE", help=help_of("option.passed-on"))
    correct.add_argument("--critical-failed", action="store_true", help=help_of("option.critical-failed"))
    correct.add_argument("--reason", metavar="CODE", required=True, help=help_of("option.correction-reason"))
    correct.add_argument("--note", metavar="-", help=help_of("option.note"))
    add_login(correct)
    add_second(correct)


def _add_priors(group: Builder) -> None:
    bring = group.command("import", "prior.import", priors.import_priors)
    bring.add_argument("file", metavar="FILE", nargs="?", help=help_of("option.prior-file"))
    _add_session(bring)
    bring.add_argument("--from-session", metavar="S2", help=help_of("option.from-session"))
    bring.add_argument("--source", metavar="TEXT", help=help_of("option.prior-source"))
    bring.add_argument("--reference", metavar="TEXT", help=help_of("option.prior-reference"))
    bring.add_argument("--component", metavar="C", help=help_of("option.prior-component"))
    _add_rows(bring)
    add_login(bring)
    show = group.command("list", "prior.list", priors.list_priors)
    _add_session(show)
    add_login(show)


def _add_session(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--session", metavar="S", required=True, help=help_of("option.session"))


def _add_rows(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help=help_of("option.try-rows"))
    parser.add_argument("--skip-bad-rows", action="store_true", help=help_of("option.skip-bad-rows"))


def _add_values(group: "argparse._MutuallyExclusiveGroup") -> None:
    group.add_argument("--points", metavar="P", help=help_of("option.points"))
    for name in ("absent", "incomplete", "passed", "failed"):
        group.add_argument(f"--{name}", action="store_true", help=help_of(f"option.{name}"))

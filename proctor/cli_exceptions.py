"""The command line of overrides, the manual path, incidents, who is out, additions to a list: names and options."""

import argparse

from proctor.cli_build import Builder, Commands, add_login, add_second, help_of

addition = Commands("addition")
candidate = Commands("candidate")
incident = Commands("incident")
manual = Commands("manual")
movement = Commands("movement")
override = Commands("override")


def add_exceptions_commands(build: Builder, session: Builder) -> None:
    """Add them; `session` is the group of sessions."""
    _add_override(build)
    _add_manual(build)
    _add_incident(build.group("incident", "incident"))
    _add_movement(build)
    _add_addition(session)
    _add_candidate(session)


def _option(
    parser: argparse.ArgumentParser, name: str, key: str, *, metavar: str, required: bool = False
) -> None:
    parser.add_argument(name, metavar=metavar, required=required, default=None, help=help_of(f"option.{key}"))


def _flag(parser: argparse.ArgumentParser, name: str, key: str) -> None:
    parser.add_argument(name, action="store_true", help=help_of(f"option.{key}"))


def _about(parser: argparse.ArgumentParser, *, sbd: bool = True, component: bool = True) -> None:
    """Add the session, the candidate, the component."""
    _option(parser, "--session", "session", metavar="S", required=True)
    if sbd:
        _option(parser, "--sbd", "sbd", metavar="N", required=True)
    if component:
        _option(parser, "--component", "exception-component", metavar="C")
    add_login(parser)


def _add_override(build: Builder) -> None:
    over = build.command("override", "override", override.enter_override)
    decision = build.command("decision", "decision", override.enter_decision)
    for parser in (over, decision):
        _about(parser)
        add_second(parser)
        _option(parser, "--attempt", "attempt", metavar="ID")
        _option(parser, "--reason", "exception-reason", metavar="CODE", required=True)
        _option(parser, "--note", "note", metavar="-")
        _option(parser, "--incident", "exception-incident", metavar="I", required=parser is decision)
    _flag(decision, "--admit", "admit")
    _flag(decision, "--not-admit", "not-admit")


def _add_manual(build: Builder) -> None:
    parser = build.command("manual", "manual", manual.enter)
    _about(parser)
    add_second(parser)
    _option(parser, "--document", "document", metavar="KIND")
    _option(parser, "--reason", "exception-reason", metavar="CODE")
    _option(parser, "--note", "note", metavar="-")
    _option(parser, "--number", "document-number", metavar="-")
    _option(parser, "--compared", "compared", metavar="LIST")
    _option(parser, "--photo", "photo", metavar="FILE")
    parser.add_argument(
        "--purpose",
        choices=("check-in", "re-entry"),
        default="check-in",
        help=help_of("option.manual-purpose"),
    )
    for name in ("vneid", "undertaking", "later-proof", "not-established"):
        _flag(parser, f"--{name}", name)


def _add_incident(group: Builder) -> None:
    add = group.command("add", "incident.add", incident.add)
    _about(add, sbd=False)
    _option(add, "--sbd", "sbd", metavar="N")
    _option(add, "--code", "incident-code", metavar="CODE", required=True)
    _option(add, "--attempt", "attempt", metavar="ID")
    add.add_argument("--place", metavar="P", default="", help=help_of("option.incident-place"))
    _option(add, "--at", "incident-at", metavar="HH:MM")
    add.add_argument("--consequence", metavar="X", default="none", help=help_of("option.consequence"))
    _option(add, "--photo", "photo", metavar="FILE")
    listing = group.command("list", "incident.list", incident.list_all)
    _about(listing, sbd=False, component=False)
    decide = group.command("decide", "incident.decide", incident.decide)
    _about(decide, sbd=False, component=False)
    _option(decide, "--incident", "exception-incident", metavar="I", required=True)
    _option(decide, "--consequence", "consequence", metavar="X", required=True)
    for parser in (add, decide):
        add_second(parser)
        _option(parser, "--note", "note", metavar="-")


def _add_movement(build: Builder) -> None:
    leaving = build.command("exit", "exit", movement.enter_exit)
    _about(leaving)
    _option(leaving, "--reason", "exception-reason", metavar="CODE", required=True)
    back = build.command("re-entry", "re-entry", movement.enter_re_entry)
    _about(back)
    _option(back, "--attempt", "attempt", metavar="ID")
    check = build.command("spot-check", "spot-check", movement.enter_check)
    _about(check)
    _option(check, "--attempt", "attempt", metavar="ID")
    _option(check, "--outcome", "outcome", metavar="X")
    _option(check, "--note", "note", metavar="-")
    agree = build.command("consent", "consent", movement.consent)
    _about(agree, component=False)
    choice = agree.add_mutually_exclusive_group(required=True)
    for name in ("shown", "agreed", "refused"):
        choice.add_argument(f"--{name}", action="store_true", help=help_of(f"option.consent-{name}"))


def _add_addition(session: Builder) -> None:
    parser = session.command("add-candidate", "session.add-candidate", addition.add)
    _option(parser, "--session", "session", metavar="S", required=True)
    add_login(parser)
    add_second(parser)
    _option(parser, "--file", "add-file", metavar="FILE")
    _option(parser, "--sbd", "add-sbd", metavar="N")
    _option(parser, "--name", "add-name", metavar="NAME")
    _option(parser, "--birth", "add-birth", metavar="DATE")
    _option(parser, "--number", "add-number", metavar="-")
    for name, key in (("class", "add-class"), ("room", "add-room"), ("components", "add-components")):
        dest = "licence_class" if name == "class" else name
        parser.add_argument(f"--{name}", dest=dest, metavar="X", default="", help=help_of(f"option.{key}"))
    _option(parser, "--reason", "exception-reason", metavar="CODE", required=True)
    _option(parser, "--note", "note", metavar="-")


def _add_candidate(session: Builder) -> None:
    parser = session.command("candidate", "session.candidate", candidate.show)
    _about(parser)
    _option(parser, "--reason", "view-reason", metavar="TEXT", required=True)

"""The command line of printing: names and options."""

import argparse

from proctor.cli_build import Builder, Commands, add_login, help_of
from proctor.printing.model import DUPLEX, MAX_COPIES
from proctor.printing.settings import CHOICES

DEFAULT_WAIT_S = 30.0
printing = Commands("printing")


def add_printing_commands(build: Builder, sheets: Builder) -> None:
    """Add them; `sheets` is the group of the sheets."""
    del sheets
    sending = build.command("print", "print", printing.print_sheets)
    sending.add_argument("file", nargs="+", metavar="FILE", help=help_of("option.print-file"))
    add_print_options(sending)
    group = build.group("printer", "printer")
    listing = group.command("list", "printer.list", printing.list_printers)
    put = group.command("set", "printer.set", printing.set_printer)
    put.add_argument("--kind", required=True, choices=CHOICES, help=help_of("option.print-kind"))
    what = put.add_mutually_exclusive_group(required=True)
    what.add_argument("--printer", metavar="P", help=help_of("option.printer"))
    what.add_argument("--unset", action="store_true", help=help_of("option.unset"))
    _add_choice(put)
    jobs = group.command("jobs", "printer.jobs", printing.list_jobs)
    for name, run in (("cancel", printing.cancel), ("resume", printing.resume), ("retry", printing.retry)):
        parser = group.command(name, f"printer.{name}", run)
        parser.add_argument("job", type=int, metavar="N", help=help_of("option.print-job"))
        if name == "retry":
            parser.add_argument("--printer", metavar="P", help=help_of("option.printer"))
            _add_choice(parser)
        _add_wait(parser)
        add_login(parser)
        parser.add_argument("--training", action="store_true", help=help_of("option.training"))
    add_login(jobs)
    for parser in (sending, listing, put, jobs):
        parser.add_argument("--training", action="store_true", help=help_of("option.training"))
    add_login(sending)


def add_print_options(parser: argparse.ArgumentParser) -> None:
    """Add where and how a sheet is printed, and how long its end is waited for."""
    parser.add_argument("--printer", metavar="P", help=help_of("option.printer"))
    _add_choice(parser)
    _add_wait(parser)


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tray", metavar="T", help=help_of("option.tray"))
    counts = range(1, MAX_COPIES + 1)
    parser.add_argument("--copies", type=int, choices=counts, metavar="N", help=help_of("option.copies"))
    parser.add_argument(
        "--duplex", nargs="?", const="long-edge", choices=DUPLEX, help=help_of("option.duplex")
    )


def _add_wait(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wait", type=float, default=DEFAULT_WAIT_S, metavar="S", help=help_of("option.print-wait")
    )

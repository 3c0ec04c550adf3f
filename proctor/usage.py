"""Wrong usage in words of both languages, Vietnamese first; argparse itself speaks English only."""

import argparse
import re
import sys
from typing import Final, NoReturn

from proctor.texts import load_texts

_OPTION: Final = r"argument (?P<option>.+?): "
_FORMS: Final = tuple(
    (key, re.compile(form, re.DOTALL))
    for key, form in (
        ("required", r"the following arguments are required: (?P<what>.+)"),
        ("unrecognized", r"unrecognized arguments: (?P<what>.+)"),
        ("expected-one", _OPTION + "expected one argument"),
        ("expected-some", _OPTION + "expected at least one argument"),
        ("expected-count", _OPTION + r"expected (?P<what>\d+) arguments?"),
        ("choice", _OPTION + r"invalid choice: (?P<what>.+)"),
        ("value", _OPTION + r"invalid \S+ value: (?P<what>.+)"),
        ("together", _OPTION + r"not allowed with argument (?P<what>.+)"),
        ("no-value", _OPTION + r"ignored explicit argument (?P<what>.+)"),
        ("one-of", r"one of the arguments (?P<what>.+) is required"),
        ("ambiguous", r"ambiguous option: (?P<what>.+)"),
    )
)
_CHOOSE: Final = " (choose from "


class Parser(argparse.ArgumentParser):
    """A parser, and the parser of every command below it, that says what is wrong in both languages."""

    def error(self, message: str) -> NoReturn:
        """Print usage and what is wrong; exit 2."""
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {usage_text(message)}\n")


def usage_text(message: str) -> str:
    """Return argparse's message in both languages; one that is not known keeps its own words."""
    for key, form in _FORMS:
        if found := form.fullmatch(message):
            facts = {name: text.replace(_CHOOSE, " (") for name, text in found.groupdict().items()}
            return " · ".join(load_texts(language).say(f"usage.{key}", **facts) for language in ("vi", "en"))
    return f"{load_texts('vi')['usage.other']} · {message}"

"""pad.toml: every key is needed, none is unknown."""

from importlib.resources import files

import pytest

from biometrics.pad.errors import PadTableError
from biometrics.pad.settings import load_pad_rules

SHIPPED = (files("biometrics.pad") / "pad.toml").read_bytes()


def test_the_shipped_table_holds_the_measured_limits():
    rules = load_pad_rules()
    assert rules.turn.limit == 0.12
    assert rules.turn.window_s == (0.25, 1.5)
    assert rules.flash.min_beta == 0.006
    assert len(rules.sha256) == 64


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        (b"limit = 0.12", b"limits = 0.12", "turn.limit"),
        (b"limit = 0.12", b'limit = "0.12"', "turn.limit"),
        (b"limit = 0.12", b"limit = true", "turn.limit"),
        (b"colours = 12", b"colours = 12\nmore = 1", "flash.more"),
        (b"pause_s = [0.5, 1.2]", b"pause_s = [1.2, 0.5]", "turn.pause_s"),
        (b"pause_s = [0.5, 1.2]", b"pause_s = [0.5]", "turn.pause_s"),
        (b"[0, 255, 255]", b"[0, 255]", "flash.palette"),
        (b"[0, 255, 255]", b"[0, 255, 256]", "flash.palette"),
        (b"[passive]", b"[pasive]", "pasive"),
        (b"source =", b"sources =", "source"),
    ],
)
def test_a_wrong_key_is_named(old, new, key):
    with pytest.raises(PadTableError) as error:
        load_pad_rules(SHIPPED.replace(old, new, 1))
    assert error.value.facts["key"] == key


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"a = ", b"[observe]\n"])
def test_what_is_no_table_is_an_error(data):
    with pytest.raises(PadTableError):
        load_pad_rules(data)

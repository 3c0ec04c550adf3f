"""Secrets: by descriptor or terminal, never anywhere else."""

import os

import pytest

from proctor.errors import CommandError
from proctor.secret_input import SecretSource


def source(text: str) -> SecretSource:
    reading, writing = os.pipe()
    os.write(writing, text.encode())
    os.close(writing)
    return SecretSource(reading)


def test_each_person_has_a_line() -> None:
    secrets = source("an:một hai ba\nbinh:x:y z\n")
    assert secrets.secret_of("binh", "") == "x:y z"
    assert secrets.secret_of("an", "") == "một hai ba"


def test_a_single_line_is_the_one_password_asked_for() -> None:
    assert source("only:this is it\n").secret_of("an", "") == "only:this is it"


@pytest.mark.parametrize("text", ["", "a:1\nb:2\n"])
def test_a_missing_secret_is_said_so(text: str) -> None:
    with pytest.raises(CommandError) as caught:
        source(text).secret_of("an", "")
    assert caught.value.code == "secret-missing"


def test_a_descriptor_that_is_not_open_is_said_so() -> None:
    with pytest.raises(CommandError):
        SecretSource(987).secret_of("an", "")


def test_a_new_password_is_typed_twice() -> None:
    answers = iter(["mật khẩu 1", "mật khẩu 2"])
    with pytest.raises(CommandError) as caught:
        SecretSource(None, ask=lambda _prompt: next(answers)).new_secret_of("an", "", "")
    assert caught.value.code == "secret-differs"


def test_no_terminal_is_no_crash() -> None:
    def ask(_prompt: str) -> str:
        raise EOFError

    with pytest.raises(CommandError):
        SecretSource(None, ask=ask).secret_of("an", "")


def test_repr_shows_nothing() -> None:
    secrets = source("an:một hai ba\n")
    secrets.secret_of("an", "")
    assert "một" not in repr(secrets)

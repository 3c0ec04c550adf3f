"""Where private namespaces cannot be had the tests are skipped with the reason, or fail when they are required."""

from __future__ import annotations

import pytest

from tests.support import pcsc


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pcsc, "_DRIVERS", ())


@pytest.mark.usefixtures("nowhere")
def test_skipped_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(pcsc.REQUIRE, raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install pcscd vsmartcard-vpcd"):
        pcsc.require_tools()


@pytest.mark.usefixtures("nowhere")
def test_failed_where_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(pcsc.REQUIRE, "1")
    with pytest.raises(pytest.fail.Exception, match="apt-get install"):
        pcsc.require_tools()

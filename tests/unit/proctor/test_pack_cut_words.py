from pathlib import Path

import pytest

from proctor.commands.pack import report_lines
from proctor.texts import load_texts
from sessions import pack
from tests.support.packs import make_station


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_sentence_of_a_cut_pack_names_the_entry_or_the_list(tmp_path: Path, language: str):
    station = make_station(tmp_path, attempts=1)
    place = station.data.index(station.loose.members[pack.PROOF])
    texts = load_texts(language)
    last = station.loose.frames[-1].seq
    assert f"entries {last}:" in report_lines(station.verify(station.data[: place - 1]), texts)[0]
    assert "proof:" in report_lines(station.verify(station.data[: place + 1]), texts)[0]

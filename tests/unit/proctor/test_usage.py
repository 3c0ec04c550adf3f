"""What is wrong with a command line is said in Vietnamese and English, for every form that argparse has."""

from __future__ import annotations

import pytest

from proctor.cli import build_parser
from proctor.texts import load_texts
from proctor.usage import usage_text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("log show --entry", "--entry: cần một giá trị đi kèm"),
        ("log show --entry x", "--entry: giá trị không đúng dạng: 'x'"),
        ("log verify --nothing", "không có tuỳ chọn hoặc tham số này: --nothing"),
        ("pack verify", "thiếu: "),
        ("keys rotate nothing", "không có lựa chọn 'nothing'"),
        ("nothing", "không có lựa chọn 'nothing'"),
        ("log verify --quick --full", "không dùng cùng với"),
        ("log verify --quick=1", "không nhận giá trị '1'"),
    ],
)
def test_wrong_usage_is_said_in_vietnamese(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args(line.split())
    err = capsys.readouterr().err
    assert ended.value.code == 2
    assert said in err, err
    assert " · " in err
    assert "[" not in err.splitlines()[-1].split(": ", 1)[1]


def test_an_unknown_form_keeps_its_words() -> None:
    assert usage_text("something new").endswith("something new")
    assert load_texts("vi")["usage.other"] in usage_text("something new")

"""The text of a calibration file (TOML), and its signature."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from biometrics.calibration import TEXTS, VERSION, About, GroupPoint, Point, Rate
from biometrics.calibration_signature import Signature, signature_block, signed_message


def calibration_text(
    about: About, *, points: Sequence[Point], single: Sequence[Point] = (), groups: Sequence[GroupPoint] = ()
) -> str:
    """Return the unsigned text; ends in a newline."""
    lines = [f"version = {VERSION}"]
    lines += [f"{key} = {_text(getattr(about, key))}" for key in TEXTS]
    lines += ["", "[rule]", f"burst = {_text(about.rule)}", f"flip = {_text(about.flip)}", "", "[counts]"]
    lines += [f"{key} = {value}" for key, value in about.counts.items()]
    for name, rows in (("points", points), ("single", single)):
        for point in rows:
            lines += ["", f"[[{name}]]", *_point_lines(point)]
            if point.basis:
                lines.append(f"basis = {_text(point.basis)}")
    for each in groups:
        lines += ["", "[[groups]]", f"group = {_text(each.group)}", *_point_lines(each)]
    return "\n".join(lines) + "\n"


def signed_text(text: str, *, signer: str, public: bytes, sign: Callable[[bytes], bytes]) -> bytes:
    """Return the bytes of the signed file. `sign`: Ed25519 with the private half of `public` (32 bytes)."""
    body = f"{text}\n".encode()
    made = sign(signed_message(signer, body))
    return body + signature_block(Signature(signer=signer, public=public, ed25519=made))


def _point_lines(point: Point | GroupPoint) -> list[str]:
    lines = [f"fmr = {point.fmr!r}", f"threshold = {_number(point.threshold)}"]
    for key, rate in (("impostor", point.impostor), ("genuine", point.genuine)):
        if rate is not None:
            lines.append(f"{key} = {_rate(rate)}")
    return lines


def _rate(rate: Rate) -> str:
    ends = f"[{_number(rate.low)}, {_number(rate.high)}]"
    return (
        f"{{ errors = {rate.errors}, comparisons = {rate.comparisons}, independent = {rate.independent}, "
        f"interval = {ends} }}"
    )


def _number(value: float) -> str:
    """Return a TOML float with six digits: 1e-4, 0.475."""
    text = f"{value:.6g}"
    return text if "." in text or "e" in text else f"{text}.0"


def _text(value: Any) -> str:
    """Return a TOML string or boolean: JSON's form of both, DEL escaped too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

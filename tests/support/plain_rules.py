"""Shipped rules without challenges, for tests of everything but the face: recorded frames follow no prompt."""

from pathlib import Path

from sessions.rules import Rules, load_rules, parse_rules

PAD = ',\n    "pad", "pad-turn", "pad-eyes", "pad-flash",\n]'


def plain_bytes(rules_id: str = "driving-tt108-2026") -> bytes:
    """Return a site's own file: that one without its checks for presentation attacks."""
    text = load_rules(rules_id).data.decode()
    assert PAD in text
    return text.replace(PAD, ",\n]").replace(f'id = "{rules_id}"', f'id = "{rules_id}-plain"', 1).encode()


def plain_rules(rules_id: str = "driving-tt108-2026") -> Rules:
    """Return these rules."""
    return parse_rules(plain_bytes(rules_id))


def plain_file(folder: Path, rules_id: str = "driving-tt108-2026") -> Path:
    """Write them where `--rules` finds them."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{rules_id}-plain.toml"
    path.write_bytes(plain_bytes(rules_id))
    return path

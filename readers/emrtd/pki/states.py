"""Which countries of certificates may stand behind an issuing state of the MRZ, from `states.toml`."""

from __future__ import annotations

import tomllib
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


def load_states() -> Mapping[str, tuple[str, ...]]:
    """Issuing state (9303-3 5: VNM, D) → countries of certificates (ISO 3166-1: VN, DE); mostly one."""
    text = resources.files("readers.emrtd.pki").joinpath("states.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    states = {state: (country,) for state, country in table["iso"].items()}
    states |= {state: tuple(countries) for state, countries in table["other"].items()}
    return MappingProxyType(states)


STATES: Final = load_states()


def states_of(country: str) -> frozenset[str]:
    """The issuing states a country of certificates may sign for; empty for an unknown one."""
    return frozenset(state for state, countries in STATES.items() if country in countries)

"""One target under atheris: python -m tests.fuzz.drive NAME FOLDER [libFuzzer options].

A crash stops it. An input that seems slow or hungry here, where every branch is counted, is put aside into FOLDER for
`tests.fuzz.judge`, which measures it without atheris.
"""

from __future__ import annotations

import hashlib
import resource
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["readers", "biometrics", "sessions"], enable_loader_override=False):
    from tests.fuzz.targets import TARGETS


from tests.fuzz.judge import CPU_S, MEMORY_KIB, seconds

_ASIDE = 200


def main() -> None:
    """See the module's text."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    target = TARGETS[name]
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds():
        (corpus / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    aside = folder / "aside"
    aside.mkdir(exist_ok=True)
    left = [_ASIDE]

    def one(octets: bytes) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        spent = seconds(target, octets)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak
        if (spent > CPU_S or grown > MEMORY_KIB // 4) and left[0]:
            left[0] -= 1
            (aside / hashlib.sha1(octets, usedforsecurity=False).hexdigest()).write_bytes(octets)

    options = [sys.argv[0], str(corpus), *sys.argv[3:], f"-artifact_prefix={folder}/"]
    atheris.Setup(options, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

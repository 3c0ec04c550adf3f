"""The JSON schemas of docs/json.md."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parent.parent / "schemas"


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def require_valid(name: str, document: Any) -> None:
    """Fail with every deviation from the schema `name`."""
    errors = [f"{list(error.path)}: {error.message}" for error in _validator(name).iter_errors(document)]
    assert errors == []

"""openapi.yaml, as everything but Connexion reads it."""

import functools
from pathlib import Path
from typing import Any

import yaml


def spec_file() -> Path:
    """Answer where openapi.yaml is: in the installed package, or at the top of a checkout."""
    package = Path(__file__).parent
    installed = package / "openapi.yaml"
    return installed if installed.exists() else package.parents[1] / "openapi.yaml"


@functools.cache
def load_spec() -> dict[str, Any]:
    """Read openapi.yaml, with libyaml's parser, which takes a tenth of the time."""
    return yaml.load(spec_file().read_bytes(), yaml.CSafeLoader)


@functools.cache
def _required_scopes() -> dict[str, str | None]:
    operations = (
        operation for item in load_spec()["paths"].values() for operation in item.values()
    )
    return {
        each["operationId"]: each.get("x-required-scope")
        for each in operations
        if isinstance(each, dict)
    }


def required_scope(operation_id: str) -> str | None:
    """Answer the scope that an operation of the spec requires, if it requires one."""
    return _required_scopes().get(operation_id)

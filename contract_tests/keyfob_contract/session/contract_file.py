"""The contract that is to be kept: an OpenAPI file and a profile."""

import json
from pathlib import Path
from typing import Any

import yaml

from keyfob.spec import load_spec
from keyfob_contract.rules.profile import BUILT_IN, ProfileError, read_profile
from keyfob_contract.rules.spec import Contract, SpecError
from keyfob_contract.session.order import CannotJudge, Order
from keyfob_contract.wire.clocks import Clock


def contract_of(order: Order, clock: Clock) -> Contract:
    """Read what is to be kept. Raises CannotJudge."""
    name = "openapi.yaml" if order.spec is None else str(order.spec)
    try:
        profile = read_profile(order.profile or BUILT_IN)
        return Contract(_spec(order.spec), clock, profile)
    except ProfileError as trouble:
        raise CannotJudge(f"{trouble}.") from trouble
    except SpecError as trouble:
        raise CannotJudge(f"{name} is nothing to judge by: {trouble}.") from trouble
    except ValueError as trouble:  # the validator's, of many lines
        first = str(trouble).partition("\n")[0]
        raise CannotJudge(f"{name} has a schema that is none: {first}.") from trouble


def _spec(file: Path | None) -> dict[str, Any]:
    if file is None:
        return load_spec()
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as trouble:
        raise SpecError(f"it cannot be read ({trouble})") from trouble
    spec = _parsed(text)
    if not isinstance(spec, dict):
        raise SpecError("it is no OpenAPI 3 file")
    return spec


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)  # YAML knows no tabs
    except ValueError:
        pass
    try:
        return yaml.load(text, _WithoutTimes)  # noqa: S506  it derives from the safe one
    except yaml.YAMLError as trouble:
        what = " ".join(str(trouble).split())
        raise SpecError(f"it is neither JSON nor YAML ({what})") from trouble


class _WithoutTimes(yaml.CSafeLoader):
    """Leaves times in examples as they are spelt, as JSON does."""

    yaml_implicit_resolvers = {  # noqa: RUF012  the library's own
        first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }

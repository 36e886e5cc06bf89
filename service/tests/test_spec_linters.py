"""Both specs pass the two linters that their readers use, each with its public rule set."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
SPEC = REPOSITORY / "openapi.yaml"
SPEC_OF_THE_MOCK = REPOSITORY / "service" / "keyfob" / "mock" / "openapi.yaml"
RULES = REPOSITORY / "contract_tests" / "spec_lint"
QUIET = {
    "REDOCLY_TELEMETRY": "off",
    "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
    "SCARF_ANALYTICS": "false",
    "NO_COLOR": "1",
}
COMMANDS = {
    "spectral": [
        "lint",
        f"--ruleset={RULES / '.spectral.yaml'}",
        "--format=json",
        "--fail-severity=hint",
        "--quiet",
    ],
    "redocly": [
        "lint",
        f"--config={RULES / 'redocly.yaml'}",
        "--format=json",
        "--max-problems=999",
    ],
}

Lint = Callable[[Path], list[str]]


def spectral_problems(report: list[dict[str, Any]]) -> list[str]:
    return [f"{p['code']} at /{'/'.join(p['path'])}: {p['message']}" for p in report]


def redocly_problems(report: dict[str, Any]) -> list[str]:
    ignored = [f"{report['totals']['ignored']} ignored"] if report["totals"]["ignored"] else []
    return ignored + [
        f"{p['ruleId']} at {p['location'][0].get('pointer')}: {p['message']}"
        for p in report["problems"]
    ]


PROBLEMS: dict[str, Callable[[Any], list[str]]] = {
    "spectral": spectral_problems,
    "redocly": redocly_problems,
}


@pytest.fixture(params=COMMANDS)
def lint(request: pytest.FixtureRequest, program: Callable[[str], str]) -> Lint:
    name: str = request.param
    command = [program("node"), program(name), *COMMANDS[name]]

    def problems_in(spec: Path) -> list[str]:
        result = subprocess.run(
            [*command, str(spec)],
            cwd=RULES,
            env=os.environ | QUIET,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert result.stdout, result.stderr
        return PROBLEMS[name](json.loads(result.stdout))

    return problems_in


@pytest.mark.parametrize("spec", [SPEC, SPEC_OF_THE_MOCK], ids=["service", "mock"])
def test_spec_has_no_error_and_no_warning(lint: Lint, spec: Path) -> None:
    found = lint(spec)
    assert not found, "\n".join(found)


def with_nameless_operation(spec: dict[str, Any]) -> None:
    spec["paths"]["/planted"] = {"get": {"responses": {"200": {"description": "Planted."}}}}


def with_undeclared_path_parameter(spec: dict[str, Any]) -> None:
    _, item = spec["paths"].popitem()
    spec["paths"]["/planted/{plantedId}"] = item


@pytest.mark.parametrize(
    ("plant", "complaint"),
    [
        pytest.param(with_nameless_operation, "operation", id="a warning"),
        pytest.param(with_undeclared_path_parameter, "plantedId", id="an error"),
    ],
)
def test_linter_sees_a_planted_flaw(
    lint: Lint, tmp_path: Path, plant: Callable[[dict[str, Any]], None], complaint: str
) -> None:
    spec = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    plant(spec)
    flawed = tmp_path / "openapi.yaml"
    flawed.write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
    assert any(complaint in problem for problem in lint(flawed))

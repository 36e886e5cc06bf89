"""What `pip install keyfob` brings: a command that works anywhere, and nothing in anybody's way."""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from keyfob import __version__

REPOSITORY = Path(__file__).parents[2]
UV = Path(sysconfig.get_path("scripts")) / "uv"


def run(*command: str | Path, cwd: Path = REPOSITORY, environment: Path | None = None) -> str:
    """Run a command as a user would, outside this test run's own environment."""
    inherited = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    chosen = {"UV_PROJECT_ENVIRONMENT": str(environment)} if environment else {}
    result = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=inherited | chosen,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


def build(folder: Path, *options: str) -> Path:
    python = f"--python={sys.executable}"  # whose hatchling builds, so that none is fetched
    offline = ["--quiet", "--offline", "--no-build-isolation"]
    run(UV, "build", *offline, python, f"--out-dir={folder}", *options)
    (wheel,) = folder.glob("*.whl")
    return wheel


def contents(wheel: Path) -> dict[str, bytes]:
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"), "--wheel")


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel and the locked run-time dependencies, no test tools."""
    folder = tmp_path_factory.mktemp("clean") / "venv"
    python = f"--python={sys.executable}"
    locked = ["--quiet", "--frozen", "--no-dev", "--no-install-project"]
    run(UV, "sync", *locked, python, environment=folder)
    run(UV, "pip", "install", "--quiet", "--offline", "--no-deps", f"--python={folder}", wheel)
    return folder


def test_wheel_puts_only_the_packages_at_the_top_level(wheel: Path) -> None:
    top_level = {name.split("/")[0] for name in contents(wheel)}
    sources = REPOSITORY.glob("*/keyfob*/__init__.py")
    assert top_level == {f"keyfob-{__version__}.dist-info", *(s.parent.name for s in sources)}
    assert "keyfob" in top_level


def test_spec_and_fixtures_travel_in_the_wheel(wheel: Path) -> None:
    packed = contents(wheel)
    fixtures = [path for path in (REPOSITORY / "fixtures").rglob("*") if path.is_file()]
    assert fixtures
    for source in [REPOSITORY / "openapi.yaml", *fixtures]:
        name = source.relative_to(REPOSITORY).as_posix()
        assert packed[f"keyfob/{name}"] == source.read_bytes()


def test_sdist_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    from_sdist = build(tmp_path)  # with no options uv builds the sdist, and the wheel from that
    assert contents(from_sdist) == contents(wheel)


def test_installed_command_works_from_any_directory_and_says_nothing_besides(
    environment: Path, tmp_path: Path
) -> None:
    (said,) = run(environment / "bin" / "keyfob", "--version", cwd=tmp_path).splitlines()
    assert said.endswith(__version__)


def test_contract_kit_judges_quickly_without_its_extra(environment: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    options = ["--quick", "--only", "revoked_key_is_refused", "--html", page]
    said = run(environment / "bin" / "keyfob", "contract", *options, cwd=tmp_path)
    assert "CONFORMING" in said
    assert "<title>Conforming" in page.read_text()


def test_contract_kit_says_what_to_install_for_all_of_it(environment: Path, tmp_path: Path) -> None:
    command = [environment / "bin" / "keyfob", "contract", "--only", "generated"]
    refused = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert 'pip install "keyfob[contract]"' in refused.stderr


def test_installed_mock_brings_its_world_its_page_and_the_docs(
    environment: Path, tmp_path: Path
) -> None:
    command = [environment / "bin" / "keyfob", "mock", "--port", "0"]
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=inherited, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            assert process.stdout
            said = process.stdout.readline().decode()
            url = re.findall(r"http://[0-9.:]+", said)[0]
            page = httpx.get(url).text
            guide = httpx.get(f"{url}/docs/rate-limits").text
            reference = httpx.get(f"{url}/docs").text
            files = re.findall(r'src="([^"]+)"', reference)
            statuses = {httpx.get(f"{url}{file}").status_code for file in files}
        finally:
            process.terminate()
    assert "kfbmock_" in page
    assert "def call(" in guide
    assert any("swagger-ui-bundle.js" in file for file in files)
    assert statuses == {200}
    assert process.returncode == 0


def test_clean_environment_gets_nothing_by_the_name_of_a_folder_of_ours(environment: Path) -> None:
    (site_packages,) = environment.glob("lib/python*/site-packages")
    installed = {path.name for path in site_packages.iterdir()}
    assert "keyfob" in installed
    assert not installed & {"service", "contract_tests", "fixtures", "tests", "conftest.py"}

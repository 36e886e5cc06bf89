"""``keyfob contract`` as somebody runs it against a server, in a shell or a CI job."""

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from processes import Finished, Operator
from staging import Staging

from keyfob.cli import keyfob
from keyfob.cli.troubles import exit_code_of
from keyfob.spec import load_spec
from keyfob_contract.session.order import CannotJudge, Order
from keyfob_contract.session.subject import subject_of


def parsed(xml: str) -> ET.Element:
    return ET.fromstring(xml)


FAST = ("--only", "revoked_key_is_refused")


Judge = Callable[..., Finished]


@pytest.fixture
def judge_here(
    staging: Staging, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Judge:
    """Runs ``keyfob contract`` in this process, against the server and with its key."""

    def run(*options: str) -> Finished:
        monkeypatch.setenv("CONTRACT_URL", staging.server.url)
        monkeypatch.setenv("CONTRACT_ADMIN_KEY", staging.key)
        arguments = ["contract", *options]
        code = exit_code_of(lambda: keyfob.main(arguments, standalone_mode=False))
        out, err = capsys.readouterr()
        return Finished(code, out, err)

    return run


def verdicts(file: Path) -> dict[str, tuple[str, str | None]]:
    """Answer the verdict on each check of a report, and why it was not checked."""
    checks = json.loads(file.read_text())["checks"]
    return {check["name"]: (check["verdict"], check["reason"]) for check in checks}


def test_a_quick_run_over_http_judges_everything_within_its_budget_and_leaves_no_key(
    staging: Staging, tmp_path: Path
) -> None:
    reports = {name: tmp_path / f"report.{name}" for name in ("json", "junit", "html", "har")}
    options = [text for name, file in reports.items() for text in (f"--{name}", str(file))]
    before = staging.names()
    finished = staging.judge(
        *("--quick", "--budget", "60", *options), CONTRACT_OTHER_ADMIN_KEY=staging.other_key
    )
    assert finished.code == 0, finished.out
    assert "CONFORMING  Keyfob at http://127.0.0.1:" in finished.out
    assert {verdict for verdict, _ in verdicts(reports["json"]).values()} == {"kept"}
    assert staging.names() == before

    told = json.loads(reports["json"].read_text())
    assert parsed(reports["junit"].read_text()).get("failures") == "0"
    assert "<title>Conforming" in reports["html"].read_text()
    entries = json.loads(reports["har"].read_text())["log"]["entries"]
    assert len(entries) == told["exchanges"]
    everything = finished.out + finished.err + "".join(f.read_text() for f in reports.values())
    assert staging.key not in everything
    assert staging.other_key not in everything


def test_what_stays_is_named_by_the_mark_of_the_run(
    staging: Staging, judge_here: Judge, tmp_path: Path
) -> None:
    file = tmp_path / "report.json"
    finished = judge_here("--quick", *FAST, "--json", str(file))
    told = json.loads(file.read_text())
    assert told["leftovers"]
    assert f"Left behind, named {told['mark']}" in finished.out
    for leftover in told["leftovers"]:
        assert told["mark"] in staging.server.get(leftover, staging.key).text


def test_without_the_other_key_what_needs_it_is_not_checked(
    judge_here: Judge, tmp_path: Path
) -> None:
    file = tmp_path / "report.json"
    finished = judge_here("--quick", "--only", "tenants", *FAST, "--json", str(file))
    assert finished.code == 0
    assert (
        "NOT CHECKED  it takes the key of another organisation: --other-admin-key" in finished.out
    )
    unknown = [v for v, reason in verdicts(file).values() if "--other-admin-key" in str(reason)]
    assert unknown == ["not checked"] * len(unknown) != []


def test_only_checks_that_were_asked_for_are_made(judge_here: Judge, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    options = ("--only", "revoked_key_is_refused", "--only", "listSites", "--json", str(file))
    assert judge_here(*options).code == 0
    told = json.loads(file.read_text())
    groups = {check["name"]: check["group"] for check in told["checks"]}
    assert [n for n, group in groups.items() if group != "every_reply"] == [
        "revoked_key_is_refused"
    ]
    assert {cell["operationId"] for cell in told["coverage"]["cells"]} == {"listSites"}


@pytest.fixture
def stricter_spec(tmp_path: Path) -> Path:
    """A contract that this server does not keep: sites have a member more."""
    spec = json.loads(json.dumps(load_spec()))
    spec["components"]["schemas"]["Site"]["required"].append("country")
    file = tmp_path / "stricter.yaml"
    file.write_text(yaml.safe_dump(spec))
    return file


def test_violations_exit_with_1_and_are_told_with_a_command(
    staging: Staging, stricter_spec: Path, tmp_path: Path
) -> None:
    junit = tmp_path / "report.xml"
    finished = staging.judge(*FAST, "--spec", str(stricter_spec), "--junit", str(junit))
    assert finished.code == 1
    assert "BROKEN  body_is_as_documented" in finished.out
    assert '"country" is a required property' in finished.out
    assert 'curl -sS -i "$URL/v1/sites' in finished.out
    assert f"URL={staging.server.url}" in finished.out
    assert "VIOLATIONS" in finished.out
    [failure] = parsed(junit.read_text()).iter("failure")
    assert "country" in str(failure.get("message"))


# --- no verdict ------------------------------------------------------------------------------

NO_SPEC = {"empty": "", "list": "[1]", "no_yaml": "a: [", "swagger": "swagger: '2.0'\npaths: {}"}
BROKEN_SPEC = """
openapi: 3.0.3
paths: {/x: {get: {responses: {200: {content: {application/json: {schema: {type: nope}}}}}}}}
"""


@pytest.mark.parametrize("text", [*NO_SPEC.values(), BROKEN_SPEC], ids=[*NO_SPEC, "odd_schema"])
def test_a_file_that_is_no_contract_is_no_verdict(
    judge_here: Judge, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(text)
    finished = judge_here("--spec", str(file))
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith(f"Error: {file} ")
    assert finished.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--url", "http://127.0.0.1:1"], "Does it run, and is the URL right?"),
        (["--url", ""], "is not the URL of a server"),
        (["--admin-key", ""], "--url needs --admin-key"),
        (["--url", "127.0.0.1:8080"], "is not the URL of a server"),
        (["--url", "http://127.0.0.1:99999"], "Port out of range"),
        (["--url", "http://ada:pw@127.0.0.1:8080"], "nothing more"),
        (["--admin-key", "kfb_no"], "It has to be live and to hold every scope on every site."),
        (["--admin-key", "two words"], "characters that no key has"),
        (["--only", "revokd_key_is_refused"], "Did you mean revoked_key_is_refused?"),
        (["--only", "xyz"], "--list shows what there is."),
    ],
    ids=[
        "nobody",
        "empty_url",
        "empty_key",
        "no_url",
        "no_port",
        "secrets",
        "wrong_key",
        "no_key",
        "typo",
        "unknown",
    ],
)
def test_without_something_to_judge_one_sentence_says_what_to_do(
    judge_here: Judge, options: list[str], told: str
) -> None:
    finished = judge_here(*options)
    assert (finished.code, finished.out) == (2, "")
    assert told in finished.err
    assert finished.err.count("\n") == 1


def test_a_key_without_a_url_is_not_taken_for_a_wish_to_judge_this_process() -> None:
    with pytest.raises(CannotJudge, match="no --url"):
        subject_of(Order(admin_key="kfb_1"))


def test_a_key_with_too_little_power_is_told(staging: Staging, judge_here: Judge) -> None:
    body = {"name": "weak", "scopes": ["keys:read"], "siteIds": ["*"]}
    weak = staging.server.send("POST", "/v1/api-keys", staging.key, json=body).json()
    finished = judge_here("--admin-key", weak["key"])
    staging.server.send("POST", f"/v1/api-keys/{weak['id']}/revoke", staging.key)
    staging.server.send("DELETE", f"/v1/api-keys/{weak['id']}", staging.key)
    assert (finished.code, finished.out) == (2, "")
    assert "403 SCOPE_INSUFFICIENT" in finished.err


def test_a_report_that_cannot_be_written_is_told_before_the_work(judge_here: Judge) -> None:
    finished = judge_here("--html", "no/such/folder/report.html")
    assert finished.code == 2
    assert "there is no folder" in finished.err


def test_a_report_that_could_not_be_written_costs_no_verdict(judge_here: Judge) -> None:
    finished = judge_here(*FAST, "--html", "/dev/full")
    assert finished.code == 2
    assert "CONFORMING" in finished.out
    assert "/dev/full could not be written: No space left on device." in finished.err


# --- the end before the end ------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_cleans_up_and_tells_what_it_knows(
    staging: Staging, tmp_path: Path, number: signal.Signals
) -> None:
    file = tmp_path / "report.json"
    before = staging.names()
    process = staging.operator.start(
        *("contract", "--url", staging.server.url, "--quick", "--json", str(file)),
        CONTRACT_ADMIN_KEY=staging.key,
        CONTRACT_OTHER_ADMIN_KEY=staging.other_key,
    )
    assert process.stderr
    assert process.stderr.readline() == "scopes: 1 kept\n"  # it is in the midst of it
    assert any("kit-" in name for name in staging.names() - before)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted: cleaning up." in err
    assert "the run was cut short: it was interrupted" in out
    assert "Left behind, named kit-" in out
    assert staging.names() == before
    told = verdicts(file)
    assert told["each_operation_demands_its_scope"] == ("kept", None)
    assert told["expired_key_is_refused"] == ("not checked", "it was interrupted")


def test_a_server_that_falls_silent_ends_the_run_without_a_verdict(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    key = operator.organization().key_value
    with operator.serving() as server:
        process = operator.start("contract", "--url", server.url, "--quick", CONTRACT_ADMIN_KEY=key)
        assert process.stderr
        assert process.stderr.readline() == "scopes: 1 kept\n"
        server.process.kill()
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "COULD NOT JUDGE" in out
    assert f"the run was cut short: {server.url} did not answer" in out
    assert "Left behind: all that is named kit-" in out
    assert out.count("\n") < 30  # not every check by its name


def test_a_budget_is_kept_and_what_it_left_no_time_for_is_not_checked(
    judge_here: Judge, tmp_path: Path
) -> None:
    file = tmp_path / "report.json"
    finished = judge_here("--quick", "--budget", "0.001", "--json", str(file))
    assert finished.code == 2
    assert "no check could be made" in finished.out
    made = {n: v for n, v in verdicts(file).items() if n.endswith("_is_refused")}
    assert set(made.values()) == {("not checked", "the budget was used up")}


# --- in this process -------------------------------------------------------------------------


def test_without_a_url_it_is_this_service_that_is_judged(operator: Operator) -> None:
    finished = operator.run("contract", "--quick", *FAST)
    assert finished.code == 0
    assert "CONFORMING  Keyfob at this process" in finished.out
    assert finished.err == "credentials: 1 kept\n"
    assert "\x1b" not in finished.out  # a log of CI gets no colours
    assert "Left behind" not in finished.out


def test_what_is_judged_in_this_process_needs_no_settings(operator: Operator) -> None:
    finished = operator.run("contract", "--quick", *FAST, DATABASE_URL="nonsense", KEYFOB_X="y")
    assert finished.code == 0


def test_the_list_has_every_check_with_its_sentence(operator: Operator) -> None:
    finished = operator.run("contract", "--list")
    assert finished.code == 0
    assert "revoked_key_is_refused\n      Every operation refuses a revoked key.\n" in finished.out
    assert "values_stay_secret\n" in finished.out


WITHOUT_THE_EXTRA = """
import sys
sys.modules |= dict.fromkeys(["schemathesis", "hypothesis", "rich"])
from keyfob.cli import main
main()
"""


def test_the_quick_run_needs_no_library_that_the_service_does_not(operator: Operator) -> None:
    script = operator.folder / "without.py"
    script.write_text(WITHOUT_THE_EXTRA)
    finished = operator.shell(f"{sys.executable} {script} contract --quick {' '.join(FAST)}")
    assert finished.code == 0, finished.err

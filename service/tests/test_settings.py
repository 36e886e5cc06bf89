"""Settings are read once, and every bad one is named at start."""

import os
from pathlib import Path

import pytest

from keyfob.settings import DOCUMENTED, Settings, SettingsError

PEPPER = " a pepper of no less than 32 characters "


def problems_of(**environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refusal:
        Settings.from_environment(environ)
    assert str(refusal.value) == "\n".join(refusal.value.problems)
    return refusal.value.problems


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    defaults = {doc.name: doc.default for doc in DOCUMENTED}
    given = {name: text for name, text in defaults.items() if text != "unset"}

    settings = Settings.from_environment({})

    assert settings == Settings() == Settings.from_environment(given)
    assert settings.rotation_period_days == 90
    assert settings.pepper is settings.limits is settings.redis_url is None


def test_every_setting_is_documented_once_and_in_a_sentence() -> None:
    assert len({doc.name for doc in DOCUMENTED}) == len(DOCUMENTED)
    assert all(doc.meaning.endswith(".") and doc.default for doc in DOCUMENTED)


def test_given_values_are_taken() -> None:
    settings = Settings.from_environment(
        {
            "DATABASE_URL": "sqlite:////var/lib/keys.db",
            "KEYFOB_PEPPER": PEPPER,
            "KEYFOB_LIMITS": "process",
            "KEYFOB_METRICS_ADDRESS": "[::1]:0",
            "KEYFOB_WORKER_THREADS": "64",
            "REDIS_URL": "redis://127.0.0.1:6379/0",
            "PATH": "what others set is theirs",
        }
    )

    assert settings.database_file == Path("/var/lib/keys.db")
    assert settings.pepper == PEPPER
    assert settings.limits == "process"
    assert settings.metrics_address == ("::1", 0)
    assert settings.worker_threads == 64
    assert settings.redis_url == "redis://127.0.0.1:6379/0"


def test_postgresql_is_no_file() -> None:
    for url in ("postgresql://keyfob@db.example/keys", "postgres:///keys?host=/run/postgresql"):
        assert Settings(database_url=url).database_file is None


def test_a_relative_database_stays_where_the_process_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert Settings().database_file == tmp_path / "keyfob.db"


@pytest.mark.parametrize(
    ("name", "values"),
    {
        "DATABASE_URL": (
            "mysql://somebody@somewhere/keys",
            "postgresql:keys",
            "sqlite:///:memory:",
            "sqlite://",
            "sqlite:///",
            "sqlite:///directory/",
            "sqlite:///keys.db?mode=memory",
            "keys.db",
        ),
        "KEYFOB_PEPPER": ("p" * 31, "", f"{PEPPER}\x00", f"{PEPPER}\udcff"),
        "KEYFOB_VALUE_PREFIX": ("k", "Kfb", "1kfb", "k_fb", "k" * 17, "kfbmock"),
        "KEYFOB_ROTATION_PERIOD_DAYS": ("0", "3651", "-1", "1.5", "1_0", "\u0661", " 9", ""),
        "KEYFOB_MAX_BODY_BYTES": ("1023", "1048577"),
        "KEYFOB_MAX_KEYS_PER_ORGANIZATION": ("0", "1000001"),
        "KEYFOB_LOG_LEVEL": ("INFO", "trace", "info|error"),
        "KEYFOB_METRICS_ADDRESS": (
            "",
            "9464",
            ":9464",
            "127.0.0.1",
            "127.0.0.1:",
            "127.0.0.1:65536",
            "::1:9464",
            "[]:9464",
            "http://127.0.0.1:9464",
            "127.0.0.1:9464/metrics",
            "two words:9464",
        ),
        "KEYFOB_WORKER_THREADS": ("0", "65"),
        "KEYFOB_BUSY_TIMEOUT_MS": ("99", "60001"),
        "KEYFOB_DATABASE_CONNECTIONS": ("0", "101"),
        "KEYFOB_CONNECT_TIMEOUT_SECONDS": ("1", "61"),
        "KEYFOB_STATEMENT_TIMEOUT_MS": ("99", "600001"),
        "KEYFOB_TRUSTED_PROXIES": ("-1", "17"),
        "KEYFOB_LIMITS": ("none", ""),
        "REDIS_URL": ("127.0.0.1:6379", "http://127.0.0.1/"),
    }.items(),
)
def test_a_bad_value_is_refused_by_name(name: str, values: tuple[str, ...]) -> None:
    for value in (*values, "two\nlines", "\udcff"):
        (problem,) = problems_of(**{name: value})
        assert problem.startswith(f"{name} must be ")
        assert problem.endswith(".")


def test_all_bad_values_are_named_at_once() -> None:
    problems = problems_of(KEYFOB_WORKER_THREADS="none", KEYFOB_LIMITS="none", KEYFOB_NONE="none")

    assert {problem.split()[0] for problem in problems} == {
        "KEYFOB_WORKER_THREADS",
        "KEYFOB_LIMITS",
        "KEYFOB_NONE",
    }


def test_an_unknown_name_is_refused_with_the_nearest_known_one() -> None:
    (problem,) = problems_of(KEYFOB_PEPER=PEPPER)

    assert problem == "KEYFOB_PEPER is not a setting of Keyfob; did you mean KEYFOB_PEPPER?"


def test_what_kubernetes_sets_for_a_service_called_keyfob_is_no_mistake() -> None:
    links = {
        "KEYFOB_SERVICE_HOST": "10.0.0.1",
        "KEYFOB_SERVICE_PORT": "80",
        "KEYFOB_SERVICE_PORT_HTTP": "80",
        "KEYFOB_PORT": "tcp://10.0.0.1:80",
        "KEYFOB_PORT_80_TCP": "tcp://10.0.0.1:80",
        "KEYFOB_PORT_80_TCP_PROTO": "tcp",
        "KEYFOB_PORT_80_TCP_PORT": "80",
        "KEYFOB_PORT_80_TCP_ADDR": "10.0.0.1",
        "KEYFOB_BLUE_PORT": "tcp://10.0.0.2:80",
    }

    assert Settings.from_environment(links) == Settings()
    assert problems_of(KEYFOB_PORT="8080") == ("KEYFOB_PORT is not a setting of Keyfob.",)


def test_no_secret_is_shown_by_a_refusal_or_a_repr() -> None:
    secret = "hunter2"
    shown = "".join(
        problems_of(
            KEYFOB_PEPPER=secret,
            REDIS_URL=f"http://:{secret}@127.0.0.1",
            DATABASE_URL=f"postgresql://keys:{secret}@127.0.0.1/keys",
            KEYFOB_PEPER=secret,
        )
    )
    settings = Settings.from_environment(
        {"KEYFOB_PEPPER": secret * 5, "REDIS_URL": f"redis://:{secret}@127.0.0.1"}
    )

    assert secret not in shown + repr(settings)


@pytest.mark.parametrize("newline", ["", "\n", "\r\n"])
def test_a_value_is_read_from_a_file_less_its_last_newline(tmp_path: Path, newline: str) -> None:
    file = tmp_path / "pepper"
    file.write_bytes(f"{PEPPER}{newline}".encode())

    assert Settings.from_environment({"KEYFOB_PEPPER_FILE": str(file)}).pepper == PEPPER


def test_a_file_is_looked_for_in_the_given_environment_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "level"
    file.write_text("debug")
    for name in [each for each in os.environ if each.startswith("KEYFOB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KEYFOB_LOG_LEVEL_FILE", str(file))

    assert Settings.from_environment({}).log_level == "info"
    assert Settings.from_environment().log_level == "debug"


def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    not_text = tmp_path / "not text"
    not_text.write_bytes(b"\xff" * 40)

    for path in (str(tmp_path / "absent"), str(tmp_path), "", str(not_text)):
        (problem,) = problems_of(KEYFOB_PEPPER_FILE=path)
        assert problem.startswith("KEYFOB_PEPPER is to be read from KEYFOB_PEPPER_FILE")


def test_an_empty_file_is_refused_rather_than_taken_for_no_value(tmp_path: Path) -> None:
    file = tmp_path / "pepper"
    file.touch()

    assert problems_of(KEYFOB_PEPPER_FILE=str(file))


def test_a_value_and_a_file_for_it_are_refused_together(tmp_path: Path) -> None:
    file = tmp_path / "pepper"
    file.write_text(PEPPER)

    assert problems_of(KEYFOB_PEPPER=PEPPER, KEYFOB_PEPPER_FILE=str(file)) == (
        "KEYFOB_PEPPER and KEYFOB_PEPPER_FILE are both set: keep one of them.",
    )

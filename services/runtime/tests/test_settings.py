"""Settings: what is missing, wrong or misspelled stops the start, and no secret is shown."""

import pytest

from service_runtime.settings import ServiceSettings, load

GOOD = {"DATABASE_URL": "postgresql://a:secret-word@h/d"}


def test_what_is_given_is_read(set_environment):
    set_environment({**GOOD, "LOG_LEVEL": "warning"})
    assert load(ServiceSettings).log_level == "warning"


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(SystemExit, match="DATABASE_URL"):
        load(ServiceSettings)


def test_a_misspelled_name_stops_the_start(set_environment):
    set_environment({**GOOD, "WORKLOAD_CLIENT_SECRT": "x"})
    with pytest.raises(SystemExit, match="did you mean WORKLOAD_CLIENT_SECRET"):
        load(ServiceSettings)


def test_a_wrong_value_is_named_and_not_shown(set_environment):
    set_environment({"DATABASE_URL": "secret-word"})
    with pytest.raises(SystemExit) as stopped:
        load(ServiceSettings)
    assert "DATABASE_URL" in str(stopped.value)
    assert "secret-word" not in str(stopped.value)


def test_secrets_do_not_print(set_environment):
    set_environment({**GOOD, "WORKLOAD_CLIENT_SECRET": "secret-word-2"})
    assert "secret-word-2" not in repr(load(ServiceSettings))

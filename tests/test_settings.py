from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from chartline import settings
from chartline.errors import UsageError


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    for name in ("LAKE", "PROJECT", "POLICY", "KEY", "MASTER", "CONFIG", "BULK_CLIENT", "BULK_KEY", "BULK_SCOPE"):
        monkeypatch.delenv(f"CHARTLINE_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_defaults_without_file_or_environment():
    assert settings.load() == settings.Settings(lake=Path("lake"))


def test_file_then_environment(tmp_path, monkeypatch):
    (tmp_path / "chartline.toml").write_text('lake = "/data/lake"\nproject = "mayo"\n')
    monkeypatch.setenv("CHARTLINE_PROJECT", "other")
    loaded = settings.load()
    assert (loaded.lake, loaded.project) == (Path("/data/lake"), "other")


def test_the_variables_of_settings_make_the_same_settings(tmp_path, monkeypatch):
    given = settings.Settings(
        lake=tmp_path / "lake",
        project="mayo",
        policy="safe_harbor",
        key=tmp_path / "k",
        master="local[4]",
        held_out_from=date(2020, 1, 2),
        terms=tmp_path / "terms.toml",
        person_systems=("urn:oid:1.2", "urn:oid:1.3"),
        bulk_client="c",
        bulk_key=tmp_path / "b",
        bulk_scope="system/Patient.read",
        extracts=tmp_path / "mappings",
        source="/data/in",
        schedule="@daily",
    )
    assert [f.name for f in fields(given) if getattr(given, f.name) == f.default] == []
    for name, value in given.variables().items():
        monkeypatch.setenv(name, value)
    assert settings.load() == given


def test_unknown_key_is_named(tmp_path):
    (tmp_path / "chartline.toml").write_text('laek = "x"\n')
    with pytest.raises(UsageError, match=r"CL2003.*laek"):
        settings.load()


def test_a_variable_with_a_mistyped_name_is_refused_by_name(monkeypatch):
    monkeypatch.setenv("CHARTLINE_POLCY", "safe_harbor")
    with pytest.raises(UsageError, match=r"CL2005.*CHARTLINE_POLCY.*CHARTLINE_POLICY") as refused:
        settings.load()
    assert "safe_harbor" not in str(refused.value)


def test_what_others_read_or_a_cluster_tells_of_itself_is_no_mistake(monkeypatch):
    others = ("DATA", "OFFICER", "UID", "SERVICE_HOST", "SERVICE_PORT_HTTP", "PORT", "PORT_8080_TCP_ADDR")
    for name in others:
        monkeypatch.setenv(f"CHARTLINE_{name}", "x")
    assert settings.load() == settings.Settings(lake=Path("lake"))


def test_an_empty_variable_is_not_the_folder_one_stands_in(monkeypatch):
    for name in ("LAKE", "KEY", "POLICY", "PROJECT", "MASTER", "CONFIG"):
        monkeypatch.setenv(f"CHARTLINE_{name}", "")
    assert settings.load() == settings.Settings(lake=Path("lake"))


def test_named_file_must_exist(tmp_path):
    with pytest.raises(UsageError, match="CL2002"):
        settings.load(tmp_path / "none.toml")


def test_broken_toml_is_refused(tmp_path):
    (tmp_path / "chartline.toml").write_text("lake = ")
    with pytest.raises(UsageError, match="CL2002"):
        settings.load()
    (tmp_path / "chartline.toml").write_bytes('lake = "Gärten"'.encode("latin-1"))
    with pytest.raises(UsageError, match="CL2002"):
        settings.load()


def test_zone_names_are_checked():
    with pytest.raises(UsageError, match="CL2001"):
        settings.Settings(lake=Path("x")).zone("public")


def test_with_leaves_what_is_none():
    base = settings.Settings(lake=Path("x"), project="p")
    assert base.with_(project=None, policy="safe_harbor") == settings.Settings(
        lake=Path("x"), project="p", policy="safe_harbor"
    )


@pytest.mark.parametrize("name", ["schemas", "policies", "expectations"])
def test_rooms_are_found(name):
    assert settings.room(name).is_dir()


def test_the_client_of_a_server_is_read_from_file_and_environment(tmp_path, monkeypatch):
    (tmp_path / "chartline.toml").write_text('bulk_client = "one"\nbulk_key = "keys/bulk.jwk"\n')
    monkeypatch.setenv("CHARTLINE_BULK_CLIENT", "two")
    monkeypatch.setenv("CHARTLINE_BULK_SCOPE", "")  # as docker compose hands on what is not set
    loaded = settings.load()
    assert (loaded.bulk_client, loaded.bulk_key) == ("two", Path("keys/bulk.jwk"))
    assert loaded.bulk_scope == "system/*.read"
    monkeypatch.setenv("CHARTLINE_BULK_KEY", "")
    assert settings.load().bulk_key is None


def test_a_schedule_needs_a_source(monkeypatch):
    monkeypatch.setenv("CHARTLINE_SCHEDULE", "0 2 * * *")
    monkeypatch.setenv("CHARTLINE_SOURCE", "")
    with pytest.raises(UsageError, match="CL2006"):
        settings.load()
    monkeypatch.setenv("CHARTLINE_SOURCE", "/inbox")
    loaded = settings.load()
    assert (loaded.source, loaded.schedule) == ("/inbox", "0 2 * * *")

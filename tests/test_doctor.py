from dataclasses import replace
from pathlib import Path

import pytest

from chartline import doctor
from chartline.ingest import smart
from chartline.settings import Settings


def named(settings):
    return {c.name: c for c in doctor.checks(settings)}


def test_a_fit_machine_is_found_fit(lake):
    found = named(lake)
    machine = {"python", "java", "disk", "memory", "spark", "jars", "model", "lake"}
    assert set(found) == machine | {"key", "policy", "terms", "csv mappings", "bulk client"}
    assert [c for c in found.values() if not c.ok] == []


def test_a_key_for_servers_that_cannot_be_used_is_found(lake, tmp_path):
    found = named(replace(lake, bulk_client="c", bulk_key=tmp_path / "none.jwk"))["bulk client"]
    assert not found.ok and "none.jwk" in found.detail
    smart.create(tmp_path / "bulk.jwk")
    assert named(replace(lake, bulk_client="c", bulk_key=tmp_path / "bulk.jwk"))["bulk client"].ok


@pytest.mark.parametrize(
    ("said", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "21" 2023-09-19', 21),
        ('java version "1.8.0_401"', 8),
        ("", None),
    ],
)
def test_versions_of_java_are_read(said, major):
    assert doctor.java_major(said) == major


def test_java_that_is_not_there_names_the_line_that_installs_it(lake, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    java = named(lake)["java"]
    assert not java.ok
    assert "openjdk-17-jre-headless" in java.detail


def test_old_java_is_refused(lake, monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "java"
    program.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    java = named(lake)["java"]
    assert not java.ok
    assert "Java 11" in java.detail


def test_a_lake_that_cannot_be_written_and_a_missing_key_are_told(tmp_path):
    (tmp_path / "file").write_text("")
    found = named(Settings(lake=tmp_path / "file" / "lake"))
    assert not found["lake"].ok
    assert not found["key"].ok
    assert "chartline key new" in found["key"].detail


def test_a_key_that_others_may_read_is_told(lake, tmp_path):
    copy = tmp_path / "open.key"
    copy.write_bytes(lake.key.read_bytes())
    copy.chmod(0o644)
    key = named(lake.with_(key=copy))["key"]
    assert not key.ok
    assert "chmod 600" in key.detail


def test_unequal_pyspark_and_client_are_told(lake, monkeypatch):
    monkeypatch.setattr(doctor.metadata, "version", lambda name: {"pyspark": "4.1.3"}.get(name, "4.2.0"))
    assert not named(lake)["spark"].ok


@pytest.mark.parametrize(
    ("name", "wrong", "number_or_fix"),
    [
        ("policy", {"policy": "safe_harbour"}, "safe_harbor"),
        ("terms", {"terms": Path("none.toml")}, "none.toml"),
        ("csv mappings", {"extracts": Path("none")}, "CHARTLINE_EXTRACTS"),
    ],
)
def test_a_setting_that_a_run_would_refuse_is_told_with_its_fix(lake, name, wrong, number_or_fix):
    found = named(replace(lake, **wrong))[name]
    assert not found.ok and number_or_fix in found.detail


def test_a_lake_that_is_not_there_is_told_from_one_that_is_and_is_not_made(tmp_path):
    found = named(Settings(lake=tmp_path / "moved"))["lake"]
    assert found.ok and "nothing there" in found.detail
    assert not (tmp_path / "moved").exists()

from dataclasses import replace

import pytest

from chartline import doctor
from chartline.ingest import smart
from chartline.settings import Settings


def named(settings):
    return {c.name: c for c in doctor.checks(settings)}


def test_a_fit_machine_is_found_fit(lake):
    found = named(lake)
    assert set(found) == {"python", "java", "disk", "memory", "spark", "jars", "model", "lake", "key", "bulk client"}
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

"""What the session tells Java."""

import pytest

from chartline.lake import spark


@pytest.mark.parametrize("name", ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"])
def test_a_collector_that_the_environment_names_is_not_named_twice(name, monkeypatch):
    for variable in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"):
        monkeypatch.delenv(variable, raising=False)
    assert spark._collector() == "-XX:+UseParallelGC"
    monkeypatch.setenv(name, "-Xss2m -XX:+UseZGC")
    assert spark._collector() == ""

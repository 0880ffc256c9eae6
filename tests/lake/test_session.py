"""What the session tells Java."""

import logging
import os
import re
import resource
import runpy

import pyspark.daemon
import pytest

from chartline import cli, job
from chartline.lake import spark


@pytest.mark.parametrize("name", ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"])
def test_a_collector_that_the_environment_names_is_not_named_twice(name, monkeypatch):
    for variable in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"):
        monkeypatch.delenv(variable, raising=False)
    assert spark._collector() == "-XX:+UseParallelGC"
    monkeypatch.setenv(name, "-Xss2m -XX:+UseZGC")
    assert spark._collector() == ""


def test_a_command_a_job_and_a_worker_leave_no_image_of_their_memory(monkeypatch, capsys):
    limits = []
    monkeypatch.setattr(resource, "getrlimit", lambda of: (4096, 8192))
    monkeypatch.setattr(resource, "setrlimit", lambda of, to: limits.append((of, to)))
    assert cli.main(["release", "check", "/none", "--json"]) != 0
    assert job.main("decide", ["c", "--answer", "none", "--by", "B", "--reason", "r", "--report-hash", "h"]) == 1
    monkeypatch.setattr(pyspark.daemon, "manager", lambda: None)
    monkeypatch.setattr(os, "register_at_fork", lambda **given: None)
    runpy.run_module("chartline.lake.daemon", run_name="__main__")
    assert limits == [(resource.RLIMIT_CORE, (0, 8192))] * 3


def test_an_error_that_java_logs_tells_where_but_not_what(spark):
    log4j = spark._jvm.org.apache.logging.log4j
    layout = log4j.LogManager.getContext(False).getConfiguration().getAppenders().get("stderr").getLayout()
    thrown = spark._jvm.java.lang.IllegalStateException("Zorblatt", spark._jvm.java.lang.RuntimeException("Zorblatt"))
    event = log4j.core.impl.Log4jLogEvent.newBuilder().setLoggerName("org.x.Executor").setLevel(log4j.Level.ERROR)
    told = layout.toSerializable(event.setMessage(log4j.message.SimpleMessage("Zorblatt")).setThrown(thrown).build())
    assert "ERROR Executor" in told
    assert "Zorblatt" not in told


def test_the_value_that_an_expression_failed_on_is_not_logged(spark):
    heard = []
    listener = logging.Handler()
    listener.emit = heard.append
    logger = logging.getLogger("SQLQueryContextLogger")
    logger.addHandler(listener)
    try:
        with pytest.raises(Exception, match="Zorblatt"):
            spark.range(1).selectExpr("CAST(concat('Zorblatt', id) AS INT)").collect()
    finally:
        logger.removeHandler(listener)
    assert heard == []


def test_what_a_crash_of_java_or_a_plan_would_leave_is_in_the_restricted_zone_or_nowhere(spark):
    arguments = spark._jvm.java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments()
    assert re.search(r"-XX:ErrorFile=\S+/restricted/scratch/java-%p\.log", str(arguments))
    assert "-XX:-CreateCoredumpOnCrash" in str(arguments)
    assert spark.conf.get("spark.eventLog.enabled") == "false"

"""What a caller wrote is not repeated by the parser of arguments: it may be a value of the data."""

import pytest

from chartline import cli, job

NAME = "Zorblatt"


@pytest.mark.parametrize(
    "words",
    [
        (NAME,),
        ("verify", NAME, f"--{NAME}={NAME}"),
        ("verify", f"--json={NAME}"),
        ("run", "x", f"--p={NAME} could match {NAME}"),
        ("timeline", f"{NAME} (choose from {NAME})"),
        ("timeline", "show", f"{NAME}\n{NAME} (choose from 1)"),
        ("reidentify", "request", NAME, "--by", "a", "--reason", "b"),
        ("erase", "--patient", "1", NAME, "--by", "a", "--reason", "b"),
    ],
)
def test_a_wrong_call_is_refused_without_what_was_written(capsys, words):
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "error: " in told
    assert NAME not in told


def test_what_may_be_written_is_still_told(capsys):
    for words in (("timeline", NAME), ("run", "x", f"--p={NAME}")):
        with pytest.raises(SystemExit):
            cli.main(words)
    told = capsys.readouterr().err
    assert "argument action: invalid choice (choose from 'show')" in told
    assert "ambiguous option could match --policy, --project" in told


def test_a_job_does_not_repeat_it_either(capsys):
    with pytest.raises(SystemExit):
        job.main("decide", ["id", NAME, "--answer", "Approve", "--by", "x", "--reason", "y", "--report-hash", "z"])
    assert NAME not in capsys.readouterr().err

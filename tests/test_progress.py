"""What a long command says while it works."""

from itertools import count

from chartline import progress


def test_how_many_of_many_things_are_done_is_said_twice_a_minute(monkeypatch, capsys):
    seconds = count(step=12)
    monkeypatch.setattr("chartline.progress.time.monotonic", lambda: float(next(seconds)))
    assert list(progress.through(iter(range(2000)), 2000, "files swept")) == list(range(2000))
    said = [line.split("] ")[1] for line in capsys.readouterr().err.splitlines()]
    assert said[0] == "2 of 2,000 files swept"
    assert all(line.endswith(" of 2,000 files swept") for line in said)
    assert len(said) < 1000


def test_of_what_is_soon_done_nothing_is_said(capsys):
    assert list(progress.through([1, 2], 2, "files")) == [1, 2]
    assert capsys.readouterr().err == ""

"""What an exception becomes before anybody reads it: a number, and nothing of what it says."""

import pytest

from chartline.errors import DataError
from chartline.lake.spark import translated

VALUE = "Zorblatt Quixmire"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f"java.io.IOException: No space left on device at /lake/{VALUE}", "No space left on device"),
        (f"Job aborted: java.lang.OutOfMemoryError: Java heap space ({VALUE})", "OutOfMemoryError"),
        (f"ChecksumException: Checksum error: file:/{VALUE} at 512", "ChecksumException"),
        (f"SparkException: Python worker exited unexpectedly (crashed) {VALUE}", "Python worker exited unexpectedly"),
    ],
)
def test_what_stopped_java_is_named_by_its_kind_and_worth_a_retry(said, told):
    error = translated(RuntimeError(said))
    assert (error.number, error.exit_code) == ("CL3014", 3)
    assert error.message == f"the machine failed with {told}."


def test_an_error_of_ours_stays_itself_also_when_it_comes_back_from_a_worker():
    ours = DataError("CL1034", "3 payloads were changed.")
    assert translated(ours) is ours
    back = translated(RuntimeError(f"PythonException: chartline.errors.DataError: {ours}\n{VALUE}"))
    assert (type(back), str(back)) == (DataError, str(ours))


@pytest.mark.parametrize("cause", [ValueError(VALUE), KeyError(VALUE), OSError(13, "no", VALUE), MemoryError(VALUE)])
def test_nothing_of_what_another_says_is_told(cause):
    assert VALUE not in str(translated(cause))

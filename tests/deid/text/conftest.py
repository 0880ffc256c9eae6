"""The text engine that the tests of writing share."""

from pathlib import Path

import pytest

from chartline import keys
from chartline.deid import policy
from chartline.deid.context import Cohort
from chartline.deid.text import TextEngine, build


@pytest.fixture(scope="session")
def engine(key_file: Path) -> TextEngine:
    """An engine that knows nobody, under the strictest policy."""
    return build(policy.load("safe_harbor"), keys.load(key_file), "test", Cohort())


@pytest.fixture(scope="session")
def shifting(key_file: Path) -> TextEngine:
    """An engine that knows nobody and puts others in place of what it finds."""
    return build(policy.load("expert_determination"), keys.load(key_file), "test", Cohort())

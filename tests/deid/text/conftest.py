"""The text engine that the tests of writing share."""

import pytest

from chartline.deid import keys, policy
from chartline.deid.context import Cohort
from chartline.deid.text import TextEngine, build


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> TextEngine:
    """An engine that knows nobody, under the strictest policy."""
    return build(policy.load("safe_harbor"), keys.create(tmp_path_factory.mktemp("key") / "k"), "test", Cohort())

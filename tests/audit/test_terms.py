"""Terms of a release: a file with a mistake is refused and named; what is right is told as it stands."""

import re

import pytest

from chartline.audit import terms
from chartline.errors import UsageError
from tests.conftest import ROOT


def test_no_file_no_terms():
    assert terms.load(None) is None


def test_the_file_in_the_officers_guide_is_right(tmp_path):
    [block] = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/privacy-officer.md").read_text(), re.DOTALL)
    (tmp_path / "terms.toml").write_text(block)
    told = terms.load(tmp_path / "terms.toml")
    assert set(told) == {*terms.FIELDS, "sha256"}
    assert told["no_reidentification"] is True
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", told["reassess_by"])


RIGHT = 'recipient = "R"\npurpose = "P"\n'


@pytest.mark.parametrize(
    ("text", "number", "named"),
    [
        ("recipient = ", "CL2110", "terms.toml"),
        ('recipient = "R"', "CL2112", "purpose"),
        ('recipient = " "\npurpose = "P"', "CL2112", "recipient"),
        (RIGHT + 'agrement = "x"', "CL2111", "agrement"),
        (RIGHT + 'reassess_by = "soon"', "CL2112", "reassess_by"),
        (RIGHT + "reassess_by = 2027-01-01T00:00:00", "CL2112", "reassess_by"),
        (RIGHT + "no_reidentification = 1", "CL2112", "no_reidentification"),
        (RIGHT + "screening = true", "CL2112", "screening"),
    ],
)
def test_a_mistake_is_named(tmp_path, text, number, named):
    (tmp_path / "terms.toml").write_text(text)
    with pytest.raises(UsageError, match=f"{number}.*{named}"):
        terms.load(tmp_path / "terms.toml")


def test_a_file_that_is_not_there_is_a_wrong_call(tmp_path):
    with pytest.raises(UsageError, match="CL2110"):
        terms.load(tmp_path / "none.toml")

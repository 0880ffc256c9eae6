"""What people write for the record may not name a patient: it stands outside the restricted zone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartline.audit import said
from chartline.audit.known import Known
from chartline.audit.said import require_nobody
from chartline.audit.sweep import Search
from chartline.audit.text import Piece
from chartline.errors import UsageError
from chartline.lake import tables

VALUES = {
    "NAME": "Zorblatt Ann Doe",
    "PHONE": "1-617-555-0193",
    "MRN": "X88120937",
    "CITY": "Boston",
    "BIRTHDATE": "1961-04-09",
}
KNOWN = [{"type": kind, "value": value} for kind, value in VALUES.items()]


TELLING = [
    "Zorblatt Ann Doe asked",
    "Doe, Zorblatt Ann",
    "family: Doe, given: Zorblatt",
    "Zorblatt%20Ann%20Doe",
    "see x88120937",
    "call (617) 555 0193",
    "call +1 617 555 0193",
    "on Patient/p-1",
    "from Boston, born 1961-04-09",
]


@pytest.mark.parametrize("text", TELLING)
def test_a_reason_that_tells_a_patient_is_refused_without_saying_whom(lake, text):
    require_nobody(lake, by="Officer", reason=text)  # a lake that knows nobody
    tables.append(lake, "bronze.people", [{"resource_type": "Patient", "resource_id": "p-1", "known": KNOWN}])
    for harmless in ("consent withdrawn, letter 7, of 2026-01-03", "the board of Boston", "Ann and I, 617 records"):
        require_nobody(lake, by="Officer", reason=harmless)
    for told in ({"by": "Officer", "reason": text}, {"by": text, "reason": "the board"}):
        with pytest.raises(UsageError, match="CL2104") as refused:
            require_nobody(lake, **told)
        assert text not in str(refused.value)


WORDS = st.sampled_from(["Zorblatt", "Ann", "Long", "May", "Plimhaven", "X88120937", "617", "5550193", "1961-04-09"])
KINDS = st.sampled_from(["NAME", "GIVEN", "FAMILY", "PHONE", "SSN", "CITY", "ID", "MRN", "ORGANIZATION", "BIRTHDATE"])
VALUE = st.builds(Known, KINDS, st.lists(WORDS, min_size=1, max_size=3).map(" ".join))
APART = st.sampled_from([" ", "-", ", ", " of ", " family ", " given ", "&nbsp;", "%20", "</b>", "+1 "])


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.lists(VALUE, min_size=1, max_size=4).map(tuple), min_size=1, max_size=4),
    st.lists(st.tuples(APART, WORDS)),
)
def test_what_is_found_is_what_the_sweep_of_everybody_finds(parties, pieces):
    text = "".join(f"{apart}{word.upper()}" for apart, word in pieces)
    found = any(Search(parties).find(Piece("", "", text)))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(said, "known_from_lake", lambda settings: iter(parties))
        try:
            require_nobody(None, by="", reason=text)
            refused = False
        except UsageError:
            refused = True
    assert refused == found

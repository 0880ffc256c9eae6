import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartline.errors import GateFailed
from chartline.stage import Counts

small = st.integers(0, 10**6)
by_reason = st.dictionaries(st.sampled_from(["a", "b", "c"]), small)


@given(small, by_reason, small, by_reason)
def test_the_equation_holds_when_every_record_is_accounted_for(out, quarantined, duplicate, filtered):
    total = out + sum(quarantined.values()) + duplicate + sum(filtered.values())
    Counts(total, out, quarantined, duplicate, filtered).require_whole("parse")
    assert Counts(total + 1, out, quarantined, duplicate, filtered).lost == 1


def test_a_lost_record_stops_the_stage():
    with pytest.raises(GateFailed, match=r"CL1001.*parse.*2 records"):
        Counts(5, 3).require_whole("parse")


def test_a_doubled_record_stops_the_stage():
    with pytest.raises(GateFailed, match="CL1001"):
        Counts(3, 4).require_whole("parse")


def test_totals_use_the_names_of_the_equation():
    assert Counts(6, 1, {"x": 2}, 1, {"y": 2}).totals() == {
        "in": 6,
        "out": 1,
        "quarantined": 2,
        "duplicate": 1,
        "filtered": 2,
    }

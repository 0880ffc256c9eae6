"""What people write for the record may not name a patient: it stands outside the restricted zone."""

import pytest

from chartline.audit.said import require_nobody
from chartline.errors import UsageError
from chartline.lake import tables

VALUES = {"NAME": "Zorblatt Doe", "PHONE": "617-555-0193", "MRN": "X88120937"}
KNOWN = [{"type": kind, "value": value} for kind, value in VALUES.items()]


@pytest.mark.parametrize("text", ["Zorblatt Doe asked", "see x88120937", "call (617) 555 0193", "on Patient/p-1"])
def test_a_reason_that_tells_a_patient_is_refused_without_saying_whom(lake, text):
    require_nobody(lake, text)  # a lake that knows nobody
    tables.append(lake, "bronze.people", [{"resource_type": "Patient", "resource_id": "p-1", "known": KNOWN}])
    require_nobody(lake, "consent withdrawn, letter 7, of 2026-01-03")
    with pytest.raises(UsageError, match="CL2104") as refused:
        require_nobody(lake, text)
    assert text not in str(refused.value)

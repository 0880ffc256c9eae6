"""Third-party data, read in place: what lands is judged, every record has an outcome, foreign versions are refused."""

from collections import Counter

import pytest

from chartline import keys
from chartline.fhir import judge, records
from chartline.files import formats
from chartline.ingest.land import land
from chartline.lake import tables
from chartline.lake.landing import blob


@pytest.fixture
def outcomes(corpora, lake):
    """Lands a set and judges its records in this process: reasons counted, resources under ``None``."""

    def judged(path):
        land(lake, [corpora / "fhir" / path], run_id="r")
        tally = Counter()
        for file in tables.read(lake, "landing.files").to_pylist():
            if file["format"] in formats.FHIR_FORMATS:
                origin = judge.Origin(file["digest"], None, None, keys.load(lake.key), "test")
                found = list(records.read(blob(lake, file["digest"]), file["compression"], file["format"]))
                rows = list(judge.rows(found, origin))
                assert len(rows) == len(found)
                tally.update(r["reason"] for r in rows)
        return tally

    return judged


@pytest.mark.parametrize("archive", ["synthea_stu3_10", "synthea_dstu2_5"])
def test_other_versions_are_refused_whole(outcomes, archive):
    found = outcomes(f"version_mix/{archive}.tar.xz")
    assert set(found) == {"wrong_fhir_version"} and found.total() > 1000


def test_the_bulk_export_sample_is_valid(outcomes):
    assert outcomes("bulk_export/smart_sample_10_patients.tar.xz") == {None: 7160}


def test_us_core_examples_are_valid_but_the_one_that_is_known_not_to_be(outcomes):
    assert outcomes("us_core/us_core_examples.tar.xz") == {None: 235, "missing_required": 1}


def test_test_files_with_a_byte_order_mark_are_read(outcomes):
    found = outcomes("edge_cases/ms_fhir_server_testfiles_r4_normative_r4b_r5.tar.xz")
    assert found[None] > 400 and found["not_utf8"] == 0 and found["wrong_fhir_version"] > 0


def test_manifests_of_the_guide_name_files_that_did_not_come(corpora, lake):
    counts = land(lake, [corpora / "fhir/bulk_export/hl7_bulkdata_ig_examples.tar.xz"], run_id="r").counts
    assert counts.quarantined == {"manifest_file_missing": 21} and counts.filtered["manifest"] == 10


def test_the_mimic_demo_lands_whole(corpora, lake):
    counts = land(lake, [corpora / "fhir/mimic_iv_fhir_demo_2.1.0"], run_id="r").counts
    assert (counts.in_, counts.out, counts.filtered) == (31, 28, {"not_fhir": 3})

"""What a hospital sends over the months, from landing on: three deliveries one by one, and all of them at once.

Each patient is one story. Dates stay (limited data set), so that they can be read here.
"""

import json

import pytest

from chartline import keys
from chartline.deid import pseudonyms
from chartline.lake import tables
from chartline.pipeline import run_stage
from chartline.quality import gates
from chartline.settings import Settings
from tests.timeline.silver import gold, runs_of

pytestmark = pytest.mark.spark
MPI = "urn:oid:1.2.3.4"
STAGES = ("parse", "deidentify", "timeline")
MONTHS = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z")


def meta(month, version=None):
    return {"meta": {"lastUpdated": f"2025-{month:02d}-01T00:00:00Z"} | ({"versionId": version} if version else {})}


def patient(rid, month=1, link=None, **more):
    links = [{"type": kind, "other": {"reference": f"Patient/{other}"}} for kind, other in link or ()]
    body = {"resourceType": "Patient", "id": rid, "birthDate": "1950-01-02", **meta(month), **more}
    return body | ({"link": links} if links else {})


def result(rid, who, value, times=None, when="2024-03-05T10:00:00Z", status="final"):
    """A glucose; without ``times`` it is of a server that keeps none."""
    return {
        "resourceType": "Observation",
        "id": rid,
        "status": status,
        "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7"}]},
        "subject": {"reference": f"Patient/{who}"},
        "effectiveDateTime": when,
        "valueQuantity": {"value": value, "code": "mg/dL", "system": "http://unitsofmeasure.org"},
        **(times or {}),
    }


def removal(name, modified=None, version=None):
    entry = {"request": {"method": "DELETE", "url": name}}
    told = {"lastModified": modified, "etag": f'W/"{version}"'} if modified else None
    return entry | ({"response": {"status": "204", **told}} if told else {})


def bundle(kind, *entries):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def put(resource):
    url = f"{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": f"http://ehr/{url}", "resource": resource, "request": {"method": "PUT", "url": url}}


PATIENTS = [
    *(
        patient(p)
        for p in ("late", "order", "tie", "error", "stays", "bare", "gone", "back", "chart1", "chart2", "see")
    ),
    patient("sourcea", identifier=[{"system": MPI, "value": "77"}]),
    patient("sourceb", identifier=[{"system": MPI, "value": "77"}]),
    patient("round1", link=[("replaced-by", "round2")]),
    patient("round2", link=[("replaced-by", "round1")]),
    patient("one", link=[("replaced-by", "two")]),
    patient("two", link=[("replaced-by", "three")]),
    patient("three"),
]
FIRST = [
    result("o-late", "late", 1, meta(1)),
    result("o-order", "order", 2, meta(2, "2")),
    result("o-tie", "tie", 1, meta(1)),
    result("o-error", "error", 1, meta(1)),
    result("o-stays", "stays", 1, meta(1)),
    result("o-bare", "bare", 1),
    result("o-gone", "gone", 1, meta(1)),
    result("o-back", "back", 1, meta(1)),
    result("o-chart1", "chart1", 1, meta(1)),
    result("o-chart2", "chart2", 2, meta(1)),
    result("o-see", "see", 1, meta(1)),
    result("o-a", "sourcea", 1, meta(1)),
    result("o-b", "sourceb", 2, meta(1)),
    result("o-round", "round2", 1, meta(1)),
    result("o-one", "one", 1, meta(1)),
    result("o-three", "three", 3, meta(1)),
]
SECOND = [
    *FIRST[:5],  # delivered again
    result("o-late2", "late", 9, meta(2), when="2020-01-01"),
    result("o-order", "order", 1, meta(1, "1")),
    result("o-tie", "tie", 2, meta(1)),
    result("o-error", "error", 1, meta(2), status="entered-in-error"),
    result("o-bare", "bare", 2),
]
MERGED = [
    patient("chart1", 2, [("replaced-by", "chart2")]),
    patient("chart2", 2, [("replaces", "chart1")]),
    patient("see", 2, [("seealso", "stays"), ("refer", "late")]),
]
HISTORY = bundle(
    "history",
    removal("Observation/o-back", "2025-02-01T00:00:00Z", "2"),
    put(result("o-back", "back", 1, meta(1))),
)
GONE = bundle("transaction", removal("Observation/o-gone"))
THIRD = [
    result("o-back", "back", 3, meta(3, "3")),
    result("o-bare", "bare", 1),  # as in the first export: it is again what the server says
]
APART = [patient("chart1", 3), patient("chart2", 3)]


def export(folder, month, output, deleted=(), **loose):
    """A bulk export with its manifest, and files that came beside it."""
    folder.mkdir()
    names = {"output": [], "deleted": []}
    for section, items in (("output", output), ("deleted", deleted)):
        for i, (kind, lines) in enumerate(items):
            name = f"{section}{i}.{kind}.ndjson"
            (folder / name).write_text("".join(json.dumps(r) + "\n" for r in lines))
            names[section].append({"type": kind, "url": f"https://ehr/{name}", "count": len(lines)})
    (folder / "manifest.json").write_text(json.dumps({"transactionTime": MONTHS[month], **names}))
    for name, body in loose.items():
        (folder / f"{name}.json").write_text(json.dumps(body))
    return folder


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory):
    at = tmp_path_factory.mktemp("deliveries")
    return [
        export(at / "1", 0, [("Patient", PATIENTS), ("Observation", FIRST)]),
        export(
            at / "2", 1, [("Patient", MERGED), ("Observation", SECOND)], [("Bundle", [GONE])], history=HISTORY
        ),
        export(at / "3", 2, [("Patient", APART), ("Observation", THIRD)]),
    ]  # fmt: skip


class Told:
    """What gold says after a delivery, by the names of the source."""

    def __init__(self, lake, results):
        self.lake, self.counts = lake, {r.stage: r.counts for r in results}
        self.extra = {r.stage: r.extra for r in results}
        code = pseudonyms.keyed_code(keys.load(lake.key).derive("pseudonym", lake.project))
        self._id = lambda kind, name: code(kind, name)
        self.gold, self.runs = gold(lake), runs_of(lake)
        self.rows = tables.read(lake, "gold.events").to_pylist()
        self.identities = tables.read(lake, "bronze.identities").to_pylist()

    def values(self, *names):
        """Glucose values of the timeline that a patient record is on, in order of time."""
        (who,) = {pseudonyms.subject_id(self._id("Patient", name)) for name in names}
        found = [r for r in self.rows if r["subject_id"] == who and r["code"] == "LOINC//2345-7"]
        return [r["numeric_value"] for r in sorted(found, key=lambda r: (r["time"], r["numeric_value"]))]

    def run(self, name):
        return self.runs.get(pseudonyms.subject_id(self._id("Patient", name)))


@pytest.fixture(scope="module", autouse=True)
def only_the_timelines_gate():
    """The other gates have tests of their own and cost seconds in each of sixteen stages."""
    real = gates.check

    def check(settings, name, *frames, **more):
        return real(settings, name, *frames, **more) if name == "timeline" else "passed"

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(gates, "check", check)
        yield


@pytest.fixture(scope="module")
def settings(key_file, tmp_path_factory):
    at = tmp_path_factory.mktemp("months")

    def of(name):
        more = {"policy": "limited_data_set", "person_systems": (MPI,)}
        return Settings(lake=at / name, project="test", key=key_file, **more)

    return of


def delivered(lake, *sources, run):
    land = run_stage(lake, "land", sources=sources, run_id=run)
    return Told(lake, [land, *(run_stage(lake, stage, run_id=run) for stage in STAGES)])


@pytest.fixture(scope="module")
def months(spark, settings, deliveries):
    lake = settings("months")
    return [delivered(lake, source, run=f"month{i}") for i, source in enumerate(deliveries, 1)]


def test_three_deliveries_one_by_one_are_what_all_of_them_at_once_are(spark, settings, deliveries, months):
    at_once = delivered(settings("at once"), *deliveries[::-1], run="once")
    assert at_once.gold == months[-1].gold


def test_nothing_is_lost_in_any_month(months):
    for told in months:
        assert {stage: c.lost for stage, c in told.counts.items()} == dict.fromkeys(("land", *STAGES), 0)


def test_a_late_result_is_put_where_it_belongs(months):
    assert months[0].values("late") == [1]
    assert months[1].values("late") == [9, 1]


def test_the_newer_version_stays_when_the_older_comes_later(months):
    assert [m.values("order") for m in months] == [[2], [2], [2]]


def test_of_two_contents_with_one_time_one_is_chosen_whatever_came_first(months):
    assert months[1].values("tie") == months[2].values("tie")
    assert len(months[1].values("tie")) == 1


def test_what_was_entered_in_error_leaves_and_is_counted(months):
    assert [m.values("error") for m in months] == [[1], [], []]
    assert months[1].counts["timeline"].filtered["entered_in_error"] == 1


def test_what_a_bulk_export_lists_as_deleted_leaves(months):
    assert [m.values("gone") for m in months] == [[1], [], []]
    assert months[1].counts["deidentify"].filtered["deleted"] == 2


def test_what_a_history_deletes_leaves_and_comes_back_when_it_is_made_again(months):
    assert [m.values("back") for m in months] == [[1], [], [3]]


def test_of_a_server_that_keeps_no_times_the_latest_export_holds(months):
    assert [m.values("bare") for m in months] == [[1], [2], [1]]


def test_what_is_delivered_again_changes_nothing(months):
    assert months[1].counts["parse"].duplicate == 6
    assert [m.values("stays") for m in months] == [[1], [1], [1]]
    assert [m.run("stays") for m in months] == ["month1", "month1", "month1"]


def test_a_merge_makes_one_timeline_and_its_undoing_two(months):
    apart = [months[i].values(c) for i in (0, 2) for c in ("chart1", "chart2")]
    assert apart == [[1], [2]] * 2
    assert months[1].values("chart2") == [1, 2]
    assert months[1].values("chart1") == []
    assert [m.run("chart2") for m in months] == ["month1", "month2", "month3"]


def test_a_chain_ends_with_its_last_and_a_circle_with_its_first(months):
    assert months[0].values("three") == [1, 3]
    assert months[0].values("round1") == [1]


def test_records_that_only_refer_to_each_other_stay_apart(months):
    assert months[1].values("see") == [1]


def test_records_of_two_sources_with_a_declared_identifier_are_one_person(months):
    assert months[0].values("sourcea") == [1, 2]
    assert months[0].extra["parse"]["merged_by_identifier"] == 1


def test_the_history_of_who_became_whom_is_kept_in_the_restricted_zone(months):
    assert tables.path(months[2].lake, "bronze.identities").is_relative_to(months[2].lake.zone("restricted"))
    told = [
        (r["run_id"], r["patient_id"], r["was"], r["person_id"], r["because"])
        for r in months[2].identities
        if r["patient_id"].startswith(("chart", "source"))
    ]
    assert sorted(told) == [
        ("month1", "sourceb", "sourceb", "sourcea", "identifier"),
        ("month2", "chart1", "chart1", "chart2", "link"),
        ("month3", "chart1", "chart2", "chart1", "unmerged"),
    ]


def delivered_on(lake):
    rows = tables.read(lake, "gold.completeness", columns=["resource_type", "delivered"]).to_pylist()
    return {r["resource_type"]: r["delivered"] for r in rows}


def test_a_source_that_sends_the_same_file_again_confirms_it_and_nothing_else_is_written(settings, tmp_path):
    lake = settings("confirmed")
    same = [("Observation", FIRST[:1])]
    months = [
        export(tmp_path / "1", 0, [*same, ("Patient", PATIENTS[:1])]),
        export(tmp_path / "2", 1, [*same, ("Patient", PATIENTS[:1])]),
    ]
    (tmp_path / "2" / "output1.Patient.ndjson").unlink()
    delivered(lake, months[0], run="month1")
    assert delivered_on(lake) == {"Observation": "2026-01-01", "Patient": "2026-01-01"}
    before = {n: tables.version(lake, n) for n in ("bronze.resources", "silver.resources", "gold.events")}
    delivered(lake, months[1], run="month2")
    assert delivered_on(lake) == {"Observation": "2026-02-01", "Patient": "2026-01-01"}, "what did not come is not told"
    assert before == {n: tables.version(lake, n) for n in before}
    later = {n: tables.version(lake, n) for n in (*before, "silver.deliveries", "gold.completeness", "audit.runs")}
    for stage in STAGES:
        assert run_stage(lake, stage, run_id="again").unchanged
    assert later == {n: tables.version(lake, n) for n in later}

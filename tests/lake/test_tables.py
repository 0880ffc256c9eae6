import json
import shutil
from dataclasses import replace

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from chartline.errors import MachineError, UsageError
from chartline.lake import tables
from chartline.lake.spark import write

PHI_CLASSES = {"direct", "quasi", "sensitive", "free-text", "linkage", "safe"}


@pytest.mark.parametrize("name", tables.names())
def test_every_schema_file_is_whole(name):
    table = tables.schema(name)
    assert table.name == name
    assert set(table.key) <= set(table.names)
    assert len(set(table.names)) == len(table.names)
    for column in table.columns:
        assert column.meaning, column.name
        assert column.phi in PHI_CLASSES, column.name
    assert len(table.arrow) == len(table.columns)


@pytest.mark.parametrize("name", tables.names())
def test_tables_outside_the_restricted_zone_declare_no_direct_identifier(name):
    table = tables.schema(name)
    if table.zone != "restricted":
        assert not [c.name for c in table.columns if c.phi == "direct"]


@pytest.mark.parametrize("name", ["events", "subjects", "encounters", "codes", "completeness"])
def test_curated_is_gold_with_the_release(name):
    gold, curated = tables.schema(f"gold.{name}"), tables.schema(f"curated.{name}")
    building = {"bucket", "display", "parents", "medication_id"}  # what only the next build needs
    shown = [c for c in gold.columns if c.name not in building]
    assert [*shown, *curated.columns[len(shown) :]] == list(curated.columns)
    assert curated.names[-1] == "release_id"


@pytest.mark.parametrize(
    ("ddl", "arrow"),
    [
        ("string", pa.string()),
        ("timestamp", pa.timestamp("us", "UTC")),
        ("array<string>", pa.list_(pa.string())),
        ("map<string,long>", pa.map_(pa.string(), pa.int64())),
        (
            "array<struct<a:int,b:map<string,double>>>",
            pa.list_(pa.struct([("a", pa.int32()), ("b", pa.map_(pa.string(), pa.float64()))])),
        ),
    ],
)
def test_types(ddl, arrow):
    assert tables.arrow_type(ddl) == arrow


def test_unknown_type_is_refused():
    with pytest.raises(UsageError, match="CL2010"):
        tables.arrow_type("decimal(10,2)")


def test_unknown_table_is_refused():
    with pytest.raises(UsageError, match="CL2011"):
        tables.schema("gold.nothing")


@pytest.mark.parametrize("name", tables.names())
def test_tables_are_made_on_the_lowest_protocol_with_comments(lake, name):
    at = tables.ensure(lake, name)
    table = DeltaTable(str(at))
    protocol = table.protocol()
    assert (protocol.min_reader_version, protocol.min_writer_version) <= (1, 2)
    fields = {f.name: f for f in table.schema().fields}
    assert list(fields) == tables.schema(name).names
    assert all(f.metadata["comment"] for f in fields.values())
    assert tables.ensure(lake, name) == at
    assert table.version() == 0


def test_append_and_read(lake):
    row = {"code": "LOINC//1-8", "parent_codes": ["LOINC"], "events": 12, "subjects": 11, "run_id": "r"}
    assert tables.append(lake, "gold.codes", [row], {"run_id": "r"}) == 1
    assert tables.read(lake, "gold.codes").to_pylist() == [{**row, "description": None}]
    assert tables.read(lake, "gold.codes", columns=["events"]).to_pylist() == [{"events": 12}]
    assert tables.read(lake, "gold.codes", at_version=0).num_rows == 0


def of_before(lake, name, without, monkeypatch):
    """A table as a version of Chartline made it that did not know one of the columns; the table as it is now."""
    now = tables.schema(name)
    with monkeypatch.context() as patched:
        known = tuple(c for c in now.columns if c.name != without)
        patched.setattr(tables, "schema", lambda _: replace(now, columns=known))
        tables.ensure(lake, name)
    return now


def test_rows_are_written_to_a_table_of_an_earlier_version(lake, monkeypatch):
    of_before(lake, "gold.codes", "events", monkeypatch)
    assert tables.append(lake, "gold.codes", [{"code": "a", "events": 12}]) == 1
    assert tables.append(lake, "gold.codes", [{"code": "b", "events": 13}]) == 2
    assert sorted(tables.read(lake, "gold.codes")["events"].to_pylist()) == [12, 13]
    assert tables.overwrite(lake, "gold.codes", [{"code": "c", "events": 14}]) == 3
    assert tables.read(lake, "gold.codes")["events"].to_pylist() == [14]


@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_spark_writes_a_table_of_an_earlier_version(spark, lake, monkeypatch, mode):
    now = of_before(lake, "gold.code_counts", "subjects", monkeypatch)
    told = {"code": "'a'", "subjects": "12", "bucket": "3"}
    row = spark.range(1).selectExpr(
        *(f"CAST({told.get(c.name, 'NULL')} AS {c.type}) AS `{c.name}`" for c in now.columns)
    )
    write(row, lake, "gold.code_counts", mode)
    assert tables.read(lake, "gold.code_counts")["subjects"].to_pylist() == [12]


def test_reading_a_table_that_is_not_made_gives_no_rows(lake):
    assert tables.version(lake, "gold.codes") is None
    assert tables.read(lake, "gold.codes").num_rows == 0
    assert tables.read(lake, "gold.codes", columns=["code"]).column_names == ["code"]


def test_the_delta_log_of_a_table_with_phi_holds_no_value(lake):
    canary = "Zzyzx-Canary-7781"
    tables.append(lake, "bronze.people", [{"resource_type": "Patient", "resource_id": canary, "birth_date": canary}])
    log = tables.path(lake, "bronze.people") / "_delta_log"
    assert canary not in "".join(p.read_text() for p in log.glob("*.json"))
    assert any("numRecords" in p.read_text() for p in log.glob("*.json"))


def test_append_only_audit_tables_say_so(lake):
    at = tables.ensure(lake, "audit.runs")
    first = (at / "_delta_log" / "00000000000000000000.json").read_text()
    assert any(
        json.loads(line).get("metaData", {}).get("configuration", {}).get("delta.appendOnly") == "true"
        for line in first.splitlines()
    )


PERSON = {"resource_type": "Patient", "resource_id": "p", "known": [{"type": "NAME", "value": "Zorblatt Quixmire"}]}


@pytest.mark.parametrize(
    "harm",
    [
        lambda at: shutil.rmtree(at / "_delta_log"),
        lambda at: [log.unlink() for log in (at / "_delta_log").iterdir()],
        lambda at: max((at / "_delta_log").iterdir()).write_text('{"add":{"path":"Zorb'),
        lambda at: next(at.glob("*.parquet")).unlink(),
        lambda at: next(at.glob("*.parquet")).write_bytes(b"PAR1 Zorblatt PAR1"),
    ],
    ids=["no log", "empty log", "half a commit", "no data", "other data"],
)
def test_a_damaged_table_is_named_and_neither_read_as_empty_nor_made_anew(lake, harm):
    tables.append(lake, "bronze.people", [PERSON])
    harm(tables.path(lake, "bronze.people"))
    with pytest.raises(MachineError, match=r"CL3015: table bronze\.people") as told:
        tables.read(lake, "bronze.people")
    assert "Zorb" not in str(told.value)


def test_a_table_that_cannot_be_written_is_named(lake, monkeypatch):
    def full(*given, **options):
        raise OSError(28, "No space left on device", "Zorblatt")

    monkeypatch.setattr(tables, "write_deltalake", full)
    with pytest.raises(MachineError, match=r"CL3010: table bronze\.people") as told:
        tables.append(lake, "bronze.people", [PERSON])
    assert "Zorb" not in str(told.value)

"""Silver as the de-identification leaves it, and digests of gold."""

import hashlib
import json

from chartline import keys
from chartline.lake import spark as reader
from chartline.lake import tables
from chartline.timeline import timeline

POLICY = "0" * 64


def pseudonym(name):
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def subject(name):
    return int(pseudonym(name)[:16], 16) >> 1


def deliver(spark, lake, state):
    """Make silver hold exactly this state: (type, id) to (name of the patient or None, resource)."""
    rows, key_id = [], keys.load(lake.key).id
    for (kind, rid), (who, resource) in state.items():
        text = json.dumps({"resourceType": kind, **resource}, sort_keys=True)
        digest = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
        who_id = subject(who) if who else None
        rows.append((kind, pseudonym(rid), who_id, text, None, POLICY, key_id, "files", "r", digest))
    names = "resource_type string, resource_id string, subject_id long, json string, offsets map<string,double>, "
    names += "policy_hash string, key_id string, source string, run_id string, row_hash long"
    frame = spark.createDataFrame(rows, names)
    frame = frame.selectExpr("*", f"{reader.BUCKET} AS bucket")
    tables.ensure(lake, "silver.notes")
    by = ["resource_type", "resource_id", "subject_id", "row_hash", "policy_hash"]
    return reader.refresh(frame, lake, "silver.resources", by)


def gold(lake):
    """Each table of gold as sorted rows, without the run that built them."""
    found = {}
    for name in timeline.GOLD:
        rows = [{k: v for k, v in r.items() if k != "run_id"} for r in tables.read(lake, name).to_pylist()]
        for row in rows:
            for column in ("filtered", "flags", "loaded"):
                if isinstance(row.get(column), list):
                    row[column] = sorted(row[column])
        found[name] = sorted(map(repr, rows))
    return found


def runs_of(lake):
    """The run that built each patient's events."""
    rows = tables.read(lake, "gold.events", columns=["subject_id", "run_id"]).to_pylist()
    return {r["subject_id"]: r["run_id"] for r in rows}

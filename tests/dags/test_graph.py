"""What leads to a publication: properties of the whole graph, tasks and assets together."""

import ast
import json

import jinja2
import pytest

from tests.conftest import ROOT

LANDING, PUBLISHING = "ingest.land", "release.publish"
MUST_PASS = ["ingest.parse", "deidentify.deidentify", "release.assess", "release.approve", "release.record_approval"]


def edges(dags):
    """(from, to) over tasks, named dag.task, and assets, named asset:name."""
    found = set()
    for name, dag in dags.items():
        for task, facts in dag["tasks"].items():
            found |= {(f"{name}.{before}", f"{name}.{task}") for before in facts["after"]}
            found |= {(f"{name}.{task}", f"asset:{asset}") for asset in facts["outlets"]}
            if not facts["after"]:
                found |= {(f"asset:{asset}", f"{name}.{task}") for asset in dag["schedule"]}
    return found


def reachable(start, graph, without=()):
    seen, todo = set(), [start]
    while todo:
        node = todo.pop()
        if node not in seen and node not in without:
            seen.add(node)
            todo += [after for before, after in graph if before == node]
    return seen


@pytest.fixture(scope="module")
def graph(bag):
    return edges(bag["dags"])


def test_landing_leads_to_publishing(graph):
    assert PUBLISHING in reachable(LANDING, graph)
    assert "asset:curated" in reachable(PUBLISHING, graph)


@pytest.mark.parametrize("node", MUST_PASS)
def test_every_path_from_landing_to_publishing_passes(graph, node):
    assert PUBLISHING not in reachable(LANDING, graph, without={node})
    assert "asset:curated" not in reachable(LANDING, graph, without={node})


@pytest.mark.parametrize("asset", ["bronze", "silver", "gold", "curated"])
def test_an_asset_has_one_producer(graph, asset):
    assert len([before for before, after in graph if after == f"asset:{asset}"]) == 1


def test_nothing_but_publish_runs_the_publishing_job_and_nothing_starts_in_the_middle(bag):
    publishing = [
        f"{d}.{t}" for d, dag in bag["dags"].items() for t, f in dag["tasks"].items() if f["job"].endswith("publish.py")
    ]
    assert publishing == [PUBLISHING]
    assert [name for name, dag in bag["dags"].items() if not dag["schedule"]] == ["ingest"]


def test_nothing_on_the_way_to_publishing_runs_after_a_failure_or_a_skip(bag, graph):
    backwards = {(after, before) for before, after in graph}
    on_the_way = {n for n in reachable(PUBLISHING, backwards) if not n.startswith("asset:")}
    for node in on_the_way:
        dag, task = node.split(".")
        assert bag["dags"][dag]["tasks"][task]["trigger_rule"].lower().endswith("all_success"), node


@pytest.mark.parametrize(("module", "suite"), [("fhir/parse.py", "parsed"), ("deid/deidentify.py", "deidentified")])
def test_the_job_before_an_asset_runs_its_gate_before_it_writes(module, suite):
    tree = ast.parse((ROOT / "chartline" / module).read_text(encoding="utf-8"))
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    gates = [c for c in calls if ast.unparse(c.func).endswith("gates.check")]
    assert suite in {a.value for c in gates for a in c.args if isinstance(a, ast.Constant)}


def test_the_graph_is_the_one_that_was_reviewed(graph):
    """A change of wiring shows as a difference: review it, then write the new edges to graph.json."""
    reviewed = {tuple(edge) for edge in json.loads((ROOT / "tests" / "dags" / "graph.json").read_text())}
    assert graph == reviewed


def test_the_officer_is_asked_with_what_is_to_be_judged():
    class Waiting:
        def xcom_pull(self, task_ids):
            return {"verdict": "needs review", "reason": "the recipient is not named", "counts": {"in": 7}}

    tree = ast.parse((ROOT / "dags" / "release.py").read_text())
    (body,) = (ast.literal_eval(k.value) for k in ast.walk(tree) if isinstance(k, ast.keyword) and k.arg == "body")
    said = jinja2.Environment(autoescape=True).from_string(body).render(ti=Waiting())
    assert "**needs review**: the recipient is not named" in said and "Events: 7" in said

"""Rules of the house that hold over the whole tree."""

import ast
import re
import runpy
import subprocess
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

TRACKED = [
    ROOT / line
    for line in subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    if (ROOT / line).is_file()
]
CODE = [p for p in TRACKED if p.suffix == ".py"]
PACKAGE = [p for p in CODE if p.is_relative_to(ROOT / "chartline")]
FLOORS = (
    "__init__ errors progress arguments",
    "settings stage keys",
    "files lake risk",
    "quality",
    "fhir",
    "ingest deid/text",
    "deid",
    "audit timeline",
    "release",
    "erase",
    "pipeline verify lineage doctor local_airflow",
    "airflow_policy cli demo job",
)
"""The folders of the package and the modules beside them, from the ground up."""
AGAINST = {("deid/text", "deid")}
"""The one circle there is: the engine of texts reads the policy, the dates and the context of the folder it lies in."""


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize(
    "name", ["dags", "jobs", "schemas", "expectations", "policies", "pyproject.toml", "docker-compose.yml", "tests"]
)
def test_the_rooms_of_the_house_are_there(name):
    assert (ROOT / name).exists()


def test_no_registry_address_is_committed():
    hosts = re.compile(
        r"https?://[a-z0-9.-]*(?:py" + r"pi|python" + r"hosted|maven|npm" + r"js|crates\.io)", re.IGNORECASE
    )
    found = [str(p.relative_to(ROOT)) for p in TRACKED if p.stat().st_size < 2**21 and hosts.search(text_of(p))]
    assert found == []


def test_constraints_hash_every_version_and_cover_the_pins():
    text = text_of(ROOT / "constraints.txt")
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert all("--hash=sha256:" in b for b in blocks)
    resolved = {b.split("==")[0].lower().replace("_", "-") for b in blocks}
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    wanted = {
        re.split(r"[<>=!\[ ;]", requirement)[0].lower().replace("_", "-").replace(".", "-")
        for extra in project["optional-dependencies"].values()
        for requirement in extra
    }
    assert wanted <= {name.replace(".", "-") for name in resolved}


def test_pyspark_and_its_client_are_one_version():
    text = text_of(ROOT / "constraints.txt")
    versions = dict(re.findall(r"^(pyspark(?:-client)?)==(\S+)", text, re.MULTILINE))
    assert versions["pyspark"] == versions["pyspark-client"]


def _place(module: Path) -> str:
    """The folder that a module of the package lies in, or its own name where it lies in none."""
    within = module.relative_to(ROOT / "chartline")
    return within.parent.as_posix() if len(within.parts) > 1 else within.stem


def _module(name: str) -> Path | None:
    at = ROOT.joinpath(*name.split("."))
    return next((path for path in (at.with_suffix(".py"), at / "__init__.py") if path in PACKAGE), None)


def _imported(path: Path) -> Iterator[Path]:
    """The modules of the package that a module imports, in its functions too."""
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, path
            found = [_module(f"{node.module}.{alias.name}") or _module(node.module) for alias in node.names]
        else:
            found = [_module(alias.name) for alias in node.names] if isinstance(node, ast.Import) else []
        yield from filter(None, found)


def test_a_folder_imports_from_lower_floors_only():
    floor = {place: height for height, places in enumerate(FLOORS) for place in places.split()}
    assert {_place(path) for path in PACKAGE} == set(floor)
    edges = {(_place(path), _place(other)) for path in PACKAGE for other in _imported(path)}
    assert {(own, other) for own, other in edges if own != other and floor[other] >= floor[own]} == AGAINST


def test_an_error_number_means_one_thing():
    """Each CLnnnn is raised with one message; the same number twice must be the same text."""
    messages = defaultdict(set)
    for path in PACKAGE:
        for node in ast.walk(ast.parse(text_of(path))):
            if not (isinstance(node, ast.Call) and len(node.args) >= 2):
                continue
            number, message = node.args[0], node.args[1]
            if isinstance(number, ast.Constant) and re.fullmatch(r"CL\d{4}", str(number.value)):
                messages[number.value].add(ast.unparse(message))
    doubled = {number: texts for number, texts in messages.items() if len(texts) > 1}
    assert doubled == {}
    assert len(messages) > 20


def test_no_name_of_a_module_is_given_twice():
    """The second would stand in for the first without a word."""
    doubled = []
    for path in PACKAGE:
        made = Counter()
        for node in ast.parse(text_of(path)).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                made[node.name] += 1
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                made.update(
                    n.id
                    for t in targets
                    for n in ast.walk(t)
                    if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
                )
        doubled += [(path.name, name) for name, times in made.items() if times > 1]
    assert doubled == []


def test_no_count_of_a_pattern_is_read_as_a_value():
    tuples = [
        (path.name, node.lineno)
        for path in PACKAGE
        for node in ast.walk(ast.parse(text_of(path)))
        if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Tuple)
    ]
    assert tuples == []  # in an f-string ``{1, 4}`` is a tuple; write ``{{1,4}}``


def test_the_page_of_errors_is_what_the_sources_say():
    page = runpy.run_path(str(ROOT / "scripts" / "errors.py"))["page"]()
    assert (ROOT / "docs" / "errors.md").read_text() == page  # python scripts/errors.py > docs/errors.md
    assert page.count("\n| CL") > 150


def test_error_numbers_agree_with_their_class():
    exits = {"DataError": "1", "GateFailed": "1", "UsageError": "2", "MachineError": "3"}
    wrong = []
    for path in PACKAGE:
        for node in ast.walk(ast.parse(text_of(path))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in exits and node.args:
                number = node.args[0]
                if isinstance(number, ast.Constant) and str(number.value)[2:3] != exits[node.func.id]:
                    wrong.append((path.name, node.lineno))
    assert wrong == []


def test_the_package_prints_only_at_its_edge():
    allowed = {"cli.py", "progress.py"}
    printing = {
        p.name
        for p in PACKAGE
        for node in ast.walk(ast.parse(text_of(p)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert printing <= allowed | {"demo.py"}


def test_settings_stay_light():
    tree = ast.parse(text_of(ROOT / "chartline" / "settings.py"))
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    light = {
        "__future__",
        "collections.abc",
        "dataclasses",
        "datetime",
        "json",
        "os",
        "pathlib",
        "re",
        "sys",
        "tomllib",
        "typing",
    }
    assert imported <= light | {"chartline.errors"}

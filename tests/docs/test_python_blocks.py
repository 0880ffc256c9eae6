"""Every Python block in the documentation is run, in order, in one namespace a page, on a published release."""

import re
import shutil

import pytest

from tests.conftest import ROOT, chartline

BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
PAGES = [p.name for p in sorted((ROOT / "docs").glob("*.md")) if BLOCK.search(p.read_text(encoding="utf-8"))]


@pytest.fixture(scope="module")
def released(finished, tmp_path_factory):
    lake = tmp_path_factory.mktemp("released") / "lake"
    shutil.copytree(finished.settings.lake, lake)
    candidate = finished.answer["candidate"]
    said = chartline(
        "release", "decide", candidate, "--lake", lake, "--approve", "--by", "A. Officer", "--reason", "ok"
    )
    assert said.returncode == 0, said.stderr
    done = chartline("release", "publish", candidate, "--lake", lake, "--key", finished.settings.key)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return lake


@pytest.mark.parametrize("page", PAGES)
def test_blocks_run(page, released):
    namespace = {"LAKE": str(released)}
    for block in BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8")):
        exec(compile(block, page, "exec"), namespace)

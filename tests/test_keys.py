import base64
import hashlib
import json
import stat

import pytest

from chartline import keys
from chartline.errors import UsageError


def write(path, secret: bytes, mode=0o600, key_id=None):
    key_id = key_id or hashlib.sha256(b"chartline key id" + secret).hexdigest()[:12]
    path.write_text(json.dumps({"id": key_id, "secret": base64.b64encode(secret).decode()}))
    path.chmod(mode)
    return path


def test_a_new_key_is_private_and_loads(tmp_path):
    made = keys.create(tmp_path / "sub" / "project.key")
    assert stat.S_IMODE((tmp_path / "sub" / "project.key").stat().st_mode) == 0o600
    assert keys.load(tmp_path / "sub" / "project.key") == made


def test_a_key_is_never_overwritten(tmp_path):
    keys.create(tmp_path / "k")
    with pytest.raises(UsageError, match="CL2020"):
        keys.create(tmp_path / "k")


@pytest.mark.parametrize(
    "secret", [b"", b"short", b"a" * 32, b"0123456789" * 4], ids=["empty", "short", "constant", "pattern"]
)
def test_weak_keys_are_refused(tmp_path, secret):
    with pytest.raises(UsageError, match="CL2025"):
        keys.load(write(tmp_path / "k", secret))


def test_a_key_that_others_can_read_is_refused(tmp_path):
    with pytest.raises(UsageError, match="CL2026"):
        keys.load(write(tmp_path / "k", bytes(range(32)), mode=0o644))


def test_another_secret_under_the_id_of_a_key_is_refused(tmp_path):
    first, second = keys.create(tmp_path / "first"), keys.create(tmp_path / "second")
    assert keys.load(write(tmp_path / "k", first.secret, key_id=first.id)) == first
    with pytest.raises(UsageError, match="CL2029") as refused:
        keys.load(write(tmp_path / "k", second.secret, key_id=first.id))
    assert base64.b64encode(second.secret).decode() not in str(refused.value)


def test_a_missing_key_says_how_to_make_one(tmp_path):
    with pytest.raises(UsageError, match=r"CL2022.*chartline key new"):
        keys.load(None)
    with pytest.raises(UsageError, match=r"CL2023.*chartline key new"):
        keys.load(tmp_path / "none")


@pytest.mark.parametrize(
    "text", ["", "not json", "[]", "{}", '{"id": "a", "secret": "%%%"}', '{"id": "a", "secret": 5}']
)
def test_other_files_are_refused(tmp_path, text):
    (tmp_path / "k").write_text(text)
    (tmp_path / "k").chmod(0o600)
    with pytest.raises(UsageError, match="CL2024"):
        keys.load(tmp_path / "k")


def test_purposes_and_projects_do_not_share_a_key(tmp_path):
    key = keys.create(tmp_path / "k")
    derived = {key.derive(p, q) for p in ("pseudonym", "date-shift", "surrogate") for q in ("one", "two")}
    assert len(derived) == 6
    assert key.derive("pseudonym", "one") in derived


def test_the_secret_is_in_no_repr(tmp_path):
    key = keys.create(tmp_path / "k")
    assert repr(key.secret) not in repr(key)
    assert base64.b64encode(key.secret).decode() not in repr(key)

"""Plan files: what is written is read again, and nothing else is."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.errors import UserError
from remediate.planfile import codec
from tests.patience import LIMIT
from tests.planfile.plans import host, plan, step

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(st.none() | st.booleans() | NUMBERS | st.text(),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
                    max_leaves=8)  # fmt: skip


@given(state=st.dictionaries(st.text(), JSON, max_size=4), text=st.text())
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, state: dict[str, Any], text: str
) -> None:
    made = plan(host("ex1", step(state=state, message=text), reason=text))
    path = tmp_path_factory.getbasetemp() / "any.json"
    digest = codec.save(made, path)
    assert codec.load(path) == (made, digest)
    content = json.loads(path.read_bytes())
    assert codec.canonical(content["content"]) in path.read_bytes()


@pytest.mark.parametrize(
    "state", [{"half a pair": "\ud800"}, {"deep": json.loads("[" * 240 + "]" * 240)}], ids=["surrogate", "depth"]
)
def test_what_the_quicker_reader_refuses_is_read_all_the_same(tmp_path: Path, state: dict[str, Any]) -> None:
    made = plan(host("ex1", step(state=state)))
    digest = codec.save(made, tmp_path / "p.json")
    assert codec.load(tmp_path / "p.json") == (made, digest)


def test_an_indented_copy_is_the_same_plan(tmp_path: Path) -> None:
    digest = codec.save(plan(), tmp_path / "p.json")
    document = json.loads((tmp_path / "p.json").read_text())
    (tmp_path / "q.json").write_text(json.dumps(document, indent=4))
    assert codec.load(tmp_path / "q.json") == (plan(), digest)


def altered(path: Path, before: bytes, after: bytes) -> None:
    data = path.read_bytes()
    assert before in data
    path.write_bytes(data.replace(before, after))


@pytest.mark.parametrize(
    ("before", "after", "error"),
    [
        (b"7232.35", b"7232.36", "altered after it was made"),
        (b'"approvals":0', b'"approvals":1', "altered after it was made"),
        (b'","size":3', b'","size":4', "altered after it was made"),
        (b'"hash":"', b'"hash":"f', "altered after it was made|not a plan"),
        (b'{"content"', b'{"contents"', "this is not a plan"),
        (b'"}\n', b'"', "not a whole plan"),
    ],
)
def test_an_altered_plan_is_refused(before: bytes, after: bytes, error: str, tmp_path: Path) -> None:
    codec.save(plan(), tmp_path / "p.json")
    altered(tmp_path / "p.json", before, after)
    with pytest.raises(UserError, match=error) as caught:
        codec.load(tmp_path / "p.json")
    assert caught.value.hint


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"{}", b"[]", b"null", b'{"content":{},"hash":"' + b"0" * 64 + b'"}', b"\xff\xfe", b"[" * 100_000,
     b'{"content":{"a":NaN},"hash":"x"}', b'{"content":3,"hash":3}'],
)  # fmt: skip
def test_what_is_no_plan_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_bytes(data)
    with pytest.raises(UserError) as caught:
        codec.load(tmp_path / "p.json")
    assert str(tmp_path / "p.json") in str(caught.value)


def test_a_plan_of_another_format(tmp_path: Path) -> None:
    codec.save(plan(format=99), tmp_path / "p.json")
    with pytest.raises(UserError, match="a plan of format 99; this program reads 1"):
        codec.load(tmp_path / "p.json")


def test_no_file_and_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: No such file"):
        codec.load(tmp_path / "p.json")
    with pytest.raises(UserError, match="cannot be saved: No such file"):
        codec.save(plan(), tmp_path / "nowhere" / "p.json")


FULL = """
import resource, sys
from pathlib import Path
from remediate.planfile import codec
from tests.planfile.plans import plan, host
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    codec.save(plan(*[host(f"ex{n}") for n in range(50)]), Path(sys.argv[1]))
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_full_disk_leaves_the_old_plan(tmp_path: Path) -> None:
    assert resource.RLIMIT_FSIZE
    path = tmp_path / "p.json"
    codec.save(plan(), path)
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True, timeout=LIMIT
    )
    assert done.stdout.startswith("UserError"), done
    assert codec.load(path)[0] == plan()
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_stands_beside_content_and_hash(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    codec.save(plan(), file)
    document = json.loads(file.read_bytes())
    file.write_text(json.dumps({**document, "zz": 1}))
    with pytest.raises(UserError, match="altered after it was made"):
        codec.load(file)

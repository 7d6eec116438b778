"""Lines of settings are found wherever TOML allows them to stand."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from remediate.notify.places import Places

FILLING = st.sampled_from(
    ["", "  ", "# [[notify]]", "# timeout = 3", "other{} = 'timeout = 1'", "o{} = '''\n[[notify]]\ntimeout = 2\n'''",
     'p{} = """\ntimeout = 3 \'\'\'\n"""', "q{} = [\n  'timeout',\n]"]
)  # fmt: skip
HEADER = st.sampled_from(["[[notify]]", "[[ notify ]]", "  [[notify]] # here", '[["notify"]]'])
KEY = st.sampled_from(["timeout = 5", "timeout=5", "  timeout = 5 # s", '"timeout" = 5'])


@given(
    st.lists(
        st.tuples(HEADER, st.lists(FILLING, max_size=4), KEY, st.lists(FILLING, max_size=3)), min_size=1, max_size=4
    )
)
def test_every_setting_is_found_at_its_line(entries: list[tuple[str, list[str], str, list[str]]]) -> None:
    lines: list[str] = ["[[other]]", "timeout = 1"]
    heads, keys = [], []
    for header, before, key, after in entries:
        heads.append(len(lines) + 1)
        lines.append(header)
        for text in before:
            lines += text.replace("{}", str(len(lines))).split("\n")
        keys.append(len(lines) + 1)
        lines.append(key)
        for text in after:
            lines += text.replace("{}", str(len(lines))).split("\n")
    text = "\n".join([*lines, "[last]", "timeout = 9"])
    assert len(tomllib.loads(text)["notify"]) == len(entries), "what is tried is TOML"
    places = Places("f", text)
    assert [places.of(number).line for number in range(len(entries))] == heads
    assert [places.of(number, "timeout").line for number in range(len(entries))] == keys
    assert [places.of(number, "missing").line for number in range(len(entries))] == heads
    assert places.of(len(entries)).line == heads[0], "one that is not there has the place of the first"


@given(st.text(), st.integers(0, 3), st.text())
def test_any_text_has_places(text: str, number: int, key: str) -> None:
    assert Places("f", text).of(number, key).line <= len(text.splitlines())

"""No facts whatever lead to a package of another branch, to an older file, or to an error that is none of ours."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.errors import HostError
from remediate.kb.builds import parse
from remediate.kb.facts import read
from remediate.kb.obstacles import Policy
from remediate.kb.route import Route, Verdict, choose
from remediate.kb.supplied import Supplied
from tests.kb.servers import TABLE_FILES, advisory, facts

ADVISORY = advisory()
IDS = [p.id for p in ADVISORY.packages]
# The decision table once more, written down independently: first and last build of each row.
TABLE = [
    ((6, 0, 0, 0), (6, 0, 6617, 5), "affected"),
    ((6, 0, 6617, 6), (6, 0, 65535, 65535), "fixed"),
    ((6, 5, 0, 0), (6, 5, 6943, 65535), "unknown"),
    ((6, 5, 6944, 0), (6, 5, 6980, 65535), "affected"),
    ((6, 5, 6981, 0), (6, 5, 7225, 65535), "fixed"),
    ((6, 5, 7226, 0), (6, 5, 7232, 34), "affected"),
    ((6, 5, 7232, 35), (6, 5, 7300, 65535), "fixed"),
    ((6, 5, 7301, 0), (6, 5, 7637, 65535), "unknown"),
    ((6, 5, 7638, 0), (6, 5, 65535, 65535), "fixed"),
]
BASES = sorted({edge for low, high, _ in TABLE for edge in (low, high)} | {p.provides.parts for p in ADVISORY.packages})


def near(parts: tuple[int, int, int, int], off: int) -> str:
    number = min(max(parts[2] * 65536 + parts[3] + off, 0), 65535 * 65536 + 65535)
    return f"{parts[0]}.{parts[1]}.{number // 65536}.{number % 65536}"


EDGES = st.builds(near, st.sampled_from(BASES), st.integers(-2, 2))
LIKELY = st.one_of(EDGES, st.sampled_from([".".join(map(str, p.requires.at_least.parts)) for p in ADVISORY.packages]))
BUILDS = st.one_of(
    EDGES,
    st.builds("{}.{}.{}.{}".format, st.sampled_from([6, 5, 7, 8]), st.sampled_from([0, 5]), st.integers(4000, 8000),
              st.integers(0, 99)),
)  # fmt: skip
KEYS = ["name", "phase", "to", "version", "exists", "utc", "store.exe", "x"]
PARTS = sorted(set(facts({"build": "6.5.7226.0"})) - {"sources"})
LANGUAGES = st.sampled_from(["", "ENU", "DEU", "?"])
JUNK = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=True), st.text(max_size=12), BUILDS,
        st.sampled_from(["running", "update.exe", "2003", "store.exe", *IDS]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    ),
    max_leaves=8,
)  # fmt: skip
POLICIES = st.builds(
    Policy,
    route=st.sampled_from(["auto", "hotfix", "superseding", "service_pack"]),
    install_prerequisites=st.booleans(),
    allow_cluster=st.booleans(),
    ignore_pending_reboot=st.booleans(),
)
EVERYTHING = {i: Supplied(file="p.exe", command="x") for i in IDS}
SUPPLIED = st.one_of(
    st.just(EVERYTHING),
    st.sets(st.sampled_from(IDS), min_size=6).map(lambda ids: {i: EVERYTHING[i] for i in ids}),
    st.dictionaries(
        st.sampled_from([*IDS, "KB1", ""]),
        st.builds(Supplied, file=st.just("p.exe"), command=st.sampled_from(["", "x"]), language=LANGUAGES),
    ),
)


@st.composite
def servers(draw: st.DrawFn) -> dict[str, Any]:
    """Facts that could be a server's: mostly in order, its files on any builds near each other or far apart."""
    build = draw(LIKELY)
    branch = ADVISORY.branch_of(parse(build))
    other = st.one_of(st.builds(near, st.just(parse(build).parts), st.integers(-70000, 70000)), BUILDS, st.none())
    files = draw(st.dictionaries(st.sampled_from(TABLE_FILES), st.one_of(other, st.just("absent")), max_size=2))
    sp = draw(st.sampled_from([None, None, *(branch.service_packs if branch else ()) * 3, 0, 1, 2, 3]))
    exchange = "2000" if build.startswith("6.0") else "2003"
    found = facts({"exchange": exchange, "build": build, "sp": sp, "files": files | {"store.exe": build}})
    found["exchange"]["cluster"] = draw(st.sampled_from([False] * 5 + [None, True]))
    found["os"]["language"] = draw(st.sampled_from([1033] * 5 + [1031, None]))
    job = st.fixed_dictionaries(
        {"name": st.sampled_from(IDS).map(lambda i: f"{i}-ab"), "phase": st.sampled_from(["running", "finished"])}
    )
    found["jobs"] = draw(st.one_of(st.just([]), st.just([]), st.lists(job, max_size=1)))
    return found


def sound(server: dict[str, Any], supplied: dict[str, Supplied], policy: Policy, route: Route) -> None:
    """What must be true of every route."""
    assert (route.verdict is Verdict.AFFECTED) is bool(route.steps)
    if route.verdict is Verdict.BLOCKED:
        assert route.reason
        assert route.remedy
    if not route.steps:
        return
    adopted = bool(route.steps[0]["adopts"])
    at = parse(server["exchange"]["store_build"])
    for number, step in enumerate(route.steps):
        package = ADVISORY.package(str(step["package"]))
        assert package is not None
        waited = adopted and number == 0
        start, target = ADVISORY.branch_of(at), ADVISORY.branch_of(package.provides)
        assert start is not None
        assert target is not None
        assert start.product == target.product == package.product
        if not waited:
            assert at in package.requires, "the chain is not contiguous"
            assert package.id in supplied
            assert step["command"]
            assert package.kind == "service_pack" or start.id == target.id, "a package of another branch"
            assert not start.fixed(at), "a step too many"
            assert step["repairs"] or policy.install_prerequisites or adopted
            if step["repairs"] and policy.route != "auto":
                assert package.kind == policy.route
            overwrites(server, package.id) if number == 0 else None
        assert step["chained"] is (number > 0)
        at = package.provides
    end = ADVISORY.branch_of(at)
    assert adopted or (end is not None and end.fixed(at))


def overwrites(server: dict[str, Any], package_id: str) -> None:
    """No file of the package is older than the one it replaces."""
    package = ADVISORY.package(package_id)
    assert package is not None
    for file in package.files:
        seen = (server["files"].get(file.name.lower()) or {}).get("version")
        assert seen is None or parse(seen).parts <= file.version.parts, f"{file.name} {seen} would be put back"


@settings(max_examples=400)
@given(servers(), SUPPLIED, POLICIES)
def test_routes_are_sound(server: dict[str, Any], supplied: dict[str, Supplied], policy: Policy) -> None:
    sound(server, supplied, policy, choose(server, ADVISORY, supplied, policy))


@settings(max_examples=200)
@given(servers(), SUPPLIED, POLICIES)
def test_more_packages_never_take_a_route_away(
    server: dict[str, Any], supplied: dict[str, Supplied], policy: Policy
) -> None:
    few = choose(server, ADVISORY, supplied, policy)
    usable = {i: Supplied(file="p.exe", command="x", language=given.language) for i, given in supplied.items()}
    more = choose(server, ADVISORY, {**EVERYTHING, **usable}, policy)
    if few.verdict in (Verdict.AFFECTED, Verdict.COMPLIANT, Verdict.NOT_APPLICABLE):
        assert more.verdict is few.verdict


@settings(max_examples=400)
@given(BUILDS)
def test_the_table_by_an_independent_reading(build: str) -> None:
    parts = parse(build).parts
    word = next((w for low, high, w in TABLE if low <= parts <= high), "elsewhere")
    exchange = "2000" if build.startswith("6.0.") else "2003"
    server = facts({"exchange": exchange, "build": build, "sp": None})
    route = choose(server, ADVISORY, EVERYTHING, Policy(install_prerequisites=True))
    expected = {"affected": "affected", "fixed": "compliant", "unknown": "blocked", "elsewhere": "blocked"}
    assert route.verdict.value == expected[word]
    assert ("pre-release" in route.reason) is (word == "unknown")


@settings(max_examples=300)
@given(JUNK, POLICIES, SUPPLIED)
def test_junk_for_facts(junk: object, policy: Policy, supplied: dict[str, Supplied]) -> None:
    route = choose(junk, ADVISORY, supplied, policy)
    assert route.verdict in (Verdict.BLOCKED, Verdict.NOT_APPLICABLE)
    assert not route.steps


@settings(max_examples=300)
@given(servers(), st.sampled_from(PARTS), JUNK, SUPPLIED, POLICIES)
def test_junk_in_one_part(
    server: dict[str, Any], part: str, junk: object, supplied: dict[str, Supplied], policy: Policy
) -> None:
    choose(server | {part: junk}, ADVISORY, supplied, policy)


@settings(max_examples=300)
@given(servers(), st.data())
def test_junk_in_one_leaf(server: dict[str, Any], data: st.DataObject) -> None:
    part = data.draw(st.sampled_from([k for k, v in server.items() if isinstance(v, dict) and v]))
    leaf = data.draw(st.sampled_from(sorted(server[part])))
    server[part] = server[part] | {leaf: data.draw(JUNK)}
    try:
        read(server, "store.exe")
        choose(server, ADVISORY, EVERYTHING, Policy())
    except HostError as error:  # pragma: no cover
        raise AssertionError("choose says it in the Route") from error

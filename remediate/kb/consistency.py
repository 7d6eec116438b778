"""Whether the parts of an advisory fit together: what the shape of the data alone cannot say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from remediate.kb.builds import Build, Range
from remediate.kb.judge import articles, builds

if TYPE_CHECKING:
    from remediate.kb.advisory import Advisory, Branch, Package

Problem = tuple[list[Any], str]
"""Path in the data, and what is wrong there."""


def check(advisory: Advisory) -> Iterator[Problem]:
    """Every problem, in the order of the data."""
    yield from _unique(advisory)
    for number, branch in enumerate(advisory.branches):
        for where, problem in _branch(advisory, branch, number):
            yield ["branches", number, *where], problem
    for number, package in enumerate(advisory.packages):
        for where, problem in _package(advisory, package):
            yield ["packages", number, *where], problem
    for number, package in enumerate(advisory.packages):
        for where, problem in _inside(advisory, package, number):
            yield ["packages", number, "inside", *where], problem


def _unique(advisory: Advisory) -> Iterator[Problem]:
    for key, ids in (
        ("products", [p.id for p in advisory.products]),
        ("branches", [b.id for b in advisory.branches]),
        ("packages", [p.id for p in advisory.packages]),
    ):
        if not ids:
            yield [key], "needs at least one entry"
        for twice in (i for i, n in Counter(ids).items() if n > 1):
            yield [key, len(ids) - 1 - ids[::-1].index(twice), "id"], f"{twice!r} is there twice"


def _branch(advisory: Advisory, branch: Branch, number: int) -> Iterator[Problem]:
    product = advisory.product(branch.product)
    if product is None:
        yield ["product"], f"there is no product {branch.product!r}"
    elif branch.builds.at_least.release != product.release:
        yield ["builds"], f"{branch.builds} are not builds of {product.name} ({product.release})"
    for other in advisory.branches[:number]:
        if branch.builds.overlaps(other.builds):
            yield ["builds"], f"{branch.builds} overlaps branch {other.id!r}, {other.builds}"
    if branch.fixed_at and branch.fixed_at not in branch.builds:
        yield ["fixed_at"], f"{branch.fixed_at} is not in this branch, {branch.builds}"
    for at, early in enumerate(branch.prerelease):
        if not early.within(branch.builds):
            yield ["prerelease", at], f"{early} is not inside this branch, {branch.builds}"
    if branch.table:
        yield from _table(advisory, branch)


def _table(advisory: Advisory, branch: Branch) -> Iterator[Problem]:
    package = advisory.package(branch.table)
    if package is None:
        yield ["table"], f"there is no package {branch.table!r}"
    elif package.provides != branch.fixed_at:
        yield ["table"], f"{branch.table} provides {package.provides}, this branch is fixed at {branch.fixed_at}"
    elif not package.files:
        yield ["table"], f"{branch.table} has no file table"


def _package(advisory: Advisory, package: Package) -> Iterator[Problem]:
    if advisory.product(package.product) is None:
        yield ["product"], f"there is no product {package.product!r}"
        return
    target = advisory.branch_of(package.provides)
    if target is None or target.product != package.product:
        yield ["provides"], f"{package.provides} is in no branch of {package.product!r}"
        return
    if package.provides.release != package.requires.at_least.release:
        yield ["requires"], f"{package.requires} is another product than {package.provides}"
    elif package.provides in package.requires or package.provides not in Range(at_least=package.requires.at_least):
        yield ["requires"], f"{package.requires} must end at or before {package.provides}, which the package provides"
    if package.kind != "service_pack" and not package.requires.within(target.builds):
        yield ["requires"], f"{package.requires} reaches out of branch {target.id!r}; only a service pack may"
    own = [f for f in package.files if f.name.lower() == advisory.key_file.lower()]
    if package.files and not own:
        yield ["files"], f"{advisory.key_file} is not in the table"
    for at, file in enumerate(package.files):
        if file in own and file.version != package.provides:
            yield ["files", at, "version"], f"{file.version} is not the build the package provides, {package.provides}"


def _inside(advisory: Advisory, package: Package, number: int) -> Iterator[Problem]:
    """Whether its file can be told from the others'; asked once everything else fits together."""
    told = package.inside.version
    if told and not told.builds.within(Range(at_least=Build(package.provides.major, package.provides.minor, 0, 0))):
        yield ["version", "builds"], f"{told.builds} are not builds of {package.product!r}"
    for other in advisory.packages[:number]:
        if other.id == package.id or not builds(other).overlaps(builds(package)):
            continue
        if set(articles(other).any_of) & set(articles(package).any_of):
            yield [], f"nothing in its file tells it from {other.id}: the same article and the same versions"

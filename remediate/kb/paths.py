"""Which packages lead from a build to a repaired one: shortest path over what packages require and provide."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from remediate.kb.advisory import Advisory, Package
from remediate.kb.builds import Build

Cost = tuple[int, ...]
Price = Callable[[Package, bool], "Cost | None"]
"""Cost of installing a package, told whether it repairs; None forbids it. All costs of one search have one length."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One package of a path, and the build it starts from: as seen for the first, as promised for the others."""

    package: Package
    start: Build
    repairs: bool


def fixed(advisory: Advisory, build: Build) -> bool:
    branch = advisory.branch_of(build)
    return branch is not None and branch.fixed(build)


def shortest(advisory: Advisory, start: Build, price: Price) -> tuple[Leg, ...] | None:
    """The cheapest chain of packages from ``start`` to a repaired build; empty when it is one; None when there is none.

    Ends always: a package leads to a higher build of the same product, so no chain comes back to where it was.
    """
    ticket = count()  # equal costs are taken in the order of the advisory, and legs are never compared
    waiting: list[tuple[Cost, int, Build, tuple[Leg, ...]]] = [((), next(ticket), start, ())]
    done: set[Build] = set()
    while waiting:
        cost, _, build, legs = heapq.heappop(waiting)
        if fixed(advisory, build):
            return legs
        if build in done:
            continue
        done.add(build)
        for leg in _legs(advisory, build):
            own = price(leg.package, leg.repairs)
            if own is not None:
                heapq.heappush(waiting, (_sum(cost, own), next(ticket), leg.package.provides, (*legs, leg)))
    return None


def _legs(advisory: Advisory, build: Build) -> Iterator[Leg]:
    for package in advisory.packages:
        if build in package.requires:
            yield Leg(package, build, fixed(advisory, package.provides))


def _sum(left: Cost, right: Cost) -> Cost:
    return tuple(a + b for a, b in zip(left, right, strict=True)) if left else right

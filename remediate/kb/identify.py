"""Which product and branch a server is, or why nobody can say: the part of a route before any package is thought of."""

from __future__ import annotations

from dataclasses import dataclass

from remediate.errors import Blocked, NotApplicable
from remediate.kb.advisory import Advisory, Branch, Product
from remediate.kb.builds import Build
from remediate.kb.facts import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    product: Product
    branch: Branch
    build: Build


def identify(advisory: Advisory, server: Server) -> Identity:
    """``NotApplicable`` when the article does not speak of this server, ``Blocked`` when it cannot be told."""
    product = _product(advisory, server)
    if server.build is None:
        raise _unreadable(advisory, server, product)
    branch = advisory.branch_of(server.build)
    early = branch is not None and any(server.build in r for r in branch.prerelease)
    if branch is None or early:
        raise Blocked(
            f"{advisory.key_file} {server.build} is unknown or a pre-release of {product.name}: whether it has the fix "
            "nobody says",
            "install a released service pack on this server by hand, then run again",
        )
    if server.service_pack is not None and server.service_pack not in branch.service_packs:
        raise Blocked(
            f"the registry says service pack {server.service_pack}, but {advisory.key_file} {server.build} is of "
            f"{branch.name}: a service pack stopped half-way or files were put back",
            "restart the server and run again; if it stays so, install that service pack again",
        )
    return Identity(product=product, branch=branch, build=server.build)


def _product(advisory: Advisory, server: Server) -> Product:
    if server.installed is False:
        raise NotApplicable(f"none of the products {advisory.kb} is about is installed here: {_products(advisory)}")
    by_registry = next((p for p in advisory.products if p.services_version == server.services_version), None)
    by_file = next((p for p in advisory.products if server.build and p.release == server.build.release), None)
    by_name = next((p for p in advisory.products if p.name in server.named), None)
    known = [p for p in (by_registry, by_file, by_name) if p]
    strange = (server.services_version is not None and by_registry is None) or (server.build and by_file is None)
    if known and not strange and len({p.id for p in known}) == 1:
        return known[0]
    if known:
        raise Blocked(
            f"the server contradicts itself: {_saying(advisory, server)}",
            f"look at {advisory.key_file} and at the setup key in the registry: something was copied or restored here",
        )
    if strange:
        shown = server.named or f"a product of {_saying(advisory, server)}"
        raise NotApplicable(f"{shown} is not among the products {advisory.kb} is about: {_products(advisory)}")
    if server.installed is None or server.services_version is None:
        raise Blocked(
            "nothing says which product is installed: registry and files gave no answer",
            "check that the account is an administrator there and can read the registry, then run again",
        )
    raise _unreadable(advisory, server, None)


def _unreadable(advisory: Advisory, server: Server, product: Product | None) -> Blocked | NotApplicable:
    key = server.files.get(advisory.key_file.lower())
    if key is not None and key.exists is False and _without_service(advisory, server):
        name = product.name if product else "the product"
        return NotApplicable(
            f"only the administration tools of {name} are here: no {advisory.key_file}, no {advisory.key_service}"
        )
    if key is not None and key.exists is False:
        return Blocked(
            f"{advisory.key_file} is not where the registry says ({key.name} is missing)",
            "check the install path in the registry; if the file is gone, the installation must be repaired first",
        )
    shown = f" ({server.build_text!r} from {server.build_source})" if server.build_text else ""
    tried = "; ".join(server.tried[:5]) or "the file itself and WMI gave nothing"
    return Blocked(
        f"the version of {advisory.key_file} could not be read{shown}; tried: {tried}",
        f"make {advisory.key_file} readable for the account (or mend WMI), then run again; the "
        "service pack's build in the registry cannot show a hotfix",
    )


def _without_service(advisory: Advisory, server: Server) -> bool:
    """Whether the services could be listed and the one that runs the key file is not among them."""
    return bool(
        advisory.key_service and server.services is not None and advisory.key_service.lower() not in server.services
    )


def _saying(advisory: Advisory, server: Server) -> str:
    said = []
    if server.services_version is not None:
        said.append(
            f"the registry says version {server.services_version}" + (f" ({server.named})" * bool(server.named))
        )
    elif server.named:
        said.append(f"the registry says {server.named}")
    if server.build:
        said.append(f"{advisory.key_file} is {server.build}")
    return ", ".join(said)


def _products(advisory: Advisory) -> str:
    return " and ".join(p.name for p in advisory.products)

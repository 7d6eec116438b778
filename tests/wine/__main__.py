"""The hosts of inventory/wine.yml, until Ctrl-C: ``make wine``."""

from __future__ import annotations

import shutil
import signal
import sys

from tests.wine import tools
from tests.wine.fleet import WIN64, Fleet
from tests.wine.host import WineSpec

SPECS = {
    "wine-rtm": WineSpec(image="exchange2003-rtm"),
    "wine-sp1": WineSpec(image="exchange2003-sp1"),
    "wine-2000": WineSpec(image="exchange2000-sp3-rollup"),
}
PLACES = {name: (f"127.0.22.{number}", 2222) for number, name in enumerate(SPECS, 1)}


def main() -> int:
    absent = tools.missing()
    if absent:
        return tools.main()
    fleet = Fleet(SPECS, PLACES)
    try:
        shared = tools.HOME / "tryout"
        shutil.rmtree(shared, ignore_errors=True)
        shared.mkdir()
        fleet.inventory(shared)
        for name, host in fleet.hosts.items():
            shutil.copy(host.folder / "client_key", shared / f"{name}.key")
            known = (host.folder / "known_hosts").read_text()
            with (shared / "known_hosts").open("a") as together:
                together.write(known)
            sys.stdout.write(f"{name:10} {host.address}:{host.port}  {host.spec.image}\n")
        sys.stdout.write(
            "Now, in another terminal: remediate run playbooks/kb870585.yml -i inventory/wine.yml "
            f"-e @.remediate/wine/tryout/{WIN64}\n"
        )
        sys.stdout.write("Ctrl-C ends the hosts.\n")
        sys.stdout.flush()
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        signal.pause()
    except KeyboardInterrupt:
        sys.stdout.write("ending the hosts\n")
    finally:
        fleet.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""One host of the lab behind real SSH in this process, in a time of its own that it shares with its controllers."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from remediate.connections.endpoint import endpoint
from remediate.connections.sessions import Sessions
from remediate.engine.perform import perform
from remediate.engine.registry import Registry
from remediate.engine.workbench import Workbench
from remediate.events import Event, Progress
from remediate.lab import hostspec, images, installation, packages, shell
from remediate.lab.drops import Drops
from remediate.lab.hostkeys import host_key, known_hosts, public_line
from remediate.lab.installation import Installation
from remediate.lab.listener import Listener
from remediate.lab.ssh_server import Connection, Served
from remediate.model import Endpoint, Mode, Result, Step
from tests.kb.servers import role_data
from tests.lab.simulated import Time
from tests.patience import LIMIT

MODULES = Path(__file__).parents[2] / "modules"


class LabHost:
    """``declared`` as in an inventory of the lab: override, faults."""

    def __init__(self, folder: Path, image: str, **declared: object) -> None:
        self.folder = folder
        self.known = images.library(packages.catalogue())
        spec = hostspec.parse("ex1", {"image": image, **declared})
        self.machine = images.build(spec, self.known)
        self.time = Time()
        self.time.rule(self.machine)
        self.served = Served(
            machine=self.machine,
            drops=Drops(self.machine),
            key=host_key(folder, "ex1", "rsa" if spec.override.ssh == "legacy" else "ed25519"),
            user=spec.user,
            password=spec.password,
            authorized=frozenset(),
            sftp=spec.override.sftp and spec.faults.sftp == "works",
            legacy=spec.override.ssh == "legacy",
            execute=shell.execute,
            save=lambda: None,
        )
        self.listener = Listener(lambda _name, sock: Connection(sock, self.served).run())
        port = self.listener.open("ex1", 0)
        self.listener.start()
        hosts = folder / "known_hosts"
        hosts.write_text(known_hosts({port: public_line(self.served.key)}), encoding="ascii")
        self.endpoint: Endpoint = endpoint("ex1", {
            "ansible_host": "127.0.0.1", "ansible_port": port,
            "ansible_user": spec.user, "ansible_password": spec.password,
            "ssh_known_hosts": str(hosts), "ssh_legacy": self.served.legacy, "connect_timeout": LIMIT,
        })  # fmt: skip
        self.said: list[str] = []
        self.registry = Registry([MODULES])
        self._controllers: list[Sessions] = []
        self.sessions = self.controller()

    def controller(self) -> Sessions:
        """A controller of its own: no session is shared with another one's."""
        self._controllers.append(self.time.controller(MODULES))
        return self._controllers[-1]

    def close(self) -> None:
        for controller in self._controllers:
            controller.close_all()
        self.listener.stop()
        for connection in list(self.served.connections):
            connection.cut()

    # doing

    def do(self, module: str, *, check: bool = False, by: Sessions | None = None, **params: Any) -> Result:
        """One step as the engine carries it out."""
        step = Step(
            address=f"play/{module}@ex1", host="ex1", task=module, module=module,
            params=params, endpoint=self.endpoint, mode=Mode.CHECK if check else Mode.APPLY,
        )  # fmt: skip
        return perform(step, self.registry, Workbench(self.registry, by or self.sessions), self._hear)

    def _hear(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.said.append(event.text)

    def package(self, name: str) -> dict[str, Any]:
        """Arguments that name a package of the lab: file and hash."""
        found = self.known.packages[name]
        path = self.folder / name / found.file_name
        path.parent.mkdir(exist_ok=True)
        if not path.exists():  # two controllers ask at once: the file is whole whenever it is there
            partial = path.with_suffix(f".{threading.get_ident()}")
            partial.write_bytes(packages.content(found))
            partial.replace(path)
        return {"file": str(path), "sha256": sha256(path.read_bytes()).hexdigest()}

    def stage(self, name: str, **more: Any) -> Result:
        return self.do("package_staged", **{"advisory": role_data(), "package": name, **self.package(name), **more})

    def install(self, name: str, *, module: str = "hotfix", **more: Any) -> Result:
        """``name`` is the lab's and the advisory's, unless ``package`` says another for the latter."""
        given = {"advisory": role_data(), "package": name, **self.package(name), **more}
        return self.do(module, **given)

    # looking

    def version(self, name: str) -> str:
        return self.machine.files.stat(f"{installation.bin_folder(self.machine)}\\{name}").version

    def states(self) -> Mapping[str, tuple[str, str]]:
        with self.machine.lock:
            self.machine.advance()
            return {s.name: (s.state, s.start_mode) for s in self.machine.services.all()}

    @property
    def runs(self) -> list[Installation]:
        """Every installer that was ever started here."""
        with self.machine.lock:
            self.machine.advance()
            return installation.all_of(self.machine)

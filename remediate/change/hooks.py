"""Tells the hooks of the project what is about to happen and what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from remediate.change.walking import redactor
from remediate.errors import GateClosed
from remediate.model import HostSummary, Outcome
from remediate.notify import HostLine, Occasion, notify
from remediate.project import ledgers
from remediate.project.project import Project
from remediate.reports.standing import as_json, shown

if TYPE_CHECKING:
    from remediate.change.work import Work
    from remediate.model import Json, RunSummary
    from remediate.notify import Hook
    from remediate.project.outside import Outside

AFTERWARDS: tuple[Literal["after", "failed"], ...] = ("after", "failed")
BAD = (Outcome.FAILED, Outcome.BLOCKED, Outcome.UNREACHABLE)


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """The hooks of one run."""

    hooks: Sequence[Hook]
    work: Work
    run: str
    windows: tuple[str, ...]
    outside: Outside

    @classmethod
    def of(cls, work: Work, run: str, windows: tuple[str, ...], outside: Outside) -> Hooks:
        settings = Project.around(outside.folder, outside.files).settings
        return cls(hooks=settings.notify, work=work, run=run, windows=windows, outside=outside)

    def before(self) -> None:
        """``GateClosed`` when a hook that is declared fatal fails: then nothing is begun."""
        if not self._tell("before", None, ()):
            self._tell("failed", GateClosed.exit_code, ())  # those who heard that it begins hear that it did not
            raise GateClosed("a hook that must succeed before the change failed; nothing was begun",
                             hint="see `remediate notify test`, or set its on_error to ignore")  # fmt: skip

    def after(self, summary: RunSummary, code: int) -> bool:
        """False when a fatal hook failed."""
        fine = self._tell("after", code, summary.hosts)
        if summary.interrupted or any(host.outcome in BAD for host in summary.hosts):
            fine = self._tell("failed", code, summary.hosts) and fine
        return fine

    def broken_off(self, hosts: Sequence[HostSummary], code: int) -> None:
        """The change ended before its end: of hosts nobody can tell of yet it is said that they are open."""
        known = {host.host for host in hosts}
        reason = f"the run broke off; remediate resume {self.run}"
        unknown = [HostSummary(host=name, outcome=Outcome.FAILED, reason=reason)
                   for name in self.work.hosts if name not in known]  # fmt: skip
        for kind in AFTERWARDS:
            self._tell(kind, code, [*hosts, *unknown])

    def _tell(self, kind: Literal["before", "after", "failed"], code: int | None, hosts: Sequence[HostSummary]) -> bool:
        if not self.hooks:
            return True
        folder = Project.around(self.outside.folder, self.outside.files).settings.folder
        occasion = self._occasion(kind, code, hosts)
        told = notify(self.hooks, occasion, environ=self.outside.environ, folder=folder, now=self.outside.now())
        for one in told:
            if not one.ok:
                self.outside.complain(f"hook {one.name} failed: {one.error}")
        return not any(one.fatal and not one.ok for one in told)

    def _occasion(
        self, kind: Literal["before", "after", "failed"], code: int | None, hosts: Sequence[HostSummary]
    ) -> Occasion:
        mask = redactor(self.work.request).value
        lines = (
            [HostLine(host=host, outcome="", reason="") for host in self.work.hosts]
            if kind == "before"
            else [_line(mask(host)) for host in hosts]
        )
        return Occasion(
            kind=kind,
            run=self.run,
            playbook=str(self.work.kept.get("playbook", "")),
            who=ledgers.who(self.outside),
            controller=ledgers.controller(),
            plan=self.work.plan_hash,
            window=", ".join(self.windows),
            exit_code=code,
            hosts=tuple(lines),
            report=f"remediate runs report {self.run}",
        )


def _line(host: HostSummary) -> HostLine:
    """One host, secrets masked already."""
    told = cast("Mapping[str, Json]", as_json(host.now) or {})
    return HostLine(host=host.host, outcome=host.outcome.value, reason=host.reason, now=shown(host), standing=told)

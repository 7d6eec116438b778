"""Starts, waits for and takes off packages on a host: what hotfix and service_pack do once it is decided."""

from __future__ import annotations

import ntpath
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.errors import Blocked, Failed, Unreachable, UserError
from remediate.kb import facts, probe, verdicts
from remediate.kb.following import Watched, follow, look, never_started, outcome
from remediate.kb.installing import InstallParams, Work, inspect, staged_path, work
from remediate.kb.levels import levels
from remediate.kb.verdicts import Verdict
from remediate.model import Change, Json, State

if TYPE_CHECKING:
    from remediate.connections.base import Session


def apply(session: Session, change: Change, params: InstallParams) -> State:
    """Install, or wait for what an earlier run started; returns how the installer ended."""
    item = work(params)
    adopting = change.details.get("deed") == "adopt"
    watched, adopted = _adopt(session, item) if adopting else _start(session, change, item)
    try:
        result = outcome(follow(session, watched), watched, item.advisory.exit_codes)
    except Failed as error:
        verdicts.judge_failure(session, watched.job, error.message)
        raise
    verdict = verdicts.judge(session, watched.job, ok=True, meaning=str(result["meaning"]))
    if not result["log"]:
        _refuse_silence(session, params, watched)
    if verdict and verdict.fruitless:
        raise _fruitless(watched, result, verdict)
    return {**result, "adopted": adopted}


def _start(session: Session, change: Change, item: Work) -> tuple[Watched, bool]:
    watched = _watched(item)
    before = look(session, watched)
    watched = replace(watched, logs_before=probe.part(before, "logs"))
    package = _package(session, item)
    guard: dict[str, Json] = {
        "files": change.details.get("guard", []),
        "package": package,
        "not_running": list(item.advisory.installers),
        "free_bytes": item.package.free_bytes,
    }
    command = item.command.replace("{package}", str(package["path"]))
    try:
        job = session.detach(item.job, command, guard=guard, record=_record(change, item, watched))
    except Unreachable as error:
        raise Unreachable(f"{item.label}: {error.message}; whether its installer was started is not known",
                          kind=error.kind, hint="run again later: one that was started is found, not repeated",
                          ) from error  # fmt: skip
    return _adopt(session, item) if job.adopted else (watched, False)


def _adopt(session: Session, item: Work) -> tuple[Watched, bool]:
    """Somebody else started it: which logs there were before is in the job's record."""
    session.say(f"{item.label}: its installer was started already, waiting for it")
    watched = _watched(item)
    record = probe.part(probe.part(look(session, watched), "job"), "record")
    return replace(watched, logs_before=probe.part(record, "logs_before")), True


def _watched(item: Work) -> Watched:
    return Watched(
        job=item.job,
        label=item.label,
        logs=item.advisory.logs(item.package),
        expected=float(item.package.seconds),
        timeout=float(item.timeout),
        cancel=item.params.cancel_on_timeout,
    )


def _package(session: Session, item: Work) -> dict[str, Json]:
    """What the host must find at the staged path when the installer is about to start."""
    params = item.params
    if params.staged:
        wanted: dict[str, Json] = {"path": params.staged, **({"size": params.size} if params.size else {})}
    else:
        local = Path(params.file)
        if not params.file or not local.is_file():
            raise UserError(f"{item.label}: the package {params.file or '(none given)'} is not here",
                            hint="give package_staged and this task the same file and sha256")  # fmt: skip
        path = staged_path(session.folder, params.sha256, local.name)
        wanted = {"path": path, "size": local.stat().st_size}
    told = {"version": params.version, "modified": params.modified, "sha256": params.sha256.strip().lower()}
    return {**wanted, **{key: value for key, value in told.items() if value}}


def _record(change: Change, item: Work, watched: Watched) -> dict[str, Json]:
    """Kept on the host, so that a later run can wait for the job, judge it and restore the services it stopped."""
    return {
        "package": item.package.id,
        "kb": item.package.kb,
        "logs": list(watched.logs),
        "logs_before": dict(watched.logs_before or {}),
        "seconds": item.package.seconds,
        "limit": item.package.limit_seconds,
        "services": change.details.get("services", []),
        "files": change.details.get("files", []),
        "stores": change.details.get("stores", []),
    }


def _refuse_silence(session: Session, params: InstallParams, watched: Watched) -> None:
    """Success without a log and without a changed file is no success: the package was never really run."""
    item = work(params)
    server = facts.read(inspect(session, params), item.advisory.key_file)
    if not any(f.reached for f in levels(item.advisory, item.package, server.files)):
        raise never_started(watched, "it ended at once, wrote no log and changed no file")


def _fruitless(watched: Watched, result: State, verdict: Verdict) -> Failed:
    """Exit code and log speak of success, and no file is another one than before: doing it again would be no better."""
    log = f" ({result['log']})" if result.get("log") else ""
    return Failed(
        f"{watched.label}: its installer ended with exit code {result['exit_code']} ({result['meaning']}) and changed "
        f"nothing: {verdict.shown}",
        remedy=f"restart the server and verify; see its log{log} for the reason. It is not started again by itself: "
        "--retry (retry: true) has it tried once more",
    )


def undo(session: Session, params: InstallParams) -> State:
    """Take the package off by its own uninstall folder; Blocked where that is not safe."""
    item = work(params)
    state = inspect(session, params)
    server = facts.read(state, item.advisory.key_file)
    folder = _uninstall_folder(item, state)
    if server.build != item.package.provides:
        # likely: taking off an update below a later one leaves a mixture
        raise Blocked(f"{item.advisory.key_file} is {server.build}, not the {item.package.provides} of {item.label}",
                      "take off the later update first")  # fmt: skip
    name = f"undo-{item.job}"
    watched = replace(_watched(item), job=name, label=f"taking off {item.label}")
    key = probe.part(probe.part(state, "files"), item.advisory.key_file.lower())
    guard: dict[str, Json] = {
        "files": [{"path": key.get("path"), "at_least": str(server.build)}],
        "not_running": list(item.advisory.installers),
    }
    services: list[Json] = [s.get("name") for s in probe.entries(state, "services")]
    record: dict[str, Json] = {"package": item.package.id, "services": services, "undo": True}
    session.detach(name, f'"{folder}\\spuninst\\spuninst.exe" /u /q /z', guard=guard, record=record)
    result = outcome(follow(session, watched), watched, item.advisory.exit_codes)
    after = facts.read(inspect(session, params), item.advisory.key_file)
    if after.build == item.package.provides:
        raise Failed(f"{item.label} is still there after its removal", remedy="restart the server, then look again")
    return result


def _uninstall_folder(item: Work, state: State) -> str:
    wanted = {name.lower() for name in item.advisory.uninstall_folders(item.package)}
    found = state.get("uninstall_folders")
    for path in found if isinstance(found, list) else []:
        if ntpath.basename(str(path)).lower() in wanted:
            return str(path)
    raise Blocked(
        f"{item.label} cannot be taken off: its uninstall folder is not there",
        "restore from backup; a package installed without a backup (/n), or one whose folder was cleared, stays",
    )

"""Compares files on a host with an article's table, the way the article asks for: these attributes, or later ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from remediate.kb import languages
from remediate.kb.advisory import Advisory, Branch, FileAttributes
from remediate.kb.builds import Build, Range
from remediate.kb.facts import FileSeen

Judgement = Literal["as in the article", "version as in the article", "later", "older", "missing", "unreadable",
                    "size differs", "date differs", "other service pack", "other build", "same build"]  # fmt: skip
GOOD = frozenset({"as in the article", "version as in the article", "later", "same build"})
PARTIAL = frozenset({"older", "missing", "other service pack", "other build"})
"""Verdicts that mean: the files on this server do not belong together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One file of the attribute table: what the article says, what is there, and what follows."""

    file: str
    expected_version: str
    expected_size: int | None
    expected_date: str
    seen_version: str
    seen_size: int | None
    seen_date: str
    verdict: Judgement
    note: str = ""

    @property
    def good(self) -> bool:
        return self.verdict in GOOD

    def __str__(self) -> str:
        return f"{self.file} {self.seen_version or '(no version)'}: {self.note or self.verdict}"


def rows(
    advisory: Advisory, branch: Branch, files: Mapping[str, FileSeen], *, language: str = "", bias_known: bool = True
) -> tuple[Row, ...]:
    """One Row per file of the branch's table and per file that must be of the key file's build.

    ``files`` by lower-case name. Sizes and dates are compared only where the version is exactly the table's and the
    server is English (or its language unknown): the tables describe the English package.
    """
    english = language in ("", languages.ENGLISH)
    key = _seen(files, advisory.key_file).version
    table = {f.name.lower(): f for f in advisory.table_of(branch)}
    level = [n for n in advisory.same_level if n.lower() not in table]
    judged = [_row(branch, f, _seen(files, n), english=english, bias_known=bias_known) for n, f in table.items()]
    judged += [_untabled(branch, n, _seen(files, n)) for n in level]
    same = {n.lower() for n in advisory.same_level}
    return tuple(_levelled(r, key, _seen(files, r.file).version) if r.file.lower() in same else r for r in judged)


def _seen(files: Mapping[str, FileSeen], name: str) -> FileSeen:
    return files.get(name.lower()) or FileSeen(name=name.lower())


def _row(branch: Branch, wanted: FileAttributes, seen: FileSeen, *, english: bool, bias_known: bool) -> Row:
    verdict, note = _absent(branch, seen) or _compared(branch.builds, wanted, seen, english, bias_known)
    return Row(
        file=wanted.name,
        expected_version=str(wanted.version),
        expected_size=wanted.size if english else None,
        expected_date=wanted.date.strftime("%Y-%m-%d %H:%M") if english else "",
        seen_version=seen.text,
        seen_size=seen.size,
        seen_date=_shown(seen),
        verdict=verdict,
        note=note,
    )


def _untabled(branch: Branch, name: str, seen: FileSeen) -> Row:
    """A file no table of the article speaks of, as on a service pack that contains the fix."""
    verdict, note = _absent(branch, seen) or ("same build", "")
    if verdict == "same build" and branch.fixed_at and seen.version and not branch.fixed(seen.version):
        verdict, note = "older", f"older than {branch.fixed_at}"
    return Row(
        file=name,
        expected_version=f"{branch.fixed_at} or later" if branch.fixed_at else "",
        expected_size=None,
        expected_date="",
        seen_version=seen.text,
        seen_size=seen.size,
        seen_date=_shown(seen),
        verdict=verdict,
        note=note,
    )


def _absent(branch: Branch, seen: FileSeen) -> tuple[Judgement, str] | None:
    if seen.exists is False:
        return "missing", "is not there"
    if seen.version is None:
        return "unreadable", f"its version could not be read ({seen.text})" if seen.text else "could not be read"
    if seen.version not in branch.builds:
        return "other service pack", f"is not of {branch.name}"
    return None


def _compared(
    builds: Range, wanted: FileAttributes, seen: FileSeen, english: bool, bias_known: bool
) -> tuple[Judgement, str]:
    assert seen.version is not None
    if not builds.reaches(seen.version, wanted.version):
        return "older", f"older than {wanted.version}"
    if seen.version != wanted.version:
        return "later", "a later update"
    if not english:
        return (
            "version as in the article",
            "the article's size and date are the English file's, so only the version counts",
        )
    if seen.size is None or seen.modified is None:
        return "unreadable", "the version is right, but size or date could not be read"
    if seen.size != wanted.size:
        return "size differs", f"{seen.size:,} bytes, the article says {wanted.size:,}"
    return _dated(wanted, seen, bias_known)


def _dated(wanted: FileAttributes, seen: FileSeen, bias_known: bool) -> tuple[Judgement, str]:
    """The table has no seconds, so seconds are cut off, never rounded."""
    assert seen.modified is not None
    minute = seen.modified.replace(second=0, microsecond=0)
    off = minute - wanted.date
    if not off:
        return "as in the article", ""
    zone = abs(off) <= timedelta(hours=14) and off % timedelta(minutes=15) == timedelta(0)
    shown = f"{_shown(seen)} UTC, the article says {wanted.date:%Y-%m-%d %H:%M}"
    if zone and not bias_known:
        return "as in the article", f"{shown}: a time zone apart, and the host's zone could not be read"
    if zone:
        return (
            "date differs",
            f"{shown}: exactly a time zone apart, so the host's zone or daylight saving setting is wrong",
        )
    return "date differs", shown


def _levelled(row: Row, key: Build | None, own: Build | None) -> Row:
    """Files that belong together must be of one build: revisions may differ, builds may not [inferred]."""
    if not row.good or key is None or own is None or key.parts[:3] == own.parts[:3]:
        return row
    return replace(row, verdict="other build", note=f"not of the build of the key file, {key}")


def _shown(seen: FileSeen) -> str:
    return seen.modified.strftime("%Y-%m-%d %H:%M") if seen.modified else ""

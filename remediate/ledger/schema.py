"""The ledger's tables. Times are UTC text that sorts, JSON is canonical text: both databases keep every byte."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, LargeBinary, MetaData, Table, Text

REVISION = "0004"
"""The schema this program writes; the newest of ``migrations/versions``."""
VERSION_TABLE = "ledger_version"
GENESIS = "0" * 64
"""What the first event has for the hash of the one before it."""

metadata = MetaData()


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


runs = Table(
    "runs",
    metadata,
    _text("id", key=True),
    Column("number", BigInteger, nullable=False, unique=True),  # of its first event: the order of all controllers' runs
    _text("kind"),
    _text("playbook"),
    _text("request"),
    _text("plan_hash"),
    _text("resumes"),
    _text("who"),
    _text("controller"),
    Column("pid", BigInteger, nullable=False),
    _text("process_start"),
    _text("started"),
    Column("finished", Text),
    _text("status"),
    Column("exit_code", Integer),
    Column("beat", BigInteger, nullable=False),
    _text("beat_at"),
)

hosts = Table(
    "hosts",
    metadata,
    _text("run", key=True),
    _text("host", key=True),
    Column("position", Integer, nullable=False),
    Column("locked", Boolean, nullable=False),  # this run took the host's lock and has not given it back itself
    _text("outcome"),
    _text("reason"),
    _text("remedy"),
    _text("columns"),
    _text("counts"),
    _text("notes"),
    _text("now"),  # how it was left, by a last look; {} where there was none
    Index("hosts_by_host", "host"),
)

steps = Table(
    "steps",
    metadata,
    _text("run", key=True),
    _text("host", key=True),
    Column("number", Integer, primary_key=True, nullable=False, autoincrement=False),
    _text("address"),
    _text("task"),
    _text("module"),
    _text("key"),
    Column("place", Text, nullable=False, server_default=""),
    _text("begun_at"),
    Column("ended_at", Text),
    Column("seconds", Double, nullable=False),
    _text("status"),
    Column("redacted", Boolean, nullable=False),
    _text("result"),
    Index("steps_by_key", "key", "status", "ended_at"),
)

events = Table(
    "events",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    _text("run"),
    _text("at"),
    _text("kind"),
    _text("host"),
    _text("data"),
    _text("previous"),
    _text("hash"),
    Index("events_by_run", "run", "number"),
)

head = Table(
    "head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    _text("hash"),
)

packages = Table(
    "packages",
    metadata,
    _text("run", key=True),
    _text("host", key=True),
    _text("sha256", key=True),
    _text("name"),
    _text("version"),
    Column("size", BigInteger, nullable=False),
    _text("at"),
)

locks = Table(
    "locks",
    metadata,
    _text("host", key=True),
    _text("run"),
    _text("who"),
    _text("controller"),
    Column("pid", BigInteger, nullable=False),
    _text("process_start"),
    _text("since"),
    _text("why"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    _text("plan_hash"),
    _text("name"),
    _text("reason"),
    _text("user"),
    _text("controller"),
    _text("at"),
    Index("approvals_by_plan", "plan_hash"),
)

blobs = Table(
    "blobs",
    metadata,
    _text("sha256", key=True),
    Column("size", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),  # compressed
    _text("at"),
)

writers = Table(
    "writers",
    metadata,
    _text("writer", key=True),
    Column("write", BigInteger, nullable=False),
    _text("answer"),
)
"""The last write of each writing thread: a write whose commit went unanswered finds out whether it was done."""

"""Files that runs worked from: kept once, given back as they were or not at all."""

from __future__ import annotations

import zlib
from hashlib import sha256

from sqlalchemy import delete, func, select, update

from remediate.ledger import schema
from remediate.ledger.address import parse
from remediate.ledger.engine import build
from tests.ledger.world import opened

FILES = [b"", b"- hosts: all\n", bytes(range(256)) * 400]


def test_what_is_kept_comes_back_and_is_kept_once(url: str) -> None:
    with opened(url) as ledger:
        ledger.keep(FILES)
        ledger.keep([*FILES, b"more"])
        for data in (*FILES, b"more"):
            assert ledger.file(sha256(data).hexdigest()) == data
        assert ledger.file(sha256(b"never kept").hexdigest()) is None
        assert ledger.verify().whole
    engine = build(parse(url))
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(schema.blobs)).scalar() == 4
    engine.dispose()


def test_what_was_altered_is_not_given_out_and_found(url: str) -> None:
    digest = sha256(FILES[1]).hexdigest()
    with opened(url) as ledger:
        ledger.keep(FILES)
        engine, mine = build(parse(url)), schema.blobs.c.sha256 == digest
        for wrong in (b"no zlib", zlib.compress(b"- hosts: none\n"), zlib.compress(FILES[1])[:-3],
                      zlib.compress(bytes(50_000_000))):  # fmt: skip
            with engine.begin() as connection:
                connection.execute(update(schema.blobs).where(mine).values(data=wrong))
            assert ledger.file(digest) is None
            report = ledger.verify()
            assert (report.whole, digest[:12] in report.what) == (False, True)
        with engine.begin() as connection:
            connection.execute(delete(schema.blobs).where(mine))
        ledger.keep(FILES)
        assert ledger.file(digest) == FILES[1]
        engine.dispose()

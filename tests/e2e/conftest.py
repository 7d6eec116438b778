"""The ledgers of the ledger's own tests, for whole runs."""

from tests.ledger.conftest import database, server, url

__all__ = ["database", "server", "url"]

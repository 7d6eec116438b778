"""For whole runs: the ledgers of the ledger's own tests, and labs without a process of their own."""

from tests.lab.inprocess import labs_in_process, labs_of_their_own
from tests.ledger.conftest import database, server, url

__all__ = ["database", "labs_in_process", "labs_of_their_own", "server", "url"]

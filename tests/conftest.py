"""For all tests: what collecting them made is kept out of the garbage collector's way."""

from __future__ import annotations

import gc


def pytest_collection_finish() -> None:
    """Four thousand tests are a million objects that never go; each full collection would look at all of them."""
    gc.collect()
    gc.freeze()

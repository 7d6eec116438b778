"""For all tests: what collecting them made is kept out of the garbage collector's way."""

from __future__ import annotations

import gc


def pytest_collection_finish() -> None:
    """Four thousand tests are a quarter of a million objects that never go; each full collection would look at them."""
    gc.collect()
    gc.freeze()

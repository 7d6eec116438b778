"""For all tests: no speed is asked of the machine; what collecting made is kept out of the garbage collector's way."""

from __future__ import annotations

import gc

from hypothesis import HealthCheck, settings

UNCHECKED = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture)
"""The second since examples that write files do so over and over: a test that minds takes a folder for each."""
settings.register_profile("any machine", deadline=None, suppress_health_check=UNCHECKED)
settings.load_profile("any machine")


def pytest_collection_finish() -> None:
    """Four thousand tests are a quarter of a million objects that never go; each full collection would look at them."""
    gc.collect()
    gc.freeze()

"""The surroundings of the machine have no part in these tests, and nobody waits before he tries again."""

from __future__ import annotations

import pytest

from remediate.notify import webhook

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy, no issuers but the usual, no pause."""
    monkeypatch.setattr(webhook, "PAUSE", 0.0)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)

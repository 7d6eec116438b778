"""Webhooks: canonical JSON, signed, tried again while there is time; errors name only the host of the address."""

from __future__ import annotations

import hmac
import time
import uuid
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

from remediate.notify.model import Occasion
from remediate.notify.trouble import HookFailed, OutOfTime, reason
from remediate.notify.wording import document

TRIES = 3
PAUSE = 0.5
"""Seconds before another try."""


def is_address(url: str) -> bool:
    """Whether this can be a webhook's address."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def where(url: str) -> str:
    """Scheme and host: what of an address may be shown."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}"


def signature(key: str, timestamp: str, content: bytes) -> str:
    """``sha256=`` and the HMAC over ``TIMESTAMP.BODY``."""
    return "sha256=" + hmac.new(key.encode(), f"{timestamp}.".encode() + content, sha256).hexdigest()


def post(url: str, occasion: Occasion, key: str, now: datetime, deadline: float) -> None:
    """``HookFailed`` when it was not taken with a 2xx before ``deadline`` (``time.monotonic``)."""
    if not is_address(url):
        raise HookFailed("what the webhook refers to is no address")
    content, timestamp = document(occasion), str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "remediate",
        "X-Remediate-Timestamp": timestamp,
        "X-Remediate-Delivery": str(uuid.uuid4()),
    }
    if key:
        headers["X-Remediate-Signature"] = signature(key, timestamp, content)
    for number in range(1, TRIES + 1):
        trouble = _once(url, content, headers, deadline)
        if trouble is None:
            return
        again, text = trouble
        if not again or number == TRIES or time.monotonic() + PAUSE >= deadline:
            raise HookFailed(f"{where(url)} {text}")
        time.sleep(PAUSE)


def _once(url: str, content: bytes, headers: Mapping[str, str], deadline: float) -> tuple[bool, str] | None:
    """None when it was taken; else whether to try again, and what to say. Only the head of the answer is read.

    ``OutOfTime`` when there was none before the deadline.
    """
    import requests

    left = max(0.01, deadline - time.monotonic())
    try:
        with requests.post(
            url, data=content, headers=dict(headers), timeout=left, allow_redirects=False, stream=True
        ) as answer:
            code = answer.status_code
    except requests.exceptions.Timeout:
        raise OutOfTime(f"{where(url)} did not answer") from None
    except requests.exceptions.SSLError as error:
        return False, f"cannot be spoken to: {reason(error)}" + _own_issuer(error)
    except requests.exceptions.ConnectionError as error:
        return True, f"cannot be reached: {reason(error) or 'it closed the connection'}"
    except (requests.exceptions.RequestException, OSError) as error:
        return False, f"cannot be asked: {reason(error) or type(error).__name__}"
    if 200 <= code < 300:
        return None
    return code >= 500, f"answered HTTP {code}" + (": redirects are not followed" if 300 <= code < 400 else "")


def _own_issuer(error: Exception) -> str:
    """The way out for certificates of a company's own, which no public list has."""
    said = reason(error).replace("self signed", "self-signed")  # OpenSSL 1.1 and 3
    known = "issuer" in said or "self-signed" in said
    return " (REQUESTS_CA_BUNDLE names a file of issuers to trust)" if known else ""

"""Webhooks: canonical JSON, signed, tried again while there is time; errors name only the host of the address."""

from __future__ import annotations

import dataclasses
import hmac
import json
import time
import uuid
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

from remediate.notify.model import Hook, Occasion
from remediate.notify.trouble import HookFailed

TRIES = 3
PAUSE = 0.5


def body(occasion: Occasion) -> bytes:
    """What a receiver gets; keys in order, no blanks."""
    document = {**dataclasses.asdict(occasion), "counts": dict(occasion.counts())}
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def signature(key: str, timestamp: str, content: bytes) -> str:
    """``sha256=`` and the HMAC over ``TIMESTAMP.BODY``."""
    return "sha256=" + hmac.new(key.encode(), f"{timestamp}.".encode() + content, sha256).hexdigest()


def post(hook: Hook, occasion: Occasion, key: str, now: datetime) -> None:
    """``HookFailed`` when it was not taken with a 2xx within ``hook.timeout`` seconds."""
    content, timestamp = body(occasion), str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "remediate",
        "X-Remediate-Timestamp": timestamp,
        "X-Remediate-Delivery": str(uuid.uuid4()),
    }
    if key:
        headers["X-Remediate-Signature"] = signature(key, timestamp, content)
    deadline = time.monotonic() + hook.timeout
    for number in range(1, TRIES + 1):
        trouble = _once(hook.webhook, content, headers, deadline)
        if trouble is None:
            return
        again, text = trouble
        if not again or number == TRIES or time.monotonic() + PAUSE >= deadline:
            raise HookFailed(text)
        time.sleep(PAUSE)


def _once(url: str, content: bytes, headers: dict[str, str], deadline: float) -> tuple[bool, str] | None:
    """None when it was taken; else whether to try again, and what to say. Only the answer's status is read."""
    import requests

    parts = urlsplit(url)
    where = f"{parts.scheme}://{parts.hostname}"
    left = deadline - time.monotonic()
    if left <= 0:
        return False, f"{where} did not answer in time"
    try:
        with requests.post(
            url, data=content, headers=headers, timeout=left, allow_redirects=False, stream=True
        ) as answer:
            code = answer.status_code
    except requests.exceptions.SSLError:
        return False, f"{where}: its certificate cannot be trusted"
    except requests.exceptions.Timeout:
        return False, f"{where} did not answer in time"
    except requests.exceptions.RequestException as error:
        return True, f"{where} cannot be reached: {type(error).__name__}"
    if 200 <= code < 300:
        return None
    return code >= 500, f"{where} answered HTTP {code}" + (", redirects are not followed" if 300 <= code < 400 else "")

"""Plan files: canonical JSON with a hash over its content, written whole or not at all, read with every doubt."""

from __future__ import annotations

import dataclasses
import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remediate.errors import UserError
from remediate.model import Source
from remediate.planfile.model import FORMAT, Plan
from remediate.secrets import files

if TYPE_CHECKING:
    from pydantic import TypeAdapter

AGAIN = "make the plan again: remediate plan PLAYBOOK -o FILE"
LARGEST = 500_000_000
"""Bytes of a plan file; a plan of a thousand Exchange servers has some 20 million."""
MOMENTS = frozenset({"made", "valid_until"})
_FORM = re.compile(rb'\A\{"content":(\{.*\}),"hash":"([0-9a-f]{64})"\}\s*\Z', re.DOTALL)


def canonical(value: object) -> bytes:
    """The one spelling of a JSON value: sorted keys, no blanks, ASCII; ``ValueError`` for NaN and infinities."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def encode(plan: Plan) -> tuple[bytes, str]:
    """The bytes of the file and the hash (64 hexadecimal digits) of the content."""
    content = canonical(plain(plan))
    digest = sha256(content).hexdigest()
    return b'{"content":' + content + b',"hash":"' + digest.encode() + b'"}\n', digest


def substance(plan: Plan) -> str:
    """The hash of what is approved: all of the plan but when it was made and until when it is valid.

    So the same plan made again keeps its approvals; each ends with the validity of the plan it was given for.
    """
    content = plain(plan)
    return sha256(canonical({key: content[key] for key in content.keys() - MOMENTS})).hexdigest()


def plain(value: Any) -> Any:
    """A frozen value as JSON: times in UTC to the second, tuples as lists."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


def save(plan: Plan, path: Path) -> str:
    """Write the plan; its hash. A file is the old one or the new one, never half of it; see ``files.write``."""
    content, digest = encode(plan)
    try:
        files.write(path, content)
    except OSError as error:
        raise UserError(
            f"the plan cannot be saved: {error.strerror}", source=Source(str(path)), hint="is its folder there?"
        ) from None
    return digest


def load(path: Path) -> tuple[Plan, str]:
    """The plan and its hash; ``UserError`` for whatever is not a whole, unchanged plan of this format."""
    source = Source(str(path))
    try:
        if path.stat().st_size > LARGEST:
            raise UserError("too large for a plan", source=source, hint=AGAIN)
        data = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"the plan cannot be read: {error.strerror}",
            source=source,
            hint="remediate plan PLAYBOOK -o FILE makes one",
        ) from None
    return read(data, source)


def read(data: bytes, source: Source) -> tuple[Plan, str]:
    """The plan in the bytes of a file, and its hash; ``UserError`` as of ``load``."""
    content, claimed = _opened(data, source)
    if sha256(content).hexdigest() != claimed:
        raise UserError("the plan was altered after it was made: its hash does not fit", source=source, hint=AGAIN)
    return _checked(_values(content, source), source), claimed


def _values(content: bytes, source: Source) -> Any:
    """The content as values; a hash that fits does not make it JSON.

    By the quicker of two readers; what it refuses (half of a pair of surrogates, two hundred levels) is for the other.
    """
    from pydantic_core import from_json

    with suppress(ValueError):
        return from_json(content, allow_inf_nan=False)
    try:
        return json.loads(content, parse_constant=_not_json)
    except (ValueError, RecursionError):
        raise UserError("this is not a plan", source=source, hint=AGAIN) from None


def _not_json(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _opened(data: bytes, source: Source) -> tuple[bytes, str]:
    """Content in its canonical form, and the hash the file claims; also of a file somebody has indented."""
    found = _FORM.match(data)
    if found:
        return found[1], found[2].decode()
    try:
        document = json.loads(data)
        content, claimed = canonical(document["content"]), str(document["hash"])
    except json.JSONDecodeError as error:
        place = Source(source.file, error.lineno, error.colno)
        raise UserError("not a whole plan: cut short, or no JSON from here on", source=place, hint=AGAIN) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UserError("this is not a plan", source=source, hint=AGAIN) from None
    if len(document) > 2:
        what = "something stands beside content and hash"
        raise UserError(f"the plan was altered after it was made: {what}", source=source, hint=AGAIN)
    return content, claimed


def _checked(content: Any, source: Source) -> Plan:
    from pydantic import ValidationError

    if isinstance(content, dict) and content.get("format") != FORMAT:
        raise UserError(f"a plan of format {content.get('format')}; this program reads {FORMAT}", source=source,
                        hint=AGAIN)  # fmt: skip
    try:
        plan = adapter().validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(f"not a plan: {where}: {first['msg']}", source=source, hint=AGAIN) from None
    if plan.made.tzinfo is None or plan.valid_until.tzinfo is None:
        raise UserError("not a plan: a time without its zone", source=source, hint=AGAIN)
    return plan


@cache
def adapter() -> TypeAdapter[Plan]:
    """Checks the form of a plan and knows its JSON Schema."""
    from pydantic import TypeAdapter

    return TypeAdapter(Plan)


def schema() -> dict[str, Any]:
    """JSON Schema of the whole file."""
    content = adapter().json_schema(mode="serialization")
    definitions = content.pop("$defs", {})
    digest = {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256 over the canonical content."}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A plan of remediate",
        "type": "object",
        "required": ["content", "hash"],
        "additionalProperties": False,
        "properties": {"content": content, "hash": digest},
        "$defs": definitions,
    }

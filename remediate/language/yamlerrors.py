"""Says in an administrator's words what the YAML parser stumbled over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate.errors import UserError
from remediate.model import Source

if TYPE_CHECKING:
    import yaml

_HINTS: tuple[tuple[str, str, str], ...] = (
    # fragment of the parser's message, what to say, hint
    (
        "unknown escape character",
        "a backslash inside double quotes begins an escape",
        r"put Windows paths in single quotes: 'C:\Temp'",
    ),
    (
        "did not find expected hexdecimal number",  # libyaml's spelling
        "a backslash inside double quotes begins an escape",
        r"put Windows paths in single quotes: 'C:\Temp'",
    ),
    (
        "mapping values are not allowed",
        "a second ': ' in one line, or a line indented deeper than the one it belongs to",
        "quote a value that contains ': ', or line the key up with its neighbours",
    ),
    (
        "could not find expected ':'",
        "this line is neither 'key: value' nor part of the text above",
        "a ':' followed by a space is missing, or a quote above was never closed",
    ),
    (
        "did not find expected key",
        "a key was expected here",
        "line keys up with their neighbours; quote the whole value when it starts with a quote or {{",
    ),
    ("did not find expected '-' indicator", "a '- ' was expected here", "line list items up with each other"),
    (
        "did not find expected ',' or ']'",
        "a list in [ ] is not closed or a ',' is missing",
        'quote a value that begins with [ or {{: "{{ name }}"',
    ),
    (
        "did not find expected ',' or '}'",
        "a mapping in { } is not closed or a ',' is missing",
        'quote a value that begins with { or {{: "{{ name }}"',
    ),
    ("unexpected end of stream", "a quote is opened but never closed", "close it, or use the other kind of quotes"),
    (
        "block sequence entries are not allowed",
        "'- ' does not begin a list item here",
        "put the list on its own lines below the key",
    ),
    (
        "did not find expected alphabetic or numeric character",
        "* or & must be followed by the name of an anchor",
        "quote the value if the sign is meant literally",
    ),
    ("cannot start any token", "this character cannot begin a value", "quote the value"),
    ("undefined alias", "* refers to an anchor that was not defined above", "quote the value if * is meant literally"),
    ("undefined tag handle", "! begins a tag that is not known", "quote the value if ! is meant literally"),
    ("exceeded maximum nesting depth", "nested more than 100 deep", "a bracket is not closed, or repeated by mistake"),
    ("special characters are not allowed", "a control character", "remove it"),
    ("control characters are not allowed", "a control character", "remove it"),
)


def explained(error: yaml.YAMLError, text: str, file: str) -> UserError:
    """The UserError for what PyYAML raised about ``text``."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", "") or getattr(error, "reason", "") or error)
    if mark is None:
        return _by_offset(error, problem, text, file)
    source = Source(file, mark.line + 1, mark.column + 1)
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent or line[mark.column : mark.column + 1] == "\t":
        column = line.index("\t") + 1
        return UserError(
            "a tab; YAML is indented with spaces only",
            source=Source(file, mark.line + 1, column),
            hint="replace the tab by spaces",
        )
    found = next(((what, hint) for fragment, what, hint in _HINTS if fragment in problem), None)
    what, hint = found or ("this cannot be read", "see whether a quote or bracket above is not closed")
    return UserError(f"not valid YAML: {what}", source=source, hint=hint)


def _by_offset(error: yaml.YAMLError, problem: str, text: str, file: str) -> UserError:
    """Reader errors know an offset only."""
    position = getattr(error, "position", 0)
    offset = position if isinstance(position, int) and 0 <= position <= len(text) else 0
    before = text[:offset]
    source = Source(file, before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)
    what = "a control character" if "special" in problem or "control" in problem else "a byte that is no text"
    return UserError(f"not valid YAML: {what}", source=source, hint="remove the character, or quote and escape it")

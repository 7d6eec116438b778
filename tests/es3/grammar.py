"""ES3 out of a parser of newer grammars: the node types and tokens it has; all others are refused with their place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import esprima

Said = tuple[int, int, str]
"""Line and column, both from 1, and what is wrong there."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NODES = _words(
    """
    Program EmptyStatement ExpressionStatement BlockStatement VariableDeclaration VariableDeclarator IfStatement
    ForStatement ForInStatement WhileStatement DoWhileStatement ReturnStatement BreakStatement ContinueStatement
    ThrowStatement TryStatement CatchClause SwitchStatement SwitchCase LabeledStatement WithStatement
    DebuggerStatement FunctionDeclaration FunctionExpression Identifier Literal ArrayExpression ObjectExpression
    Property MemberExpression CallExpression NewExpression UnaryExpression BinaryExpression LogicalExpression
    AssignmentExpression ConditionalExpression UpdateExpression SequenceExpression ThisExpression
    """
)
TOKENS = _words(
    """
    Boolean Identifier Keyword Null Numeric Punctuator RegularExpression String
    """
)
PUNCTUATORS = _words(
    """
    { } ( ) [ ] . ; , < > <= >= == != === !== + - * / % ++ -- << >> >>> & | ^ ! ~ && || ? : = += -= *= /= %= <<=
    >>= >>>= &= |= ^=
    """
)
RESERVED = _words(
    """
    break case catch continue default delete do else finally for function if in instanceof new return switch
    this throw try typeof var void while with abstract boolean byte char class const debugger double enum export
    extends final float goto implements import int interface long native package private protected public short
    static super synchronized throws transient volatile null true false
    """
)
NAMES_ONLY = {
    "VariableDeclarator": "id",
    "CatchClause": "param",
    "FunctionDeclaration": "params",
    "FunctionExpression": "params",
}
NEWER = ("async", "generator", "method", "shorthand", "optional", "await", "delegate")
NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
ESCAPE = re.compile(r"\\.")
CLASS = re.compile(r"\[[^\]]*\]")
GROUP = re.compile(r"\(\?(?![:=!])")


@dataclass(frozen=True, slots=True)
class Parsed:
    """``tree`` is ``None`` where the text is no JavaScript of any age; ``comments`` have ``value`` and ``loc``."""

    tree: dict[str, Any] | None
    comments: list[dict[str, Any]] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)


def parse(source: str) -> Parsed:
    """The tree of one script, and what in it is newer than ES3."""
    try:
        script = esprima.parseScript(source, {"loc": True, "range": True, "tokens": True, "comment": True})
    except esprima.Error as error:
        text = re.sub(r"^Line \d+: ", "", str(error.message))
        return Parsed(None, said=[(error.lineNumber, error.column, text)])
    whole: dict[str, Any] = script.toDict()
    tokens, comments = whole.pop("tokens", None) or [], whole.pop("comments", None) or []
    said = [*_nodes(whole), *_tokens(tokens, source), *_comments(comments, source)]
    return Parsed(whole, comments, sorted(set(said)))


def _at(node: dict[str, Any], text: str) -> Said:
    start = node["loc"]["start"]
    return start["line"], start["column"] + 1, text


def _nodes(node: dict[str, Any]) -> Iterator[Said]:
    kind = node["type"]
    if kind not in NODES:
        yield _at(node, f"{kind} is not ES3")
    yield from _shape(node, kind)
    for value in node.values():
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, dict) and "type" in child and "range" in child:
                yield from _nodes(child)


def _shape(node: dict[str, Any], kind: str) -> Iterator[Said]:
    yield from (_at(node, f"{word} {kind} is not ES3") for word in NEWER if node.get(word))
    if kind == "VariableDeclaration" and node["kind"] != "var":
        yield _at(node, f"{node['kind']} is not ES3: use var")
    if kind == "Property" and (node["kind"] != "init" or node.get("computed")):
        yield _at(node, "getters, setters and computed names are not ES3")
    if kind == "Identifier" and node["name"] in RESERVED:
        yield _at(node, f"{node['name']} is a reserved word: write it as a text")
    if kind in NAMES_ONLY:
        found = node.get(NAMES_ONLY[kind])
        for name in found if isinstance(found, list) else [found]:
            if not name or name["type"] != "Identifier":
                yield _at(name or node, f"{kind} needs a plain name in ES3")


def _tokens(tokens: list[dict[str, Any]], source: str) -> Iterator[Said]:
    for token in tokens:
        kind, value = token["type"], token["value"]
        raw = source[slice(*token["range"])]
        if kind not in TOKENS or (kind == "Punctuator" and value not in PUNCTUATORS):
            yield _at(token, f"{value} is not ES3")
        elif kind == "Numeric" and not (NUMBER.fullmatch(raw) and not re.match(r"0\d", raw)):
            yield _at(token, f"{raw} is no number of ES3: no octal, binary, big ones or separators")
        elif kind in ("Identifier", "Keyword") and "\\" in raw:
            yield _at(token, "a name with an escape")
        elif kind == "String" and re.search(r"(?<!\\)(?:\\\\)*\\u\{", raw):
            yield _at(token, "\\u{} is not ES3")
        elif kind == "RegularExpression":
            yield from _pattern(token, raw)
    for one, two in pairwise(tokens):
        if one["value"] == "," and one["type"] == "Punctuator" == two["type"] and two["value"] in ")]}":
            yield _at(one, "trailing comma")


def _pattern(token: dict[str, Any], raw: str) -> Iterator[Said]:
    body, _, flags = raw[1:].rpartition("/")
    if set(flags) - set("gim") or len(set(flags)) != len(flags):
        yield _at(token, "Invalid regular expression flag")
    newer = [
        e for e in ("\\p", "\\P", "\\k", "\\u{") if any(body.startswith(e, f.start()) for f in ESCAPE.finditer(body))
    ]
    if newer or GROUP.search(CLASS.sub("", ESCAPE.sub("", body))):
        yield _at(token, "Invalid regular expression: only (?: (?= and (?! are ES3, and no named groups or classes")


def _comments(comments: list[dict[str, Any]], source: str) -> Iterator[Said]:
    for comment in comments:
        if not source[comment["range"][0] :].startswith(("//", "/*")):
            yield _at(comment, "a comment of HTML")

"""Reads one cmd.exe command line into nodes of plain JSON, so that a half-done line can be saved."""

from __future__ import annotations

import re
from typing import TypeAlias

from remediate.lab.errors import LabError, NotModelled
from remediate.model import Json

Node: TypeAlias = "dict[str, Json]"
"""``do``: simple {text, redirect} | group {body, redirect} | if {test, then, else} | both/and/or/pipe {left, right}."""

_OPERATORS = {"&": "both", "&&": "and", "||": "or", "|": "pipe"}
_LEVELS = (("&",), ("||",), ("&&",), ("|",))
_SPECIAL = "&|<>()"
_BLANK = " \t,;="


class SyntaxProblem(LabError):
    """cmd.exe cannot read the line; nothing of it is carried out."""

    def __init__(self, near: str) -> None:
        super().__init__(
            1, f"{near} was unexpected at this time." if near else "The syntax of the command is incorrect."
        )


def parse(line: str) -> Node | None:
    """The node of a line whose variables are expanded already; None for a blank line. Raises SyntaxProblem."""
    parser = _Parser(_marked(line))
    node = parser.sequence(0, depth=0)
    left = parser.peek() or parser.word()
    if left:
        raise SyntaxProblem(left)
    return node


def depth_of(line: str) -> int:
    """How many parentheses that group commands are still open at the end of a line."""
    depth, start = 0, True
    for char, special in _marked(line):
        if special and char == "(" and start:
            depth += 1
        elif special and char == ")" and depth:
            depth -= 1
        elif special and char in "&|":
            start = True
            continue
        start = (start and char in " \t@(") or _opens(line)
    return depth


def _opens(line: str) -> bool:
    """An ``if`` or ``else`` may have its group anywhere after its condition."""
    return re.match(r"[\s@(]*(\)\s*else|if)\b", line, re.IGNORECASE) is not None


def _marked(line: str) -> list[tuple[str, bool]]:
    """Characters without carets, each with whether it is an operator: neither quoted nor escaped."""
    found: list[tuple[str, bool]] = []
    quoted, at = False, 0
    while at < len(line):
        char = line[at]
        if char == "^" and not quoted:
            at += 1
            if at < len(line):
                found.append((line[at], False))
        else:
            quoted ^= char == '"'
            found.append((char, char in _SPECIAL and not quoted))
        at += 1
    return found


class _Parser:
    def __init__(self, chars: list[tuple[str, bool]]) -> None:
        self._chars = chars
        self._at = 0

    def peek(self) -> str:
        """The operator at this place, or ""."""
        self._skip()
        if self._at >= len(self._chars) or not self._chars[self._at][1]:
            return ""
        char = self._chars[self._at][0]
        double = self._at + 1 < len(self._chars) and self._chars[self._at + 1] == (char, True)
        return char * 2 if double and char in "&|" else char

    def _skip(self) -> None:
        while self._at < len(self._chars) and self._chars[self._at][0] in " \t":
            self._at += 1

    def _rest(self) -> str:
        return "".join(char for char, _ in self._chars[self._at :])

    def sequence(self, level: int, *, depth: int) -> Node | None:
        """Commands joined by the operators of ``level`` and those that bind closer."""
        if level == len(_LEVELS):
            return self.command(depth=depth)
        left = self.sequence(level + 1, depth=depth)
        while (mark := self.peek()) in _LEVELS[level]:
            self._at += len(mark)
            right = self.sequence(level + 1, depth=depth)
            if left is None or (right is None and mark != "&"):
                raise SyntaxProblem(mark)
            if right is not None:
                left = {"do": _OPERATORS[mark], "left": left, "right": right}
        return left

    def command(self, *, depth: int) -> Node | None:
        self._skip()
        while self._at < len(self._chars) and self._chars[self._at][0] == "@":
            self._at += 1
            self._skip()
        if self.peek() == "(":
            return self._group(depth)
        if re.match(r"if[\s(]", self._rest(), re.IGNORECASE):
            return self._if(depth)
        if re.match(r"for\s", self._rest(), re.IGNORECASE):
            raise NotModelled("the command for of cmd.exe")
        return self._simple(depth)

    def _group(self, depth: int) -> Node:
        self._at += 1
        body = self.sequence(0, depth=depth + 1)
        if self.peek() != ")" or body is None:
            raise SyntaxProblem(self.peek() or ")")
        self._at += 1
        redirects: list[Json] = []
        while (digit := self._digit()) or self.peek() in ("<", ">"):
            redirects.append(self._redirect(digit))
        return {"do": "group", "body": body, "redirect": redirects}

    def _digit(self) -> str:
        """The number in front of a redirection behind a group, or ""."""
        self._skip()
        char, special = (*self._chars[self._at : self._at + 2], ("", False), ("", False))[:2]
        if not char[0].isdigit() or special not in (("<", True), (">", True)):
            return ""
        self._at += 1
        return char[0]

    def word(self) -> str:
        """The next word, quotes kept."""
        while self._at < len(self._chars) and self._chars[self._at][0] in " \t":
            self._at += 1
        word, quoted = "", False
        while self._at < len(self._chars):
            char, special = self._chars[self._at]
            if special or (char in " \t" and not quoted):
                break
            quoted ^= char == '"'
            word += char
            self._at += 1
        return word

    def _if(self, depth: int) -> Node:
        self.word()
        test: dict[str, Json] = {"not": False, "fold": False}
        word = self.word()
        while word.lower() in ("not", "/i"):
            test["not" if word.lower() == "not" else "fold"] = True
            word = self.word()
        kind = word.lower()
        if kind in ("exist", "errorlevel", "defined"):
            test |= {"kind": kind, "of": self.word()}
        else:
            test |= self._comparison(word)
        then = self.sequence(0, depth=depth) if self.peek() != "(" else self._group(depth)
        otherwise: Node | None = None
        if then is not None and then["do"] == "group":
            if re.match(r"\s*else\b", self._rest(), re.IGNORECASE):
                self.word()
                otherwise = self.sequence(0, depth=depth)
            elif (mark := self.peek()) in _OPERATORS:
                self._at += len(mark)
                right = self.sequence(0, depth=depth)
                then = {"do": _OPERATORS[mark], "left": then, "right": right} if right else then
        if then is None:
            raise SyntaxProblem("")
        return {"do": "if", "test": test, "then": then, "else": otherwise}

    def _comparison(self, word: str) -> dict[str, Json]:
        left, mark, right = word.partition("==")
        if not mark:
            operator = self.word()
            if operator.startswith("=="):
                mark, right = "==", operator[2:]
            elif operator.lower() in ("equ", "neq", "lss", "leq", "gtr", "geq"):
                return {"kind": operator.lower(), "of": left, "to": self.word()}
        if not mark:
            raise SyntaxProblem(operator)
        return {"kind": "==", "of": left, "to": right or self.word()}

    def _simple(self, depth: int) -> Node | None:
        text, redirects = "", list[Json]()
        while self._at < len(self._chars):
            char, special = self._chars[self._at]
            if special and (char in "&|" or (char == ")" and depth)):
                break
            if special and char in "<>":
                digit = text[-1:] if text[-1:].isdigit() and text[-2:-1] in ("", *_BLANK) else ""
                text = text[: len(text) - len(digit)]
                redirects.append(self._redirect(digit))
            else:
                text += char
                self._at += 1
        if not text.strip() and not redirects:
            return None
        return {"do": "simple", "text": text.lstrip(" \t"), "redirect": redirects}

    def _redirect(self, digit: str) -> Json:
        """``{fd, mode, to}``: mode ``<``, ``>``, ``>>`` or ``&`` (the same as another one)."""
        self._skip()
        mark = self._chars[self._at][0]
        self._at += 1
        fd = int(digit or (0 if mark == "<" else 1))
        following = self._chars[self._at : self._at + 2]
        if mark == ">" and following[:1] == [(">", True)]:
            mark = ">>"
            self._at += 1
        elif following[:1] == [("&", True)] and len(following) > 1 and following[1][0].isdigit():
            self._at += 2
            return {"fd": fd, "mode": "&", "to": following[1][0]}
        target = self.word()
        if not target:
            raise SyntaxProblem("")
        return {"fd": fd, "mode": mark, "to": target.replace('"', "")}

"""argparse as this program wants it: mistakes are user errors that name the nearest right word, help is one page."""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NoReturn

from remediate.errors import UserError

EXITS: Mapping[int, str] = MappingProxyType(
    {
        0: "compliant or done",
        1: "a file or an argument is wrong; no host was touched",
        2: "changes are pending (plan, verify, --check), or the proof was left out (-t, --skip-tags)",
        3: "a gate is closed (window, lock, approval); no host was touched",
        4: "a host failed, was blocked or could not be reached",
        130: "interrupted",
    }
)
SIMPLE = (0, 1)
"""Exit codes of commands that contact no host."""


def exit_codes(codes: Collection[int] = tuple(EXITS)) -> str:
    """The table of exit codes at the foot of a help page."""
    return "exit codes:\n" + "".join(f"  {code:<4} {EXITS[code]}\n" for code in codes)


class HelpWanted(Exception):
    """Raised by ``--help``; carries the page."""

    def __init__(self, page: str) -> None:
        super().__init__(page)
        self.page = page


class _Help(argparse.Action):
    def __init__(self, option_strings: Sequence[str], **_: object) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, help="show this page")

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        raise HelpWanted(parser.format_help())


class Parser(argparse.ArgumentParser):
    """Never exits and never prints: raises ``UserError`` or ``HelpWanted``."""

    def __init__(
        self, command: str, summary: str, *, examples: Sequence[str] = (), exits: Collection[int] = tuple(EXITS)
    ) -> None:
        shown = "examples:\n" + "".join(f"  {line}\n" for line in examples) + "\n" if examples else ""
        super().__init__(
            prog=f"remediate {command}",
            description=summary,
            epilog=shown + exit_codes(exits),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            add_help=False,
            allow_abbrev=False,
        )
        self.command = command
        self.add_argument("-h", "--help", action=_Help)

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """The options in ``words``; ``UserError`` for anything unknown or missing."""
        options, unknown = self.parse_known_args(list(words))
        if unknown:
            raise self._unknown(unknown[0], words)
        return options

    def error(self, message: str) -> NoReturn:
        message = re.sub(r"^the following arguments are required: (.+)$", r"\1 is missing", message)
        raise UserError(message, hint=f"see `remediate {self.command} --help`")

    def _unknown(self, word: str, words: Sequence[str]) -> UserError:
        if _continues_variables(word, words):
            hint = "a value with blanks is quoted: -e 'note=\"two words\"'"
            return UserError("a word behind -e is one argument too many", hint=hint)
        if not word.startswith("-") or word == "-":
            return UserError(
                f"{word.partition('=')[0]!r} is one argument too many", hint=f"see `remediate {self.command} --help`"
            )
        from remediate.language.words import nearest

        option = word.partition("=")[0]
        near = nearest(option, [name for name in self._option_string_actions if name.startswith("--")])
        hint = f"did you mean {near}?" if near else f"see `remediate {self.command} --help`"
        return UserError(f"`remediate {self.command}` has no option {option}", hint=hint)


def _continues_variables(word: str, words: Sequence[str]) -> bool:
    """Whether a word may be the second half of a value of ``-e``: such a value may be a secret and is not repeated."""
    at = list(words).index(word)
    before = [*words[max(0, at - 2) : at], ""]
    return not word.startswith("-") and any(re.match(r"-[hkv]*e|--extra-vars", one) for one in before)

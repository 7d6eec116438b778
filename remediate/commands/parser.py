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
_PASSWORD = re.compile(r"-[hv]*k(?![hkv]*[A-Za-z]?\Z)", re.DOTALL)
"""``-k`` with more behind it than other options."""
_WHOLE = re.compile(r"-?[0-9]{1,9}\Z")
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
            exit_on_error=False,
        )
        self.command = command
        self.add_argument("-h", "--help", action=_Help)

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """The options in ``words``; ``UserError`` for anything unknown or missing."""
        self._refuse_password(words)
        try:
            options, unknown = self.parse_known_args(list(words))
        except argparse.ArgumentError as error:  # what is behind a flag may be a secret: only the option is named
            option = (error.argument_name or "an option").split("/")[-1]
            said = "takes no value" if error.message.startswith("ignored explicit") else "is not right as it is given"
            raise UserError(f"{option} {said}", hint=self._page) from None
        if unknown:
            raise self._unknown(unknown[0], words)
        return options

    def error(self, message: str) -> NoReturn:
        missing = re.sub(r"^the following arguments are required: (.+)$", r"\1 is missing", message)
        raise UserError(missing if missing != message else "these arguments do not fit", hint=self._page)

    @property
    def _page(self) -> str:
        return f"see `remediate {self.command} --help`"

    def _refuse_password(self, words: Sequence[str]) -> None:
        """``-kPASSWORD`` would be taken apart into options, and their values be told."""
        own = list(words)[: list(words).index("--")] if "--" in words else words
        if "-k" in self._option_string_actions and any(_PASSWORD.match(word) for word in own):
            hint = "-k alone asks for the password, or reads it from a pipe; others would see it in the command line"
            raise UserError("-k takes no value", hint=hint)

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is None or value in action.choices:
            return
        from remediate.language.words import shown, suggestion

        hint = suggestion(str(value), map(str, action.choices), what="there are")
        if action.option_strings:
            raise UserError(f"{_name(action)} cannot be {shown(value)}", hint=hint)
        raise UserError(f"`remediate {self.command}` knows no {shown(value)}", hint=hint)

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        if action.type is int and not _WHOLE.match(arg_string):
            raise UserError(f"{_name(action)} must be a whole number", hint=f"as in {_name(action)} 5")
        return super()._get_value(action, arg_string)

    def _match_argument(self, action: argparse.Action, arg_strings_pattern: str) -> int:
        try:
            return int(super()._match_argument(action, arg_strings_pattern))
        except argparse.ArgumentError:
            hint = f"a value that begins with a dash is joined to it: {_name(action)}=VALUE"
            raise UserError(f"{_name(action)} needs a value", hint=hint) from None

    def _unknown(self, word: str, words: Sequence[str]) -> UserError:
        if _continues_variables(word, words):
            hint = "a value with blanks is quoted: -e 'note=\"two words\"'"
            return UserError("a word behind -e is one argument too many", hint=hint)
        if not word.startswith("-") or word == "-":
            if _is_password(word, words):
                return UserError("a word behind -k is one argument too many", hint="-k alone asks for the password")
            return UserError(f"{word.partition('=')[0]!r} is one argument too many", hint=self._page)
        from remediate.language.words import nearest

        option = word.partition("=")[0] if word.startswith("--") else word[:2]
        near = nearest(option, [name for name in self._option_string_actions if name.startswith("--")])
        hint = f"did you mean {near}?" if near else self._page
        return UserError(f"`remediate {self.command}` has no option {option}", hint=hint)


def _continues_variables(word: str, words: Sequence[str]) -> bool:
    """Whether a word may be the second half of a value of ``-e``: such a value may be a secret and is not repeated."""
    at = list(words).index(word)
    before = [*words[max(0, at - 2) : at], ""]
    return not word.startswith("-") and any(re.match(r"-[hkv]*e|--extra-vars", one) for one in before)


def _is_password(word: str, words: Sequence[str]) -> bool:
    """Whether a word stands where one who does not know ``-k`` puts the password."""
    at = list(words).index(word)
    return at > 0 and bool(re.match(r"--ask-pass\Z|-[hkv]*k[hkv]*\Z", words[at - 1]))


def _name(action: argparse.Action) -> str:
    """The long spelling of an option; what stands for an argument."""
    return action.option_strings[-1] if action.option_strings else str(action.metavar or action.dest)

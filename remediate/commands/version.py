"""``remediate version``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate import __version__
from remediate.commands.parser import SIMPLE, Parser

if TYPE_CHECKING:
    import argparse

    from remediate.project.outside import Outside


def parser() -> Parser:
    return Parser("version", "Print the version of this program.", exits=SIMPLE)


def main(_: argparse.Namespace, outside: Outside) -> int:
    outside.print(f"remediate {__version__}")
    return 0

"""A command line as it is run by somebody: in a process of theirs, with the policy of a test.

python -m tests.approvals.person POLICY WORDS...
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from remediate.commands.cli import run
from remediate.project.outside import Outside

if __name__ == "__main__":
    policy, *words = sys.argv[1:]
    sys.exit(run(words, dataclasses.replace(Outside.of_this_process(), policy=Path(policy))))

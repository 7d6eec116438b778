"""pypsrp's Process with a plain pipe as standard input: pypsrp itself always asks for a console."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from pypsrp.shell import Process
from pypsrp.wsman import NAMESPACES, OptionSet


class PipedProcess(Process):
    def begin_invoke(self) -> None:
        options = OptionSet()
        options.add_option("WINRS_CONSOLEMODE_STDIN", "FALSE")
        options.add_option("WINRS_SKIP_CMD_SHELL", "FALSE")
        rsp = NAMESPACES["rsp"]
        line = ET.Element(f"{{{rsp}}}CommandLine")
        ET.SubElement(line, f"{{{rsp}}}Command").text = self.executable
        shell = self.shell
        answer = shell.wsman.command(shell.resource_uri, line, option_set=options, selector_set=shell._selector_set)
        found = answer.find("rsp:CommandResponse/rsp:CommandId", namespaces=NAMESPACES)
        assert found is not None
        self.id = found.text

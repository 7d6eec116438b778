"""MSXML2.DOMDocument as far as scripts use it to turn base64 and hexadecimal text into bytes and back."""

from __future__ import annotations

import base64
import binascii
import textwrap

from remediate.lab.com.base import TYPE_MISMATCH, ByteArray, ComError, ComObject, Refused, text
from remediate.lab.com.run import Run

PARSE_ERROR = 0xC00CE223
LINE = 72
"""Characters per line of base64 as MSXML writes it. Likely."""


class Element(ComObject):
    """One element with a data type."""

    prog = "IXMLDOMElement"

    def __init__(self, name: str) -> None:
        self._name = name
        self._text = ""
        self._type = ""

    @property
    def node_name(self) -> str:
        return self._name

    @property
    def text(self) -> str:
        return self._text

    @text.setter
    def text(self, value: object) -> None:
        self._text = text(value)

    @property
    def data_type(self) -> str | None:
        return self._type or None

    @data_type.setter
    def data_type(self, value: object) -> None:
        kind = text(value).lower()
        if kind not in ("bin.base64", "bin.hex"):
            raise Refused(0x80070057, "The parameter is incorrect.", f"MSXML data type {kind}")
        self._type = kind

    @property
    def node_typed_value(self) -> object:
        if not self._type:
            return self._text
        try:
            if self._type == "bin.hex":
                return ByteArray(bytes.fromhex(self._text))
            return ByteArray(_from_base64(self._text))
        except (ValueError, binascii.Error):
            raise ComError(PARSE_ERROR, f"Error parsing '{self._text[:40]}' as {self._type} datatype.") from None

    @node_typed_value.setter
    def node_typed_value(self, value: object) -> None:
        if not self._type:
            self._text = text(value)
        elif not isinstance(value, ByteArray):
            raise ComError(TYPE_MISMATCH, "Type mismatch")
        elif self._type == "bin.hex":
            self._text = value.com_bytes().hex()
        else:
            self._text = "\n".join(textwrap.wrap(base64.b64encode(value.com_bytes()).decode("ascii"), LINE))


def _from_base64(words: str) -> bytes:
    try:
        return base64.b64decode(words, validate=True)
    except ValueError:  # with white space, which is allowed
        return base64.b64decode("".join(words.split()), validate=True)


class DomDocument(ComObject):
    """Makes elements; parsing XML is not modelled."""

    prog = "MSXML2.DOMDocument"

    def __init__(self, run: Run) -> None:
        pass

    def create_element(self, name: object) -> Element:
        return Element(text(name))

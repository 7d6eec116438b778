"""Takes ASN.1 in DER apart, just as far as an Authenticode signature needs; raises ValueError for what is none."""

from __future__ import annotations

from dataclasses import dataclass

INTEGER, OCTETS, OID, SEQUENCE, SET = 0x02, 0x04, 0x06, 0x30, 0x31
MOST = 4096


@dataclass(frozen=True, slots=True)
class Node:
    """One value: ``body`` is its content, ``whole`` that and what stands before it."""

    tag: int
    body: bytes
    whole: bytes

    def children(self) -> tuple[Node, ...]:
        found: list[Node] = []
        at = 0
        while at < len(self.body):
            node = parse(self.body[at:])
            at += len(node.whole)
            found.append(node)
            if len(found) > MOST:
                raise ValueError("too many parts")
        return tuple(found)

    def child(self, number: int, tag: int) -> Node:
        """The part at ``number``, which has to be of this kind."""
        parts = self.children()
        if not 0 <= number < len(parts) or parts[number].tag != tag:
            raise ValueError(f"part {number} is no {tag:#x}")
        return parts[number]

    def tagged(self, tag: int) -> Node | None:
        """The first part of this kind."""
        return next((part for part in self.children() if part.tag == tag), None)

    @property
    def dotted(self) -> str:
        """An object identifier, such as ``1.2.840.113549.1.7.2``."""
        if self.tag != OID or not self.body:
            raise ValueError("no object identifier")
        numbers, value = [min(self.body[0] // 40, 2), self.body[0] - 40 * min(self.body[0] // 40, 2)], 0
        for byte in self.body[1:]:
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                numbers.append(value)
                value = 0
        return ".".join(map(str, numbers))


def parse(data: bytes) -> Node:
    """The value at the beginning of ``data``; what stands behind it is left."""
    if len(data) < 2:
        raise ValueError("cut short")
    length, start = data[1], 2
    if length & 0x80:
        start += length & 0x7F
        if not 2 < start <= 6 or len(data) < start:
            raise ValueError("a length that cannot be")
        length = int.from_bytes(data[2:start], "big")
    if start + length > len(data):
        raise ValueError("cut short")
    return Node(data[0], data[start : start + length], data[: start + length])

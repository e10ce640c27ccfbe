"""Writes small files in the MMDB format, version 2.0: a tree of address bits, values, and what the file is."""

import struct
from collections.abc import Mapping
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_network

TEXT, DOUBLE, UINT16, UINT32, MAP, UINT64, ARRAY, FLAG = 2, 3, 5, 6, 7, 9, 11, 14
EXTENDED = 7  # kinds above it have a byte of their own
ONE_BYTE, TWO_BYTES = 29, 285  # from these sizes on one or two bytes follow
MARK, GAP, RECORD_BITS, ALL_BITS = b"\xab\xcd\xefMaxMind.com", bytes(16), 24, 128

Value = str | float | bool | int | bytes | Mapping[str, "Value"] | list["Value"]
Node = list["Node | int | None"]


def mmdb(kind: str, rows: Mapping[str, Value], built_at: datetime) -> bytes:
    """Make a file of `kind` from values by network (CIDR); a smaller network wins over one around it."""
    root: Node = [None, None]
    values, offsets = bytearray(), dict[bytes, int]()
    bits = {_bits(ip_network(network)): encoded(value) for network, value in rows.items()}
    for path, value in sorted(bits.items(), key=lambda pair: len(pair[0])):
        if value not in offsets:
            offsets[value] = len(values)
            values += value
        _put(root, path, offsets[value])
    nodes = _listed(root)
    return _tree(nodes) + GAP + bytes(values) + MARK + encoded(_about(kind, len(nodes), built_at))


def encoded(value: Value) -> bytes:
    """Write one value; bytes are taken as written already, whole numbers are 32 bits wide."""
    match value:
        case bytes():
            return value
        case Mapping():
            return _head(MAP, len(value)) + b"".join(encoded(k) + encoded(v) for k, v in value.items())
        case list():
            return _head(ARRAY, len(value)) + b"".join(encoded(v) for v in value)
        case str():
            return _head(TEXT, len(value.encode())) + value.encode()
        case _:
            return _number(value)


def _number(value: float) -> bytes:
    if isinstance(value, bool):
        return _head(FLAG, int(value))
    return whole(UINT32, value) if isinstance(value, int) else _head(DOUBLE, 8) + struct.pack(">d", value)


def whole(kind: int, number: int) -> bytes:
    """Write a whole number of one of the unsigned kinds, in as few bytes as it needs."""
    size = (number.bit_length() + 7) // 8
    return _head(kind, size) + number.to_bytes(size, "big")


def _head(kind: int, size: int) -> bytes:
    """Write kind and size, up to 65,820."""
    first, more = (size, b"") if size < ONE_BYTE else (ONE_BYTE, bytes([(size - ONE_BYTE) & 0xFF]))
    if size >= TWO_BYTES:
        first, more = ONE_BYTE + 1, (size - TWO_BYTES).to_bytes(2, "big")
    if kind > EXTENDED:
        return bytes([first, kind - EXTENDED]) + more
    return bytes([kind << 5 | first]) + more


def _bits(network: IPv4Network | IPv6Network) -> str:
    """Give the bits of a network in the tree, where IPv4 is ::/96."""
    address = int(network.network_address)
    around = ALL_BITS - network.max_prefixlen
    return f"{address:0{ALL_BITS}b}"[: around + network.prefixlen]


def _put(root: Node, bits: str, offset: int) -> None:
    """Hang a value into the tree; a value that is met on the way is handed down to both sides."""
    node = root
    for bit in bits[:-1]:
        side = int(bit)
        below = node[side]
        if not isinstance(below, list):
            below = node[side] = [below, below]
        node = below
    node[int(bits[-1])] = offset


def _listed(root: Node) -> list[Node]:
    """List all nodes, parents before children."""
    nodes = [root]
    for node in nodes:
        nodes.extend(below for below in node if isinstance(below, list))
    return nodes


def _tree(nodes: list[Node]) -> bytes:
    """Write the nodes: each side is a node's number, the number of nodes for nothing, or beyond it a value."""
    numbers = {id(node): number for number, node in enumerate(nodes)}

    def side(below: Node | int | None) -> int:
        if isinstance(below, list):
            return numbers[id(below)]
        return len(nodes) if below is None else len(nodes) + len(GAP) + below

    return b"".join(side(below).to_bytes(RECORD_BITS // 8, "big") for node in nodes for below in node)


def _about(kind: str, nodes: int, built_at: datetime) -> Value:
    return {
        "binary_format_major_version": whole(UINT16, 2),
        "binary_format_minor_version": whole(UINT16, 0),
        "build_epoch": whole(UINT64, int(built_at.timestamp())),
        "database_type": kind,
        "description": {"en": "Made-up values over documentation addresses"},
        "ip_version": whole(UINT16, 6),
        "languages": ["en"],
        "node_count": whole(UINT32, nodes),
        "record_size": whole(UINT16, RECORD_BITS),
    }

# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Damage to bytes, whatever they mean. Each mutator takes a generator, the bytes, and bytes of another file, and answers the new bytes."""


def flip(rng, data, other):
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def truncate(rng, data, other):
    return data[:rng.randrange(len(data))]


def span(rng, data):
    begin = rng.randrange(len(data))
    return begin, min(len(data), begin + rng.choice([1, 2, 8, 64, 1024]))


def drop(rng, data, other):
    begin, end = span(rng, data)
    return data[:begin] + data[end:]


def repeat(rng, data, other):
    begin, end = span(rng, data)
    return data[:end] + data[begin:end] * rng.choice([1, 2, 100]) + data[end:]


def splice(rng, data, other):
    begin, end = span(rng, other)
    at = rng.randrange(len(data))
    return data[:at] + other[begin:end] + data[at:]


def join(rng, data, other):
    """Two files one after the other: for protobuf one message with the fields of both."""
    return data + other


def overwrite(rng, data, other):
    """Bytes that begin something long, negative or huge as a varint, a length or a number."""
    plant = rng.choice([b"\xff" * 9 + b"\x01", b"\xff\xff\xff\xff\x07", b"\x80" * 10, b"\xff" * 16, b"\0" * 16, b"\x7f" * 8, b"\xff\xff\xff\xff\x0f"])
    at = rng.randrange(len(data))
    return data[:at] + plant + data[at + rng.choice([0, 1, len(plant)]):]


def field(number, content):
    """A field of a protobuf message that holds bytes."""
    size, length = len(content), b""
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


def nest(rng, data, other):
    """One node more, with a graph in an attribute, in which a node has a graph in an attribute, and so on."""
    node = field(4, b"Relu") + field(1, b"x") + field(2, b"y")
    for _ in range(rng.choice([3, 24, 33, 90, 500, 2000])):
        attribute = field(1, b"then_branch") + field(6, field(1, node)) + b"\xa0\x01\x05"  # name, g, type = GRAPH
        node = field(4, b"If") + field(1, b"x") + field(2, b"z") + field(5, attribute)
    return data + field(7, field(1, node))  # parsed as part of the graph that is there


ALL = [flip, flip, flip, truncate, drop, repeat, splice, join, overwrite, nest]


def mutate(rng, data, other):
    """Damaged bytes, other than `data`, and the mutator's name."""
    while True:
        mutator = rng.choice(ALL)
        made = mutator(rng, data, other)
        if made != data:
            return made, mutator.__name__

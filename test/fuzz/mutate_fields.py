# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Damage to fields of a protobuf message, found by reflection: any field of any message inside a model may get any value of its type."""
from google.protobuf.descriptor import FieldDescriptor as D

INTEGERS = [0, 1, -1, 2, -2, 3, 4, 7, 8, 16, 31, 33, 64, 65, 127, 255, 1000, 65536, 10**6, 2**31 - 1, 2**31, -2**31, 2**32, 2**40, 2**62,
            -2**62, 2**63 - 1, -2**63]
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, 1e-45, 1e38, -1e38, float("inf"), float("-inf"), float("nan"), 2.0**31, 2.0**63, -2.0**63]
STRINGS = ["", "x", "y", "\0", "x\0y", "../../../../escape", "/tmp/adze-escape", "a/b/../c", "é" * 300, "%s%n%d", "\x1b[31m\n\r", "n" * 100000,
           "ai.onnx", "ai.onnx.ml", "constant", "NOTSET", "SAME_UPPER", "bilinear", "reverse", ";", "'", '"', "{", "}", "#", "?", "weights.bin"]
INT_BITS = {D.TYPE_INT32: 32, D.TYPE_ENUM: 32, D.TYPE_SINT32: 32, D.TYPE_INT64: 64, D.TYPE_UINT64: 64}


def messages(message, depth=0):
    """The message and all inside it."""
    yield message
    if depth < 40:
        for field, value in message.ListFields():
            if field.type == D.TYPE_MESSAGE:
                for inner in (value if field.is_repeated else [value]):
                    yield from messages(inner, depth + 1)


def scalar(rng, field, old):
    """A value for a field that is no message; sometimes near the old one."""
    if field.type in INT_BITS:
        if field.type == D.TYPE_ENUM:
            return rng.choice([v.number for v in field.enum_type.values])
        if field.name in ("data_type", "elem_type"):
            return rng.randrange(0, 28)
        value = old + rng.choice([-1, 1, 2]) if isinstance(old, int) and rng.random() < 0.3 else rng.choice(INTEGERS)
        bits = INT_BITS[field.type]
        if field.type == D.TYPE_UINT64:
            return value % 2**64
        return (value + 2**(bits - 1)) % 2**bits - 2**(bits - 1)
    if field.type in (D.TYPE_FLOAT, D.TYPE_DOUBLE):
        return rng.choice(FLOATS)
    if field.type == D.TYPE_BYTES:
        return rng.choice([b"", bytes(rng.randrange(256) for _ in range(rng.choice([1, 8, 100]))), rng.choice(STRINGS).encode()])
    return rng.choice(STRINGS)


def change_repeated(rng, message, field, donors):
    values = getattr(message, field.name)
    if field.type == D.TYPE_MESSAGE:
        kept = [type(v).FromString(v.SerializeToString()) for v in values]
        same = [m for m in donors if m.DESCRIPTOR is field.message_type]
    else:
        kept = list(values)
        same = [scalar(rng, field, kept[0] if kept else None)]
    how = rng.randrange(6)
    if how == 0 and kept:
        del kept[rng.randrange(len(kept))]
    elif how == 1 and kept:
        kept.insert(rng.randrange(len(kept) + 1), rng.choice(kept))
    elif how == 2:
        rng.shuffle(kept)
    elif how == 3 and same:
        kept.insert(rng.randrange(len(kept) + 1), rng.choice(same))
    elif how == 4 and same and kept:
        kept[rng.randrange(len(kept))] = rng.choice(same)
    elif kept and field.type != D.TYPE_MESSAGE:
        kept[rng.randrange(len(kept))] = scalar(rng, field, kept[0])
    message.ClearField(field.name)
    getattr(message, field.name).extend(kept)


def change(rng, message, donors):
    """Changes one field of a message."""
    present = [field for field, _ in message.ListFields()]
    field = rng.choice(present if present and rng.random() < 0.8 else message.DESCRIPTOR.fields)
    if field.is_repeated:
        change_repeated(rng, message, field, donors)
    elif field.type != D.TYPE_MESSAGE:
        setattr(message, field.name, scalar(rng, field, getattr(message, field.name)))
    else:
        same = [m for m in donors if m.DESCRIPTOR is field.message_type]
        if same and rng.random() < 0.7:
            copy = type(same[0]).FromString(rng.choice(same).SerializeToString())
            getattr(message, field.name).CopyFrom(copy)
        else:
            message.ClearField(field.name)


def mutate(rng, model, other):
    """Changes some fields anywhere in `model`; messages may come from `other`."""
    for _ in range(rng.choice([1, 1, 2, 3, 6])):
        inside = list(messages(model))
        kinds = sorted({m.DESCRIPTOR.full_name for m in inside})
        kind = rng.choice(kinds)  # else most changes would be to tensor types
        donors = inside + (list(messages(other)) if rng.random() < 0.5 else [])
        change(rng, rng.choice([m for m in inside if m.DESCRIPTOR.full_name == kind]), donors)

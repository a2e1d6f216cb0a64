# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Mutants of artifacts. Those of code and metadata must be refused before a byte of them is executed; altered weights must be found by
`adze inspect --verify`. An artifact is an executable, so a forged one with right digests is not defended against, but reading its
metadata is: mutants of those get right digests."""
import functools
import json
import os
import random
import struct
import subprocess

import bases
import mutate_bytes
import numpy as np
import xxhash

import adze

# runtime/artifact.h
TRAILER = struct.Struct("<8sIIQQQQQQ16s16s32s")
FIELDS = ("magic", "abi_version", "trailer_bytes", "file_bytes", "code_bytes", "weights_offset", "weights_bytes", "metadata_offset",
          "metadata_bytes", "code_digest", "weights_digest", "reserved")
NUMBERS = [0, 1, 127, 128, 4096, 2**31, 2**32, 2**62, 2**63 - 1, 2**63, 2**64 - 1]
SECONDS = 60  #: on the clock: each of these takes milliseconds
MODELS = ("loop", "external", "quantised", "recurrent", "scan", "transformer")


@functools.lru_cache(None)
def artifact(name):
    """The bytes of one of our own models, compiled."""
    base = bases.own(name)
    for file, content in base.files.items():
        with open(file, "wb") as f:
            f.write(content)
    adze.compile(base.model, base_dir=".").save("base.so")
    with open("base.so", "rb") as f:
        return f.read()


def parts(data):
    t = dict(zip(FIELDS, TRAILER.unpack(data[-TRAILER.size:])))
    return t, data[:t["code_bytes"]], data[t["weights_offset"]:t["metadata_offset"]], data[t["metadata_offset"]:-TRAILER.size]


def trailer(fields):
    return TRAILER.pack(*(fields[name] for name in FIELDS))


def signed(data, metadata):
    """The artifact with other metadata and the digest of these."""
    t, code, _, _ = parts(data)
    t.update(metadata_bytes=len(metadata), file_bytes=t["metadata_offset"] + len(metadata) + TRAILER.size, code_digest=bytes(16))
    t["code_digest"] = xxhash.xxh3_128(code + metadata + trailer(t)).digest()
    return data[:t["metadata_offset"]] + metadata + trailer(t)


def at(data, offset, plant):
    return data[:offset] + plant + data[offset + len(plant):]


def headers(rng, data):
    """The ELF header, the program headers, the dynamic section's beginning."""
    return at(data, rng.randrange(64 + 56 * 8), rng.choice([b"\xff" * 8, b"\0" * 8, bytes([rng.randrange(256)]), struct.pack("<Q", 2**62)]))


def code(rng, data):
    t, *_ = parts(data)
    return at(data, rng.randrange(t["code_bytes"] - 16), rng.choice([b"\xcc" * 16, bytes([rng.randrange(256)]), b"\0" * 16]))


def metadata(rng, data):
    t, *_ = parts(data)
    begin, size = t["metadata_offset"], t["metadata_bytes"]
    piece, _ = mutate_bytes.mutate(rng, data[begin:begin + size], data[:4096])
    return data[:begin] + piece + data[begin + size:]


def trailer_field(rng, data):
    t, *_ = parts(data)
    name = rng.choice(FIELDS)
    if isinstance(t[name], int):
        wide = name not in ("abi_version", "trailer_bytes")
        t[name] = rng.choice(NUMBERS) if rng.random() < 0.6 else t[name] + rng.choice([-4096, -1, 1, 4096])
        t[name] %= 2**64 if wide else 2**32
    else:
        t[name] = mutate_bytes.flip(rng, t[name], b"")
    return data[:-TRAILER.size] + trailer(t)


def anywhere(rng, data):
    return mutate_bytes.mutate(rng, data, data[:4096])[0]


def shorter(rng, data):
    t, *_ = parts(data)
    ends = [0, 1, 64, 127, 128, t["code_bytes"], t["weights_offset"], t["metadata_offset"], len(data) - 128, len(data) - 1]
    return data[:rng.choice(ends) if rng.random() < 0.5 else rng.randrange(len(data))]


def longer(rng, data):
    return data + rng.choice([b"\0", b"\0" * 4096, data[-128:], data])


def gap(rng, data):
    """A byte between code and weights."""
    t, *_ = parts(data)
    if t["weights_offset"] == t["code_bytes"]:
        return longer(rng, data)
    return at(data, rng.randrange(t["code_bytes"], t["weights_offset"]), b"\x01")


DAMAGES = [headers, code, metadata, trailer_field, anywhere, shorter, longer, gap]


def weights(rng, data):
    t, *_ = parts(data)
    where = t["weights_offset"] + rng.randrange(t["weights_bytes"])
    return at(data, where, bytes([data[where] ^ (1 << rng.randrange(8))]))


def forged(rng, data):
    """Other metadata with right digests."""
    text = parts(data)[3]
    how = rng.randrange(6)
    if how == 0:
        return signed(data, b"[" * 200000 + b"]" * 200000)
    if how == 1:
        return signed(data, b'{"a":' * 100000 + b"1" + b"}" * 100000)
    if how == 2:
        return signed(data, rng.choice([b"", b"null", b"{}", b"[]", b"{", b'"\xff"', b"\0", b"1e999", b'{"inputs":[{"shape":"x","name":[]}]}',
                                        b'{"inputs":[{"shape":{},"name":{},"dtype":[]}]}', b'{"\\u001b[31m":"\\u0000"}']))
    if how == 3:
        return signed(data, json.dumps(hostile(rng, json.loads(text))).encode())
    return signed(data, mutate_bytes.mutate(rng, text, data[:4096])[0])


def hostile(rng, value):
    """A JSON value with some of its inner values replaced."""
    if rng.random() < 0.1:
        return rng.choice([None, [], {}, "", "\x1b[2J\n", -1, 2**63, 1e300, True, ["x"], {"shape": [None, {}]}])
    if isinstance(value, dict):
        return {key: hostile(rng, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [hostile(rng, inner) for inner in value]
    return value


class Failed(Exception):
    pass


def tool(cli, *arguments):
    """Exit status and texts; a signal or a hang is a failure."""
    try:
        done = subprocess.run([cli, *arguments], capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise Failed(f"adze {arguments[0]} takes more than {SECONDS} s") from None
    if done.returncode not in (0, 1):
        raise Failed(f"adze {arguments[0]} ended with status {done.returncode}: {done.stderr[-300:]!r}")
    if done.returncode == 1 and not done.stderr.startswith(b"error: "):
        raise Failed(f"adze {arguments[0]} says {done.stderr[-300:]!r}")
    return done


def expect_refused(cli, path):
    """Nothing takes the file: neither the loader, nor the tools."""
    for arguments in (("inspect",), ("inspect", "--verify"), ("inspect", "--json"), ("run", "--random", "1", "--output-dir", "results")):
        if tool(cli, arguments[0], path, *arguments[1:]).returncode == 0:
            raise Failed(f"adze {' '.join(arguments)} takes it")
    try:
        adze.load(path)
    except (adze.RunError, OSError):
        return "refused"
    raise Failed("adze.load takes it")


def expect_found(cli, path):
    """Altered weights: loading does not read them, but checking does; running with them is safe."""
    if b"weights have been altered" not in tool(cli, "inspect", path, "--verify").stderr:
        raise Failed("adze inspect --verify does not see that weights are altered")
    model = adze.load(path)
    feeds = {i.name: np.ones([2 if not isinstance(d, int) else d for d in i.shape], i.dtype) for i in model.inputs}
    try:
        model.run(feeds)
    except adze.RunError as error:
        if error.status == "INTERNAL":
            raise Failed(str(error)) from None
    return "found"


def expect_read(cli, path):
    """Forged metadata: reading them is safe. (The forger's code would be executed by a load.)"""
    for more in ((), ("--verify",), ("--json",)):
        tool(cli, "inspect", path, *more)
    return "read"


def no_files(rng, path):
    """What is no regular file, or cannot be opened."""
    how = rng.choice(["folder", "link to itself", "dangling link", "fifo", "device", "absent", "empty"])
    if how == "folder":
        os.mkdir(path)
    elif how == "link to itself":
        os.symlink(path, path)
    elif how == "dangling link":
        os.symlink("nowhere", path)
    elif how == "fifo":
        os.mkfifo(path)
    elif how == "device":
        os.symlink(rng.choice(["/dev/zero", "/dev/null"]), path)
    elif how == "empty":
        open(path, "w").close()
    return how


def try_mutant(cli, seed, index):
    """What mutant `index` is, and how it went."""
    rng = random.Random(f"artifact {seed} {index}")
    name = rng.choice(MODELS)
    data, path = artifact(name), "mutant.so"
    kind = rng.choices(["damage", "weights", "forged", "no file"], [12, 2, 4, 2])[0]
    if kind == "weights" and not parts(data)[2]:
        kind = "damage"
    try:
        if kind == "no file":
            return f"{name}: {no_files(rng, path)}", expect_refused(cli, path)
        mutator = {"weights": weights, "forged": forged}.get(kind) or rng.choice(DAMAGES)
        made = data
        while made == data:
            made = mutator(rng, data)
        with open(path, "wb") as f:
            f.write(made)
        check = {"weights": expect_found, "forged": expect_read}.get(kind, expect_refused)
        return f"{name}: {mutator.__name__}", check(cli, path)
    except Failed as error:
        return f"{name}: {kind}", f"FAILED: {error}"

# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a kernel's machine code consists of, by the listing of nvdisasm and what ptxas tells."""
import re
from collections import Counter

_LABEL = re.compile(r"(\.L\w*):")
_SECTION = re.compile(r"\.section\s+\.text\.([^\s,]+)")
_INSTRUCTION = re.compile(r"/\*[0-9a-f]{4,}\*/\s+(.*?)\s*;")
_TARGET = re.compile(r"`\((\.L\w*)\)")
_PREDICATE = re.compile(r"@!?U?P\w+\s+")


def opcode(text):
    """`LDSM.16.M88.4` of `@!P0 LDSM.16.M88.4 R4, [R2]`."""
    return _PREDICATE.sub("", text, count=1).split()[0]


def family(text):
    return opcode(text).split(".")[0]


class Code:
    """One kernel's instructions, and its loops as pairs of the first and the last instruction."""

    def __init__(self):
        self.instructions, self.loops, self._labels = [], [], {}

    def _label(self, name):
        self._labels[name] = len(self.instructions)

    def _add(self, text):
        target = _TARGET.search(text) if family(text) == "BRA" else None
        begin = self._labels.get(target.group(1)) if target else None
        # The branch to itself behind a kernel's end is no loop.
        if begin is not None and begin < len(self.instructions):
            self.loops.append((begin, len(self.instructions)))
        self.instructions.append(text)

    def main_part(self):
        """(`loop`, its instructions): of the loops that hold no other, the one with the most instructions of matrix units, else of
        multiply-adds. Where more of those stand in no loop, because all steps were unrolled: (`unrolled`, all instructions). Without such
        instructions and without a loop: (`none`, nothing)."""
        inner = [a for a in self.loops if not any(a != b and a[0] <= b[0] and b[1] <= a[1] for b in self.loops)]
        body = max((self.instructions[first:last + 1] for first, last in inner), key=lambda body: (*work(body), len(body)), default=[])
        inside = {i for first, last in self.loops for i in range(first, last + 1)}
        straight = [text for i, text in enumerate(self.instructions) if i not in inside]
        if work(straight) > work(body) and any(n >= enough for n, enough in zip(work(straight), UNROLLED)):
            return "unrolled", self.instructions
        return ("loop", body) if body else ("none", [])


#: So many instructions of matrix units, or multiply-adds, are more than what stands beside a loop, or a function of a few elements.
UNROLLED = (64, 512)


def work(body):
    """Instructions of matrix units, then multiply-adds."""
    return sum(map(is_matrix, body)), sum(map(is_fma, body))


def is_matrix(text):
    return family(text).endswith("MMA")


def is_fma(text):
    return family(text) in ("FFMA", "FFMA2", "DFMA", "HFMA2")


def parse(listing):
    """The kernels of what `nvdisasm -c` prints, by name."""
    kernels, code = {}, None
    for line in listing.splitlines():
        if section := _SECTION.search(line):
            code = kernels.setdefault(section.group(1), Code())
        elif code is not None and (label := _LABEL.match(line.strip())):
            code._label(label.group(1))
        elif code is not None and (found := _INSTRUCTION.search(line)):
            code._add(found.group(1))
    return kernels


def width(text):
    """Bytes of one lane's access."""
    parts = opcode(text).split(".")[1:]
    for bits in (256, 128, 64, 16, 8):
        if any(part in (str(bits), f"U{bits}", f"S{bits}") for part in parts):
            return bits // 8
    return 4


def stages(loop):
    """Steps of the ring that asynchronous copies fill: those that the loop lets be under way, the one that it computes and the one that it
    begins. None: it copies nothing so."""
    commits = sum(family(text) == "LDGDEPBAR" for text in loop)
    waits = [int(found.group(1), 16) for text in loop if (found := re.search(r"DEPBAR\.LE SB0, 0x([0-9a-f]+)", text))]
    return max(waits) // commits + 2 if commits and waits else None


def count(code):
    """Figures of one kernel; those of the main part (`loop`: its instructions) are zero where there is none."""
    part, loop = code.main_part()
    families = Counter(map(family, loop))
    matrix, fma = work(loop)
    widths = {name: dict(sorted(Counter(width(t) for t in code.instructions if family(t) == name).items(), reverse=True))
              for name in ("LDG", "LDGSTS", "STG")}
    return {"instructions": len(code.instructions), "part": part, "loop": len(loop), "loop_mix": dict(families.most_common()), "matrix": matrix, "fma": fma,
            "share": (matrix or fma) / len(loop) if loop else 0.0, "LDSM": families["LDSM"], "LDS": families["LDS"],
            "LDGSTS": families["LDGSTS"], "stages": stages(loop) if part == "loop" else None, "widths": widths}


def resources(log):
    """Registers, spilled bytes and static shared memory of each kernel, by what `ptxas -v` prints."""
    kernels, name = {}, None
    for line in log.splitlines():
        if found := re.search(r"Compiling entry function '(.+?)'", line):
            name = found.group(1)
            kernels[name] = {"registers": 0, "spills": 0, "shared": 0}
        elif name and (found := re.search(r"(\d+) bytes spill stores, (\d+) bytes spill loads", line)):
            kernels[name]["spills"] += int(found.group(1)) + int(found.group(2))
        elif name and (found := re.search(r"Used (\d+) registers", line)):
            kernels[name]["registers"] = int(found.group(1))
            smem = re.search(r"(\d+) bytes smem", line)
            kernels[name]["shared"] = int(smem.group(1)) if smem else 0
    return kernels

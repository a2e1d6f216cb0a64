# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The list of known gaps: a file of lines `case: reason` under a heading for each operator."""
import os

HEAD = """# Cases of onnx's suite that do not pass yet, by operator, each with its reason. A case stands here while it fails on some route
# or with known or unknown dimensions; one that passes everywhere must go. `test/suite/run.py --update-gaps` rewrites the list.
"""
#: What a reason begins with whose case would not end in any time.
NOT_RUN = "not run: "


def read(path):
    """{case: reason}"""
    gaps = {}
    if os.path.exists(path):
        with open(path) as f:
            for line in f:
                if line.strip() and not line.startswith("#"):
                    name, _, reason = line.strip().partition(": ")
                    gaps[name] = reason
    return gaps


def write(path, gaps, group):
    """`gaps` is {case: reason}, `group` {case: operator}."""
    by_group = {}
    for name in gaps:
        by_group.setdefault(group[name], []).append(name)
    with open(path, "w") as f:
        f.write(HEAD)
        for heading in sorted(by_group, key=str.lower):
            f.write(f"\n# {heading}: {len(by_group[heading])}\n")
            for name in sorted(by_group[heading]):
                f.write(f"{name}: {gaps[name]}\n")

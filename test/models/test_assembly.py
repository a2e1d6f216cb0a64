# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whole models as text for every chip: the vendor's assembler takes each module, no kernel of it spills registers, and compiling
takes not much longer than for the CPU. The plain run takes one small model; --full all of them, and writes what it found to
build/test/assembly.md."""
import json
import os
import re
import shutil
import subprocess
import sys
import time

import onnx
import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import zoo  # noqa: E402

CHIPS = ["sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_120"]
#: How often as long a compilation for one chip may take, assembling left out, as one for the CPU.
MOST = 3.0
PLAIN = "ppocr_cls"


def assembler():
    for folder in (os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), "/usr/local/cuda"):
        if folder and os.path.exists(os.path.join(folder, "bin", "ptxas")):
            return os.path.join(folder, "bin", "ptxas")
    return os.environ.get("ADZE_PTXAS") or shutil.which("ptxas")


def compiled(adze_cli, *arguments):
    """Runs `adze compile`, which never takes from the cache; answers its seconds."""
    start = time.perf_counter()
    done = subprocess.run([adze_cli, "compile", *map(str, arguments)], capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr
    return time.perf_counter() - start


def spills(text, chip, kinds, cubin):
    """{kind: [kernels, those that spill, bytes stored, bytes loaded]} of one module, which must assemble."""
    done = subprocess.run([assembler(), "-v", "-arch", chip, text, "-o", cubin], capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr
    found, entry = {}, None
    for line in (done.stdout + done.stderr).splitlines():
        if match := re.search(r"Compiling entry function '(\w+)'", line):
            entry = match[1].removeprefix("adze_")
        if match := re.search(r"(\d+) bytes spill stores, (\d+) bytes spill loads", line):
            if entry is None or entry not in kinds:
                continue  # a function of a kernel's own
            counts = found.setdefault(kinds[entry], [0, 0, 0, 0])
            stores, loads = int(match[1]), int(match[2])
            for i, more in enumerate((1, stores + loads > 0, stores, loads)):
                counts[i] += more
            entry = None
    return found


def check_model(adze_cli, name, folder, chips=CHIPS):
    """A row of the table."""
    given = zoo.MODELS[name].free()
    path = given if isinstance(given, str) else str(folder / "model.onnx")
    if path != given:
        onnx.save(given, path)
    cpu = compiled(adze_cli, path, "-o", folder / "cpu.so")
    device = compiled(adze_cli, path, "-o", folder / "device.so", "--target", "nvptx:sm_80")
    report = folder / "report.json"
    compiled(adze_cli, path, "-o", folder / "texts", "--target", "nvptx:" + ",".join(chips), "--emit", "ptx", "--report-json", report)
    kernels = json.loads(report.read_text())["kernels"]
    kinds = {k["name"]: k["kind"] for k in kernels if k["runs_on"] == "device"}
    row = {"model": name, "kernels": len(kernels), "host": len(kernels) - len(kinds), "cpu_seconds": cpu, "device_seconds": device}
    row["spills"] = {chip: spills(str(folder / "texts" / f"{chip}.ptx"), chip, kinds, str(folder / "code.cubin")) for chip in chips}
    return row


def line(row):
    def of_chip(found):
        return "; ".join(f"{kind} {bad} of {all_} ({stores}+{loads} B)" for kind, (all_, bad, stores, loads) in found.items() if bad)

    spilled = "<br>".join(f"{chip}: {text}" for chip, found in row["spills"].items() if (text := of_chip(found))) or "none"
    return (f"| {row['model']} | {row['kernels']} ({row['host']}) | {row['cpu_seconds']:.1f} | {row['device_seconds']:.1f} | "
            f"{row['device_seconds'] / row['cpu_seconds']:.2f} | {spilled} |")


HEAD = "| model | kernels (host) | s for the CPU | s for sm_80 | ratio | spills |\n| --- | --- | --- | --- | --- | --- |"


@pytest.mark.parametrize("name", list(zoo.MODELS))
def test_every_chip(adze_cli, build, full, tmp_path, name):
    if not full and name != PLAIN:
        pytest.skip("--full")
    if not assembler():
        pytest.skip("no ptxas")
    row = check_model(adze_cli, name, tmp_path, CHIPS if full else ["sm_75", "sm_120"])
    table = os.path.join(build, "test", "assembly.md")
    os.makedirs(os.path.dirname(table), exist_ok=True)
    fresh = not os.path.exists(table) or name == next(iter(zoo.MODELS))
    with open(table, "w" if fresh else "a") as out:
        print(*([HEAD] if fresh else []), line(row), sep="\n", file=out)
    print(line(row))
    assert not any(bad for found in row["spills"].values() for _, bad, *_ in found.values()), line(row)
    if full:  # a plain run has others beside it
        assert row["device_seconds"] <= MOST * row["cpu_seconds"]

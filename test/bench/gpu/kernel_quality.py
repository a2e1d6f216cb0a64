#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How good the code of kernels is, by counting in what ptxas makes of it; beside Triton's kernels for the same. No card is needed:
see README.md."""
import argparse
import glob
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile

import quality_cases
import sass

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
CHIPS = ["sm_80", "sm_89", "sm_90", "sm_120"]


def tool(name):
    """A program of the toolkit: of PATH, of the Python environment's packages, or in the toolkit's usual place."""
    packages = [os.path.join(folder, "nvidia", "*", "bin", name) for folder in sys.path if folder.endswith("site-packages")]
    found = [shutil.which(name), *(path for pattern in packages for path in glob.glob(pattern)), shutil.which(name, path="/usr/local/cuda/bin")]
    return next((path for path in found if path), None)


def run(*command, **more):
    """A program's result; what it says where it fails is the error."""
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{os.path.basename(command[0])}: {done.stderr.strip() or done.returncode}")
    return done


def version_of(assembler):
    return run(assembler, "--version").stdout.split("release ")[1].split(",")[0]


def disassemble(text, folder, assembler, nvdisasm):
    """Figures of each kernel of a PTX text, by name: those of sass.count and sass.resources."""
    source, cubin = os.path.join(folder, "k.ptx"), os.path.join(folder, "k.cubin")
    with open(source, "w") as f:
        f.write(text)
    target = text.split(".target")[1].split()[0].rstrip(",")
    log = run(assembler, "-v", "-arch=" + target, source, "-o", cubin).stderr
    codes = sass.parse(run(nvdisasm, "-c", cubin).stdout)
    return {name: {**sass.count(codes[name]), **found} for name, found in sass.resources(log).items()}


def played(command, chip, folder):
    """The bank conflicts that the PTX machine counts while the command runs; it may have nothing to report."""
    paths = {name: os.path.join(folder, name) for name in ("counts", "report")}
    for path in paths.values():
        open(path, "w").close()
    environment = dict(os.environ, ADZE_CUDA_DRIVER=os.path.join(ROOT, "build", "lib", "libadze_sim_cuda.so"), ADZE_SIM_DEVICES=chip,
                       ADZE_SIM_COUNTS=paths["counts"], ADZE_SIM_REPORT=paths["report"])
    run(*command, env=environment)
    with open(paths["report"]) as f:
        # A launch by itself keeps what it has until its process ends.
        reports = [line for line in f if json.loads(line)["kind"] != "leak"]
    if reports:
        raise RuntimeError(f"the PTX machine reports: {reports[0]}")
    with open(paths["counts"]) as f:
        return sum(json.loads(line)["bank_conflicts"] for line in f)


def conflicts(plays):
    """Those of the main loop: what the second play, of twice the depth, has beyond the first. All, where there is one play."""
    return plays[1] - plays[0] if len(plays) == 2 else plays[0]


def measure_adze(case, chip, options, folder):
    import onnx

    path, report, out = os.path.join(folder, "m.onnx"), os.path.join(folder, "report.json"), os.path.join(folder, "out")
    onnx.save(case.model(), path)
    run(options.adze, "compile", path, "-o", out, "--emit", "ptx", "--target", "nvptx:" + chip, "--report-json", report)
    with open(report) as f:
        kernels = [k for k in json.load(f)["kernels"] if k["runs_on"] == "device"]
    kernel = max(kernels, key=lambda k: (k["flops"] or 0, k["bytes"] or 0))
    with open(os.path.join(out, chip + ".ptx")) as f:
        text = f.read()
    name = "adze_" + kernel["name"]
    row = {"by": "adze", "kind": kernel["kind"], "threads": kernel["threads"], "kernels": len(kernels)}
    row.update(disassemble(text, folder, options.ptxas, options.nvdisasm)[name])
    row["shared"] = kernel["shared_bytes"]
    if not options.no_play:
        plays = []
        for model in case.plays():
            onnx.save(model, path)
            command = [options.adze, "run", path, "--random", "1", "--no-cache", "--target", "nvptx:" + chip, "--output-dir", out]
            plays.append(played(command, chip, folder))
        row["conflicts"] = conflicts(plays)
    return row


def measure_triton(case, chip, options, folder):
    import triton_kernels

    config = case.triton
    made = triton_kernels.Made(getattr(triton_kernels, config["kernel"]), case.triton_type, chip, config["constants"], config["warps"],
                               config["stages"])
    row = {"by": "triton", "kind": config["kernel"], "threads": made.threads, "kernels": 1}
    row.update(disassemble(made.text, folder, options.ptxas, options.nvdisasm)[made.entry])
    row["shared"] = made.shared
    if "wgmma" in made.text or options.no_play:
        return row  # the PTX machine does not know wgmma
    path = os.path.join(folder, "k.ptx")
    with open(path, "w") as f:
        f.write(made.text)
    plays = []
    for grid, buffers, scalars in config["plays"]:
        job = {"text": path, "entry": made.entry, "grid": grid, "threads": made.threads, "shared": made.shared, "buffers": buffers,
               "scalars": scalars}
        plays.append(played([sys.executable, os.path.abspath(__file__), "--launch", json.dumps(job)], chip, folder))
    row["conflicts"] = conflicts(plays)
    return row


def launch(job):
    """In a process of its own: one launch of a kernel on buffers of so many bytes, which hold small numbers of any type, then scalars; two
    buffers that Triton's kernels have behind their parameters are empty."""
    import numpy as np

    import cuda

    card = cuda.Card()
    with open(job["text"], "rb") as f:
        function = card.function(f.read(), job["entry"], job["shared"])
    memory = [card.upload(np.full(count // 2, 0x2e66, np.uint16)) for count in job["buffers"]]
    bits = [x if isinstance(x, int) else struct.unpack("<I", struct.pack("<f", x))[0] for x in job["scalars"]]
    grid = job["grid"]
    card.launcher(function, grid, job["threads"], job["shared"], [*memory, *bits, 0, 0])()
    card.wait()


def widths(row):
    words = [name + " " + "+".join(f"{n} x {bytes_}" for bytes_, n in found.items()) for name, found in row["widths"].items() if found]
    return ", ".join(words) or "none"


def markdown(result):
    versions = result["versions"]
    lines = [", ".join(f"{name} {text}" for name, text in versions.items()) + ".", "",
             "| case | chip | by | kernel | threads | registers | spills | shared KB | code | loop | units | share | LDSM, LDS | LDGSTS | stages | "
             "conflicts | accesses of global memory |",
             "| --- | --- | --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --- |"]
    for row in result["rows"]:
        if "error" in row:
            lines.append(f"| {row['case']} | {row['chip']} | {row['by']} | {row['error']} |" + " |" * 13)
            continue
        units = f"{row['matrix']} MMA" if row["matrix"] else f"{row['fma']} FMA" if row["loop"] else "-"
        loop = [row["loop"] if row["part"] == "loop" else "unrolled", units, f"{row['share']:.2f}", f"{row['LDSM']}, {row['LDS']}", row["LDGSTS"], row["stages"] or "-"]
        cells = [row["case"], row["chip"], row["by"], row["kind"], row["threads"], row["registers"], row["spills"], f"{row['shared'] / 1024:.3g}",
                 row["instructions"],
                 *(loop if row["loop"] else ["-"] * 6), row.get("conflicts", "-"), widths(row)]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"


def parse(words):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chips", type=lambda text: text.split(","), default=["sm_80", "sm_120"], help=f"of {', '.join(CHIPS)}")
    parser.add_argument("--cases", default="", help="only cases with this word in their names")
    parser.add_argument("--ptxas", default=tool("ptxas"), help="the assembler")
    parser.add_argument("--nvdisasm", default=tool("nvdisasm"), help="the disassembler")
    parser.add_argument("--adze", default=os.path.join(ROOT, "build", "bin", "adze"))
    parser.add_argument("--no-triton", action="store_true", help="only Adze's kernels")
    parser.add_argument("--no-play", action="store_true", help="count no bank conflicts: nothing runs")
    parser.add_argument("--json", help="write all figures to a file")
    parser.add_argument("--markdown", help="write the table to a file")
    parser.add_argument("--launch", help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if not options.launch and not (options.ptxas and options.nvdisasm):
        parser.error("needs ptxas and nvdisasm: pip install --no-deps -r tools/dev/requirements-bench-gpu.txt")
    return options


def measure(options):
    versions = {"ptxas": version_of(options.ptxas), "nvdisasm": version_of(options.nvdisasm)}
    ways = [measure_adze]
    if not options.no_triton:
        import triton_kernels
        versions["Triton"] = triton_kernels.version()
        ways.append(measure_triton)
    rows = []
    for case in quality_cases.CASES:
        for chip in options.chips if options.cases in case.name else []:
            for way in ways:
                if way is measure_triton and not case.triton:
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    try:
                        row = way(case, chip, options, folder)
                    except RuntimeError as error:
                        row = {"by": way.__name__.split("_")[1], "error": str(error).replace("\n", " ")[:200]}
                rows.append({"case": case.name, "chip": chip, **row})
                print(rows[-1], file=sys.stderr, flush=True)
    return {"versions": versions, "rows": rows}


def main(words):
    options = parse(words)
    if options.launch:
        launch(json.loads(options.launch))
        return 0
    result = measure(options)
    if options.json:
        with open(options.json, "w") as f:
            json.dump(result, f, indent=1)
    text = markdown(result)
    print(text)
    if options.markdown:
        with open(options.markdown, "w") as f:
            f.write(text)
    return 1 if any("error" in row for row in result["rows"]) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

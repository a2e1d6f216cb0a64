# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command `adze` of an installed package: the compiler's own program, which lies in it. What of it needs Python (`adze diff
--against onnxruntime`) gets the one that runs here."""
import os
import sys


def main() -> None:
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "adze")
    os.environ.setdefault("ADZE_PYTHON", sys.executable)
    os.execv(program, ["adze", *sys.argv[1:]])

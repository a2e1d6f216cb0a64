# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command `adze` of an installed package: the compiler's own program, which lies in it."""
import os
import sys


def main() -> None:
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "adze")
    os.execv(program, ["adze", *sys.argv[1:]])

# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the checks of tools/dev share: the files of the repository and the way to report."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
#: The layers, lowest first; with test/ and README.md all there is at the top level, dotfiles aside.
LAYERS = ["runtime", "dialects", "passes", "codegen", "compiler", "tools", "python"]
CODE = (".c", ".h", ".cpp", ".td")


def files():
    """Paths from the root of all files that git tracks or would track."""
    out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                         stdout=subprocess.PIPE, check=True).stdout.decode()
    return sorted(f for f in set(out.split("\0")) if f and os.path.isfile(os.path.join(ROOT, f)))


def read(path):
    """The text of a file; None for one that is not text."""
    try:
        with open(os.path.join(ROOT, path), encoding="utf-8") as f:
            return f.read()
    except UnicodeDecodeError:
        return None


def targets():
    """The words of ADZE_TARGETS in the root CMakeLists.txt."""
    match = re.search(r'set\(ADZE_TARGETS\s+"([^"]*)"', read("CMakeLists.txt"))
    return match.group(1).split(";") if match else []


def is_python(path):
    if path.endswith(".py"):
        return True
    if "." in os.path.basename(path):
        return False
    text = read(path)
    return text is not None and text.split("\n", 1)[0].endswith("python3")


def without_comments(text):
    """C++ text with comments blanked out, line numbers kept; string literals stay."""
    token = re.compile(r'R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|/\*.*?\*/', re.S)
    return token.sub(lambda m: re.sub(r"[^\n]", " ", m.group()) if m.group().startswith("/") else m.group(), text)


def report(name, problems):
    """Prints what is wrong, one line each, and exits."""
    for problem in problems:
        print(problem)
    print(f"{name}: {len(problems)} problem{'' if len(problems) == 1 else 's'}")
    sys.exit(1 if problems else 0)

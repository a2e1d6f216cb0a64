# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each check finds what it is there for, planted in a small tree of its own, and nothing where nothing is."""
import os
import shutil
import subprocess

import pytest

SPDX = "// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception\n"
GOOD = {
    "CMakeLists.txt": 'set(ADZE_TARGETS "cpu" CACHE STRING "back ends")\n',
    "README.md": "# A tree\n",
    "dialects/core/README.md": "# core\n",
    "dialects/core/CMakeLists.txt": "adze_library(Core SRCS Core.cpp)\n",
    "dialects/core/Core.h": SPDX + "#pragma once\nint one();\n",
    "dialects/core/Core.cpp": SPDX + '#include "dialects/core/Core.h"\n\nint one() { return 1; }\n',
    "passes/onnx_to_core/README.md": "# onnx_to_core\n",
    "passes/onnx_to_core/CMakeLists.txt": "adze_library(OnnxToCore SRCS Add.cpp)\n",
    "passes/onnx_to_core/Add.cpp": SPDX + '#include "dialects/core/Core.h"\n\nvoid add(Table &table) { table.onOp("Add", 1, lower); }\n',
}


@pytest.fixture
def tree(root, tmp_path):
    """Writes the good tree with some files changed, and answers what a check says of it."""
    scripts = tmp_path / "tools" / "dev"
    shutil.copytree(os.path.join(root, "tools", "dev"), scripts, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(os.path.join(root, ".clang-format"), tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)

    def check(name, changes):
        for path, text in {**GOOD, **changes}.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        result = subprocess.run([scripts / name], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
        assert (result.returncode == 0) == result.stdout.rstrip().endswith(f"{name}: 0 problems")
        return result.stdout

    return check


@pytest.mark.parametrize("name", ["check_format", "check_layering", "check_size", "check_names"])
def test_nothing_planted(tree, name):
    assert f"{name}: 0 problems" in tree(name, {})


CORE = GOOD["dialects/core/Core.cpp"]
LONG = SPDX + "int f(int x) {\n" + "  x += 1;\n" * 120 + "  return x;\n}\n"


@pytest.mark.parametrize("name, path, text, message", [
    ("check_names", "passes/onnx_to_core/Add.cpp", SPDX + "namespace a {\nclass One : public B<int> {};\n} // namespace a\n"
     "struct Two {\n  struct Two2 {};\n};\nnamespace a {\nstruct One {};\n} // namespace a\n", "a::One: a type of this name"),
    ("check_format", "dialects/core/Core.cpp", CORE + "int  two();\n", "dialects/core/Core.cpp: not formatted"),
    ("check_layering", "dialects/core/Core.cpp", CORE.replace("dialects/core/Core.h", "passes/fusion/Passes.h"),
     "Core.cpp:2: passes/fusion/Passes.h: dialects/ may not include passes/"),
    ("check_layering", "dialects/core/Core.cpp", CORE.replace("dialects/core/Core.h", "Core.h"), "spell it from the root"),
    ("check_layering", "dialects/core/New.cpp", CORE, "New.cpp: no CMakeLists.txt names it"),
    ("check_layering", "passes/onnx_to_core/Add.cpp", SPDX + '#include "passes/fusion/Groups.h"\n', "only Passes.h"),
    ("check_layering", "runtime/run.c", SPDX + "#include <llvm/ADT/StringRef.h>\n", "no compiler library"),
    ("check_layering", "compiler/A.cpp", SPDX + '#include "test/A.h"\n', "compiler/ may not include test/"),
    ("check_layering", "tools/adze/A.cpp", SPDX + '#include "compiler/InitAll.h"\n', "tools/ may not include compiler/"),
    ("check_size", "dialects/core/Core.cpp", SPDX + "int a;\n" * 800, "Core.cpp: 801 lines, at most 800"),
    ("check_size", "dialects/core/Core.h", SPDX + "int a;\n" * 400, "Core.h: 401 lines, at most 400"),
    ("check_size", "dialects/core/Core.cpp", LONG, "Core.cpp:2: f: 123 lines, at most 120"),
    ("check_size", "dialects/core/Core.cpp", SPDX + "namespace a {\nclass B {\n" + LONG + "};\n}\n", "f: 123 lines"),
    ("check_size", "python/a.py", "def f():\n" + "    pass\n" * 120, "python/a.py:1: f: 121 lines, at most 120"),
    ("check_names", "dialects/core/Core.cpp", CORE + 'auto *n = "Add";\n', 'Core.cpp:5: "Add": names of ONNX operators'),
    ("check_names", "dialects/core/Core.cpp", CORE + 'auto *n = "cpu";\n', 'Core.cpp:5: "cpu": names of targets'),
    ("check_names", "dialects/core/README.md", "see /ho" "me/me/notes", "me/me: a path of one machine"),
    ("check_names", "dialects/core/README.md", "see htt" "ps://intranet.example/x", "intranet.example: a host"),
    ("check_names", "docs/a.md", "# a\n", "docs/a.md: the top level is fixed"),
    ("check_names", "dialects/core/Core.cpp", "int x;\n", "Core.cpp: lacks the line with SPDX"),
    ("check_names", "dialects/new/New.h", SPDX, "dialects/new: lacks a README.md"),
])
def test_planted(tree, name, path, text, message):
    assert message in tree(name, {path: text})


def test_comments_are_no_code(tree):
    text = CORE + '// "Add" and #include "passes/fusion/Passes.h"\n/* "cpu" */\n'
    assert "0 problems" in tree("check_names", {"dialects/core/Core.cpp": text})
    assert "0 problems" in tree("check_layering", {"dialects/core/Core.cpp": text})


def test_test_files_of_one_name(tree):
    text = SPDX.replace("//", "#")
    assert "test/a/test_x.py and test/b/test_x.py: files of one name" in tree("check_names", {"test/a/test_x.py": text, "test/b/test_x.py": text})

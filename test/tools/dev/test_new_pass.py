# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A pass by tools/dev/new_pass builds and passes its test in one go, in a copy of the repository.

The copy is an overlay over the repository's own path, so only the new file is compiled. Where the system has no overlays for users, the
files are copied and all is built, with --full only."""
import os
import shutil
import subprocess

import pytest

STEPS = """
set -e
tools/dev/new_pass fusion DropNegationPairs "Drop pairs of negations"
tools/dev/build bin/adze-opt
build/venv/bin/lit -v test/passes/fusion/drop-negation-pairs.mlir
build/venv/bin/lit -v -Droundtrip=1 test/passes/fusion/drop-negation-pairs.mlir
clang-format-22 --dry-run -Werror passes/fusion/DropNegationPairs.cpp
for check in layering size names; do tools/dev/check_$check; done
# A test that cannot fail is none: without the pattern it does.
sed -i '/patterns.add</d' passes/fusion/DropNegationPairs.cpp
tools/dev/build bin/adze-opt
! build/venv/bin/lit test/passes/fusion/drop-negation-pairs.mlir
"""


def overlay(root, folder):
    """A shell prefix that mounts a writable copy over `root` for itself alone; None where that is not allowed."""
    upper, work = folder / "upper", folder / "work"
    upper.mkdir()
    work.mkdir()
    mount = f"mount -t overlay overlay -o lowerdir={root},upperdir={upper},workdir={work},userxattr {root} && cd {root}"
    probe = subprocess.run(["unshare", "-rm", "bash", "-c", mount], capture_output=True)
    return mount if probe.returncode == 0 else None


def test_new_pass(root, full, tmp_path):
    before = subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True).stdout
    mount = overlay(root, tmp_path)
    if mount:
        command, place = ["unshare", "-rm", "bash", "-c", f"{mount}\n{STEPS}"], root
    elif full:
        place = tmp_path / "copy"
        files = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True).stdout.split("\0")
        for name in filter(None, files):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(os.path.join(root, name), place / name)
        subprocess.run(["git", "init", "-q"], cwd=place, check=True)
        command = ["bash", "-c", STEPS]
    else:
        pytest.skip("no overlay file system for users here; --full builds a whole copy")
    result = subprocess.run(command, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert result.returncode == 0, result.stdout[-6000:]
    after = subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True).stdout
    assert before == after, "the repository itself has changed"

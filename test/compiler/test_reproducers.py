# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is left of a compilation that failed for a reason of the compiler's own. The reasons are planted by a library that only tests have
(Planted.cpp)."""
import os
import re
import stat
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "python"))
import small  # noqa: E402


class Planted:
    """The command line with a failure in it."""

    def __init__(self, build, folder):
        self.bin, self.folder = os.path.join(build, "bin"), folder
        self.library = os.path.join(build, "lib", "libadze-planted.so")
        self.cache = folder / "cache"
        self.model = small.save(small.relu(), folder)
        assert os.path.exists(self.library)

    def run(self, kind, program, *arguments):
        environment = dict(os.environ, ADZE_CACHE_DIR=str(self.cache), HOME=str(self.folder))
        if kind:
            environment.update(LD_PRELOAD=self.library, ADZE_PLANTED=kind)
        return subprocess.run([os.path.join(self.bin, program), *map(str, arguments)], cwd=self.folder, env=environment,
                              capture_output=True, text=True, timeout=300)

    def compile(self, kind):
        return self.run(kind, "adze", "compile", self.model, "-o", "a.so")

    def files(self):
        folder = self.cache / "reproducers"
        return sorted(os.listdir(folder)) if folder.exists() else []


@pytest.fixture
def planted(build, tmp_path):
    return Planted(build, tmp_path)


def test_nothing_planted(planted):
    assert planted.compile(None).returncode == 0
    assert planted.run("nothing", "adze", "compile", planted.model, "-o", "a.so").returncode == 0
    assert planted.files() == []


@pytest.mark.parametrize("kind, said", [
    ("abort", "the compiler process died of signal 6"),
    ("silent", "pass 'cse' failed, which is a defect of the compiler and not of the model"),
    ("invalid", "pass 'cse' failed, which is a defect of the compiler and not of the model"),
    ("contract", "pass 'adze-verify-stage' failed, which is a defect of the compiler and not of the model")])
def test_a_stage_that_fails_is_reproduced(planted, kind, said):
    done = planted.compile(kind)
    assert done.returncode == 1 and said in done.stderr, done.stderr
    if kind == "contract":
        assert "'kernel.launch' op has no place in the host program at stage 'kernels'" in done.stderr
        assert "pipeline adze-stage-kernels broke its contract" in done.stderr
    file = re.search(r"; it is reproduced by: adze-opt --run-reproducer (\S+)", done.stderr).group(1)
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert planted.files() == [os.path.basename(file)] and planted.files()[0].startswith("kernels-")
    assert 'loc("relu1"(' in open(file).read()
    # With the failure it fails in the same way, without it the stage goes through.
    assert planted.run(kind, "adze-opt", "--run-reproducer", file).returncode != 0
    healthy = planted.run(None, "adze-opt", "--run-reproducer", file)
    assert healthy.returncode == 0 and "kernel.func" in healthy.stdout
    planted.compile(kind)
    assert planted.files() == [os.path.basename(file)]


def test_emission_is_reproduced_by_the_compiler(planted):
    done = planted.compile("emission")
    assert done.returncode == 1 and "while compiling kernel" in done.stderr
    file = re.search(r"; it is reproduced by: adze compile (\S+) --start-at emit -o a.so", done.stderr).group(1)
    assert planted.run("emission", "adze", "compile", file, "--start-at", "emit", "-o", "b.so").returncode == 1
    assert planted.run(None, "adze", "compile", file, "--start-at", "emit", "-o", "b.so").returncode == 0


def test_errors_of_the_model_leave_nothing(planted):
    done = planted.compile("reported")
    assert done.returncode == 1 and "not to my liking" in done.stderr and "reproduced" not in done.stderr
    small.save(small.unknown_nodes(), planted.folder)
    assert planted.compile(None).returncode == 1
    assert planted.files() == []


def test_the_newest_are_kept(planted):
    folder = planted.cache / "reproducers"
    folder.mkdir(parents=True, mode=0o700)
    for i in range(30):
        (folder / f"loops-{i:016x}.mlir").write_text("old")
        os.utime(folder / f"loops-{i:016x}.mlir", (1000 + i, 1000 + i))
    planted.compile("silent")
    names = planted.files()
    assert len(names) == 20 and names[0].startswith("kernels-") and names[1] == f"loops-{11:016x}.mlir"


def test_a_folder_of_others_is_not_written(planted):
    folder = planted.cache / "reproducers"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    done = planted.compile("silent")
    assert done.returncode == 1 and "; no reproducer: others may write into the folder" in done.stderr
    assert planted.files() == []

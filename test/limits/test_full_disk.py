# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A disk that fills up while the compiler writes: an error that names the file, and nothing half-written."""
import os
import re
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
NAMESPACE = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--mount", "--propagation", "private"]


class SmallDisk:
    """Runs commands in a folder that is a file system of a given size."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, size, command, **environment):
        """Exit status, standard error and what is left on the disk."""
        listing = self.folder.parent / "listing"
        script = ('size=$1; disk=$2; listing=$3; shift 3; mount -t tmpfs -o size=$size,nr_inodes=200 small "$disk" && cd "$disk" && "$@"; '
                  'status=$?; ls -A . > "$listing"; exit $status')
        done = subprocess.run([*NAMESPACE, "sh", "-c", script, "sh", str(size), self.folder, listing, *map(str, command)],
                              capture_output=True, text=True, env=dict(os.environ, **environment))
        return done.returncode, done.stderr, listing.read_text().split()


@pytest.fixture
def disk(tmp_path):
    if subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "small", "/mnt"], capture_output=True).returncode:
        pytest.skip("small file systems cannot be mounted here")
    (tmp_path / "disk").mkdir()
    return SmallDisk(tmp_path / "disk")


@pytest.fixture
def artifact(adze_cli, heavy_model, tmp_path):
    path = tmp_path / "whole.so"
    subprocess.run([adze_cli, "compile", heavy_model, "-o", path], check=True)
    return path


def sizes_below(whole):
    """Sizes of a disk on which a file does not fit: it ends in the code, in the weights, in the metadata."""
    page = 4096
    return [page, 5 * page, whole // 2 // page * page, (whole - 1) // page * page]


def test_the_artifact(disk, adze_cli, heavy_model, artifact):
    for size in sizes_below(artifact.stat().st_size):
        status, error, left = disk.run(size, [adze_cli, "compile", heavy_model, "-o", "model.so"])
        assert status == 1 and left == [], (size, error)
        assert re.fullmatch(r"error: .*model\.so': .*No space left on device\n", error), error
    status, error, left = disk.run(artifact.stat().st_size + 16 * 4096, [adze_cli, "compile", heavy_model, "-o", "model.so"])
    assert status == 0 and left == ["model.so"], error


@pytest.mark.parametrize("form", [("--emit", "asm"), ("--emit", "object"), ("--emit", "llvm"), ("--stop-after", "core")])
def test_other_forms(disk, adze_cli, heavy_model, form):
    status, error, left = disk.run(4096, [adze_cli, "compile", heavy_model, *form, "-o", "text"])
    assert status == 1 and left == [], error
    assert re.fullmatch(r"error: .*'\S*text(\.weights)?': No space left on device\n", error), error


def test_temporary_files(disk, adze_cli, heavy_model, tmp_path):
    """adze.compile writes to the temporary folder, and so does adze run for a model."""
    program = "import sys, adze\ntry: adze.compile(sys.argv[1])\nexcept adze.CompileError as error: sys.exit(str(error))"
    environment = dict(TMPDIR=".", PYTHONPATH=os.pathsep.join(sys.path), PYTHONDONTWRITEBYTECODE="1")
    for command in ([sys.executable, "-c", program, heavy_model], [adze_cli, "run", heavy_model, "--random", 1, "--output-dir", tmp_path / "o"]):
        status, error, left = disk.run(1 << 20, command, **environment)
        assert status == 1 and left == [] and "model.so': " in error and "No space left on device" in error, error
        assert not (tmp_path / "o").exists()


def test_saving(disk, adze_cli, heavy_model):
    program = "import sys, adze\nm = adze.compile(sys.argv[1])\ntry: m.save('saved.so')\nexcept OSError as error: sys.exit(str(error))"
    status, error, left = disk.run(1 << 20, [sys.executable, "-c", program, heavy_model], PYTHONPATH=os.pathsep.join(sys.path))
    assert status == 1 and left == [] and "No space left on device" in error and "saved.so" in error, error


def test_results_of_a_run(disk, adze_cli, artifact):
    command = [adze_cli, "run", artifact, "--random", 1, "--dim", "n=1000", "--output-dir", "."]
    status, error, left = disk.run(1 << 20, command)
    assert status == 1 and left == [] and "y5.npy" in error and "No space left on device" in error, error

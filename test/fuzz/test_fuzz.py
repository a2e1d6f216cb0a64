# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A sample of mutants (--full: 500 models, 200 artifacts and every operator with every type), and what the search itself must see to be worth something."""
import os
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
RUN = os.path.join(HERE, "run.py")
sys.path.insert(0, HERE)


def fuzz(*arguments):
    return subprocess.run([sys.executable, RUN, *arguments], capture_output=True, text=True)


def test_mutants(full):
    done = fuzz(*(["--full"] if full else []))
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_file_written_outside_is_seen(tmp_path):
    """The sandbox sees files made, changed, removed and renamed anywhere, and nothing real changes."""
    import sandbox
    for name in ("removed", "renamed", "changed"):
        (tmp_path / name).write_text("as it was")
    box = tmp_path / "box"
    box.mkdir()
    program = ("import os, sys\nsys.path.insert(0, sys.argv[1])\nimport sandbox\nos.chdir(sys.argv[2])\n"
               "open(os.environ['FUZZ_BOX'] + '/mine', 'w').close()\nprint(sandbox.written(os.environ['FUZZ_LAYERS']))\n"
               "open('made', 'w').close(); open('/dev/shm/adze-fuzz', 'w').close(); os.remove('removed'); os.rename('renamed', 'new')\n"
               "open('changed', 'w').close()\nprint([os.path.basename(p) for p in sandbox.written(os.environ['FUZZ_LAYERS'])])")
    command, why = sandbox.command(str(box), [sys.executable, "-c", program, HERE, str(tmp_path)])
    if command is None:
        pytest.skip(f"no mount namespace of its own: {why}")
    done = subprocess.run(command, capture_output=True, text=True)
    before, after = done.stdout.splitlines() or (done.stderr, "")
    assert before == "[]"
    assert sorted(eval(after)) == ["adze-fuzz", "changed", "made", "new", "removed", "renamed"]
    assert sorted(os.listdir(tmp_path)) == ["box", "changed", "removed", "renamed"] and os.listdir(box) == []
    assert (tmp_path / "changed").read_text() == "as it was" and not os.path.exists("/dev/shm/adze-fuzz")


def test_a_dead_worker_is_a_failure(monkeypatch):
    """The search does not take a compiler that dies for one that refuses."""
    monkeypatch.setenv("ADZE_WORKER", "/bin/false")
    done = fuzz("--models", "3", "--artifacts", "0", "--types", "0")
    assert done.returncode == 1 and "models FAILED" in done.stdout, done.stdout


def test_a_mutant_is_the_same_each_time(build):
    import bases
    import element_types
    import mutants
    all_bases = bases.Bases(*bases.cases.cache(os.path.join(build, "suite-cache")))
    for index in range(20):
        first, second = (mutants.model_mutant(all_bases, 7, index) for _ in range(2))
        assert (first.what, first.model, first.files, first.seed) == (second.what, second.model, second.files, second.seed)
    first, second = (element_types.Sweep(all_bases, 7) for _ in range(2))
    for index in range(0, len(first.mutants), 100):
        assert (first.mutant(index).what, first.mutant(index).model) == (second.mutant(index).what, second.mutant(index).model)

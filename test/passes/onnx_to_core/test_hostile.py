# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""No model reads or writes outside its tensors, whatever its sizes, attributes and data: statuses, and valgrind's word for it."""
import os
import subprocess
import time

import adze
import hostile
import numpy as np
import pytest
from onnx import TensorProto as T
from onnx import helper as h

CASES = hostile.HOSTILE + hostile.ODD


@pytest.mark.parametrize("level", [0, 2], ids=["O0", "default"])
@pytest.mark.parametrize("case", CASES, ids=[f"{i}-{c.op}" for i, c in enumerate(CASES)])
def test_the_run_ends_with_a_status(case, level):
    model = adze.compile(case.model, opt_level=level, threads=1)
    if case.message is None:
        model.run(case.feeds)
        return
    with pytest.raises(adze.RunError) as caught:
        model.run(case.feeds)
    if case.status == "OUT_OF_MEMORY":  # or the output's own shape is too large
        assert caught.value.status in ("OUT_OF_MEMORY", "SHAPE_MISMATCH")
    else:
        assert caught.value.status == case.status, str(caught.value)
        assert "node 'the_node': " in str(caught.value)
        assert caught.match(case.message)


def chain(op, steps):
    """A size that is computed from a scalar in many steps, each of which uses the one before twice."""
    nodes = [h.make_node("Shape", ["x"], ["s"]), h.make_node("Squeeze", ["s"], ["v0"])]
    for i in range(steps):
        nodes.append(h.make_node("Add", [f"v{i}", "one"], [f"w{i}"]))
        nodes.append(h.make_node(op, [f"v{i}", f"w{i}"], [f"v{i + 1}"]))
    nodes += [h.make_node("Mod", [f"v{steps}", "ten"], ["m"]), h.make_node("Unsqueeze", ["m", "zero"], ["u"]),
              h.make_node("ConstantOfShape", ["u"], ["y"])]
    graph = h.make_graph(nodes, "chain", [h.make_tensor_value_info("x", T.FLOAT, ["n"])],
                         [h.make_tensor_value_info("y", T.FLOAT, ["m"])],
                         [hostile.constant("one", 1), hostile.constant("ten", 10), hostile.constant("zero", [0])])
    made = h.make_model(graph, opset_imports=[h.make_opsetid("", 21)])
    made.ir_version = 10
    return made


@pytest.mark.parametrize("op", ["Mul", "Add", "Mod", "Max", "Min", "Div"])
def test_sizes_that_grow_without_end_are_compiled_in_time(op):
    begin = time.monotonic()
    model = adze.compile(chain(op, 60), threads=1)
    assert time.monotonic() - begin < 30  # what is exponential in 60 steps never ends
    assert model.run({"x": np.zeros(4, np.float32)})["y"].ndim == 1


def write_feeds(path, case):
    """Each input: its sizes as 64-bit integers, then its data."""
    with open(path, "wb") as out:
        for array in case.feeds.values():
            out.write(np.array(array.shape, np.int64).tobytes() + array.tobytes())


# Valgrind knows no AVX-512. The plain run takes those at the default route that come closest to the edge; --full takes all.
@pytest.mark.parametrize("level", [0, 2], ids=["reference", "default"])
def test_under_valgrind(level, root, tmp_path, full):
    edge = [c for c in CASES if c.message is None or c.status == "INDEX_OUT_OF_RANGE" or "size 0" in (c.message or "")]
    cases = [c for c in (CASES if full else edge if level else edge[::4]) if c.status != "OUT_OF_MEMORY"]
    program = tmp_path / "feed_artifact"
    source = os.path.join(root, "test", "compiler", "Inputs", "feed_artifact.c")
    subprocess.run(["clang-22", "-std=c11", "-Wall", "-Werror", "-gdwarf-4", "-I", root, source, "-o", str(program)], check=True)
    arguments = []
    for i, case in enumerate(cases):
        adze.compile(case.model, opt_level=level, cpu="x86-64-v3", threads=1).save(tmp_path / f"{i}.so")
        write_feeds(tmp_path / f"{i}.in", case)
        arguments += [tmp_path / f"{i}.so", tmp_path / f"{i}.in"]
    done = subprocess.run(["valgrind", "--quiet", "--error-exitcode=9", program, *arguments], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "", done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(cases)
    for case, line in zip(cases, lines):
        assert line == "fits" if case.message is None else "node 'the_node': " in line

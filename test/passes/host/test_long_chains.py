# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs that are chains of very many steps are lowered without a recursion as deep."""
import os
import subprocess

import pytest

STEPS = 100_000


def scalars(steps):
    """A size that is computed in many steps, and known early: the output's buffer asks for all of them at once."""
    yield "func.func @main(%x: tensor<?xi64> {adze.name = \"x\"}) -> (tensor<i64> {adze.name = \"y\"}) {"
    yield "  %c0 = arith.constant 0 : index"
    yield "  %c3 = arith.constant 3 : index"
    yield "  %v0 = tensor.dim %x, %c0 : tensor<?xi64>"
    for i in range(steps):
        yield f"  %v{i + 1} = arith.{('muli', 'addi', 'xori')[i % 3]} %v{i}, %c3 : index"
    yield f"  %e = arith.index_cast %v{steps} : index to i64"
    yield "  %y = tensor.from_elements %e : tensor<i64>"
    yield f"  %fits = arith.cmpi sge, %v{steps}, %c0 : index"
    yield "  core.require %fits, \"the size is negative\""
    yield "  return %y : tensor<i64>"
    yield "}"


def casts(steps):
    """One tensor under very many types."""
    yield "func.func @main(%x: tensor<6xi64> {adze.name = \"x\"}) -> (tensor<?xi64> {adze.name = \"y\"}) {"
    kinds = ["tensor<6xi64>", "tensor<?xi64>"]
    for i in range(steps):
        yield f"  %v{i + 1} = tensor.cast {'%x' if i == 0 else f'%v{i}'} : {kinds[i % 2]} to {kinds[(i + 1) % 2]}"
    yield f"  %y = tensor.cast %v{steps} : {kinds[steps % 2]} to tensor<?xi64>" if steps % 2 == 0 else ""
    yield f"  return {'%y' if steps % 2 == 0 else f'%v{steps}'} : tensor<?xi64>"
    yield "}"


@pytest.mark.parametrize("program", [scalars, casts])
def test_the_host_program(build, tmp_path, program):
    source = tmp_path / "chain.mlir"
    source.write_text("\n".join(program(STEPS)))
    done = subprocess.run([os.path.join(build, "bin", "adze-opt"), source, "--adze-host-to-buffers", "-o", os.devnull],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-1000:]

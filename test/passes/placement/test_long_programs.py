# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs of very many ops are placed without a recursion as deep, and in time that grows with their length."""
import os
import subprocess

import pytest

STEPS = 30_000
HEAD = """kernel.func @dev(%x: tensor<256xf32>) -> tensor<256xf32> attributes {schedule = {}} {
  kernel.return %x : tensor<256xf32>
}
kernel.func @host(%x: tensor<256xf32>) -> tensor<256xf32> {
  kernel.return %x : tensor<256xf32>
}
kernel.func @small(%x: tensor<i64>) -> tensor<i64> attributes {schedule = {}} {
  kernel.return %x : tensor<i64>
}
func.func @main(%v0: tensor<256xf32>, %yes: i1, %s0: tensor<i64>) -> tensor<256xf32> {"""
TAIL = f"""  return %v{STEPS} : tensor<256xf32>
}}"""


def launch(kernel, i, type_="tensor<256xf32>", name="v"):
    return f"  %{name}{i + 1} = kernel.launch @{kernel}(%{name}{i}) : ({type_}) -> {type_}"


def device(i):
    """All on the device."""
    yield launch("dev", i)


def in_turn(i):
    """A copy between any two launches."""
    yield launch(("dev", "host")[i % 2], i)


def casts(i):
    """One tensor under very many types, at last on the device."""
    yield f"  %u{i} = tensor.cast %v{i} : tensor<256xf32> to tensor<?xf32>"
    yield launch("dev", i) if i + 1 == STEPS else f"  %v{i + 1} = tensor.cast %u{i} : tensor<?xf32> to tensor<256xf32>"


def selects(i):
    """What is carried and carried on."""
    if i == 0:
        yield launch("dev", i)
    else:
        yield f"  %v{i + 1} = arith.select %yes, %v{i}, %v{i - 1} : tensor<256xf32>"


def branches(i):
    """Branches that give what branches give."""
    yield f"  %v{i + 1} = scf.if %yes -> tensor<256xf32> {{"
    yield f"    %a{i} = kernel.launch @dev(%v{i}) : (tensor<256xf32>) -> tensor<256xf32>"
    yield f"    scf.yield %a{i} : tensor<256xf32>"
    yield "  } else {"
    yield f"    scf.yield %v{i} : tensor<256xf32>"
    yield "  }"


def shapes(i):
    """What might be shape arithmetic, but for its end, which the device reads."""
    yield launch("small", i, "tensor<i64>", "s")
    if i + 1 == STEPS:
        yield f"  %e = tensor.cast %s{STEPS} : tensor<i64> to tensor<i64>"
        yield f"  %o = kernel.launch @other(%e) : (tensor<i64>) -> tensor<256xf32>"
        yield f"  %v{STEPS} = kernel.launch @dev(%o) : (tensor<256xf32>) -> tensor<256xf32>"


OTHER = """kernel.func @other(%x: tensor<i64>) -> tensor<256xf32> attributes {schedule = {}} {
  %c = core.constant dense<1.0> : tensor<256xf32>
  kernel.return %c : tensor<256xf32>
}
"""


@pytest.mark.parametrize("step", [device, in_turn, casts, selects, branches, shapes])
def test_the_placement(build, tmp_path, step):
    source = tmp_path / "program.mlir"
    source.write_text("\n".join([OTHER + HEAD] + [line for i in range(STEPS) for line in step(i)] + [TAIL]))
    done = subprocess.run([os.path.join(build, "bin", "adze-opt"), source, "--adze-place-tensors",
                           "--adze-verify-stage=stage=placed", "-o", os.devnull],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-1000:]

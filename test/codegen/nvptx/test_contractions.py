# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Products and convolutions on a device: what they compute, on the played driver, which reports what a card would let pass; and how
good their code is."""
import re
import subprocess

import numpy as np
import pytest
from onnx import TensorProto, helper

from kernel_tests import PTXAS, TOLERANCE, TYPES, assemble, assert_product, ptx_of, random, save, value

# Whole and broken tiles, operands that are copied in chunks and such that are not, batches, broadcast, empty.
SHAPES = [((64, 64), (64, 64)), ((1, 40), (40, 24)), ((17, 33), (33, 19)), ((130, 72), (72, 136)), ((33, 48), (48, 70)),
          ((35, 42), (42, 70)), ((20, 36), (36, 44)), ((3, 2), (2, 2)), ((2, 3, 20, 40), (2, 3, 40, 48)), ((4, 20, 40), (40, 48)), ((2, 1, 20, 8), (3, 8, 16)), ((5, 0), (0, 8))]


@pytest.mark.parametrize("kind", ["f32", "f16", "bf16"])
@pytest.mark.parametrize("a_shape,b_shape", SHAPES)
def test_matmul(device, tmp_path, kind, a_shape, b_shape):
    a, b = random(kind, a_shape, 1), random(kind, b_shape, 2)
    model = save(tmp_path / "m.onnx", [helper.make_node("MatMul", ["a", "b"], ["c"])],
                 [value("a", kind, a_shape), value("b", kind, b_shape)], [value("c", kind, None)])
    assert_product(device.run(model, {"a": a, "b": b}), a, b, TOLERANCE[kind])


@pytest.mark.parametrize("kind", ["f32", "f16"])
@pytest.mark.parametrize("a_shape,b_shape", [((1270, 40), (40, 1288)), ((700, 24), (24, 1280)), ((1281, 17), (17, 1283))])
def test_large_tiles(device, tmp_path, kind, a_shape, b_shape):
    test_matmul(device, tmp_path, kind, a_shape, b_shape)


@pytest.mark.parametrize("kind", ["f32", "f16"])
def test_dynamic(device, tmp_path, kind):
    model = save(tmp_path / "m.onnx", [helper.make_node("MatMul", ["a", "b"], ["c"])],
                 [value("a", kind, ["batch", "rows", "depth"]), value("b", kind, ["depth", "columns"])], [value("c", kind, None)])
    for rows, depth, columns in [(50, 64, 72), (33, 7, 9)]:
        a, b = random(kind, (2, rows, depth), 1), random(kind, (depth, columns), 2)
        assert_product(device.run(model, {"a": a, "b": b}), a, b, TOLERANCE[kind])


@pytest.mark.parametrize("left,right", [("i8", "i8"), ("u8", "i8"), ("u8", "u8")])
def test_integers(device, tmp_path, left, right):
    a, b = random(left, (33, 48), 1), random(right, (48, 35), 2)
    model = save(tmp_path / "m.onnx", [helper.make_node("MatMulInteger", ["a", "b"], ["c"])],
                 [value("a", left, a.shape), value("b", right, b.shape)],
                 [helper.make_tensor_value_info("c", TensorProto.INT32, None)])
    assert np.array_equal(device.run(model, {"a": a, "b": b}), a.astype(np.float64) @ b.astype(np.float64))


@pytest.mark.parametrize("kind", ["f32", "f16"])
def test_gemm_with_epilogue(device, tmp_path, kind):
    a, w, c = random(kind, (70, 48), 1), random(kind, (80, 48), 2), random(kind, (80,), 3)
    model = save(tmp_path / "m.onnx",
                 [helper.make_node("Gemm", ["a", "w", "c"], ["g"], transB=1), helper.make_node("Relu", ["g"], ["y"])],
                 [value("a", kind, a.shape), value("w", kind, w.shape), value("c", kind, c.shape)], [value("y", kind, None)])
    found = device.run(model, {"a": a, "w": w, "c": c})
    a, w, c = (x.astype(np.float64) for x in (a, w, c))
    size = np.abs(a) @ np.abs(w.T) + np.abs(c)
    assert np.all(np.abs(found - np.maximum(a @ w.T + c, 0)) <= TOLERANCE[kind] * size)


# Steps of the depth within one place of the window, across places, and channels that are no chunk.
CONVS = [((2, 16, 9, 11), (24, 16, 3, 3), dict(pads=[1] * 4)), ((1, 32, 14, 14), (64, 32, 3, 3), dict(pads=[1] * 4, strides=[2, 2])),
         ((1, 24, 10, 10), (20, 24, 3, 2), dict(dilations=[2, 2])), ((1, 3, 20, 20), (16, 3, 7, 7), dict(strides=[2, 2], pads=[3] * 4)),
         ((1, 64, 8, 8), (32, 64, 1, 1), {}),
         # Padding of other widths on each side, wider than the window, in one dimension only, of windows with gaps; one and three
         # dimensions; channels that are a chunk of one type only.
         ((1, 16, 7, 9), (24, 16, 3, 3), dict(pads=[0, 2, 1, 3])), ((2, 32, 5, 6), (16, 32, 2, 3), dict(pads=[4, 5, 3, 2])),
         ((1, 16, 8, 8), (24, 16, 1, 3), dict(pads=[0, 1, 0, 1])), ((1, 32, 9, 9), (24, 32, 3, 3), dict(pads=[2] * 4, dilations=[2, 2])),
         ((1, 16, 11, 12), (24, 16, 3, 3), dict(pads=[3, 1, 2, 4], dilations=[2, 3], strides=[3, 2])),
         ((2, 16, 25), (24, 16, 5), dict(pads=[2, 2])), ((1, 8, 4, 5, 6), (16, 8, 3, 3, 3), dict(pads=[1] * 6)),
         # Windows of 32 places, and of more.
         ((1, 16, 40), (24, 16, 32), dict(pads=[20, 31])), ((1, 16, 40), (24, 16, 33), dict(pads=[20, 32], strides=[2])),
         ((1, 8, 9, 9), (20, 8, 7, 7), dict(pads=[3] * 4)), ((1, 16, 5, 6, 5), (16, 16, 3, 4, 3), dict(pads=[1, 0, 2, 0, 1, 1])),
         ((1, 12, 9, 9), (20, 12, 3, 3), dict(pads=[1] * 4)), ((1, 5, 9, 9), (20, 5, 3, 3), dict(pads=[1, 0, 2, 1]))]


@pytest.mark.parametrize("kind", ["f32", "f16"])
@pytest.mark.parametrize("x_shape,w_shape,attributes", CONVS)
def test_conv(device, tmp_path, kind, x_shape, w_shape, attributes):
    x, w = random(kind, x_shape, 1), random(kind, w_shape, 2)
    weights = helper.make_tensor("w", TYPES[kind], w_shape, w.tobytes(), raw=True)
    model = save(tmp_path / "m.onnx", [helper.make_node("Conv", ["x", "w"], ["y"], **attributes)], [value("x", kind, x_shape)],
                 [value("y", kind, None)], [weights])
    found, expected = device.run(model, {"x": x}), device.run(model, {"x": x}, target="cpu")
    assert np.all(np.abs(found - expected) <= TOLERANCE[kind] * np.abs(w.astype(np.float64)).sum() / w_shape[0] * 4)


@pytest.mark.parametrize("kind,channels", [("f32", 16), ("f16", 16), ("f16", 3), ("f16", 12), ("f32", 5)])
def test_conv_of_unknown_size(device, tmp_path, kind, channels):
    w = random(kind, (24, channels, 3, 3), 2)
    weights = helper.make_tensor("w", TYPES[kind], w.shape, w.tobytes(), raw=True)
    model = save(tmp_path / "m.onnx", [helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 2, 1, 0], strides=[1, 2])],
                 [value("x", kind, ["n", channels, "h", "w"])], [value("y", kind, None)], [weights])
    for size in ((1, 6, 7), (2, 1, 9), (0, 5, 5)):
        x = random(kind, (size[0], channels, *size[1:]), 1)
        found, expected = device.run(model, {"x": x}), device.run(model, {"x": x}, target="cpu")
        assert found.shape == expected.shape
        assert np.all(np.abs(found - expected) <= TOLERANCE[kind] * np.abs(w.astype(np.float64)).sum() / len(w) * 4)


@pytest.mark.parametrize("kind", ["f32", "f16", "bf16"])
@pytest.mark.parametrize("turn_a,turn_b", [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize("rows,depth,columns", [(64, 64, 64), (1, 40, 24), (72, 48, 136), (17, 33, 19), (200, 24, 8), (70, 42, 36)])
def test_transposed(device, tmp_path, kind, turn_a, turn_b, rows, depth, columns):
    a, b = random(kind, (depth, rows) if turn_a else (rows, depth), 1), random(kind, (columns, depth) if turn_b else (depth, columns), 2)
    nodes = [helper.make_node("Transpose", [name], [name + "t"], perm=[1, 0]) for name, turn in (("a", turn_a), ("b", turn_b)) if turn]
    nodes.append(helper.make_node("MatMul", ["at" if turn_a else "a", "bt" if turn_b else "b"], ["c"]))
    model = save(tmp_path / "m.onnx", nodes, [value("a", kind, a.shape), value("b", kind, b.shape)], [value("c", kind, None)])
    found = device.run(model, {"a": a, "b": b})
    assert_product(found, a.T if turn_a else a, b.T if turn_b else b, TOLERANCE[kind])
    assert len(device.counts) == 1  # nothing is transposed by a kernel of its own


@pytest.mark.parametrize("kind", ["f32", "f16"])
def test_chip_without_copies(device, tmp_path, kind):
    """What others copy comes through registers."""
    for i, (rows, depth, columns) in enumerate([(72, 48, 136), (35, 42, 33)]):
        a, b = random(kind, (depth, rows), 1), random(kind, (columns, depth), 2)
        model = save(tmp_path / f"{i}.onnx", [helper.make_node("Gemm", ["a", "b"], ["c"], transA=1, transB=1)],
                     [value("a", kind, a.shape), value("b", kind, b.shape)], [value("c", kind, None)])
        assert_product(device.run(model, {"a": a, "b": b}, target="nvptx:sm_75"), a.T, b.T, TOLERANCE[kind])
    for channels in (16, 12, 5):
        x, w = random(kind, (1, channels, 9, 9), 1), random(kind, (64, channels, 3, 3), 1)
        model = conv_of_resnet(tmp_path, kind, channels, 9, outputs=64)
        found, expected = device.run(model, {"x": x}, target="nvptx:sm_75"), device.run(model, {"x": x}, target="cpu")
        assert np.all(np.abs(found - expected) <= TOLERANCE[kind] * np.abs(w.astype(np.float64)).sum() / len(w) * 4)


# Heads that lie beside each other, as attention has them; batches that move; one matrix for all.
@pytest.mark.parametrize("kind", ["f32", "f16"])
@pytest.mark.parametrize("a_shape,a_order,b_shape,b_order",
                         [((2, 20, 3, 32), (0, 2, 1, 3), (2, 24, 3, 32), (0, 2, 3, 1)), ((3, 40, 2, 24), (2, 0, 3, 1), (3, 40, 2, 16), (2, 0, 1, 3)),
                          ((4, 24, 20), (0, 2, 1), (24, 40), (0, 1)), ((4, 24, 20), (0, 2, 1), (4, 40, 24), (0, 2, 1)),
                          ((5, 4, 24), (1, 0, 2), (32, 24), (1, 0)), ((4, 3, 20), (0, 2, 1), (7, 3), (1, 0))])
def test_transposed_batches(device, tmp_path, kind, a_shape, a_order, b_shape, b_order):
    a, b = random(kind, a_shape, 1), random(kind, b_shape, 2)
    nodes = [helper.make_node("Transpose", ["a"], ["at"], perm=list(a_order)), helper.make_node("Transpose", ["b"], ["bt"], perm=list(b_order)),
             helper.make_node("MatMul", ["at", "bt"], ["c"])]
    model = save(tmp_path / "m.onnx", nodes, [value("a", kind, a_shape), value("b", kind, b_shape)], [value("c", kind, None)])
    assert_product(device.run(model, {"a": a, "b": b}), a.transpose(a_order), b.transpose(b_order), TOLERANCE[kind])


@pytest.mark.parametrize("kind", ["f32", "f16"])
def test_transposed_of_unknown_size(device, tmp_path, kind):
    nodes = [helper.make_node("Transpose", ["b"], ["bt"], perm=[0, 2, 1]), helper.make_node("MatMul", ["a", "bt"], ["c"])]
    model = save(tmp_path / "m.onnx", nodes, [value("a", kind, ["n", "rows", 48]), value("b", kind, ["n", "columns", 48])],
                 [value("c", kind, None)])
    for n, rows, columns in [(2, 33, 21), (1, 1, 70), (3, 0, 5)]:
        a, b = random(kind, (n, rows, 48), 1), random(kind, (n, columns, 48), 2)
        assert_product(device.run(model, {"a": a, "b": b}), a, b.transpose(0, 2, 1), TOLERANCE[kind])


def test_tf32_only_where_allowed(device, tmp_path):
    a, b = random("f32", (70, 72), 1), random("f32", (72, 136), 2)
    model = save(tmp_path / "m.onnx", [helper.make_node("MatMul", ["a", "b"], ["c"])],
                 [value("a", "f32", a.shape), value("b", "f32", b.shape)], [value("c", "f32", None)])
    exact, short = device.run(model, {"a": a, "b": b}), device.run(model, {"a": a, "b": b}, allow="tf32")
    assert_product(exact, a, b, 1e-6)
    assert_product(short, a, b, 2e-3)
    assert np.abs(short - exact).max() > 1e-5


@pytest.mark.parametrize("turn_a,turn_b", [(0, 1), (1, 0), (1, 1)])
def test_tf32_of_transposed(device, tmp_path, turn_a, turn_b):
    a, b = random("f32", (72, 68) if turn_a else (68, 72), 1), random("f32", (136, 72) if turn_b else (72, 136), 2)
    model = save(tmp_path / "m.onnx", [helper.make_node("Gemm", ["a", "b"], ["c"], transA=turn_a, transB=turn_b)],
                 [value("a", "f32", a.shape), value("b", "f32", b.shape)], [value("c", "f32", None)])
    assert_product(device.run(model, {"a": a, "b": b}, allow="tf32"), a.T if turn_a else a, b.T if turn_b else b, 2e-3)


def test_what_cannot_be_allowed(adze_cli, tmp_path):
    model = save(tmp_path / "m.onnx", [helper.make_node("MatMul", ["a", "b"], ["c"])], [value("a", "f32", (4, 4)), value("b", "f32", (4, 4))],
                 [value("c", "f32", None)])
    done = subprocess.run([adze_cli, "compile", model, "-o", str(tmp_path / "m.so"), "--allow", "fp8"], capture_output=True, text=True)
    assert done.returncode != 0 and "'fp8' is nothing that can be allowed; known: tf32, bf16x3" in done.stderr


# ---- quality ----

def square(tmp_path, kind, size, depth=None, turned=(0, 0)):
    depth = depth or size
    a, b = (depth, size) if turned[0] else (size, depth), (size, depth) if turned[1] else (depth, size)
    return save(tmp_path / f"{kind}_{size}_{depth}_{turned}.onnx",
                [helper.make_node("Gemm", ["a", "b"], ["c"], transA=turned[0], transB=turned[1])],
                [value("a", kind, a), value("b", kind, b)], [value("c", kind, None)])


#: Those of ResNet-50 with a window of 3 x 3: channels, size of the image, stride.
RESNET = [(64, 56, 1), (128, 56, 2), (128, 28, 1), (256, 28, 2), (256, 14, 1), (512, 14, 2), (512, 7, 1)]


def conv_of_resnet(tmp_path, kind, channels=64, size=56, stride=1, window=3, outputs=None):
    w = random(kind, (outputs or channels, channels, window, window), 1)
    return save(tmp_path / f"conv_{kind}_{channels}_{size}_{stride}_{window}.onnx",
                [helper.make_node("Conv", ["x", "w"], ["y"], pads=[window // 2] * 4, strides=[stride] * 2)],
                [value("x", kind, (1, channels, size, size))], [value("y", kind, None)],
                [helper.make_tensor("w", TYPES[kind], w.shape, w.tobytes(), raw=True)])


def assert_chunks_in_three_stages(kernel):
    assert not re.search(r"ld\.global", kernel)
    copies = re.findall(r"cp\.async\.(c[ag])\.shared\.global \[.*?\], \[.*?\], (\d+)", kernel)
    assert copies and all(copy == ("cg", "16") for copy in copies)
    stores = re.findall(r"st\.global(\S*)", kernel)
    assert stores and all(store.startswith(".v4.b32") for store in stores)
    # So many groups are still under way while a step is computed: the stages but for this one and the next.
    assert max(int(n) for n in re.findall(r"cp\.async\.wait_group\s+(\d+)", kernel)) >= 1


@pytest.mark.parametrize("turned", [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("kind", ["f16", "f32"])
def test_loads_are_chunks_in_three_stages(adze_cli, tmp_path, kind, turned):
    text = ptx_of(adze_cli, square(tmp_path, kind, 2048, turned=turned), "sm_80", str(tmp_path))
    assert text.count(".entry") == 1
    assert_chunks_in_three_stages(text)
    assert ("mma.sync" in text) == (kind == "f16")


@pytest.mark.parametrize("channels,size,stride,window,outputs", [(*sizes, 3, None) for sizes in RESNET] + [(3, 224, 2, 7, 64)])
@pytest.mark.parametrize("kind", ["f16", "f32"])
def test_padding_is_within_the_copies(adze_cli, tmp_path, kind, channels, size, stride, window, outputs):
    text = ptx_of(adze_cli, conv_of_resnet(tmp_path, kind, channels, size, stride, window, outputs), "sm_80", str(tmp_path))
    kernels = text.split(".entry")[1:]
    assert len(kernels) == 3  # channels last, the convolution, channels first
    assert_chunks_in_three_stages(kernels[1])


def test_main_loop_of_known_depth_stays_a_loop(adze_cli, tmp_path):
    """As many products as a step has, not as the depth has."""
    step, count = 64, []  # of f16, for few rows
    for steps in (1, 2, 8):
        model = save(tmp_path / f"{steps}.onnx", [helper.make_node("MatMul", ["a", "b"], ["c"])],
                     [value("a", "f16", (16, steps * step)), value("b", "f16", (steps * step, 8192))], [value("c", "f16", None)])
        count.append(ptx_of(adze_cli, model, "sm_80", str(tmp_path)).count("mma.sync"))
    assert count[0] == count[1] == count[2]


def test_no_copy_or_unit_that_the_chip_lacks(adze_cli, tmp_path):
    text = ptx_of(adze_cli, square(tmp_path, "f16", 256), "sm_75", str(tmp_path))
    assert "cp.async" not in text and "m16n8k8" in text and "m16n8k16" not in text


def test_no_pairs_of_f32_that_the_chip_takes_apart(adze_cli, tmp_path):
    for kind in ("f16", "f32"):
        text = ptx_of(adze_cli, square(tmp_path, kind, 2048), "sm_120", str(tmp_path))
        assert ".target sm_120" in text and "f32x2" not in text
        loop = text[text.index("cp.async.wait_group"):]
        assert "mov.b64" not in loop[:loop.index("bra")]


@pytest.mark.skipif(PTXAS is None, reason="no ptxas")
@pytest.mark.parametrize("chip", ["sm_80", "sm_89", "sm_90", "sm_120"])
def test_nothing_spills(adze_cli, tmp_path, chip):
    models = [square(tmp_path, kind, size) for kind in ("f16", "f32") for size in (1024, 4096)]
    models += [conv_of_resnet(tmp_path, kind, *sizes) for kind in ("f16", "f32") for sizes in RESNET[::3]]
    with_room = len(models)
    # What is no copy: channels that are no chunks, odd sizes.
    models += [square(tmp_path, kind, size) for kind in ("f16", "f32") for size in (1030, 1281)]
    models += [conv_of_resnet(tmp_path, "f16", 12, 224, 2, 7, 64), conv_of_resnet(tmp_path, "f32", 5, 224, 2, 7, 64), square(tmp_path, "f16", 1281, turned=(1, 1))]
    models += [square(tmp_path, kind, 2048, turned=turned) for kind in ("f16", "f32") for turned in ((0, 1), (1, 0), (1, 1))]
    for i, model in enumerate(models):
        log = assemble(ptx_of(adze_cli, model, chip, str(tmp_path)), chip, str(tmp_path))
        assert i >= with_room or max(int(n) for n in re.findall(r"Used (\d+) registers", log)) <= 248


@pytest.mark.parametrize("kind,allow", [("f16", ""), ("f32", ""), ("f32", "tf32")])
@pytest.mark.parametrize("turned", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_main_loop_has_no_bank_conflicts(device, tmp_path, kind, allow, turned):
    """The first and last parts are the same whatever the depth is: conflicts of the main loop would grow with it."""
    conflicts = []
    for depth in (64, 128):
        size = 512  # of smaller ones the depth is cut into slices
        a, b = random(kind, (size, depth), 1), random(kind, (depth, size), 2)
        feeds = {"a": a.T if turned[0] else a, "b": b.T if turned[1] else b}
        device.run(square(tmp_path, kind, size, depth, turned), {n: np.ascontiguousarray(v) for n, v in feeds.items()}, allow=allow)
        conflicts.append(sum(count["bank_conflicts"] for count in device.counts))
    assert conflicts[0] == conflicts[1]


@pytest.mark.parametrize("kind", ["f16", "f32"])
def test_convolution_has_no_bank_conflicts(device, tmp_path, kind):
    conflicts = []
    for channels in (64, 128):
        x = random(kind, (1, channels, 14, 14), 1)
        device.run(conv_of_resnet(tmp_path, kind, channels, 14, outputs=64), {"x": x})
        conflicts.append(sum(count["bank_conflicts"] for count in device.counts))
    assert conflicts[0] == conflicts[1]

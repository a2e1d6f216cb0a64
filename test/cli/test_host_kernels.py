# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which kernels the host runs though the target is a device, and why."""
import small

REASON = "few elements, from and to the host's memory"


def test_check_names_kernels_of_the_host(adze, tmp_path):
    done = adze("check", small.save(small.picked("find\x1bme"), tmp_path), "--target", "nvptx")
    lines = done.out.splitlines()
    assert done.status == 0 and lines[0].endswith("model.onnx: compiles")
    assert lines[1] == "1 of 4 kernels run on the host:"
    assert any(line.endswith(f" (NonZero 'find?me'): {REASON}") for line in lines[2:]), done.out


def test_compile_counts_and_tells_them(adze, tmp_path):
    path = small.save(small.picked("find\x1bme"), tmp_path)
    brief = adze("compile", path, "--target", "nvptx", "-o", "a.so")
    assert brief.status == 0 and brief.out.startswith("a.so: 4 kernels (1 on the host), ") and brief.out.count("\n") == 1
    verbose = adze("compile", path, "--target", "nvptx", "-o", "a.so", "-v").out
    assert "\n1 of 4 kernels run on the host:\n  k" in verbose and REASON in verbose


def test_nothing_is_said_where_all_run_on_one_machine(adze, tmp_path):
    assert adze("check", small.save(small.picked("find\x1bme"), tmp_path)).out.endswith("model.onnx: compiles\n")
    relu = small.save(small.relu((4, 8)), tmp_path, "relu.onnx")
    assert adze("check", relu, "--target", "nvptx").out.endswith("relu.onnx: compiles\n")
    assert "host" not in adze("compile", relu, "--target", "nvptx", "-o", "a.so", "--verbose").out

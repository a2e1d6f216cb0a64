# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The program that counts in machine code: that it counts rightly, and finds the conflicts that the PTX machine finds."""
import argparse
import json
import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import kernel_quality  # noqa: E402
import quality_cases  # noqa: E402
import sass  # noqa: E402

LISTING = """
	.section	.text.first,"ax",@progbits
first:
.text.first:
        /*0000*/                   LDC R1, c[0x0][0x37c] ;
        /*0010*/                   LDG.E.64.CONSTANT R2, desc[UR4][R2.64] ;
.L_x_1:
        /*0020*/                   FFMA R4, R4, R6, R6 ;
        /*0030*/                   FFMA R5, R4, R6, R6 ;
        /*0040*/               @P0 BRA `(.L_x_1) ;
.L_x_0:
.L_x_2:
        /*0050*/               @!PT LDS RZ, [RZ] ;
        /*0060*/                   LDGSTS.E.BYPASS.LTC128B.128 [R9+0x800], desc[UR14][R4.64], !P0 ;
        /*0070*/                   LDSM.16.MT88.4 R96, [R2+UR4+0x2800] ;
        /*0080*/                   HMMA.16816.F32 R4, R92, R96, R4 ;
        /*0090*/                   LDGDEPBAR ;
        /*00a0*/                   DEPBAR.LE SB0, 0x2 ;
        /*00b0*/              @!P0 BRA `(.L_x_2) ;
        /*00c0*/               @P1 BRA `(.L_x_0) ;
        /*00d0*/                   STG.E.128 desc[UR4][R2.64], R4 ;
        /*00e0*/                   STG.E.U16 desc[UR4][R2.64], R4 ;
        /*00f0*/                   EXIT ;
.L_x_3:
        /*0100*/                   BRA `(.L_x_3);
        /*0110*/                   NOP;
.L_x_4:
	.section	.nv.shared.first,"aw",@nobits
	.section	.text.second,"ax",@progbits
.text.second:
        /*0000*/                   EXIT ;
"""

LOG = """ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'first' for 'sm_80'
ptxas info    : Function properties for first
    8 bytes stack frame, 12 bytes spill stores, 16 bytes spill loads
ptxas info    : Used 234 registers, used 1 barriers, 1024 bytes smem, 408 bytes cmem[0]
ptxas info    : Compiling entry function 'second' for 'sm_80'
ptxas info    : Function properties for second
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 4 registers, 408 bytes cmem[0]
"""

#: Each lane stores to the same bank, so often as the second argument says.
CONFLICTS = """.version 7.0
.target sm_80
.address_size 64
.visible .entry k(.param .u64 out, .param .u32 times, .param .f32 unused, .param .u64 e0, .param .u64 e1)
{
  .reg .b32 %t, %a, %n; .reg .pred %p; .reg .b64 %o;
  .shared .align 16 .b8 words[4096];
  mov.u32 %t, %tid.x; mov.u32 %a, words; mad.lo.u32 %a, %t, 128, %a;
  ld.param.u32 %n, [times]; ld.param.u64 %o, [out];
AGAIN:
  st.shared.b32 [%a], %t;
  sub.u32 %n, %n, 1; setp.ne.u32 %p, %n, 0; @%p bra AGAIN;
  st.global.b32 [%o], %n;
  ret;
}
"""


def test_counts_of_a_listing():
    kernels = sass.parse(LISTING)
    assert list(kernels) == ["first", "second"] and len(kernels["second"].instructions) == 1
    found = sass.count(kernels["first"])
    # The loop with the matrix unit's instruction, not the one around it nor that of the multiply-adds.
    assert (found["part"], found["loop"], found["matrix"], found["fma"]) == ("loop", 7, 1, 0)
    assert found["share"] == pytest.approx(1 / 7)
    assert (found["LDSM"], found["LDS"], found["LDGSTS"], found["stages"]) == (1, 1, 1, 4)
    assert found["widths"] == {"LDG": {8: 1}, "LDGSTS": {16: 1}, "STG": {16: 1, 2: 1}}
    assert found["instructions"] == 18


def test_what_is_no_loop():
    found = sass.count(sass.parse(LISTING)["second"])
    assert (found["part"], found["loop"], found["share"], found["stages"]) == ("none", 0, 0.0, None)


def test_steps_that_are_unrolled():
    lines = [".section .text.k,", ".L_x_0:", "/*0000*/ IADD R1, R1, R1 ;", "/*0010*/ @P0 BRA `(.L_x_0) ;"]
    lines += [f"/*{16 * i:04x}*/ HMMA.16816.F32 R4, R92, R96, R4 ;" for i in range(2, 2 + sass.UNROLLED[0])]
    found = sass.count(sass.parse("\n".join(lines))["k"])
    assert (found["part"], found["matrix"], found["loop"]) == ("unrolled", sass.UNROLLED[0], sass.UNROLLED[0] + 2)


@pytest.mark.parametrize("text,bytes_", [("LDG.E R2, [R2]", 4), ("LDG.E.LTC128B.64 R2, [R2]", 8), ("@P0 STG.E.U8 [R2], R2", 1),
                                         ("@!UP0 LDG.E.S16 R2, [R2]", 2), ("LDG.E.ENL2.256 R2, R4, [R2]", 32)])
def test_widths(text, bytes_):
    assert sass.width(text) == bytes_


def test_stages_of_two_groups_a_step():
    assert sass.stages(["LDGDEPBAR", "LDGDEPBAR", "DEPBAR.LE SB0, 0x2", "DEPBAR.LE SB1, 0x1"]) == 3
    assert sass.stages(["LDGDEPBAR"]) is None and sass.stages(["DEPBAR.LE SB0, 0x0"]) is None


def test_resources():
    assert sass.resources(LOG) == {"first": {"registers": 234, "spills": 28, "shared": 1024},
                                   "second": {"registers": 4, "spills": 0, "shared": 0}}


def test_conflicts_of_a_text(tmp_path):
    """Each store has 31 conflicts; those of the first play are not of the loop."""
    path = tmp_path / "k.ptx"
    path.write_text(CONFLICTS)
    plays = []
    for times in (1, 3):
        job = {"text": str(path), "entry": "k", "grid": 1, "threads": 32, "shared": 0, "buffers": [16], "scalars": [times, 1.0]}
        plays.append(kernel_quality.played([sys.executable, os.path.join(HERE, "kernel_quality.py"), "--launch", json.dumps(job)], "sm_80",
                                           tmp_path))
    assert plays == [31, 93] and kernel_quality.conflicts(plays) == 62 and kernel_quality.conflicts(plays[:1]) == 31


def test_what_the_machine_reports_is_an_error(tmp_path):
    path = tmp_path / "k.ptx"
    path.write_text(CONFLICTS.replace("mov.u32 %t, %tid.x; ", "", 1))
    job = {"text": str(path), "entry": "k", "grid": 1, "threads": 32, "shared": 0, "buffers": [16], "scalars": [1, 1.0]}
    with pytest.raises(RuntimeError):
        kernel_quality.played([sys.executable, os.path.join(HERE, "kernel_quality.py"), "--launch", json.dumps(job)], "sm_80", tmp_path)


def test_every_case_has_models_to_play():
    onnx = pytest.importorskip("onnx")
    names = [case.name for case in quality_cases.CASES]
    assert len(set(names)) == len(names)
    for case in quality_cases.CASES:
        for model in case.plays():
            onnx.checker.check_model(model)


@pytest.mark.skipif(not (kernel_quality.tool("ptxas") and kernel_quality.tool("nvdisasm")), reason="no ptxas or no nvdisasm")
def test_a_product(tmp_path, adze_cli):
    options = argparse.Namespace(adze=adze_cli, ptxas=kernel_quality.tool("ptxas"), nvdisasm=kernel_quality.tool("nvdisasm"), no_play=False)
    row = kernel_quality.measure_adze(quality_cases.product(1024, "f16", (128, 64, 32), (64, 128)), "sm_80", options, tmp_path)
    assert row["part"] == "loop" and row["matrix"] > 0 and row["conflicts"] == row["spills"] == 0 and row["stages"] >= 2
    assert set(row["widths"]["LDGSTS"]) == {16}


def test_the_table():
    row = {"case": "c", "chip": "sm_80", "by": "adze", "kind": "matrix", "threads": 128, "shared": 65536, "registers": 9, "spills": 0, "conflicts": 0,
           **sass.count(sass.parse(LISTING)["first"])}
    text = kernel_quality.markdown({"versions": {"ptxas": "13.0"}, "rows": [row, {"case": "c", "chip": "sm_90", "by": "triton", "error": "no"}]})
    head, *rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.count("|") == head.count("|") for line in rows)
    assert "| 64 | 18 | 7 | 1 MMA | 0.14 | 1, 1 | 1 | 4 | 0 | LDG 1 x 8, LDGSTS 1 x 16, STG 1 x 16+1 x 2 |" in text

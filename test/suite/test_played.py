# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a played device reports becomes the answer of the case that ran."""
import argparse
import json
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import child  # noqa: E402
import devices  # noqa: E402
import gaps  # noqa: E402
import run  # noqa: E402


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """What a simulator sets ends with the test."""
    for name in ("ADZE_CUDA_DRIVER", "ADZE_SIM_REPORT", "ADZE_SIM_DEVICES"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def test_each_report_is_read_once(tmp_path):
    simulator = devices.Simulator("nvptx:sm_80", "build", tmp_path)
    assert os.environ["ADZE_CUDA_DRIVER"] == "build/lib/libadze_sim_cuda.so"
    assert simulator.new_report() == ""
    with open(os.environ["ADZE_SIM_REPORT"], "a") as f:
        f.write(json.dumps({"kind": "race", "kernel": "k0", "line": 3, "message": "two writers"}) + "\n")
        f.write(json.dumps({"kind": "leak", "message": "a stream"}) + "\n")
    assert simulator.new_report() == "race in k0: two writers"
    assert simulator.new_report() == ""


def test_a_driver_that_is_named_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("ADZE_CUDA_DRIVER", "libcuda.so.1")
    devices.Simulator("nvptx", "build", tmp_path)
    assert os.environ["ADZE_CUDA_DRIVER"] == "libcuda.so.1"


def test_the_device_is_of_the_machine_that_the_target_names(tmp_path, monkeypatch):
    devices.Simulator("nvptx", "build", tmp_path)
    assert "ADZE_SIM_DEVICES" not in os.environ
    devices.Simulator("nvptx:sm_120,sm_80", "build", tmp_path)
    assert os.environ["ADZE_SIM_DEVICES"] == "sm_120"
    devices.Simulator("nvptx:sm_90", "build", tmp_path)
    assert os.environ["ADZE_SIM_DEVICES"] == "sm_120"


def test_a_target_without_a_device_has_no_reports(tmp_path):
    assert devices.Simulator("cpu", "build", tmp_path).new_report() == ""
    assert os.listdir(tmp_path) == [] and "ADZE_SIM_REPORT" not in os.environ


def test_a_reported_case_fails_though_its_values_are_right():
    passed = {"status": "pass", "reason": "", "seconds": 1}
    assert child.judged(passed, "") == passed
    assert child.judged(passed, "leak: a stream") == {"status": "fail", "reason": "report: leak: a stream", "seconds": 1}


def test_a_case_that_would_not_end_is_not_run():
    known = {"endless": gaps.NOT_RUN + "minutes", "wrong": "wrong values"}
    assert run.pick(["endless", "right", "wrong"], argparse.Namespace(filter="", sample=None), known) == ["right", "wrong"]

# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Devices that are played in tests, and what those who play them report."""
import json
import os

#: Target: (the environment's variable that names its driver, the library in the build folder that plays it).
SIMULATED = {"nvptx": ("ADZE_CUDA_DRIVER", "lib/libadze_sim_cuda.so")}


class Simulator:
    """Plays the device of `target` for this process, unless the environment names a driver already. A target that needs no
    device, or whose device is not played, has no reports. The device is of the machine that the target names first, unless the
    environment says of which. The file of reports lies in `folder`."""

    def __init__(self, target, build, folder):
        self.path, self.read = None, 0
        name, _, machines = target.partition(":")
        if name in SIMULATED:
            variable, library = SIMULATED[name]
            os.environ.setdefault(variable, os.path.join(build, library))
            if machines:
                os.environ.setdefault("ADZE_SIM_DEVICES", machines.partition(",")[0])
            self.path = os.path.join(folder, f"{os.getpid()}.report")
            open(self.path, "w").close()
            os.environ["ADZE_SIM_REPORT"] = self.path

    def new_report(self):
        """The first report since the last call; empty if there is none."""
        if not self.path:
            return ""
        with open(self.path) as f:
            f.seek(self.read)
            lines = f.readlines()
            self.read = f.tell()
        return describe(lines[0]) if lines else ""


def describe(line):
    """A report in words."""
    report = json.loads(line)
    where = f" in {report['kernel']}" if "kernel" in report else ""
    return f"{report['kind']}{where}: {report['message']}"

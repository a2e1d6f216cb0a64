# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a session with enable_profiling records: a file of trace events."""
from __future__ import annotations

import datetime
import json
import os
import time
from typing import Any

from adze._model import Model

_NS_PER_US = 1e3


class Trace:
    """A recording of a model's runs, kernel by kernel, for as long as they run on `session`."""

    def __init__(self, model: Model, prefix: str):
        self.session = model._set_up(profiled=True)
        self.start_ns = time.monotonic_ns()
        self._model = model
        self._prefix = prefix

    def write(self) -> str:
        """Writes the events to a file named after prefix and time; answers its name. Raises OSError."""
        nodes, names = self._model.kernel_nodes, self._model.kernels
        events: list[dict[str, Any]] = [
            {"cat": "Node", "ph": "X", "pid": os.getpid(), "tid": thread, "name": names[kernel],
             "ts": (begin - self.start_ns) / _NS_PER_US, "dur": (end - begin) / _NS_PER_US, "args": {"nodes": list(nodes[kernel])}}
            for kernel, begin, end, thread in self.session.take_profile().tolist()]
        path = f"{self._prefix}{datetime.datetime.now():%Y-%m-%d_%H-%M-%S.%f}.json"
        with open(path, "w") as f:
            json.dump(events, f)
        return path

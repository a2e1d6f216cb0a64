# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from typing import Any

import numpy as np

version: str

def compile(model: Any, *, base_dir: bytes, dims: dict[str, int], target: str, machine: str, opt_level: int,
            jobs: int) -> tuple[int, list[dict[str, Any]], dict[str, Any]]: ...

class Artifact:
    def __init__(self, path: bytes) -> None: ...
    metadata: str
    inputs: list[tuple[str, int, tuple[int | str | None, ...]]]
    outputs: list[tuple[str, int, tuple[int | str | None, ...]]]
    kernels: list[str]

class Session:
    def __init__(self, artifact: Artifact, threads: int,
                 inputs: list[tuple[np.dtype | None, np.dtype | None]], outputs: list[np.dtype | None]) -> None: ...
    def run(self, values: list[Any]) -> list[np.ndarray]: ...
    arena_bytes: int

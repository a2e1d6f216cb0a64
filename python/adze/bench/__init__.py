# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adze beside its peers: `python -m adze.bench MODEL... --peers onnxruntime,openvino --threads 1,2`.

A program gives it cases of its own: `adze.bench.main(arguments, cases)`."""
from adze.bench._cases import Case, CaseError
from adze.bench._command import main

__all__ = ["Case", "CaseError", "main"]

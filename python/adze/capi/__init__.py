# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modules by the names that programs for ONNX Runtime import."""

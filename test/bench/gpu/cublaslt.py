# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Matrix products by cuBLASLt of a CUDA toolkit, by ctypes: the measure of ours."""
import ctypes
import glob
import os
from ctypes import byref, c_float, c_int, c_int64, c_size_t, c_uint64, c_void_p

import numpy as np

from cuda import CudaError

_F32, _F16 = 0, 2  # cudaDataType
_COMPUTE_F32 = 68  # CUBLAS_COMPUTE_32F: sums, and f32 products, in f32
_PREFER_WORKSPACE = 1  # CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES
_WORKSPACE = 64 << 20


class _Algorithm(ctypes.Structure):
    _fields_ = [("data", c_uint64 * 8)]


class _Found(ctypes.Structure):
    _fields_ = [("algorithm", _Algorithm), ("workspace", c_size_t), ("state", c_int), ("waves", c_float), ("reserved", c_int * 4)]


def find():
    """The library's path, or None: of the loader's folders, or of a toolkit at CUDA_HOME, CUDA_PATH or the default place."""
    folders = [os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), "/usr/local/cuda"]
    for folder in filter(None, folders):
        for found in sorted(glob.glob(os.path.join(folder, "lib64", "libcublasLt.so*"))):
            return found
    for version in ("", ".13", ".12", ".11"):
        try:
            ctypes.CDLL("libcublasLt.so" + version)
            return "libcublasLt.so" + version
        except OSError:
            pass
    return None


class Product:
    """c = a b of square row-major matrices of one type (float32, or float16 with sums in float32), prepared."""

    def __init__(self, path, card, size, dtype, a, b, c):
        self.library, self.card = ctypes.CDLL(path), card
        self.library.cublasLtGetVersion.restype = c_size_t
        self.handle, self.description = c_void_p(), c_void_p()
        self._call("cublasLtCreate", byref(self.handle))
        self._call("cublasLtMatmulDescCreate", byref(self.description), c_int(_COMPUTE_F32), c_int(_F32))
        self.layout = c_void_p()
        kind = {np.dtype(np.float32): _F32, np.dtype(np.float16): _F16}[np.dtype(dtype)]
        self._call("cublasLtMatrixLayoutCreate", byref(self.layout), c_int(kind), c_uint64(size), c_uint64(size), c_int64(size))
        self.workspace = card.memory(_WORKSPACE)
        # The library's matrices go by columns: of row-major ones it sees the transposes, and c' = b' a'.
        self.operands, self.result = (c_void_p(b), c_void_p(a)), c_void_p(c)
        self.found = self._algorithm()

    @property
    def version(self):
        number = self.library.cublasLtGetVersion()
        return f"{number // 10000}.{number % 10000 // 100}.{number % 100}"

    def _call(self, function, *arguments):
        status = getattr(self.library, function)(*arguments)
        if status != 0:
            raise CudaError(f"{function}: status {status}")

    def _algorithm(self):
        preference, bytes_, count, found = c_void_p(), c_size_t(_WORKSPACE), c_int(), _Found()
        self._call("cublasLtMatmulPreferenceCreate", byref(preference))
        self._call("cublasLtMatmulPreferenceSetAttribute", preference, c_int(_PREFER_WORKSPACE), byref(bytes_), c_size_t(8))
        self._call("cublasLtMatmulAlgoGetHeuristic", self.handle, self.description, self.layout, self.layout, self.layout, self.layout,
                   preference, c_int(1), byref(found), byref(count))
        if count.value < 1:
            raise CudaError("cublasLtMatmulAlgoGetHeuristic: it knows no way")
        return found

    def launcher(self):
        """What computes the product when it is called, with little work of its own."""
        one, zero = c_float(1), c_float(0)
        first, second = self.operands
        arguments = (self.handle, self.description, byref(one), first, self.layout, second, self.layout, byref(zero), self.result,
                     self.layout, self.result, self.layout, byref(self.found.algorithm), c_void_p(self.workspace),
                     c_size_t(_WORKSPACE), c_void_p())
        call = self.library.cublasLtMatmul

        def launch(held=(one, zero)):
            status = call(*arguments)
            if status != 0:
                raise CudaError(f"cublasLtMatmul: status {status}")

        return launch

    def close(self):
        self.card.free(self.workspace)
        self.library.cublasLtDestroy(self.handle)

# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the measurements need of the CUDA driver, by ctypes."""
import ctypes
import os
from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_size_t, c_uint, c_uint64, c_void_p

import numpy as np


class CudaError(RuntimeError):
    """A call of the driver's, or of a library over it, failed."""


class Card:
    """The first device, its primary context current on this thread. Handles and memory are freed with the process."""

    def __init__(self):
        self.library = ctypes.CDLL(os.environ.get("ADZE_CUDA_DRIVER") or "libcuda.so.1")
        self._call("cuInit", c_uint(0))
        count, device, context = c_int(), c_int(), c_void_p()
        self._call("cuDeviceGetCount", byref(count))
        if count.value == 0:
            raise CudaError("there is no device")
        self._call("cuDeviceGet", byref(device), c_int(0))
        name = ctypes.create_string_buffer(256)
        self._call("cuDeviceGetName", name, c_int(256), device)
        self.name = name.value.decode()
        major, minor, processors = (self._attribute(number, device) for number in (75, 76, 16))
        self.machine, self.multiprocessors = f"sm_{major}{minor}", processors
        version = c_int()
        self._call("cuDriverGetVersion", byref(version))
        self.driver = f"{version.value // 1000}.{version.value % 1000 // 10}"
        self._call("cuDevicePrimaryCtxRetain", byref(context), device)
        self._call("cuCtxSetCurrent", context)

    @property
    def simulated(self):
        """True for the driver that the tests play: its times mean nothing."""
        return hasattr(self.library, "adze_sim_calls")

    def _call(self, function, *arguments):
        status = getattr(self.library, function)(*arguments)
        if status != 0:
            name = c_char_p()
            self.library.cuGetErrorName(c_int(status), byref(name))
            raise CudaError(f"{function}: {(name.value or b'?').decode()}")

    def _attribute(self, number, device):
        value = c_int()
        self._call("cuDeviceGetAttribute", byref(value), c_int(number), device)
        return value.value

    def memory(self, count):
        """The address of new memory, zeros."""
        address = c_uint64()
        self._call("cuMemAlloc_v2", byref(address), c_size_t(max(count, 16)))
        self._call("cuMemsetD8_v2", address, ctypes.c_ubyte(0), c_size_t(max(count, 16)))
        return address.value

    def upload(self, array):
        address = self.memory(array.nbytes)
        self._call("cuMemcpyHtoD_v2", c_uint64(address), array.ctypes.data_as(c_void_p), c_size_t(array.nbytes))
        return address

    def download(self, address, shape, dtype):
        array = np.empty(shape, dtype)
        self._call("cuMemcpyDtoH_v2", array.ctypes.data_as(c_void_p), c_uint64(address), c_size_t(array.nbytes))
        return array

    def free(self, *addresses):
        for address in addresses:
            self._call("cuMemFree_v2", c_uint64(address))

    def function(self, code, name, shared_bytes=0):
        """A kernel of a module, which is text or a cubin."""
        module, function = c_void_p(), c_void_p()
        self._call("cuModuleLoadData", byref(module), c_char_p(code + b"\0"))
        self._call("cuModuleGetFunction", byref(function), module, c_char_p(name.encode()))
        if shared_bytes > 48 * 1024:
            self._call("cuFuncSetAttribute", function, c_int(8), c_int(shared_bytes))
        return function

    def launcher(self, function, blocks, threads, shared_bytes, parameters):
        """What launches a kernel when it is called, with little work of its own. `parameters`: 64-bit integers or addresses."""
        held = [c_uint64(value) for value in parameters]
        pointers = (c_void_p * len(held))(*(ctypes.cast(byref(value), c_void_p) for value in held))
        one = c_uint(1)
        arguments = (function, c_uint(blocks), one, one, c_uint(threads), one, one, c_uint(shared_bytes), c_void_p(),
                     ctypes.cast(pointers, POINTER(c_void_p)), c_void_p())
        call = self.library.cuLaunchKernel

        def launch(held=(held, pointers)):
            status = call(*arguments)
            if status != 0:
                raise CudaError(f"cuLaunchKernel: status {status}")

        return launch

    def wait(self):
        self._call("cuCtxSynchronize")

    def seconds(self, work, rounds=5, least=0.05):
        """The least and the median time of `work` (which gives work to the default stream), by events, of several rounds of as many
        repetitions as take about `least` seconds."""
        work()
        self.wait()
        times, repetitions = [], 1
        while True:
            taken = self._round(work, repetitions)
            if taken >= least or repetitions >= 1 << 16:
                break
            repetitions *= 2
        times = sorted(self._round(work, repetitions) / repetitions for _ in range(rounds))
        return times[0], times[len(times) // 2]

    def _round(self, work, repetitions):
        begin, end, milliseconds = c_void_p(), c_void_p(), c_float()
        for event in (begin, end):
            self._call("cuEventCreate", byref(event), c_uint(0))
        self._call("cuEventRecord", begin, c_void_p())
        for _ in range(repetitions):
            work()
        self._call("cuEventRecord", end, c_void_p())
        self._call("cuEventSynchronize", end)
        self._call("cuEventElapsedTime", byref(milliseconds), begin, end)
        for event in (begin, end):
            self._call("cuEventDestroy_v2", event)
        return milliseconds.value / 1e3

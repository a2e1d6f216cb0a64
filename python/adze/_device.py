# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Arrays that other libraries have in a device's memory, by DLPack or __cuda_array_interface__."""
from __future__ import annotations

from typing import Any

import numpy as np

from adze._adze import DeviceArray, Session

#: DLPack's number of CUDA's devices (kDLCUDA), and of the stream that all users of one share.
_CUDA, _DEFAULT_STREAM = 2, 1


def _is_on_cuda(value: Any) -> bool:
    device = getattr(value, "__dlpack_device__", None)
    return device is not None and hasattr(value, "__dlpack__") and int(device()[0]) == _CUDA


def is_on_device(value: Any) -> bool:
    """Whether `value` is an array in a device's memory."""
    if isinstance(value, np.ndarray):
        return False
    return isinstance(value, DeviceArray) or _is_on_cuda(value) or hasattr(value, "__cuda_array_interface__")


def view_on_device(value: Any, session: Session) -> DeviceArray:
    """A view of such an array, whose values are there for the session's next run. Raises BufferError, RunError."""
    if isinstance(value, DeviceArray):
        return value
    if _is_on_cuda(value):
        view = DeviceArray._from_dlpack(value.__dlpack__(stream=_DEFAULT_STREAM))
        session.wait_for_device(0)
        return view
    interface = value.__cuda_array_interface__
    stream = interface.get("stream")
    if stream is not None:
        session.wait_for_device(int(stream))
    return DeviceArray._from_interface(value, interface)

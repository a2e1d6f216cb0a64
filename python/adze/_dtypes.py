# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Element types: the C ABI's numbers, numpy's dtypes, ONNX's names.

numpy has no bfloat16, 8-bit float or type under a byte. With the package ml_dtypes they are its dtypes (arrays of the unsigned type of
the same size are taken too, as bits); without it they are those unsigned (for int4 and int2: int8) types."""
from __future__ import annotations

import functools
from typing import Any

import numpy as np

#: number: (ONNX's name, numpy's name or None, ml_dtypes' name or None, the type that holds its bits)
_TYPES: dict[int, tuple[str, str | None, str | None, str | None]] = {
    1: ("float", "float32", None, None),
    2: ("uint8", "uint8", None, None),
    3: ("int8", "int8", None, None),
    4: ("uint16", "uint16", None, None),
    5: ("int16", "int16", None, None),
    6: ("int32", "int32", None, None),
    7: ("int64", "int64", None, None),
    8: ("string", None, None, None),
    9: ("bool", "bool", None, None),
    10: ("float16", "float16", None, None),
    11: ("double", "float64", None, None),
    12: ("uint32", "uint32", None, None),
    13: ("uint64", "uint64", None, None),
    16: ("bfloat16", None, "bfloat16", "uint16"),
    17: ("float8e4m3fn", None, "float8_e4m3fn", "uint8"),
    18: ("float8e4m3fnuz", None, "float8_e4m3fnuz", "uint8"),
    19: ("float8e5m2", None, "float8_e5m2", "uint8"),
    20: ("float8e5m2fnuz", None, "float8_e5m2fnuz", "uint8"),
    21: ("uint4", None, "uint4", "uint8"),
    22: ("int4", None, "int4", "int8"),
    23: ("float4e2m1", None, "float4_e2m1fn", "uint8"),
    24: ("float8e8m0", None, "float8_e8m0fnu", "uint8"),
    25: ("uint2", None, "uint2", "uint8"),
    26: ("int2", None, "int2", "int8"),
}


@functools.lru_cache(None)
def dtypes(number: int) -> tuple[np.dtype[Any] | None, np.dtype[Any] | None]:
    """The dtype for an element type, and another that is taken as well, or None. (None, None): numpy cannot hold it."""
    _, plain, extended, bits = _TYPES.get(number, ("", None, None, None))
    if plain:
        return np.dtype(plain), None
    if not bits:
        return None, None
    try:
        import ml_dtypes

        return np.dtype(getattr(ml_dtypes, str(extended))), np.dtype(bits)
    except (ImportError, AttributeError):
        return np.dtype(bits), None


def widened(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """An array of int4 or int2 with the sign in all of each byte, as artifacts read it; ml_dtypes leaves the high bits zero. Others as they are."""
    return array.astype(np.int8) if array.dtype.name in ("int4", "int2") else array


def onnx_name(number: int) -> str:
    """ "float" for float32, as in ONNX Runtime's "tensor(float)"."""
    return _TYPES.get(number, ("undefined",))[0]


def onnx_number(dtype: Any) -> int:
    """The number of a numpy dtype (or of what numpy makes one of); a number of ONNX's is answered itself. 0: there is none."""
    if isinstance(dtype, int) and not isinstance(dtype, type):
        return dtype if dtype in _TYPES else 0
    wanted = np.dtype(dtype)
    for number, (_, plain, extended, _) in _TYPES.items():
        if wanted.name == (plain or extended):
            return number
    return 0

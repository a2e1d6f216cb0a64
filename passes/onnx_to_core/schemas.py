# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes what the ONNX standard says of the element types of operators' inputs, as rows of C++ for InputTypes.cpp.

usage: schemas.py OUTPUT

A row is an operator of any version of the standard: `{"domain::Name", {variadic, {{elements, variable}, ...}}}`. `elements` are the
types that a tensor at the position may have in some version, bit n for number n of TensorProto.DataType; none where it is never a
tensor. Positions of the same `variable` have equal element types in each version that has both; -1: equal to none. The last of a
`variadic` operator stands for all that follow."""
import functools
import operator
import sys
from collections import defaultdict

from onnx import TensorProto, defs

NUMBERS = {name.lower(): number for name, number in TensorProto.DataType.items()}
Option = defs.OpSchema.FormalParameterOption


def elements(formal):
    """The types of a formal input that is a tensor, as bits."""
    tensors = (t[len("tensor("):-1] for t in formal.types if t.startswith("tensor("))
    return sum(1 << NUMBERS[t] for t in tensors)


def formal_at(schema, i):
    """The formal input that position `i` belongs to, if there is one."""
    if i < len(schema.inputs):
        return schema.inputs[i]
    return schema.inputs[-1] if schema.inputs and schema.inputs[-1].option == Option.Variadic else None


def formals_of(versions):
    """(elements, variable) of each position."""
    rows = []
    for i in range(max(len(s.inputs) for s in versions)):
        having = [s for s in versions if formal_at(s, i)]
        bits = functools.reduce(operator.or_, (elements(formal_at(s, i)) for s in having))
        equal = [j for j in range(i) if rows[j][1] == j and all(formal_at(s, i).type_str == formal_at(s, j).type_str for s in having)]
        # What one heterogeneous formal stands for may differ.
        free = any(not formal_at(s, i).is_homogeneous for s in having)
        rows.append((bits, -1 if free else (equal + [i])[0]))
    return rows


def row(name, versions):
    formals = ", ".join(f"{{{bits:#x}, {variable}}}" for bits, variable in formals_of(versions))
    variadic = any(s.inputs and s.inputs[-1].option == Option.Variadic for s in versions)
    return f'{{"{name}", {{{"true" if variadic else "false"}, {{{formals}}}}}}},\n'


def main():
    versions = defaultdict(list)
    for schema in defs.get_all_schemas_with_history():
        versions[f"{schema.domain}::{schema.name}" if schema.domain else schema.name].append(schema)
    with open(sys.argv[1], "w") as f:
        f.writelines(row(name, versions[name]) for name in sorted(versions))


main()

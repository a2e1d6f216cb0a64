// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Entries by which families of one opcode hand its other forms on.
#pragma once
#include "test/sim/ptx/Assembler.h"

namespace adze::ptx {

/// add, sub, mul, mad, fma, div, min, max, abs, neg of a floating-point type, which is taken.
void floatOp(Assembler &a, Type type);
/// The same of f16, bf16 and their pairs.
void halfOp(Assembler &a, Type type);
/// The same with a rounding mode (rz, rm, rp) other than to nearest, of f32, f32x2 or f64; sqrt and rcp too. `narrow`:
/// see takeNarrow.
void roundedOp(Assembler &a, Type type, std::string_view rounding, Type narrow = Type::none);
/// The type, f16 or bf16, that an instruction of f32 has for all of its sources but the last (add.f32.f16,
/// fma.rn.f32.bf16); Type::none: there is none.
Type takeNarrow(Assembler &a, Type type);
/// Source i of such an instruction, which has `sources`, as a value of `type`.
Slot floatSource(Assembler &a, size_t i, size_t sources, Type type, Type narrow);
/// add.cc, sub.cc, mad.cc (the .cc is taken), addc, subc, madc.
void carryOp(Assembler &a);

} // namespace adze::ptx

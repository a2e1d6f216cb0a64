// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Entries by which families of one opcode hand its other forms on.
#pragma once
#include "test/sim/ptx/Assembler.h"

namespace adze::ptx {

/// add, sub, mul, mad, fma, div, min, max, abs, neg of a floating-point type, which is taken.
void floatOp(Assembler &a, Type type);
/// The same of f16, bf16 and their pairs.
void halfOp(Assembler &a, Type type);
/// The same with a rounding mode (rz, rm, rp) other than to nearest, of f32 or f64; sqrt and rcp too.
void roundedOp(Assembler &a, Type type, std::string_view rounding);
/// add.cc, sub.cc, mad.cc (the .cc is taken), addc, subc, madc.
void carryOp(Assembler &a);

} // namespace adze::ptx

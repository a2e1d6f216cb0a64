// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/nvptx/MatrixTable.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace adze;

namespace {
struct Row {
  const char *name;
  int capability; ///< the least
  int64_t depth;
  enum Element { f16, bf16, tf32, s8, u8 } a, b;
  const char *allow = ""; ///< the word that allows it
  int64_t terms = 1;      ///< f32 is given as the sum of so many
};
} // namespace

/// All of them have 16 rows and 8 columns.
static constexpr Row kRows[] = {
    {"f16.m16n8k16", 80, 16, Row::f16, Row::f16},
    {"f16.m16n8k8", 75, 8, Row::f16, Row::f16},
    {"bf16.m16n8k16", 80, 16, Row::bf16, Row::bf16},
    {"tf32.m16n8k8", 80, 8, Row::tf32, Row::tf32, "tf32"},
    {"s8.s8.m16n8k32", 80, 32, Row::s8, Row::s8},
    {"u8.s8.m16n8k32", 80, 32, Row::u8, Row::s8},
    {"s8.u8.m16n8k32", 80, 32, Row::s8, Row::u8},
    {"u8.u8.m16n8k32", 80, 32, Row::u8, Row::u8},
    {"bf16x3.m16n8k16", 80, 16, Row::bf16, Row::bf16, "bf16x3", 2},
};

static Type typeOf(Row::Element element, Builder &b) {
  switch (element) {
  case Row::f16:
    return b.getF16Type();
  case Row::bf16:
    return b.getBF16Type();
  case Row::tf32:
    return b.getTF32Type();
  case Row::s8:
    return b.getI8Type();
  case Row::u8:
    return b.getIntegerType(8, /*isSigned=*/false);
  }
  llvm_unreachable("not an element");
}

static int64_t bitsOf(Row::Element element) { return element == Row::tf32 ? 32 : element >= Row::s8 ? 8 : 16; }

std::vector<gpu::MatrixUnit> adze::nvptx::matrixUnits(int capability, MLIRContext &context) {
  Builder b(&context);
  AffineExpr lane, element;
  bindDims(&context, lane, element);
  std::vector<gpu::MatrixUnit> units;
  for (const Row &row : kRows) {
    if (capability < row.capability)
      continue;
    int64_t each = 32 / bitsOf(row.a); // elements of a register
    AffineExpr group = lane.floorDiv(4), inGroup = lane % 4;
    AffineExpr reg = element.floorDiv(each), along = inGroup * each + element % each;
    // The order along the depth is free, if A and B have the same: one in which words of 32 bits lie as those of tf32.
    if (row.terms > 1)
      along = inGroup + element % each * 4;
    Type memory = row.terms > 1 ? Type(b.getF32Type()) : Type();
    AffineExpr upper = reg % 2, further = element.floorDiv(2 * each);
    auto map = [&](AffineExpr x, AffineExpr y) { return AffineMap::get(2, 0, {x, y}, &context); };
    bool isInteger = row.a >= Row::s8;
    Type sum = isInteger ? Type(b.getI32Type()) : Type(b.getF32Type());
    units.push_back(
        {row.name,
         16,
         8,
         row.depth,
         {typeOf(row.a, b), 16 * row.depth / 32, map(group + upper * 8, along + further * (4 * each)), memory},
         {typeOf(row.b, b), 8 * row.depth / 32, map(along + reg * (4 * each), group), memory},
         {sum, 4, map(group + element.floorDiv(2) * 8, inGroup * 2 + element % 2)},
         row.terms,
         row.allow});
  }
  return units;
}

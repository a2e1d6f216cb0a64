// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mma.sync: a warp's product of two small matrices. Products are summed exactly enough, in f64 or integers, and rounded
// once; a card rounds partial sums too.
#include "test/sim/ptx/Assembler.h"
#include "test/sim/ptx/Block.h"
#include "test/sim/ptx/Lanes.h"
#include "test/sim/ptx/MatrixMoves.h"
#include "test/sim/ptx/Numbers.h"

namespace adze::ptx {

namespace {
/// Op::extra.
struct Product {
  int m = 16, n = 8, k = 16;
  Type d = Type::f32, a = Type::f16, b = Type::f16;
  int bits = 16; ///< of an element of A and B
  bool signedA = false, signedB = false, finite = false;
  int countA = 0, countB = 0, countC = 0; ///< registers
  Slot slotsA[4] = {}, slotsB[4] = {}, slotsC[4] = {}, slotsD[4] = {};
};

/// Elements of A and B, as f64 (which holds all of their types), and which are undefined.
struct Operands {
  double a[16][64], b[64][8], c[16][8];
  bool undefinedA[16] = {}, undefinedB[8] = {}, undefinedC[16][8] = {};
};

double elementOf(Warp &w, Slot slot, int lane, int e, Type type, int bits, bool isSigned) {
  if (type == Type::f64)
    return w.lanes<double>(slot)[lane];
  uint32_t word = w.lanes<uint32_t>(slot)[lane];
  if (type == Type::tf32)
    return bitsAs<float>(word & 0xffffe000);
  uint32_t part = word >> bits * e;
  if (type == Type::f16)
    return fromHalf(static_cast<uint16_t>(part));
  if (type == Type::bf16)
    return fromBf16(static_cast<uint16_t>(part));
  uint32_t top = part << (32 - bits);
  return isSigned ? static_cast<double>(static_cast<int32_t>(top) >> (32 - bits))
                  : static_cast<double>(top >> (32 - bits));
}

void gather(Warp &w, const Product &p, Operands &x) {
  int each = p.bits >= 32 ? 1 : 32 / p.bits; // elements of a register
  for (int lane = 0; lane < 32; ++lane) {
    int g = lane >> 2, t = lane & 3;
    for (int r = 0; r < p.countA; ++r) {
      int row = p.m == 8 ? g : g + 8 * (r & 1), part = p.m == 8 ? r : r >> 1;
      x.undefinedA[row] |= w.undefined[p.slotsA[r]] >> lane & 1;
      for (int e = 0; e < each; ++e)
        x.a[row][(t + 4 * part) * each + e] = elementOf(w, p.slotsA[r], lane, e, p.a, p.bits, p.signedA);
    }
    for (int r = 0; r < p.countB; ++r) {
      x.undefinedB[g] |= w.undefined[p.slotsB[r]] >> lane & 1;
      for (int e = 0; e < each; ++e)
        x.b[(t + 4 * r) * each + e][g] = elementOf(w, p.slotsB[r], lane, e, p.b, p.bits, p.signedB);
    }
  }
}

/// f(lane, register, element within it, row, column) for the elements of C and D.
template <class F> void eachResult(const Product &p, F f) {
  int each = p.d == Type::f16 ? 2 : 1;
  for (int lane = 0; lane < 32; ++lane)
    for (int r = 0; r < p.countC; ++r)
      for (int e = 0; e < each; ++e) {
        int i = r * each + e;
        f(lane, r, e, (lane >> 2) + 8 * (i >> 1), 2 * (lane & 3) + (i & 1));
      }
}

double readC(Warp &w, const Product &p, Slot slot, int lane, int e) {
  switch (p.d) {
  case Type::f32:
    return w.lanes<float>(slot)[lane];
  case Type::f64:
    return w.lanes<double>(slot)[lane];
  case Type::s32:
    return w.lanes<int32_t>(slot)[lane];
  default:
    return fromHalf(static_cast<uint16_t>(w.lanes<uint32_t>(slot)[lane] >> 16 * e));
  }
}

void writeD(Warp &w, const Product &p, Slot slot, int lane, int e, double value) {
  switch (p.d) {
  case Type::f32:
    w.lanes<float>(slot)[lane] = canonical(static_cast<float>(value));
    return;
  case Type::f64:
    w.lanes<double>(slot)[lane] = value;
    return;
  case Type::s32: {
    int64_t sum = static_cast<int64_t>(value);
    if (p.finite)
      sum = std::min<int64_t>(std::max<int64_t>(sum, INT32_MIN), INT32_MAX);
    w.lanes<uint32_t>(slot)[lane] = static_cast<uint32_t>(sum);
    return;
  }
  default: {
    uint32_t &word = w.lanes<uint32_t>(slot)[lane];
    word = (word & (e ? 0xffffu : 0xffff0000u)) | uint32_t(toHalf(toOdd(value))) << 16 * e;
  }
  }
}

void multiply(Warp &w, const Op &op, Lanes) {
  const Product &p = *static_cast<const Product *>(op.extra);
  Operands x;
  gather(w, p, x);
  eachResult(p, [&](int lane, int r, int e, int row, int column) {
    x.c[row][column] = readC(w, p, p.slotsC[r], lane, e);
    x.undefinedC[row][column] = w.undefined[p.slotsC[r]] >> lane & 1;
  });
  double sums[16][8] = {};
  for (int i = 0; i < p.m; ++i) {
    double row[8];
    for (int j = 0; j < 8; ++j)
      row[j] = p.d == Type::f64 ? x.c[i][j] : 0;
    for (int k = 0; k < p.k; ++k)
      for (int j = 0; j < 8; ++j)
        row[j] = p.d == Type::f64 ? std::fma(x.a[i][k], x.b[k][j], row[j]) : row[j] + x.a[i][k] * x.b[k][j];
    for (int j = 0; j < 8; ++j)
      sums[i][j] = p.d == Type::f64 ? row[j] : row[j] + x.c[i][j];
  }
  Lanes undefined[4] = {};
  eachResult(p, [&](int lane, int r, int e, int row, int column) {
    writeD(w, p, p.slotsD[r], lane, e, sums[row][column]);
    bool bad = x.undefinedA[row] || x.undefinedB[column] || x.undefinedC[row][column];
    undefined[r] |= Lanes(bad) << lane;
  });
  for (int r = 0; r < p.countC; ++r)
    w.define(p.slotsD[r], allLanes, undefined[r]);
}

struct Shape {
  std::string_view name;
  int m, n, k;
};
const Shape shapes[] = {{"m16n8k4", 16, 8, 4},   {"m16n8k8", 16, 8, 8},   {"m16n8k16", 16, 8, 16},
                        {"m16n8k32", 16, 8, 32}, {"m16n8k64", 16, 8, 64}, {"m8n8k4", 8, 8, 4},
                        {"m8n8k16", 8, 8, 16},   {"m8n8k32", 8, 8, 32}};

/// Bits of an element and the shapes a type has; 0: it is no type of a matrix.
int bitsOf(Assembler &a, std::string_view name, const Shape &shape) {
  struct Row {
    std::string_view name;
    int bits;
    std::string_view shapes[3];
  };
  static const Row rows[] = {
      {"f16", 16, {"m16n8k8", "m16n8k16", ""}},       {"bf16", 16, {"m16n8k8", "m16n8k16", ""}},
      {"tf32", 32, {"m16n8k4", "m16n8k8", ""}},       {"f64", 64, {"m8n8k4", "", ""}},
      {"s8", 8, {"m16n8k16", "m16n8k32", "m8n8k16"}}, {"u8", 8, {"m16n8k16", "m16n8k32", "m8n8k16"}},
      {"s4", 4, {"m16n8k32", "m16n8k64", "m8n8k32"}}, {"u4", 4, {"m16n8k32", "m16n8k64", "m8n8k32"}}};
  for (const Row &row : rows)
    for (std::string_view one : row.shapes)
      if (row.name == name && one == shape.name)
        return row.bits;
  a.fail("a shape that ." + std::string(name) + " does not have here");
}

void readOperand(Assembler &a, size_t index, Type type, int count, Slot *slots, bool isTarget) {
  const Operand &operand = a.operand(index);
  bool single = operand.kind != Operand::list && count == 1;
  if (!single && static_cast<int>(operand.elements.size()) != count)
    a.fail("operand " + std::to_string(index) + " needs " + std::to_string(count) + " registers");
  for (int i = 0; i < count; ++i) {
    const Operand &one = single ? operand : operand.elements[i];
    slots[i] = isTarget ? a.target(one, type) : a.source(one, type);
  }
}

void mma(Assembler &a) {
  if (!a.take("sync") || !a.take("aligned"))
    a.fail("needs .sync.aligned");
  const Shape *shape = nullptr;
  for (const Shape &one : shapes)
    if (!shape && a.take(one.name))
      shape = &one;
  if (!shape)
    a.fail("a shape that this machine does not know");
  if (!a.take("row") || !a.take("col"))
    a.fail("needs .row.col");
  Product p;
  p.finite = a.take("satfinite");
  p.m = shape->m, p.k = shape->k;
  p.d = a.needType({Type::f16, Type::f32, Type::f64, Type::s32});
  std::string_view names[2];
  for (std::string_view &name : names)
    name = a.takeAny({"f16", "bf16", "tf32", "f64", "s8", "u8", "s4", "u4"});
  if (names[0].empty() || names[1].empty())
    a.fail("types of A and B are missing");
  p.bits = bitsOf(a, names[0], *shape);
  p.signedA = names[0][0] == 's', p.signedB = names[1][0] == 's';
  p.a = p.bits < 16 ? Type::s8 : typeNamed(names[0]);
  p.b = p.bits < 16 ? Type::s8 : typeNamed(names[1]);
  Type c = a.takeType();
  bool fits = p.bits < 16    ? p.d == Type::s32
              : p.bits == 64 ? p.d == Type::f64
                             : p.d == Type::f32 || (p.d == Type::f16 && p.a == Type::f16);
  if (c != p.d || p.a != p.b || bitsOf(a, names[1], *shape) != p.bits || !fits)
    a.fail("types that do not go together");
  int each = p.bits >= 32 ? 1 : 32 / p.bits;
  p.countA = p.m * p.k / 32 / each;
  p.countB = p.k * 8 / 32 / each;
  p.countC = p.m * 8 / 32 / (p.d == Type::f16 ? 2 : 1);
  a.check(4);
  Type word = p.bits == 64 ? Type::b64 : Type::b32, result = p.d == Type::f64 ? Type::b64 : Type::b32;
  readOperand(a, 1, word, p.countA, p.slotsA, false);
  readOperand(a, 2, word, p.countB, p.slotsB, false);
  readOperand(a, 3, result, p.countC, p.slotsC, false);
  readOperand(a, 0, result, p.countC, p.slotsD, true);
  Op &op = a.emit(multiply, Op::sync);
  op.aligned = true;
  a.extra<Product>(op) = p;
}
} // namespace

void addMatrixOps(Families &families) {
  families["mma"] = mma;
  addMatrixMoves(families);
  addWmma(families);
}

} // namespace adze::ptx

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions of element types.
#include "passes/onnx_to_core/OpTable.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

static bool isFloat8(Type type) {
  return isa<Float8E4M3FNType, Float8E4M3FNUZType, Float8E5M2Type, Float8E5M2FNUZType>(type);
}

/// The code of a power of two, which is the exponent of an f32: of the next one `up` or `down`, in bit arithmetic on
/// the magnitude.
static Value castToScale(CoreBuilder &b, Value x, Type to, bool up) {
  Type i32 = b.i(32);
  Value wide = b.cast(x, b.b.getF32Type());
  Value bits = b.create<BitcastOp>(b.unary(UnaryKind::abs, wide), i32);
  if (up)
    bits = b.add(bits, b.scalar(i32, 0x7FFFFF));
  Value code = b.binary(BinaryKind::shr, bits, b.scalar(i32, 23));
  code = b.min(code, b.scalar(i32, 254));
  code = b.select(b.unary(UnaryKind::is_nan, wide), b.scalar(i32, 255), code);
  return b.create<BitcastOp>(b.cast(code, b.ui(8)), to);
}

static Value converted(CoreBuilder &b, Value x, Type to) {
  if (!x || !to)
    return {};
  if (isa<Float8E8M0FNUType>(to) && b.element(x) != to) {
    std::string mode = b.stringAttr("round_mode", "up");
    if (mode == "up" || mode == "down")
      return castToScale(b, x, to, mode == "up");
  }
  return b.cast(x, to, isFloat8(to) && b.intAttr("saturate", 1));
}

static LogicalResult lowerCast(CoreBuilder &b) {
  return b.done(converted(b, b.in(0), b.elementOf(b.intAttr("to", 0))));
}

/// The type as its name.
static LogicalResult lowerCast1(CoreBuilder &b) {
  static const std::pair<StringRef, int64_t> names[] = {
      {"FLOAT", 1},  {"UINT8", 2}, {"INT8", 3},     {"UINT16", 4},  {"INT16", 5},   {"INT32", 6},  {"INT64", 7},
      {"STRING", 8}, {"BOOL", 9},  {"FLOAT16", 10}, {"DOUBLE", 11}, {"UINT32", 12}, {"UINT64", 13}};
  std::string to = StringRef(b.stringAttr("to", "")).upper();
  for (auto [name, number] : names)
    if (name == to)
      return b.done(converted(b, b.in(0), b.elementOf(number)));
  return b.error() << "data type '" << to << "' is not supported, expected a name such as FLOAT";
}

static LogicalResult lowerCastLike(CoreBuilder &b) {
  Value like = b.in(1);
  return b.done(converted(b, b.in(0), like ? b.element(like) : Type()));
}

static LogicalResult lowerBitCast(CoreBuilder &b) {
  Value x = b.in(0);
  Type to = b.elementOf(b.intAttr("to", 0));
  if (!x || !to)
    return failure();
  auto width = [](Type t) { return t.isInteger(1) ? 8 : t.getIntOrFloatBitWidth(); }; // a bool is a byte
  if (!to.isIntOrFloat() || width(to) != width(b.element(x)))
    return b.error() << "the bits of " << b.element(x) << " are not those of one " << to << ": the widths differ";
  if (b.element(x).isInteger(1)) // a byte of 0 or 1
    x = b.cast(x, b.ui(8));
  if (to.isInteger(1))
    return b.done(b.cast(x, to));
  return b.done(b.element(x) == to ? x : b.create<BitcastOp>(x, to));
}

void adze::addCastOps(OpTable &table) {
  table.onOp("Cast", 1, lowerCast1);
  table.onOp("Cast", 6, lowerCast);
  table.onOp("CastLike", 15, lowerCastLike);
  table.onOp("BitCast", 26, lowerBitCast);
}

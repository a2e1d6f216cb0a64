// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/onnx_to_core/ShapeMath.h"
#include "dialects/core/Scalars.h"
#include "passes/onnx_to_core/Sizes.h"
#include <numeric>

using namespace mlir;
using namespace adze;
using namespace adze::core;
using P = arith::CmpIPredicate;

/// `budget` counts the values that are still looked at: a value may be reached in many ways.
static bool isSize(Value v, int depth, int &budget) {
  if (auto constant = constantOf(v))
    return *constant >= 0;
  Operation *op = v.getDefiningOp();
  if (!op || depth > 16 || --budget < 0)
    return false;
  if (isa<tensor::DimOp>(op))
    return true;
  auto operand = [&](unsigned i) { return isSize(op->getOperand(i), depth + 1, budget); };
  if (isa<arith::MaxSIOp>(op))
    return operand(0) || operand(1);
  if (isa<arith::AddIOp, arith::MulIOp, arith::MinSIOp, arith::DivSIOp, arith::FloorDivSIOp, arith::CeilDivSIOp>(op))
    return operand(0) && operand(1);
  if (isa<arith::SelectOp>(op))
    return operand(1) && operand(2);
  return isa<arith::IndexCastOp>(op) && operand(0);
}

bool adze::isSize(Value v) {
  int budget = 256;
  return ::isSize(v, 0, budget);
}

Value adze::checkedSize(CoreBuilder &b, Value v, StringRef what) {
  if (isSize(v))
    return v;
  if (failed(require(b, P::sge, v, b.index(0), (what + " is negative").str())))
    return {};
  return v;
}

/// True if x and y are one value, or the same size of one tensor.
static bool same(Value x, Value y) {
  if (x == y)
    return true;
  auto a = constantOf(x), b = constantOf(y);
  if (a || b)
    return a == b;
  auto p = x.getDefiningOp<tensor::DimOp>(), q = y.getDefiningOp<tensor::DimOp>();
  return p && q && p.getSource() == q.getSource() && p.getConstantIndex() &&
         p.getConstantIndex() == q.getConstantIndex();
}

Value adze::broadcastSize(CoreBuilder &b, Value x, Value y, StringRef what) {
  auto p = constantOf(x), q = constantOf(y);
  if (same(x, y) || q == 1)
    return x;
  if (p == 1)
    return y;
  if (p && q) {
    b.error() << what << " does not broadcast: size " << *p << " meets size " << *q;
    return {};
  }
  Value one = b.index(1), xIsOne = compareIndex(b, P::eq, x, one);
  Value fits = b.b.createOrFold<arith::OrIOp>(b.loc, xIsOne, compareIndex(b, P::eq, y, one));
  fits = b.b.createOrFold<arith::OrIOp>(b.loc, fits, compareIndex(b, P::eq, x, y));
  RequireOp::create(b.b, b.loc, fits, b.b.getStringAttr(what + " does not broadcast"));
  return selectIndex(b, xIsOne, y, x);
}

/// Splits a product into its constant and its other factors.
static void factors(Value v, SmallVectorImpl<Value> &out, int64_t &constant, int depth = 0) {
  if (auto c = constantOf(v)) {
    constant = int64_t(uint64_t(constant) * uint64_t(*c));
  } else if (auto product = v.getDefiningOp<arith::MulIOp>(); product && depth < 16 && out.size() < 64) {
    factors(product.getLhs(), out, constant, depth + 1);
    factors(product.getRhs(), out, constant, depth + 1);
  } else {
    out.push_back(v);
  }
}

Fraction::Fraction(ValueRange numerators, ValueRange denominators) {
  for (Value v : numerators)
    factors(v, above, constantAbove);
  for (Value v : denominators)
    factors(v, below, constantBelow);
  for (auto it = below.begin(); it != below.end();) {
    auto match = llvm::find_if(above, [&](Value v) { return same(v, *it); });
    if (match == above.end()) {
      ++it;
      continue;
    }
    above.erase(match);
    it = below.erase(it);
  }
  if (int64_t common = std::gcd(constantAbove, constantBelow); common > 1) {
    constantAbove /= common;
    constantBelow /= common;
  }
}

static Value productOf(CoreBuilder &b, ArrayRef<Value> values, int64_t constant) {
  SmallVector<Value> all(values);
  if (constant != 1 || all.empty())
    all.push_back(b.index(constant));
  return product(b, all);
}

Value Fraction::numerator(CoreBuilder &b) const { return productOf(b, above, constantAbove); }
Value Fraction::denominator(CoreBuilder &b) const { return productOf(b, below, constantBelow); }

std::optional<BoundedList> adze::boundedList(CoreBuilder &b, Value tensor, int64_t most, int64_t fill, StringRef what) {
  if (!tensor)
    return std::nullopt;
  if (b.rank(tensor) != 1 || b.isFloat(tensor)) {
    b.error() << what << " is " << tensor.getType() << ", expected a vector of integers";
    return std::nullopt;
  }
  BoundedList out;
  out.count = b.dim(tensor, 0);
  if (failed(require(b, P::sle, out.count, b.index(most), (what + " has more entries than dimensions").str())))
    return std::nullopt;
  if (!b.constant(out.count))
    tensor = b.pad(PadMode::constant, b.cast(tensor, b.i(64)), asScalar(b, b.tensorOf(b.index(fill))), b.index(0),
                   b.index(most));
  auto values = b.indices(tensor);
  if (!values)
    return std::nullopt;
  out.values = *values;
  out.values.resize(most, b.index(fill));
  return out;
}

Value adze::checkedAxis(CoreBuilder &b, Value axis, int64_t rank) {
  Value negative = compareIndex(b, P::slt, axis, b.index(0));
  Value fromFront = selectIndex(b, negative, b.addi(axis, b.index(rank)), axis);
  Value inside = b.b.createOrFold<arith::AndIOp>(b.loc, compareIndex(b, P::sge, fromFront, b.index(0)),
                                                 compareIndex(b, P::slt, fromFront, b.index(rank)));
  if (b.constant(inside) == 0) {
    b.error() << "axis " << *b.constant(axis) << " is out of range for rank " << rank << ", expected " << -rank
              << " to " << rank - 1;
    return {};
  }
  if (!b.constant(inside))
    RequireOp::create(b.b, b.loc, inside, b.b.getStringAttr("an axis is out of range"));
  return fromFront;
}

SmallVector<Value> adze::axisFlags(CoreBuilder &b, ValueRange axes, int64_t rank) {
  SmallVector<Value> fromFront;
  for (Value axis : axes) {
    fromFront.push_back(checkedAxis(b, axis, rank));
    if (!fromFront.back())
      return {};
  }
  for (size_t i = 0; i < fromFront.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (failed(require(b, P::ne, fromFront[i], fromFront[j], "an axis is named twice")))
        return {};
  SmallVector<Value> flags;
  for (int64_t d = 0; d < rank; ++d) {
    Value flag = arith::ConstantIntOp::create(b.b, b.loc, 0, 1);
    for (Value axis : fromFront)
      flag = b.b.createOrFold<arith::OrIOp>(b.loc, flag, compareIndex(b, P::eq, axis, b.index(d)));
    flags.push_back(flag);
  }
  return flags;
}

SmallVector<Value> adze::unflagged(CoreBuilder &b, ArrayRef<Value> flags, ArrayRef<Value> sizes, int64_t count) {
  SmallVector<Value> out(count, b.index(1));
  Value before = b.index(0);
  for (auto [flag, size] : llvm::zip(flags, sizes)) {
    Value kept = b.b.createOrFold<arith::XOrIOp>(b.loc, flag, arith::ConstantIntOp::create(b.b, b.loc, 1, 1));
    for (int64_t j = 0; j < count; ++j) {
      Value here = b.b.createOrFold<arith::AndIOp>(b.loc, kept, compareIndex(b, P::eq, before, b.index(j)));
      out[j] = selectIndex(b, here, size, out[j]);
    }
    before = b.addi(before, selectIndex(b, kept, b.index(1), b.index(0)));
  }
  return out;
}

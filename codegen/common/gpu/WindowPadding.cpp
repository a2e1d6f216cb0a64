// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/WindowPadding.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using adze::gpu::WindowPadding;

WindowPadding::WindowPadding(Product &product, ArrayRef<DimExpr> sizes, ArrayRef<int64_t> window)
    : product(product), e(product.e), sizes(sizes), window(window.drop_back()) {
  auto isBelow = [](const DimExpr &size) {
    constexpr int64_t kSmall = int64_t(1) << 30;
    return std::abs(size.constant().value_or(kSmall)) < kSmall;
  };
  for (auto [i, extent] : llvm::enumerate(this->window)) {
    // Beyond 32 it does not matter how many they are.
    places = std::min<int64_t>(places * std::min<int64_t>(extent, 64), 64);
    if (!product.isPadded(i + 1))
      continue;
    padded.push_back(i);
    isNarrow &= isBelow(product.leftSizes[i + 1]) && isBelow(sizes[i + 1]) &&
                isBelow(e.dims.size(product.padding.getLow()[i + 1]));
  }
}

Value WindowPadding::coordinate(Value value) {
  Type type = isNarrow ? e.b.getI32Type() : Type(e.b.getIndexType());
  return value.getType() == type ? value : e.create<arith::IndexCastOp>(type, value);
}

Value WindowPadding::bits(int64_t value) { return e.create<arith::ConstantIntOp>(value, 32); }

adze::Coords WindowPadding::corner(Value row) {
  Coords out = e.delinearize(row, ArrayRef(product.result).drop_back()), at{out[0]};
  for (auto [i, stride] : llvm::enumerate(product.conv.getStrides()))
    at.push_back({e.muli(out[i + 1].base, e.index(stride))});
  for (size_t i : padded)
    at[i + 1].base = e.subi(at[i + 1].base, e.scalar(product.padding.getLow()[i + 1]));
  return at;
}

Value WindowPadding::isInside(size_t i, Value begin, Value within) {
  Value size = coordinate(e.size(sizes[padded[i] + 1]));
  return e.cmpi(arith::CmpIPredicate::ult, e.addi(begin, coordinate(within)), size);
}

WindowPadding::Values WindowPadding::known(Value row) {
  if (padded.empty())
    return {};
  Coords corner = this->corner(row);
  Values begins;
  for (size_t i : padded)
    begins.push_back(coordinate(corner[i + 1].base));
  if (!isSmall())
    return begins;
  // From the last dimension to the first: a place along it has the bits of those behind, or none.
  Value all = bits(1);
  int64_t behind = 1;
  size_t left = padded.size();
  for (size_t i = window.size(); i-- > 0; behind *= window[i]) {
    bool isPadded = left > 0 && padded[left - 1] == i;
    left -= isPadded;
    Value sum = bits(0);
    for (int64_t at = 0; at < window[i]; ++at) {
      Value here = e.create<arith::ShLIOp>(all, bits(at * behind));
      if (isPadded) {
        Value within = e.index(at * product.conv.getDilations()[i]);
        here = e.select(isInside(left, begins[left], within), here, bits(0));
      }
      sum = e.create<arith::OrIOp>(sum, here);
    }
    all = sum;
  }
  return {all};
}

WindowPadding::Question WindowPadding::ask(ValueRange state, Value valid) {
  if (padded.empty())
    return {Value(), {}, valid};
  auto times = [&](Value x, int64_t y) {
    return e.muli(x, e.create<arith::ConstantOp>(e.b.getIntegerAttr(x.getType(), y)));
  };
  if (!isSmall()) {
    Values within;
    for (size_t i : padded)
      within.push_back(times(state[i], product.conv.getDilations()[i]));
    return {Value(), within, valid};
  }
  Value place = state[0];
  for (size_t i = 1; i < window.size(); ++i)
    place = e.addi(times(place, window[i]), state[i]);
  if (place.getType().isIndex())
    place = e.create<arith::IndexCastOp>(e.b.getI32Type(), place);
  Value bit = e.create<arith::ShLIOp>(bits(1), place);
  return {valid ? e.create<arith::SelectOp>(valid, bit, bits(0)) : bit, {}, Value()};
}

Value WindowPadding::answer(ValueRange known, const Question &question) {
  if (question.bit)
    return e.cmpi(arith::CmpIPredicate::ne, e.create<arith::AndIOp>(known[0], question.bit), bits(0));
  Value yes = question.valid;
  for (auto [i, within] : llvm::enumerate(question.within)) {
    Value inside = isInside(i, known[i], within);
    yes = yes ? e.create<arith::AndIOp>(yes, inside) : inside;
  }
  return yes;
}

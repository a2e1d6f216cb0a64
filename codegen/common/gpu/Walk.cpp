// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/Walk.h"
#include "dialects/core/Windows.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using adze::gpu::Walk;

PadOp Walk::paddingOf(Operation *op) {
  auto pad = isa<ConvOp>(op) ? op->getOperand(0).getDefiningOp<PadOp>() : PadOp();
  return pad && isNeutralPadding(pad, op) ? pad : PadOp();
}

/// What is read of an operand: of a padded image, what is inside of the padding.
static Value sourceOf(Operation *op, bool isLeft) {
  PadOp padding = isLeft ? Walk::paddingOf(op) : PadOp();
  return padding ? padding.getInput() : op->getOperand(isLeft ? 0 : 1);
}

/// Its view. The depth of a convolution runs over several dimensions: it takes tensors as they are.
static std::optional<View> viewOfSource(Operation *op, DimAnalysis &dims, bool isLeft) {
  Value source = sourceOf(op, isLeft);
  return isa<ConvOp>(op) && !isa<BlockArgument>(source) ? std::nullopt : viewOf(dims, source);
}

bool Walk::runsAlongDepth(Operation *op, DimAnalysis &dims, bool isLeft) {
  auto view = isa<MatmulOp>(op) ? viewOfSource(op, dims, isLeft) : std::nullopt;
  if (!view)
    return isLeft;
  size_t last = view->strides.size() - 1;
  bool isTurned = !view->strides[last].isConstant(1) && view->strides[last - 1].isConstant(1);
  return isLeft != isTurned;
}

static bool isMultiple(const DimExpr &size, int64_t of) {
  return llvm::all_of(size.terms, [&](auto &term) { return term.second % of == 0; });
}

bool Walk::isPossible(Operation *op, DimAnalysis &dims, bool isLeft, int64_t chunk) {
  auto view = viewOfSource(op, dims, isLeft);
  if (!view)
    return false;
  SmallVector<DimExpr> sizes = dims.shape(sourceOf(op, isLeft)).dims;
  size_t along = sizes.size() - (runsAlongDepth(op, dims, isLeft) == isLeft ? 1 : 2);
  if (!isMultiple(sizes[along], chunk) || !view->strides[along].isConstant(1) || !isMultiple(view->offset, chunk))
    return false;
  for (auto [i, size] : llvm::enumerate(sizes))
    if (i != along && !size.isConstant(1) && !isMultiple(view->strides[i], chunk))
      return false;
  SmallVector<DimExpr> filter = dims.shape(op->getOperand(1)).dims;
  auto isStatic = [](const DimExpr &d) { return d.constant().has_value(); };
  return !isa<ConvOp>(op) || !isLeft || llvm::all_of(ArrayRef(filter).drop_back(), isStatic);
}

int64_t Walk::copyBytes(Operation *op, DimAnalysis &dims, bool isLeft) {
  int64_t element = elementBytes(getElementTypeOrSelf(op->getOperand(isLeft ? 0 : 1)));
  for (int64_t bytes : {16, 8, 4})
    if (bytes >= element && isPossible(op, dims, isLeft, bytes / element))
      return bytes;
  return 0;
}

bool Walk::hasEqualRows(Operation *op, DimAnalysis &dims) {
  auto view = viewOfSource(op, dims, /*isLeft=*/true);
  SmallVector<DimExpr> sizes = dims.shape(op->getOperand(0)).dims;
  for (size_t i = 0; view && i + 2 < sizes.size(); ++i)
    if (!sizes[i].isConstant(1) && view->strides[i] != view->strides[i + 1] * sizes[i + 1])
      return false;
  return true;
}

Walk::Walk(Product &product, bool isLeft, int64_t step)
    : product(product), e(product.e), isLeft(isLeft), step(step),
      view(*viewOfSource(product.op, product.e.dims, isLeft)),
      sizes(product.e.dims.shape(sourceOf(product.op, isLeft)).dims) {
  buffer = e.buffers.lookup(view.argument);
  if (!product.conv || !isLeft)
    return;
  for (const DimExpr &d : ArrayRef(product.rightSizes).drop_back())
    window.push_back(*d.constant());
  uniform = window.back() % step == 0;
  padding.emplace(product, sizes, window);
}

Value Walk::depthStride() {
  if (product.conv)
    return isLeft ? e.index(1) : e.size(product.columns);
  return e.size(view.strides[sizes.size() - (isLeft ? 1 : 2)]);
}

Value Walk::outerStride() { return product.conv ? Value() : e.size(view.strides[sizes.size() - (isLeft ? 2 : 1)]); }

Value Walk::base(Value outer) {
  if (product.conv) {
    if (!isLeft)
      return outer;
    Coords at = padding->corner(outer);
    at.push_back({e.index(0)});
    return e.linear(at, sizes);
  }
  Value base = e.size(view.offset);
  if (!product.foldsBatch)
    for (auto [at, stride] : llvm::zip(product.batchOf(sizes), view.strides))
      base = e.addi(base, e.muli(at.base, e.size(stride)));
  return e.addi(base, e.muli(outer, outerStride()));
}

Value Walk::isSomething() {
  DimExpr count = adze::product(sizes);
  if (e.dims.dims.lowerBound(count).value_or(0) > 0)
    return {};
  return e.cmpi(arith::CmpIPredicate::ne, e.size(count), e.index(0));
}

Value Walk::load(Value position) {
  Type from = getElementTypeOrSelf(view.argument), to = isLeft ? product.leftType : product.rightType;
  Value v = e.load(buffer, from, Coord{position}, adze::product(sizes));
  return from != to ? e.convert(v, from, to, false) : v;
}

/// Elements of the input between neighbours in the window along one of its dimensions.
Value Walk::windowStride(size_t digit) {
  DimExpr stride = e.stride(sizes, digit + 1);
  if (digit + 1 < window.size())
    stride = stride * DimExpr(product.conv.getDilations()[digit]);
  return e.size(stride);
}

Walk::Values Walk::start(Value k) {
  if (window.empty())
    return {e.muli(k, depthStride())};
  Type type = product.alongDepth(0).getType();
  Values state;
  for (Coord c : e.delinearize(k, ArrayRef(product.rightSizes).drop_back()))
    state.push_back(type.isIndex() ? c.base : e.create<arith::IndexCastOp>(type, c.base));
  return state;
}

Walk::Values Walk::next(ValueRange state) {
  if (window.empty())
    return {e.addi(state[0], e.muli(e.index(step), depthStride()))};
  // A sum of two numbers of several digits, the last first. Beyond the window the first one goes on.
  Values out(state);
  auto digit = [&](int64_t value) { return product.alongDepth(value); };
  int64_t left = step;
  Value carry;
  for (size_t i = window.size(); i-- > 0;) {
    int64_t more = i == 0 ? left : left % window[i];
    left /= window[i];
    Value sum = more ? e.addi(out[i], digit(more)) : out[i];
    if (carry)
      sum = e.addi(sum, e.select(carry, digit(1), digit(0)));
    if (i > 0) {
      carry = e.cmpi(arith::CmpIPredicate::uge, sum, digit(window[i]));
      sum = e.select(carry, e.subi(sum, digit(window[i])), sum);
    }
    out[i] = sum;
  }
  return out;
}

Value Walk::offset(ValueRange state) {
  if (window.empty())
    return state[0];
  Value sum;
  for (size_t i = 0; i < window.size(); ++i) {
    Value part = e.muli(e.asIndex(state[i]), windowStride(i));
    sum = sum ? e.addi(sum, part) : part;
  }
  return sum;
}

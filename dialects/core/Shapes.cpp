// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Core.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace adze::core;

RankedTensorType ShapeOf::type() const {
  SmallVector<int64_t> sizes;
  for (const DimExpr &dim : dims)
    sizes.push_back(dim.constant() && *dim.constant() >= 0 ? *dim.constant() : ShapedType::kDynamic);
  return RankedTensorType::get(sizes, elementType);
}

SmallVector<DimExpr> Shapes::sizes(ValueRange indices) {
  return llvm::map_to_vector(indices, [&](Value v) { return size(v); });
}

LogicalResult Shapes::equal(std::optional<Location> loc, const DimExpr &a, const DimExpr &b, StringRef what) {
  auto x = a.constant(), y = b.constant();
  if (x && y && *x != *y)
    return emitOptionalError(loc, what, ": ", *x, " and ", *y);
  if (collectsRules() && a != b)
    must({SizeRule::Equal, what.str(), a, b});
  return success();
}

void Shapes::broadcasts(const DimExpr &a, const DimExpr &b) {
  if (collectsRules() && a != b && !a.isConstant(1) && !b.isConstant(1))
    must({SizeRule::Broadcast, "operands do not broadcast", a, b});
}

void Shapes::oneOr(const DimExpr &a, const DimExpr &b) {
  if (collectsRules() && a != b && !a.isConstant(1))
    must({SizeRule::OneOr, "a size does not broadcast", a, b});
}

void Shapes::atMost(const DimExpr &a, const DimExpr &b, StringRef message) {
  if (collectsRules() && !dims.knownGreaterEqual(b, a))
    must({SizeRule::AtMost, message.str(), a, b});
}

/// True if a product of these sizes with others that are counted cannot overflow: one size of a tensor, and small
/// constants.
static bool staysCounted(const DimContext &dims, ArrayRef<DimExpr> sizes) {
  int64_t factor = 1;
  unsigned unknown = 0;
  for (const DimExpr &size : sizes) {
    auto known = size.constant();
    auto atom = size.singleAtom();
    if (known && *known >= 0 && *known < (1 << 15))
      factor = std::min<int64_t>(factor * *known, 1 << 15);
    else if (!atom || dims.atom(*atom).kind != DimContext::Kind::Symbol || dims.atom(*atom).dim < 0 || unknown++)
      return false;
  }
  return factor < (1 << 15);
}

void Shapes::sameCount(ArrayRef<DimExpr> from, ArrayRef<DimExpr> to) {
  if (!collectsRules())
    return;
  DimExpr before = 1, after = 1;
  SmallVector<DimExpr> gone(from), fresh;
  for (const DimExpr &size : from)
    before = before * size;
  for (const DimExpr &size : to) {
    after = after * size;
    if (auto *same = llvm::find(gone, size); same != gone.end())
      gone.erase(same);
    else if (!size.isConstant(1))
      fresh.push_back(size);
  }
  if (before != after)
    must({SizeRule::Equal, "the input's number of elements is not that of the shape", before, after});
  // One size that several become is as large as they are; what becomes several may have wrapped around.
  if (fresh.size() <= 1 && before == after)
    return;
  if (!staysCounted(dims, fresh)) {
    llvm::sort(fresh = SmallVector<DimExpr>(to));
    llvm::erase_if(fresh, [](const DimExpr &size) { return size.isConstant(1); });
    must({SizeRule::Counted, "a shape has more elements than can be counted", {}, {}, {}, fresh});
  }
}

void Shapes::areSizes(ArrayRef<DimExpr> sizes) {
  for (const DimExpr &size : sizes)
    atMost(0, size, "a size is negative");
}

void Shapes::notEmpty(const DimExpr &size, ArrayRef<DimExpr> read, StringRef message) {
  if (!collectsRules() || dims.knownGreaterEqual(size, 1))
    return;
  if (llvm::is_contained(read, size)) // no element, no read
    return;
  DimExpr any = 1; // 0 where one of the sizes is: a product of them could overflow
  for (const DimExpr &d : read)
    any = any * dims.min(d, 1);
  if (!any.isConstant(0))
    must({SizeRule::NotEmpty, message.str(), size, any});
}

static std::optional<int64_t> constantIndex(Value value) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return constant.getSExtValue();
  return std::nullopt;
}

ShapeOf LocalShapes::shape(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  ShapeOf out{type.getElementType(), {}};
  for (auto [i, size] : llvm::enumerate(type.getShape())) {
    if (!ShapedType::isDynamic(size)) {
      out.dims.push_back(size);
      continue;
    }
    auto [it, isNew] = unknown.try_emplace({tensor.getAsOpaquePointer(), i});
    if (isNew)
      it->second = dims.fresh(tensor, i);
    out.dims.push_back(it->second);
  }
  return out;
}

DimExpr LocalShapes::size(Value index) {
  if (auto constant = constantIndex(index))
    return *constant;
  return dims.symbol(index, /*nonNegative=*/false);
}

ShapeOf DimAnalysis::argument(BlockArgument argument, RankedTensorType type) {
  Operation *parent = argument.getOwner()->getParentOp();
  ArrayAttr names;
  DenseI64ArrayAttr numbers;
  if (auto function = dyn_cast_or_null<FunctionOpInterface>(parent)) {
    if (argument.getOwner()->isEntryBlock()) {
      Attribute attr = function.getArgAttr(argument.getArgNumber(), "adze.dims");
      names = dyn_cast_or_null<ArrayAttr>(attr);
      numbers = dyn_cast_or_null<DenseI64ArrayAttr>(attr);
    }
  }
  ShapeOf out{type.getElementType(), {}};
  for (auto [i, size] : llvm::enumerate(type.getShape())) {
    auto name = names && i < names.size() ? dyn_cast<StringAttr>(names[i]) : StringAttr();
    if (!ShapedType::isDynamic(size))
      out.dims.push_back(size);
    else if (name && !name.getValue().empty())
      out.dims.push_back(dims.named(name.getValue(), argument, i));
    else if (numbers && int64_t(i) < numbers.size() && numbers[i] >= 0)
      out.dims.push_back(dims.symbol(argument.getOwner()->getArgument(numbers[i]), /*nonNegative=*/true));
    else
      out.dims.push_back(dims.fresh(argument, i));
  }
  return out;
}

ShapeOf DimAnalysis::compute(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (auto arg = dyn_cast<BlockArgument>(tensor))
    return argument(arg, type);
  ShapeOf out{type.getElementType(), {}};
  if (auto numbers = tensor.getDefiningOp()->getAttrOfType<DenseI64ArrayAttr>("adze.dims")) {
    Block *entry = tensor.getDefiningOp()->getBlock();
    for (auto [size, number] : llvm::zip(type.getShape(), numbers.asArrayRef()))
      out.dims.push_back(ShapedType::isDynamic(size) ? dims.symbol(entry->getArgument(number), /*nonNegative=*/true)
                                                     : DimExpr(size));
    return out;
  }
  if (auto op = tensor.getDefiningOp<ShapeOp>()) {
    SmallVector<ShapeOf> results;
    if (succeeded(op.inferResultShapes(*this, results))) {
      out = results[cast<OpResult>(tensor).getResultNumber()];
      for (auto [dim, size] : llvm::zip(out.dims, type.getShape()))
        if (!ShapedType::isDynamic(size))
          dim = size;
      return out;
    }
    contradiction = true;
  }
  if (auto cast = tensor.getDefiningOp<tensor::CastOp>(); cast && isa<RankedTensorType>(cast.getSource().getType())) {
    out = shape(cast.getSource());
    for (auto [dim, size] : llvm::zip(out.dims, type.getShape()))
      if (!ShapedType::isDynamic(size))
        dim = size;
    return out;
  }
  for (auto [i, size] : llvm::enumerate(type.getShape()))
    out.dims.push_back(ShapedType::isDynamic(size) ? dims.fresh(tensor, i) : DimExpr(size));
  return out;
}

ShapeOf DimAnalysis::shape(Value tensor) {
  if (auto it = shapes.find(tensor); it != shapes.end())
    return it->second;
  askAhead(tensor);
  ++depth;
  ShapeOf out = compute(tensor);
  --depth;
  shapes[tensor] = out;
  return out;
}

void DimAnalysis::askAhead(Value value) {
  constexpr unsigned kDeep = 64;
  if (depth < kDeep || asksAhead)
    return;
  auto isKnown = [&](Value v) { return shapes.count(v) || sizesByValue.count(v) || !v.getDefiningOp(); };
  auto ask = [&](Value v) {
    if (isa<RankedTensorType>(v.getType()))
      shape(v);
    else if (v.getType().isIntOrIndex())
      size(v);
  };
  SmallVector<std::pair<Value, bool>> open{{value, false}};
  llvm::DenseSet<Value> seen;
  while (!open.empty()) {
    auto [v, isReady] = open.pop_back_val();
    if (isKnown(v) || (!isReady && !seen.insert(v).second))
      continue;
    Operation *op = v.getDefiningOp();
    if (isReady || op->getNumRegions()) {
      llvm::SaveAndRestore<bool> guard(asksAhead, v != value);
      if (v != value)
        ask(v);
      continue;
    }
    open.push_back({v, true});
    for (Value operand : op->getOperands())
      open.push_back({operand, false});
  }
}

std::optional<bool> DimAnalysis::decide(Value condition, unsigned depth) {
  if (auto constant = constantIndex(condition))
    return *constant != 0;
  if (depth == 0)
    return std::nullopt;
  if (auto both = condition.getDefiningOp<arith::AndIOp>()) {
    auto x = decide(both.getLhs(), depth - 1), y = decide(both.getRhs(), depth - 1);
    if (x && y)
      return *x && *y;
    return (x && !*x) || (y && !*y) ? std::optional<bool>(false) : std::nullopt;
  }
  if (auto either = condition.getDefiningOp<arith::OrIOp>()) {
    auto x = decide(either.getLhs(), depth - 1), y = decide(either.getRhs(), depth - 1);
    if (x && y)
      return *x || *y;
    return (x && *x) || (y && *y) ? std::optional<bool>(true) : std::nullopt;
  }
  auto compare = condition.getDefiningOp<arith::CmpIOp>();
  if (!compare)
    return std::nullopt;
  DimExpr x = size(compare.getLhs()), y = size(compare.getRhs());
  auto least = [&](const DimExpr &a, const DimExpr &b) { return dims.lowerBound(a - b); };
  bool below = least(y, x).value_or(-1) > 0, notAbove = least(y, x).value_or(-1) >= 0;
  bool above = least(x, y).value_or(-1) > 0, notBelow = least(x, y).value_or(-1) >= 0;
  auto answer = [](bool yes, bool no) {
    return yes ? std::optional<bool>(true) : no ? std::optional<bool>(false) : std::nullopt;
  };
  switch (compare.getPredicate()) {
  case arith::CmpIPredicate::eq:
    return answer(x == y, below || above);
  case arith::CmpIPredicate::ne:
    return answer(below || above, x == y);
  case arith::CmpIPredicate::slt:
    return answer(below, notBelow);
  case arith::CmpIPredicate::sle:
    return answer(notAbove, above);
  case arith::CmpIPredicate::sgt:
    return answer(above, notAbove);
  case arith::CmpIPredicate::sge:
    return answer(notBelow, below);
  default:
    return std::nullopt;
  }
}

/// The comparison `x == y` (either order) that makes `v`, as the pair (x, y); y is a value or the constant 1.
static bool compares(Value v, Value x, Value y) {
  auto op = v.getDefiningOp<arith::CmpIOp>();
  if (!op || op.getPredicate() != arith::CmpIPredicate::eq)
    return false;
  auto same = [](Value a, Value b) { return b ? a == b : constantIndex(a) == 1; };
  return (op.getLhs() == x && same(op.getRhs(), y)) || (op.getRhs() == x && same(op.getLhs(), y));
}

/// True for select(m == 1, n, m) after a requirement that m is 1 or n is or they are equal: the size that m and n
/// broadcast to.
static bool isBroadcastSize(arith::SelectOp select) {
  Value condition = select.getCondition(), n = select.getTrueValue(), m = select.getFalseValue();
  if (!compares(condition, m, {}))
    return false;
  auto otherOf = [](arith::OrIOp op, Value one) { return op.getLhs() == one ? op.getRhs() : op.getLhs(); };
  for (Operation *user : condition.getUsers()) {
    auto ones = dyn_cast<arith::OrIOp>(user);
    if (!ones || !compares(otherOf(ones, condition), n, {}))
      continue;
    for (Operation *outer : ones->getUsers()) {
      auto all = dyn_cast<arith::OrIOp>(outer);
      if (!all || !compares(otherOf(all, ones.getResult()), m, n))
        continue;
      for (Operation *last : all->getUsers())
        if (isa<RequireOp>(last) && last->getBlock() == select->getBlock() && last->isBeforeInBlock(select))
          return true;
    }
  }
  return false;
}

DimExpr DimAnalysis::computeSize(Value index) {
  if (auto constant = constantIndex(index))
    return *constant;
  Operation *op = index.getDefiningOp();
  auto operand = [&](unsigned i) { return size(op->getOperand(i)); };
  if (!op)
    return dims.symbol(index, /*nonNegative=*/false);
  if (auto dim = dyn_cast<tensor::DimOp>(op))
    if (auto i = dim.getConstantIndex(); i && isa<RankedTensorType>(dim.getSource().getType()))
      if (*i >= 0 && *i < cast<RankedTensorType>(dim.getSource().getType()).getRank())
        return this->dim(dim.getSource(), *i);
  if (isa<arith::AddIOp>(op))
    return operand(0) + operand(1);
  if (isa<arith::SubIOp>(op))
    return operand(0) - operand(1);
  if (isa<arith::MulIOp>(op))
    return operand(0) * operand(1);
  if (isa<arith::MaxSIOp>(op))
    return dims.max(operand(0), operand(1));
  if (isa<arith::MinSIOp>(op))
    return dims.min(operand(0), operand(1));
  if (isa<arith::IndexCastOp, arith::ExtSIOp, arith::TruncIOp>(op)) // sizes fit any integer they are cast to
    return operand(0);
  if (isa<arith::FloorDivSIOp, arith::DivSIOp, arith::CeilDivSIOp>(op)) {
    DimExpr a = operand(0), b = operand(1);
    if (auto id = b.singleAtom(); id && dims.atom(*id).kind == DimContext::Kind::Max) {
      const DimContext::Atom &max = dims.atom(*id); // max(n, 1): as a divisor n is positive anyway
      b = max.a.isConstant(1) ? DimExpr(max.b) : max.b.isConstant(1) ? DimExpr(max.a) : b;
    }
    bool positive = dims.lowerBound(b).value_or(-1) >= 0;
    bool exact = positive && (isa<arith::FloorDivSIOp>(op) || dims.lowerBound(a).value_or(-1) >= 0);
    if (isa<arith::CeilDivSIOp>(op) && positive)
      return dims.ceilDiv(a, b);
    if (exact)
      return dims.floorDiv(a, b);
  }
  if (auto select = dyn_cast<arith::SelectOp>(op)) {
    if (auto chosen = decide(select.getCondition()))
      return operand(*chosen ? 1 : 2);
    if (operand(1) == operand(2))
      return operand(1);
    if (isBroadcastSize(select))
      return dims.broadcast(operand(1), operand(2));
  }
  return dims.symbol(index, /*nonNegative=*/false);
}

DimExpr DimAnalysis::size(Value index) {
  if (auto it = sizesByValue.find(index); it != sizesByValue.end())
    return it->second;
  askAhead(index);
  ++depth;
  DimExpr out = computeSize(index);
  if (dims.isLarge(out) && !index.getDefiningOp<tensor::DimOp>())
    out = dims.symbol(index, dims.knownGreaterEqual(out, 0));
  --depth;
  sizesByValue[index] = out;
  return out;
}

bool DimAnalysis::sameShape(Value a, Value b) { return shape(a).dims == shape(b).dims; }

FailureOr<SmallVector<DimExpr>> adze::core::broadcastShapes(Shapes &shapes, std::optional<Location> loc,
                                                            ValueRange operands) {
  SmallVector<SmallVector<DimExpr>> all;
  size_t rank = 0;
  for (Value v : operands) {
    all.push_back(shapes.shape(v).dims);
    rank = std::max(rank, all.back().size());
  }
  SmallVector<DimExpr> out(rank, DimExpr(1));
  for (auto &dims : all)
    for (size_t i = 0; i < dims.size(); ++i) {
      DimExpr &have = out[rank - dims.size() + i];
      auto a = have.constant(), b = dims[i].constant();
      if (a && b && *a != *b && *a != 1 && *b != 1)
        return emitOptionalError(loc, "operands do not broadcast: size ", *a, " meets size ", *b,
                                 ", expected equal sizes or 1");
      shapes.broadcasts(have, dims[i]);
      have = shapes.dims.broadcast(have, dims[i]);
    }
  return out;
}

bool adze::core::compatibleShapes(TypeRange a, TypeRange b) {
  if (a.size() != b.size())
    return false;
  for (auto [x, y] : llvm::zip(a, b)) {
    auto s = dyn_cast<RankedTensorType>(x), t = dyn_cast<RankedTensorType>(y);
    if (!s || !t || s.getElementType() != t.getElementType() || failed(verifyCompatibleShape(s, t)))
      return false;
  }
  return true;
}

SmallVector<Value> adze::core::sizesOf(OpBuilder &builder, Location loc, Value tensor) {
  SmallVector<Value> sizes;
  for (auto [i, size] : llvm::enumerate(cast<RankedTensorType>(tensor.getType()).getShape()))
    if (ShapedType::isDynamic(size))
      sizes.push_back(tensor::DimOp::create(builder, loc, tensor, i));
    else
      sizes.push_back(arith::ConstantIndexOp::create(builder, loc, size));
  return sizes;
}

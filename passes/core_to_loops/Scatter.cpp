// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core.scatter_elements and core.scatter_nd: a copy of the input, then the updates in their order. A line is what
// updates of one another may meet in: all positions along the axis, or all that index tuples reach. Lines do not depend
// on each other. Or each of many workers looks at all updates, and joins those of the elements that it owns.
#include "passes/core_to_loops/Nests.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// For each dimension the coordinate, where it is given.
using Given = SmallVector<std::optional<Coord>>;

/// Elements of the result by their position: those that are `number` modulo `of`, a power of two; all if `number` is
/// null.
struct Owned {
  Value number;
  int64_t of = 1;
};

/// All coordinates of a tensor of these sizes that have the given ones, in row-major order.
static void eachElement(Emitter &e, ArrayRef<DimExpr> sizes, const Given &given,
                        function_ref<void(ArrayRef<Coord>)> body) {
  std::function<void(Coords)> nest = [&](Coords at) {
    size_t d = at.size();
    if (d == sizes.size())
      return body(at);
    auto inside = [&](Coord coord) {
      Coords inner(at);
      inner.push_back(coord);
      nest(inner);
    };
    if (given[d])
      return inside(*given[d]);
    e.loop(e.index(0), e.size(sizes[d]), e.index(1), {}, [&](Value i, ValueRange) {
      inside({i});
      return Emitter::Values();
    });
  };
  nest({});
}

/// Copies the input to the result's buffer, where it has the given coordinates or is owned; nothing if they are the
/// same.
static LogicalResult copyInput(Emitter &e, Value input, Value result, const Given &given, const Owned &owned) {
  SmallVector<DimExpr> sizes = e.dims.shape(result).dims;
  Type element = getElementTypeOrSelf(result);
  bool failed = false;
  auto copy = [&](ArrayRef<Coord> at) {
    Value v = e.element(input, at);
    failed |= !v;
    if (v)
      e.store(v, e.buffers.lookup(result), element, at, sizes);
  };
  auto copyAll = [&] {
    if (owned.number)
      e.loop(owned.number, e.size(product(sizes)), e.index(owned.of), {}, [&](Value position, ValueRange) {
        copy(e.delinearize(position, sizes));
        return Emitter::Values();
      });
    else
      eachElement(e, sizes, given, copy);
  };
  Value from = e.buffers.lookup(input), to = e.buffers.lookup(result);
  if (!from)
    return copyAll(), failure(failed);
  auto address = [&](Value buffer) { return e.create<memref::ExtractAlignedPointerAsIndexOp>(buffer); };
  e.when(e.cmpi(arith::CmpIPredicate::ne, address(from), address(to)), copyAll);
  return failure(failed);
}

/// Runs `body` if the element of the result at `at` is owned.
static void onlyOwned(Emitter &e, Value result, ArrayRef<Coord> at, const Owned &owned, function_ref<void()> body) {
  if (!owned.number)
    return body();
  Value owner = e.create<arith::AndIOp>(e.linear(at, e.dims.shape(result).dims), e.index(owned.of - 1));
  e.when(e.cmpi(arith::CmpIPredicate::eq, owner, owned.number), body);
}

/// Joins `update` to what the result holds at `at`.
static void update(Emitter &e, Value result, ScatterReduction reduction, ArrayRef<Coord> at, Value update) {
  SmallVector<DimExpr> sizes = e.dims.shape(result).dims;
  Type element = getElementTypeOrSelf(result);
  Value buffer = e.buffers.lookup(result);
  static constexpr BinaryKind kinds[] = {BinaryKind::add, BinaryKind::add, BinaryKind::mul, BinaryKind::min,
                                         BinaryKind::max};
  static constexpr BinaryKind ofBool[] = {BinaryKind::bit_or, BinaryKind::bit_or, BinaryKind::bit_and,
                                          BinaryKind::bit_and, BinaryKind::bit_or};
  if (reduction != ScatterReduction::none) {
    BinaryKind kind = (element.isInteger(1) ? ofBool : kinds)[int(reduction)];
    update = e.binary(kind, e.load(buffer, element, at, sizes), update, element);
  }
  e.store(update, buffer, element, at, sizes);
}

/// The index that the tensor `indices` has at `at`, checked against dimension `dim` of the op's input; null after an
/// error.
static Value indexAt(Emitter &e, Operation *op, Value indices, ArrayRef<Coord> at, int64_t dim) {
  Value i = e.element(indices, at);
  if (!i)
    return {};
  Value limit = e.size(e.dims.dim(op->getOperand(0), dim));
  return e.checkIndex(e.create<arith::IndexCastOp>(e.b.getIndexType(), i), limit, op);
}

/// Runs `body` where the given coordinates are within `sizes`, which may be less than those of the input.
static void onlyWithin(Emitter &e, ArrayRef<DimExpr> sizes, ArrayRef<DimExpr> input, const Given &given,
                       function_ref<void()> body) {
  Value within;
  for (auto [d, coord] : llvm::enumerate(given))
    if (coord && !e.dims.dims.knownGreaterEqual(sizes[d], input[d])) {
      Value less = e.cmpi(arith::CmpIPredicate::ult, coord->base, e.size(sizes[d]));
      within = within ? e.create<arith::AndIOp>(within, less) : less;
    }
  if (!within)
    return body();
  e.when(within, body);
}

/// The updates of the positions with the given coordinates, those of all dimensions but the axis, or of none.
static LogicalResult emitElements(Emitter &e, ScatterElementsOp op, const Given &given, const Owned &owned) {
  if (failed(copyInput(e, op.getInput(), op.getResult(), given, owned)))
    return failure();
  SmallVector<DimExpr> sizes = e.dims.shape(op.getIndices()).dims;
  int64_t axis = op.getAxis();
  bool failed = false;
  auto join = [&](ArrayRef<Coord> at) {
    Value i = indexAt(e, op, op.getIndices(), at, axis);
    failed |= !i;
    if (failed)
      return;
    Coords to(at);
    to[axis] = {i};
    onlyOwned(e, op.getResult(), to, owned, [&] {
      Value v = e.element(op.getUpdates(), at);
      failed |= !v;
      if (v)
        update(e, op.getResult(), op.getReduction(), to, v);
    });
  };
  onlyWithin(e, sizes, e.dims.shape(op.getInput()).dims, given, [&] { eachElement(e, sizes, given, join); });
  return failure(failed);
}

/// The dimensions that an index tuple of the op has.
static int64_t tupleSize(DimAnalysis &dims, ScatterNdOp op) {
  return *dims.shape(op.getIndices()).dims.back().constant();
}

/// The updates of the positions with the given coordinates, those of all dimensions that index tuples do not have, or
/// of none.
static LogicalResult emitTuples(Emitter &e, ScatterNdOp op, const Given &given, const Owned &owned) {
  if (failed(copyInput(e, op.getInput(), op.getResult(), given, owned)))
    return failure();
  SmallVector<DimExpr> sizes = e.dims.shape(op.getUpdates()).dims;
  size_t head = e.dims.shape(op.getIndices()).dims.size() - 1;
  int64_t tuple = tupleSize(e.dims, op);
  Given givenUpdates(head, std::nullopt);
  llvm::append_range(givenUpdates, ArrayRef(given).drop_front(tuple));
  bool failed = false;
  eachElement(e, sizes, givenUpdates, [&](ArrayRef<Coord> at) {
    Coords where(at.take_front(head)), to;
    where.push_back({});
    for (int64_t i = 0; i < tuple; ++i) {
      where.back() = {e.index(i)};
      Value index = indexAt(e, op, op.getIndices(), where, i);
      failed |= !index;
      if (failed)
        return;
      to.push_back({index});
    }
    to.append(at.begin() + head, at.end());
    onlyOwned(e, op.getResult(), to, owned, [&] {
      Value v = e.element(op.getUpdates(), at);
      failed |= !v;
      if (v)
        update(e, op.getResult(), op.getReduction(), to, v);
    });
  });
  return failure(failed);
}

static LogicalResult emitScatter(Emitter &e, Operation *op, const Given &given, const Owned &owned = {}) {
  if (auto elements = dyn_cast<ScatterElementsOp>(op))
    return emitElements(e, elements, given, owned);
  return emitTuples(e, cast<ScatterNdOp>(op), given, owned);
}

/// Whether a line is one coordinate of dimension `dim` of the op's input, not all of them.
static bool isAcrossLines(DimAnalysis &dims, Operation *op, int64_t dim) {
  if (auto elements = dyn_cast<ScatterElementsOp>(op))
    return dim != static_cast<int64_t>(elements.getAxis());
  return dim >= tupleSize(dims, cast<ScatterNdOp>(op));
}

static Given noneGiven(Emitter &e, Operation *op) {
  return Given(e.dims.shape(op->getOperand(0)).dims.size(), std::nullopt);
}

LogicalResult adze::emitScatter(Emitter &e, Operation *op) { return ::emitScatter(e, op, noneGiven(e, op)); }

LogicalResult adze::emitScatterOwned(Emitter &e, Operation *op, Value number, int64_t of) {
  return ::emitScatter(e, op, noneGiven(e, op), {number, of});
}

SmallVector<DimExpr> adze::scatterLines(DimAnalysis &dims, Operation *op) {
  SmallVector<DimExpr> lines;
  for (auto [d, size] : llvm::enumerate(dims.shape(op->getOperand(0)).dims))
    if (isAcrossLines(dims, op, d))
      lines.push_back(size);
  return lines;
}

LogicalResult adze::emitScatterLine(Emitter &e, Operation *op, Value line) {
  Coords across = e.delinearize(line, scatterLines(e.dims, op));
  Given given;
  for (size_t d = 0, next = 0; d < e.dims.shape(op->getOperand(0)).dims.size(); ++d)
    given.push_back(isAcrossLines(e.dims, op, d) ? std::optional(across[next++]) : std::nullopt);
  return ::emitScatter(e, op, given);
}

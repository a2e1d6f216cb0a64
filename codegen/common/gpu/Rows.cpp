// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax and norms over the last dimensions: a warp or a block a row. A row of known size stays in registers between
// the passes over it; of another it is read again.
#include "codegen/common/gpu/Kinds.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using adze::gpu::ThreadBlock;

namespace {
/// A place in the row that a thread looks at.
struct RowPlace {
  Coords at;    ///< in the tensor
  Value inside; ///< null: certainly; else an i1
  size_t held;  ///< number of its value, if values are held
};

class Row {
public:
  Row(ThreadBlock &block, Value input, int64_t axis, Value item, int64_t team, int64_t lanes)
      : e(block.e), block(block), input(input), team(team), lanes(lanes), sizes(e.dims.shape(input).dims) {
    rank = team == block.threads ? block.thread : block.lane;
    rowSizes.assign(sizes.begin() + axis, sizes.end());
    outer = e.delinearize(item, ArrayRef(sizes).take_front(axis));
    element = getElementTypeOrSelf(input);
    acc = element.isF64() ? element : Type(e.b.getF32Type());
    auto known = count().constant();
    if (known && *known <= kMostHeld * team * lanes)
      hold(*known);
  }

  DimExpr count() { return product(rowSizes); }

  /// fn(value of the input in the accumulator's type) joined over the row.
  Value fold(ReduceKind kind, function_ref<Value(Value)> fn) {
    Value neutral = e.neutral(kind, acc), total = lanes > 1 ? e.splat(neutral, lanes) : neutral;
    auto step = [&](const RowPlace &place, Value sum) {
      Value v = fn(read(place));
      if (place.inside)
        v = e.create<arith::SelectOp>(place.inside, v, lanes > 1 ? e.splat(neutral, lanes) : neutral);
      return e.join(kind, sum, v, acc);
    };
    if (!held.empty()) {
      for (const RowPlace &place : places)
        total = step(place, total);
    } else {
      total = eachPlace(total, step);
    }
    if (lanes > 1)
      total = joinLanes(kind, total);
    return team == block.threads ? block.joinBlock(kind, total, acc) : block.joinWarp(kind, total, acc);
  }

  /// write(coordinates, fn(value)) over the row.
  LogicalResult each(function_ref<Value(Value)> fn, WriteFn write) {
    LogicalResult done = success();
    auto step = [&](const RowPlace &place) {
      int64_t width = std::exchange(e.width, lanes);
      done = failure(failed(done) || failed(write(place.at, e.convert(fn(read(place)), acc, element, false))));
      e.width = width;
    };
    if (held.empty()) {
      eachPlace({}, [&](const RowPlace &place, Value) { return step(place), Value(); });
      return done;
    }
    for (const RowPlace &place : places) {
      if (place.inside)
        e.when(place.inside, [&] { step(place); });
      else
        step(place);
    }
    return done;
  }

  bool failedAny = false;
  Emitter &e;
  Type element, acc;

private:
  /// Values of one thread that are held in registers, in accesses.
  static constexpr int64_t kMostHeld = 16;

  RowPlace placeAt(Value j) {
    RowPlace place{outer, {}, 0};
    Coords in = e.delinearize(j, rowSizes);
    in.back().lane = lanes > 1;
    place.at.append(in);
    return place;
  }

  void hold(int64_t known) {
    int64_t step = team * lanes;
    for (int64_t first = 0; first < known; first += step) {
      Value j = e.addi(e.muli(rank, e.index(lanes)), e.index(first));
      RowPlace place = placeAt(j);
      if (first + step > known)
        place.inside = e.cmpi(arith::CmpIPredicate::ult, j, e.index(known));
      place.held = held.size();
      Type type = lanes > 1 ? Type(VectorType::get({lanes}, acc)) : acc;
      held.push_back(!place.inside ? load(place)
                                   : e.branch(
                                         place.inside, type, [&] { return Emitter::Values{load(place)}; },
                                         [&] { return Emitter::Values{e.constant(type, 0)}; })[0]);
      places.push_back(place);
    }
  }

  Value load(const RowPlace &place) {
    int64_t width = std::exchange(e.width, lanes);
    Value v = e.element(input, place.at);
    failedAny |= !v;
    v = v ? e.splat(e.convert(v, element, acc, false), lanes) : e.splat(e.constant(acc, 0), lanes);
    e.width = width;
    return v;
  }
  Value read(const RowPlace &place) { return held.empty() ? load(place) : held[place.held]; }

  /// A loop over the thread's places; `carried` may be null.
  Value eachPlace(Value carried, function_ref<Value(const RowPlace &, Value)> body) {
    Value first = e.muli(rank, e.index(lanes));
    auto out = e.loop(first, e.size(count()), e.index(team * lanes), carried ? ValueRange(carried) : ValueRange(),
                      [&](Value j, ValueRange values) {
                        Value next = body(placeAt(j), values.empty() ? Value() : values[0]);
                        return next ? Emitter::Values{next} : Emitter::Values();
                      });
    return out.empty() ? Value() : out[0];
  }

  Value joinLanes(ReduceKind kind, Value v) {
    Value joined;
    for (int64_t i = 0; i < lanes; ++i) {
      Value one = e.create<vector::ExtractOp>(v, i);
      joined = joined ? e.join(kind, joined, one, acc) : one;
    }
    return joined;
  }

  ThreadBlock &block;
  Value input, rank; ///< rank: of the thread among the row's
  int64_t team, lanes;
  SmallVector<DimExpr> sizes, rowSizes;
  Coords outer;
  SmallVector<RowPlace> places;
  Emitter::Values held;
};
} // namespace

static LogicalResult emitSoftmaxRow(Row &row, SoftmaxOp op, WriteFn write) {
  Emitter &e = row.e;
  Value max = row.fold(ReduceKind::max, [](Value v) { return v; });
  auto binary = [&](BinaryKind kind, Value x, Value y) {
    Value both[] = {x, y};
    e.unify(both);
    return e.binary(kind, both[0], both[1], row.acc);
  };
  auto shifted = [&](Value v) { return binary(BinaryKind::sub, v, max); };
  auto power = [&](Value v) { return e.unary(UnaryKind::exp, shifted(v), row.acc); };
  Value sum = row.fold(ReduceKind::sum, power);
  Value scale = e.unary(op.getLog() ? UnaryKind::log : UnaryKind::reciprocal, sum, row.acc);
  return row.each(
      [&](Value v) {
        return op.getLog() ? binary(BinaryKind::sub, shifted(v), scale) : binary(BinaryKind::mul, power(v), scale);
      },
      write);
}

static LogicalResult emitNormRow(Row &row, NormOp op, WriteFn write) {
  Emitter &e = row.e;
  auto binary = [&](BinaryKind kind, Value x, Value y) {
    Value both[] = {x, y};
    e.unify(both);
    return e.binary(kind, both[0], both[1], row.acc);
  };
  Value size = e.create<arith::IndexCastOp>(e.b.getI64Type(), e.size(row.count()));
  Value count = e.convert(size, e.b.getI64Type(), row.acc, false);
  Value mean =
      op.getRms() ? Value() : binary(BinaryKind::div, row.fold(ReduceKind::sum, [](Value v) { return v; }), count);
  auto centred = [&](Value v) { return mean ? binary(BinaryKind::sub, v, mean) : v; };
  Value squares = row.fold(ReduceKind::sum, [&](Value v) {
    v = centred(v);
    return binary(BinaryKind::mul, v, v);
  });
  Value variance = binary(BinaryKind::div, squares, count);
  Value epsilon = e.constant(row.acc, op.getEpsilon().convertToDouble());
  Value scale = e.unary(UnaryKind::rsqrt, binary(BinaryKind::add, variance, epsilon), row.acc);
  return row.each([&](Value v) { return binary(BinaryKind::mul, centred(v), scale); }, write);
}

/// The lanes of one access along a row.
static int64_t chooseLanes(KernelFunction &kernel, Emitter &e, Value input, int64_t most) {
  int64_t last = cast<RankedTensorType>(input.getType()).getRank() - 1;
  auto size = e.dims.dim(input, last).constant();
  bool whole = size && *size % most == 0 && e.vectorizable(input, last) && kernel.vectorizable(e, last);
  return whole ? most : 1;
}

std::optional<int64_t> adze::gpu::rowAxis(Operation *op) {
  if (auto norm = dyn_cast<NormOp>(op))
    return norm.getAxis();
  auto softmax = dyn_cast<SoftmaxOp>(op);
  if (softmax && int64_t(softmax.getAxis()) == cast<RankedTensorType>(softmax.getType()).getRank() - 1)
    return softmax.getAxis();
  return std::nullopt;
}

FailureOr<Grid> adze::gpu::emitRows(KernelFunction &kernel, ThreadBlock &block, const Schedule &schedule,
                                    int64_t mostLanes) {
  Emitter &e = block.e;
  Operation *op = kernel.nest;
  Value input = op->getOperand(0);
  int64_t axis = *rowAxis(op), team = schedule.team, perBlock = schedule.threads / team;
  SmallVector<DimExpr> sizes = e.dims.shape(input).dims;
  DimExpr rows = product(ArrayRef(sizes).take_front(axis));
  Value item = perBlock == 1 ? block.number : e.addi(e.muli(block.number, e.index(perBlock)), block.warp);
  auto write = [&](ArrayRef<Coord> at, ArrayRef<Value> values) { return kernel.storeEpilogue(e, at, values, sizes); };
  LogicalResult done = success();
  auto emit = [&] {
    Row row(block, input, axis, item, team, chooseLanes(kernel, e, input, mostLanes));
    if (auto softmax = dyn_cast<SoftmaxOp>(op))
      done = emitSoftmaxRow(row, softmax, write);
    else
      done = emitNormRow(row, cast<NormOp>(op), write);
    done = failure(row.failedAny || failed(done));
  };
  if (perBlock == 1)
    emit();
  else // all lanes of a warp have the same row
    e.when(e.cmpi(arith::CmpIPredicate::ult, item, e.size(rows)), emit);
  if (failed(done))
    return failure();
  return Grid{e.dims.dims.floorDiv(rows + DimExpr(perBlock - 1), DimExpr(perBlock))};
}

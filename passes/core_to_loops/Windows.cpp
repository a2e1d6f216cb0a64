// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/core_to_loops/Windows.h"
#include "dialects/core/Windows.h"
#include "passes/core_to_loops/Nests.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

std::optional<WindowInput> adze::windowInput(Emitter &e, Operation *op) {
  Value input = op->getOperand(0);
  WindowInput out{{}, {}, {}, false};
  size_t spatial = cast<RankedTensorType>(input.getType()).getRank() - 2;
  out.low.assign(spatial, DimExpr(0));
  if (auto pad = input.getDefiningOp<PadOp>()) {
    if (!isNeutralPadding(pad, op))
      return std::nullopt;
    for (size_t i = 0; i < spatial; ++i)
      out.low[i] = e.dims.size(pad.getLow()[i + 1]);
    out.padded = true;
    input = pad.getInput();
  }
  out.buffer = e.buffers.lookup(input);
  if (!out.buffer)
    return std::nullopt;
  out.sizes = e.dims.shape(input).dims;
  return out;
}

namespace {
class WindowRow {
public:
  WindowRow(Emitter &e, const WindowInput &input, Window window, Value result, ArrayRef<Coord> row,
            const WindowFold &fold, WriteFn write)
      : e(e), input(input), window(window), row(row), fold(fold), write(write), last(window.sizes.size() - 1),
        out(e.dims.shape(result).dims) {}

  LogicalResult run() {
    findInside();
    Value channels = e.size(out.back());
    e.laneLoop(e.index(0), channels, lanes(), [&](Coord c) {
      // Blocks of neighbours whose windows lie inside; the last block overlaps the one before.
      Value count = e.index(neighbours());
      Value enough = e.cmpi(P::sge, e.subi(insideEnd, insideBegin), count);
      Value lastBlock = e.subi(insideEnd, count), none = e.size(out[last + 1]);
      e.loop(e.index(0), e.select(enough, insideBegin, none), e.index(1), {}, [&](Value x, ValueRange) {
        single(x, c);
        return Emitter::Values();
      });
      e.loop(e.select(enough, insideBegin, insideEnd), insideEnd, count, {}, [&](Value x, ValueRange) {
        block(e.create<arith::MinSIOp>(x, lastBlock), c);
        return Emitter::Values();
      });
      e.loop(e.select(enough, insideEnd, none), none, e.index(1), {}, [&](Value x, ValueRange) {
        single(x, c);
        return Emitter::Values();
      });
    });
    return failure(failed);
  }

private:
  using P = arith::CmpIPredicate;

  int64_t neighbours() const { return e.vectorRegisters >= 32 ? 8 : 4; }

  /// The widest vector that leaves no channels over, or else the machine's.
  int64_t lanes() {
    int64_t most = e.vectorBytes / 4;
    if (auto channels = out.back().constant())
      for (int64_t n = most; n >= 4; n /= 2)
        if (*channels % n == 0)
          return n;
    return most;
  }

  Value ceilDiv(Value x, int64_t by) {
    return by == 1 ? x : e.b.createOrFold<arith::CeilDivSIOp>(e.loc, x, e.index(by));
  }

  /// Positions [insideBegin, insideEnd) of the row whose windows touch no padding.
  void findInside() {
    Value end = e.size(out[last + 1]);
    insideBegin = e.index(0);
    insideEnd = end;
    if (!input.padded)
      return;
    Value low = e.size(input.low[last]);
    int64_t reach = (window.sizes[last] - 1) * window.dilations[last], stride = window.strides[last];
    insideBegin = e.create<arith::MinSIOp>(ceilDiv(low, stride), end);
    // x * stride - low + reach < size
    Value room = e.subi(e.addi(e.size(input.sizes[last + 1]), low), e.index(reach));
    insideEnd = e.create<arith::MinSIOp>(ceilDiv(room, stride), end);
    insideEnd = e.create<arith::MaxSIOp>(insideEnd, insideBegin);
  }

  /// The taps of dimension `i` that lie inside for the window at position `at`: [begin, end), and where tap 0 lies.
  struct Taps {
    Value begin, end, origin;
  };
  Taps taps(size_t i, Value at) {
    Value origin = e.subi(e.muli(at, e.index(window.strides[i])), e.size(input.low[i]));
    Value begin = e.index(0), end = e.index(window.sizes[i]);
    if (input.padded) {
      begin = e.create<arith::MaxSIOp>(ceilDiv(e.subi(e.index(0), origin), window.dilations[i]), begin);
      Value room = e.subi(e.size(input.sizes[i + 1]), origin);
      end = e.create<arith::MinSIOp>(ceilDiv(room, window.dilations[i]), end);
    }
    return {begin, end, origin};
  }

  /// Runs `body(line, number, sums)` for the taps of the dimensions before the last; `line` is the input's line (in
  /// lines along the last spatial dimension), `number` that of the first tap on it.
  using LineFn = function_ref<Emitter::Values(Value, Value, Emitter::Values)>;
  Emitter::Values lines(size_t i, Value line, Value number, Emitter::Values carried, LineFn body) {
    if (i == last)
      return body(line, e.muli(number, e.index(window.sizes[last])), carried);
    Taps t = taps(i, row[i + 1].base);
    Value before = e.muli(line, e.size(input.sizes[i + 1]));
    return e.loop(t.begin, t.end, e.index(1), carried, [&](Value k, ValueRange next) {
      Value at = e.addi(t.origin, e.muli(k, e.index(window.dilations[i])));
      Value place = e.addi(e.muli(number, e.index(window.sizes[i])), k);
      return lines(i + 1, e.addi(before, at), place, Emitter::Values(next), body);
    });
  }

  Value load(Value line, Value x, Coord c) {
    ArrayRef<DimExpr> sizes = input.sizes;
    Value position = e.addi(e.muli(line, e.size(sizes[last + 1])), x);
    Coords at{{position}, c};
    return e.load(input.buffer, e.b.getF32Type(), at, {e.dims.dims.named(""), sizes.back()});
  }

  Value startFor(Coord c) { return c.lane ? e.splat(fold.start, e.width) : fold.start; }

  void finish(Value x, Coord c, Value v) {
    Coords at(row);
    at.push_back({x});
    at.push_back(c);
    failed |= mlir::failed(write(at, v));
  }

  /// One position, whose window may reach into the padding.
  void single(Value x, Coord c) {
    Taps t = taps(last, x);
    auto sums = lines(0, row[0].base, e.index(0), {startFor(c)}, [&](Value line, Value number, Emitter::Values sum) {
      return e.loop(t.begin, t.end, e.index(1), sum, [&](Value k, ValueRange next) {
        Value at = e.addi(t.origin, e.muli(k, e.index(window.dilations[last])));
        Value prepared = fold.prepare(e.addi(number, k), c);
        return Emitter::Values{fold.join(next[0], load(line, at, c), prepared)};
      });
    });
    finish(x, c, sums[0]);
  }

  /// neighbours() positions from `x` on, whose windows lie inside.
  void block(Value x, Coord c) {
    Emitter::Values starts(neighbours(), startFor(c));
    Value origin = e.subi(e.muli(x, e.index(window.strides[last])), e.size(input.low[last]));
    auto sums = lines(0, row[0].base, e.index(0), starts, [&](Value line, Value number, Emitter::Values sums) {
      std::map<int64_t, Value> loaded;
      for (int64_t k = 0; k < window.sizes[last]; ++k) {
        Value prepared = fold.prepare(e.addi(number, e.index(k)), c);
        for (auto [i, sum] : llvm::enumerate(sums)) {
          int64_t offset = int64_t(i) * window.strides[last] + k * window.dilations[last];
          Value &element = loaded[offset];
          if (!element)
            element = load(line, e.addi(origin, e.index(offset)), c);
          sum = fold.join(sum, element, prepared);
        }
      }
      return sums;
    });
    for (auto [i, sum] : llvm::enumerate(sums))
      finish(e.addi(x, e.index(i)), c, sum);
  }

  Emitter &e;
  const WindowInput &input;
  Window window;
  ArrayRef<Coord> row;
  const WindowFold &fold;
  WriteFn write;
  size_t last; ///< the spatial dimension along which a row goes
  SmallVector<DimExpr> out;
  Value insideBegin, insideEnd;
  bool failed = false;
};
} // namespace

LogicalResult adze::emitWindowRow(Emitter &e, const WindowInput &input, Window window, Value result,
                                  ArrayRef<Coord> row, const WindowFold &fold, WriteFn write) {
  return WindowRow(e, input, window, result, row, fold, write).run();
}

/// Items are rows along the last spatial dimension; `taps` is the window's number of elements.
static Grid windowGrid(Emitter &e, Value result, int64_t taps) {
  SmallVector<DimExpr> sizes = e.dims.shape(result).dims;
  Grid grid;
  grid.items = product(ArrayRef(sizes).drop_back(2));
  DimExpr work = sizes[sizes.size() - 2] * sizes.back() * DimExpr(taps);
  // Vectors make these cheaper than the element operations that grains count.
  grid.grain = grainOf(e, work, 4 * kGrainWork);
  return grid;
}

// ---- depthwise convolution ----

bool adze::takesRows(Emitter &e, Operation *op) {
  size_t spatial = cast<RankedTensorType>(op->getOperand(0).getType()).getRank() - 2;
  // The taps of a line are unrolled.
  auto fits = [&](ArrayRef<int64_t> window) { return spatial > 0 && window[spatial - 1] <= 16; };
  if (e.vectorBytes == 0 || !windowInput(e, op))
    return false;
  if (auto conv = dyn_cast<ConvOp>(op))
    return isDepthwise(conv) && isa<BlockArgument>(conv.getFilter()) &&
           fits(cast<RankedTensorType>(conv.getFilter().getType()).getShape());
  auto pool = dyn_cast<PoolOp>(op);
  return pool && getElementTypeOrSelf(pool.getInput()).isF32() && fits(pool.getWindow());
}

Grid adze::windowRowGrid(Emitter &e, Operation *op) {
  if (auto conv = dyn_cast<ConvOp>(op))
    return windowGrid(e, conv.getResult(),
                      tapsOf(cast<RankedTensorType>(conv.getFilter().getType()).getShape().drop_back(2)));
  auto pool = cast<PoolOp>(op);
  return windowGrid(e, pool.getResult(), tapsOf(pool.getWindow()));
}

static LogicalResult emitDepthwiseRow(Emitter &e, ConvOp op, ArrayRef<Coord> row, WriteFn write) {
  auto filter = cast<RankedTensorType>(op.getFilter().getType());
  Type f32 = e.b.getF32Type();
  SmallVector<DimExpr> sizes = e.dims.shape(op.getFilter()).dims;
  auto prepare = [&](Value number, Coord c) {
    return e.load(e.buffers.lookup(op.getFilter()), f32, {{number}, c}, {e.dims.dims.named(""), sizes.back()});
  };
  auto join = [&](Value acc, Value x, Value weight) -> Value {
    if (e.isVector(acc))
      return e.create<vector::FMAOp>(x, weight, acc);
    return e.binary(BinaryKind::add, acc, e.binary(BinaryKind::mul, x, weight, f32), f32);
  };
  WindowFold fold{e.constant(f32, 0), prepare, join};
  Window window{filter.getShape().drop_back(2), op.getStrides(), op.getDilations()};
  return emitWindowRow(e, *windowInput(e, op), window, op.getResult(), row, fold, write);
}

static LogicalResult emitPoolRow(Emitter &e, PoolOp op, ArrayRef<Coord> row, WriteFn write) {
  Type f32 = e.b.getF32Type();
  auto prepare = [](Value, Coord) { return Value(); };
  auto join = [&](Value acc, Value x, Value) { return e.join(op.getKind(), acc, x, f32); };
  WindowFold fold{e.neutral(op.getKind(), f32), prepare, join};
  Window window{op.getWindow(), op.getStrides(), op.getDilations()};
  return emitWindowRow(e, *windowInput(e, op), window, op.getResult(), row, fold, write);
}

LogicalResult adze::emitWindowRows(Emitter &e, Operation *op, Value begin, Value end, WriteFn write) {
  SmallVector<DimExpr> sizes = e.dims.shape(op->getResult(0)).dims;
  LogicalResult done = success();
  e.gridLoop(begin, end, ArrayRef(sizes).drop_back(2), [&](ArrayRef<Coord> row) {
    auto conv = dyn_cast<ConvOp>(op);
    done = conv ? emitDepthwiseRow(e, conv, row, write) : emitPoolRow(e, cast<PoolOp>(op), row, write);
  });
  return done;
}

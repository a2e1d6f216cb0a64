// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention. An item is a block of queries of one head: their scores with all keys stay in the worker's scratch memory.
// The scores are held transposed, a row for each key, with queries in the lanes of vectors: so keys and values are read
// in place as the left and the right side of register tiles, only the few queries are packed, and the softmax needs no
// sums across lanes.
#include "passes/core_to_loops/AttentionParts.h"
#include "passes/core_to_loops/Nests.h"
#include "passes/core_to_loops/RegisterTile.h"
#include "passes/core_to_loops/Views.h"
#include <limits>

using namespace mlir;
using namespace adze;
using namespace adze::core;

//===- tiles
//-------------------------------------------------------------------------------------------------------===//

namespace {
/// Blocks of queries, by register tiles.
class Tiles {
public:
  Tiles(Emitter &e, AttentionOp op, View key, View value)
      : e(e), op(op), sizes(e, op), key(key), value(value),
        most(chooseTile(e.vectorBytes, e.vectorRegisters, DimExpr(2))),
        panels(e.dims.dims.ceilDiv(sizes.columns, kPanel)), out(chooseTile(e.vectorBytes, e.vectorRegisters, panels)) {}

  /// Those that can be: f32, with keys and values that lie in memory, values row by row.
  static std::optional<Tiles> of(Emitter &e, AttentionOp op) {
    if (e.vectorBytes == 0 || !getElementTypeOrSelf(op.getQuery()).isF32())
      return std::nullopt;
    auto key = viewOf(e, op.getKey()), value = viewOf(e, op.getValue());
    if (!key || !value || !value->strides.back().isConstant(1))
      return std::nullopt;
    return Tiles(e, op, *key, *value);
  }

  Grid grid() {
    Grid grid;
    for (const DimExpr &d : itemSizes())
      grid.items = grid.items * d;
    DimExpr work = sizes.keys * (sizes.depth + sizes.columns + DimExpr(8)) * DimExpr(most.columns() / 8);
    grid.grain = grainOf(e, work);
    return grid;
  }

  LogicalResult emit(Value item, WriteFn write) {
    Coords at = e.delinearize(item, itemSizes());
    first = e.muli(at.back().base, e.index(most.columns()));
    at.pop_back();
    batch = at;
    count = e.create<arith::MinUIOp>(e.subi(e.size(sizes.queries), first), e.index(most.columns()));
    lastQuery = e.size(sizes.queries - DimExpr(1));
    keyBase = matrixAt(e, sizes.sharedAt(op.getKey(), at), key);
    valueBase = matrixAt(e, sizes.sharedAt(op.getValue(), at), value);
    Type f32 = e.b.getF32Type();
    packed = e.scratchBuffer(f32, sizes.depth * DimExpr(most.columns()));
    scores = e.scratchBuffer(f32, sizes.keys * DimExpr(most.columns()));
    inverses = e.scratchBuffer(f32, most.columns());
    sums = e.scratchBuffer(f32, out.rows * out.columns());
    padValues();
    auto block = [&](TileShape shape) {
      tile = shape;
      packQueries();
      multiplyKeys();
      softmax();
      multiplyValues(write);
      return Emitter::Values();
    };
    TileShape least = chooseTile(e.vectorBytes, e.vectorRegisters, DimExpr(1));
    if (least.panels == most.panels)
      block(most);
    else
      e.branch(
          e.cmpi(arith::CmpIPredicate::ule, count, e.index(least.columns())), {}, [&] { return block(least); },
          [&] { return block(most); });
    return failure(failed);
  }

private:
  SmallVector<DimExpr> itemSizes() {
    SmallVector<DimExpr> out(sizes.batch);
    out.push_back(e.dims.dims.ceilDiv(sizes.queries, most.columns()));
    return out;
  }

  Value loadVector(Value buffer, Value at) {
    return e.create<vector::LoadOp>(VectorType::get({tile.lanes}, e.b.getF32Type()), buffer, ValueRange{at});
  }
  void storeVector(Value v, Value buffer, Value at) { vector::StoreOp::create(e.b, e.loc, v, buffer, ValueRange{at}); }

  /// Query number `i` of the block; beyond the last one it is the last again, whose results are not written.
  Value queryAt(Value i) { return e.create<arith::MinUIOp>(e.addi(first, i), lastQuery); }

  /// packed[panel][d][i] = scale * query[panel * 16 + i][d].
  void packQueries() {
    Value scale = e.constant(e.b.getF32Type(), op.getScale().convertToDouble());
    e.loop(e.index(0), e.index(tile.columns()), e.index(1), {}, [&](Value i, ValueRange) {
      Coords at(batch);
      at.append({Coord{queryAt(i)}, Coord()});
      Value panel = e.divui(i, kPanel);
      Value lane = e.remui(i, kPanel);
      Value to = e.addi(e.muli(panel, e.size(sizes.depth * DimExpr(kPanel))), lane);
      e.loop(e.index(0), e.size(sizes.depth), e.index(1), {}, [&](Value d, ValueRange) {
        at.back() = {d};
        Value v = e.element(op.getQuery(), at);
        failed |= !v;
        if (v)
          memref::StoreOp::create(e.b, e.loc, e.binary(BinaryKind::mul, v, scale, e.b.getF32Type()), packed,
                                  ValueRange{e.addi(to, e.muli(d, e.index(kPanel)))});
        return Emitter::Values();
      });
      return Emitter::Values();
    });
  }

  /// scores[t][i] of `rows` keys from `t` on.
  void multiplyKeys(Value t, int64_t rows) {
    TileOperands operands{key.buffer, packed, {}, {}, {}, e.size(sizes.depth), e.size(key.strides.back()), {}};
    Value step = e.size(key.strides[key.strides.size() - 2]), start = e.addi(keyBase, e.muli(t, step));
    for (int64_t r = 0; r < rows; ++r)
      operands.rows.push_back(e.addi(start, e.muli(e.index(r), step)));
    for (int64_t p = 0; p < tile.panels; ++p)
      operands.panels.push_back(e.size(sizes.depth * DimExpr(kPanel * p)));
    SmallVector<Value> products = emitTile(e, tile, operands);
    Value to = e.muli(t, e.index(tile.columns()));
    for (auto [i, v] : llvm::enumerate(products))
      storeVector(v, scores, e.addi(to, e.index(int64_t(i) * tile.lanes)));
  }

  /// Whole tiles; the last one ends with the last key, so that it may compute some again.
  void multiplyKeys() {
    Value keys = e.size(sizes.keys), rows = e.index(tile.rows);
    e.branch(
        e.cmpi(arith::CmpIPredicate::uge, keys, rows), {},
        [&] {
          Value last = e.subi(keys, rows);
          e.loop(e.index(0), keys, rows, {}, [&](Value t, ValueRange) {
            multiplyKeys(e.create<arith::MinUIOp>(t, last), tile.rows);
            return Emitter::Values();
          });
          return Emitter::Values();
        },
        [&] {
          e.loop(e.index(0), keys, e.index(1), {}, [&](Value t, ValueRange) {
            multiplyKeys(t, 1);
            return Emitter::Values();
          });
          return Emitter::Values();
        });
  }

  /// The mask of `lanes` queries from number `i` of the block on, at key `t`.
  Value maskVector(int64_t i, Value t) {
    int64_t width = std::exchange(e.width, 1);
    int64_t lanes = sizes.maskIsOneRow() ? 1 : tile.lanes;
    Emitter::Values values;
    for (int64_t lane = 0; lane < lanes && !failed; ++lane) {
      Value v = sizes.mask(batch, rowNumbers[i + lane], {t});
      failed |= !v;
      values.push_back(v);
    }
    e.width = width;
    if (failed)
      return e.constant(VectorType::get({tile.lanes}, e.b.getF32Type()), 0);
    if (lanes == 1)
      return e.splat(values[0], tile.lanes);
    return e.create<vector::FromElementsOp>(VectorType::get({lanes}, e.b.getF32Type()), values);
  }

  using ScoreFn = function_ref<Value(int64_t, Value, Value, Value)>;
  /// Runs fn(v, t, at, carried) for the vectors v = `first`, ... of each row t of scores; it gives what is carried on.
  Emitter::Values eachScore(int64_t first, ArrayRef<Value> carried, ScoreFn fn) {
    return e.loop(e.index(0), e.size(sizes.keys), e.index(1), carried, [&](Value t, ValueRange values) {
      Emitter::Values next;
      Value row = e.muli(t, e.index(tile.columns()));
      for (auto [i, value] : llvm::enumerate(values)) {
        int64_t v = first + i;
        next.push_back(fn(v, t, e.addi(row, e.index(v * tile.lanes)), value));
      }
      return next;
    });
  }

  /// scores += mask; gives the greatest of each column. Vector by vector: the mask's rows for many queries, which may
  /// lie a power of two apart, would push each other out of the cache.
  Emitter::Values addMask(Value least) {
    Emitter::Values greatest;
    for (int64_t i = 0; i < tile.columns(); ++i)
      rowNumbers.push_back(queryAt(e.index(i)));
    for (int64_t v = 0; v < tile.vectors(); ++v)
      greatest.append(eachScore(v, least, [&](int64_t v, Value t, Value at, Value most) {
        Value score = e.create<arith::AddFOp>(loadVector(scores, at), maskVector(v * tile.lanes, t));
        storeVector(score, scores, at);
        return e.create<arith::MaximumFOp>(most, score);
      }));
    return greatest;
  }

  /// scores = exp(scores + mask - greatest), inverses = 1 / sum of them.
  void softmax() {
    auto type = VectorType::get({tile.lanes}, e.b.getF32Type());
    rowNumbers.clear();
    Value least = e.constant(type, -std::numeric_limits<double>::infinity());
    Emitter::Values greatest =
        op.getMask() ? addMask(least)
                     : eachScore(0, Emitter::Values(tile.vectors(), least), [&](int64_t, Value, Value at, Value most) {
                         return e.create<arith::MaximumFOp>(most, loadVector(scores, at));
                       });
    Emitter::Values zero(tile.vectors(), e.constant(type, 0));
    Emitter::Values totals = eachScore(0, zero, [&](int64_t v, Value, Value at, Value total) {
      Value shifted = e.create<arith::SubFOp>(loadVector(scores, at), greatest[v]);
      Value power = e.unary(UnaryKind::exp, shifted, e.b.getF32Type());
      storeVector(power, scores, at);
      return e.create<arith::AddFOp>(total, power);
    });
    for (auto [v, total] : llvm::enumerate(totals))
      storeVector(sizes.inverse(total), inverses, e.index(int64_t(v) * tile.lanes));
  }

  /// Values whose columns are not whole panels are copied, with zeros behind, so that no vector reads beyond them.
  void padValues() {
    auto columns = sizes.columns.constant();
    if (columns && *columns % kPanel == 0) {
      values = value.buffer;
      valuesAt = valueBase;
      valueStep = e.size(value.strides[value.strides.size() - 2]);
      return;
    }
    DimExpr width = panels * DimExpr(kPanel);
    values = e.scratchBuffer(e.b.getF32Type(), sizes.keys * width);
    valuesAt = e.index(0);
    valueStep = e.size(width);
    Value step = e.size(value.strides[value.strides.size() - 2]);
    e.loop(e.index(0), e.size(sizes.keys), e.index(1), {}, [&](Value t, ValueRange) {
      Value from = e.addi(valueBase, e.muli(t, step)), to = e.muli(t, valueStep);
      e.loop(e.index(0), e.size(sizes.columns), e.index(1), {}, [&](Value c, ValueRange) {
        Value v = e.create<memref::LoadOp>(value.buffer, ValueRange{e.addi(from, c)});
        memref::StoreOp::create(e.b, e.loc, v, values, ValueRange{e.addi(to, c)});
        return Emitter::Values();
      });
      e.loop(e.size(sizes.columns), valueStep, e.index(1), {}, [&](Value c, ValueRange) {
        memref::StoreOp::create(e.b, e.loc, e.constant(e.b.getF32Type(), 0), values, ValueRange{e.addi(to, c)});
        return Emitter::Values();
      });
      return Emitter::Values();
    });
  }

  /// Sums over all keys for `rows` queries from number `i` of the block on and the panels of group `group`.
  void multiplyValues(Value i, Value group, int64_t rows) {
    TileOperands operands{scores, values, {}, {}, {}, e.size(sizes.keys), e.index(tile.columns()), valueStep};
    Value last = e.index(tile.columns() - 1), lastPanel = e.size(panels - DimExpr(1));
    for (int64_t r = 0; r < rows; ++r)
      operands.rows.push_back(r == 0 ? i : e.create<arith::MinUIOp>(e.addi(i, e.index(r)), last));
    for (int64_t p = 0; p < out.panels; ++p) {
      Value panel = e.addi(e.muli(group, e.index(out.panels)), e.index(p));
      operands.panels.push_back(e.addi(valuesAt, e.muli(e.create<arith::MinUIOp>(panel, lastPanel), e.index(kPanel))));
    }
    for (auto [n, sum] : llvm::enumerate(emitTile(e, out, operands)))
      storeVector(sum, sums, e.index(int64_t(n) * tile.lanes));
  }

  void multiplyValues(WriteFn write) {
    Value groups = e.size(e.dims.dims.ceilDiv(panels, out.panels));
    bool vectorised = llvm::all_of(op->getBlock()->getTerminator()->getOperands(), [&](Value v) {
      return e.vectorizable(v, cast<RankedTensorType>(v.getType()).getRank() - 1);
    });
    e.loop(e.index(0), count, e.index(out.rows), {}, [&](Value i, ValueRange) {
      Value rows = e.create<arith::MinUIOp>(e.subi(count, i), e.index(out.rows));
      e.loop(e.index(0), groups, e.index(1), {}, [&](Value group, ValueRange) {
        auto multiply = [&](int64_t n) { return multiplyValues(i, group, n), Emitter::Values(); };
        e.branch(
            e.cmpi(arith::CmpIPredicate::eq, rows, e.index(1)), {}, [&] { return multiply(1); },
            [&] { return multiply(out.rows); });
        Value from = e.muli(group, e.index(out.columns()));
        Value to = e.create<arith::MinUIOp>(e.addi(from, e.index(out.columns())), e.size(sizes.columns));
        e.loop(e.index(0), rows, e.index(1), {}, [&](Value r, ValueRange) {
          Value row = e.addi(i, r), base = e.subi(e.muli(r, e.index(out.columns())), from);
          Value inverse = e.create<memref::LoadOp>(inverses, ValueRange{row});
          Coords at(batch);
          at.append({Coord{e.addi(first, row)}, Coord()});
          e.laneLoop(from, to, vectorised ? out.lanes : 1, [&](Coord c) {
            at.back() = c;
            Coord place{e.addi(base, c.base), c.lane};
            Value sum = e.load(sums, e.b.getF32Type(), place, e.dims.dims.named(""));
            failed |= mlir::failed(write(at, sizes.finish(sum, inverse)));
          });
          return Emitter::Values();
        });
        return Emitter::Values();
      });
      return Emitter::Values();
    });
  }

  Emitter &e;
  AttentionOp op;
  AttentionParts sizes;
  View key, value;
  TileShape most;   ///< of the scores: keys by queries; a block has its columns
  DimExpr panels;   ///< of values
  TileShape out;    ///< of the result: queries by value columns
  TileShape tile{}; ///< `most` or a narrower one, in the code that is being emitted
  Coords batch;
  SmallVector<Value> rowNumbers;
  Value first, count, lastQuery, keyBase, valueBase, packed, scores, inverses, sums, values, valuesAt, valueStep;
  bool failed = false;
};
} // namespace

//===- one query at a time
//-----------------------------------------------------------------------------------------===//

/// One query: the numeric reference, and the form of types and operands that have no tiles.
static LogicalResult emitQuery(Emitter &e, AttentionOp op, Value item, WriteFn write) {
  AttentionParts sizes(e, op);
  Type acc = sizes.acc;
  Coords at = e.delinearize(item, ArrayRef(sizes.out).drop_back());
  Value query = at.back().base;
  at.pop_back();
  Value scores = e.scratchBuffer(acc, sizes.keys), keys = e.size(sizes.keys), zero = e.constant(acc, 0);
  Value scale = e.constant(acc, op.getScale().convertToDouble());
  bool failed = false;
  int64_t width = std::exchange(e.width, 1);
  auto read = [&](Value tensor, Coords in) { return e.element(tensor, in, acc, failed); };
  auto forKeys = [&](Value init, function_ref<Value(Value, Value)> body) {
    return e.loop(e.index(0), keys, e.index(1), init,
                  [&](Value t, ValueRange carried) { return Emitter::Values{body(t, carried[0])}; })[0];
  };
  Value greatest = forKeys(e.neutral(ReduceKind::max, acc), [&](Value t, Value most) {
    Value product = e.loop(e.index(0), e.size(sizes.depth), e.index(1), zero, [&](Value d, ValueRange carried) {
      Coords left(at), right = sizes.sharedAt(op.getKey(), at);
      left.append({Coord{query}, Coord{d}});
      right[right.size() - 2] = {t};
      right.back() = {d};
      Value term = e.binary(BinaryKind::mul, read(op.getQuery(), left), read(op.getKey(), right), acc);
      return Emitter::Values{e.binary(BinaryKind::add, carried[0], term, acc)};
    })[0];
    Value score = e.binary(BinaryKind::mul, product, scale, acc);
    if (op.getMask()) {
      Value more = sizes.mask(at, query, {t});
      failed |= !more;
      score = more ? e.binary(BinaryKind::add, score, more, acc) : score;
    }
    memref::StoreOp::create(e.b, e.loc, score, scores, ValueRange{t});
    return e.join(ReduceKind::max, most, score, acc);
  });
  Value total = forKeys(zero, [&](Value t, Value sum) {
    Value score = e.create<memref::LoadOp>(scores, ValueRange{t});
    Value power = e.unary(UnaryKind::exp, e.binary(BinaryKind::sub, score, greatest, acc), acc);
    memref::StoreOp::create(e.b, e.loc, power, scores, ValueRange{t});
    return e.binary(BinaryKind::add, sum, power, acc);
  });
  e.width = width;
  Value inverse = sizes.inverse(total);
  int64_t last = sizes.out.size() - 1;
  int64_t lanes = acc.isF32() ? std::min(nestLanes(e, op.getValue(), last), nestLanes(e, op.getResult(), last)) : 1;
  e.laneLoop(e.index(0), e.size(sizes.columns), lanes, [&](Coord c) {
    Value start = c.lane ? e.splat(zero, lanes) : zero;
    Value sum = forKeys(start, [&](Value t, Value sum) {
      Coords in = sizes.sharedAt(op.getValue(), at);
      in[in.size() - 2] = {t};
      in.back() = c;
      Value weight = e.create<memref::LoadOp>(scores, ValueRange{t}), v = read(op.getValue(), in);
      Value term =
          e.binary(BinaryKind::mul, c.lane ? e.splat(weight, lanes) : weight, c.lane ? e.splat(v, lanes) : v, acc);
      return e.binary(BinaryKind::add, sum, term, acc);
    });
    Coords to(at);
    to.append({Coord{query}, c});
    failed |= mlir::failed(write(to, sizes.finish(sum, inverse)));
  });
  return failure(failed);
}

Grid adze::attentionGrid(Emitter &e, AttentionOp op) {
  if (auto tiles = Tiles::of(e, op))
    return tiles->grid();
  AttentionParts sizes(e, op);
  return rowGrid(e, op.getResult(), sizes.keys * (sizes.depth + sizes.columns));
}

LogicalResult adze::emitAttention(Emitter &e, AttentionOp op, Value item, WriteFn write) {
  if (auto tiles = Tiles::of(e, op))
    return tiles->emit(item, write);
  return emitQuery(e, op, item, write);
}

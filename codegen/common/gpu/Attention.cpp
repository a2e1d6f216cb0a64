// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention in one pass over the keys, in blocks of them (Dao et al., "FlashAttention: Fast and Memory-Efficient Exact
// Attention with IO-Awareness", 2022): the greatest score of a query, the sum of its weights and its weighted sum of
// values are kept in registers, and scaled anew when a greater score comes. By scalar units, in f32.
//
// A block has 32 queries of one head. A thread is one of 16 rows by 8 columns: of the scores it has every 16th query
// and every 8th key, of the result the same queries and every 8th chunk of columns. So the threads of one query are
// neighbours in a warp.
#include "codegen/common/gpu/AttentionBlock.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using adze::gpu::AttentionBlock;
using adze::gpu::ThreadBlock;

namespace {
constexpr int64_t kRows = 16, kColumns = 8;       // of threads
constexpr int64_t kQueries = 32, kKeys = 32;      // of a block; of a step
constexpr int64_t kChunk = 4;                     // elements of an access to shared memory
constexpr int64_t kOwnQueries = kQueries / kRows; // of a thread
constexpr int64_t kOwnKeys = kKeys / kColumns;    // of a thread
constexpr int64_t kPad = kChunk;                  // rows begin in different banks
constexpr int64_t kScoreRow = kKeys + kPad;

class ScalarAttention : AttentionBlock {
public:
  ScalarAttention(KernelFunction &kernel, ThreadBlock &block)
      : AttentionBlock(kernel, block, kQueries), depth(llvm::alignTo(*parts.depth.constant(), kChunk)),
        columns(llvm::alignTo(*parts.columns.constant(), kChunk * kColumns)), ownChunks(columns / (kChunk * kColumns)),
        vector(VectorType::get({kChunk}, parts.acc)) {}

  FailureOr<Grid> emit() {
    row = e.b.createOrFold<arith::DivUIOp>(e.loc, block.thread, e.index(kColumns));
    column = e.b.createOrFold<arith::RemUIOp>(e.loc, block.thread, e.index(kColumns));
    queryTile = block.shared(parts.acc, kQueries * (depth + kPad));
    keyTile = block.shared(parts.acc, kKeys * (depth + kPad));
    valueTile = block.shared(parts.acc, kKeys * columns);
    scoreTile = block.shared(parts.acc, kQueries * kScoreRow);
    stage(op.getQuery(), batch, firstQuery, parts.queries, parts.depth, depth, depth + kPad, queryTile, kQueries);
    finish(overKeys());
    if (failedAny)
      return failure();
    return Grid{blocks};
  }

private:
  /// What a thread carries from step to step.
  struct State {
    Emitter::Values greatest, sums, results; ///< by query; by query; by query and chunk
    Emitter::Values all() const {
      Emitter::Values values(greatest);
      values.append(sums);
      values.append(results);
      return values;
    }
    static State of(ValueRange values) {
      State state;
      state.greatest.assign(values.begin(), values.begin() + kOwnQueries);
      state.sums.assign(values.begin() + kOwnQueries, values.begin() + 2 * kOwnQueries);
      state.results.assign(values.begin() + 2 * kOwnQueries, values.end());
      return state;
    }
  };

  Value add(Value x, Value y) { return e.create<arith::AddFOp>(x, y); }
  Value multiply(Value x, Value y) { return e.create<arith::MulFOp>(x, y); }
  Value exp(Value x) { return e.unary(UnaryKind::exp, x, parts.acc); }
  Value load(Value tile, Value place) { return e.create<vector::LoadOp>(vector, tile, ValueRange{place}); }
  Value splat(Value x) { return e.splat(x, kChunk); }
  Value place(Value row, int64_t stride, Value at) { return e.addi(e.muli(row, e.index(stride)), at); }

  /// Copies rows [first, first + count) of a matrix to shared memory; what is outside of it is zero. Rows have `width`
  /// elements there, `stride` apart.
  void stage(Value tensor, ArrayRef<Coord> matrix, Value first, const DimExpr &rows, const DimExpr &real, int64_t width,
             int64_t stride, Value tile, int64_t count) {
    Type element = getElementTypeOrSelf(tensor);
    int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank(), perRow = width / kChunk;
    bool inLanes = *real.constant() % kChunk == 0 && e.vectorizable(tensor, rank - 1);
    Value zero = e.constant(parts.acc, 0);
    auto read = [&](Value row, Coord at) {
      Coords in(matrix);
      in.resize(rank);
      in[rank - 2] = {row};
      in[rank - 1] = at;
      Value v = e.element(tensor, in);
      failedAny |= !v;
      return v ? e.convert(v, element, parts.acc, false) : zero;
    };
    auto inside = [&](Value x, const DimExpr &size) { return e.cmpi(arith::CmpIPredicate::ult, x, e.size(size)); };
    e.loop(block.thread, e.index(count * perRow), e.index(block.threads), {}, [&](Value i, ValueRange) {
      Value r = e.b.createOrFold<arith::DivUIOp>(e.loc, i, e.index(perRow));
      Value at = e.muli(e.b.createOrFold<arith::RemUIOp>(e.loc, i, e.index(perRow)), e.index(kChunk));
      Value row = e.addi(first, r);
      Value there = e.create<arith::AndIOp>(inside(row, rows), inside(at, real));
      Value chunk = e.branch(
          there, vector,
          [&] {
            if (inLanes) {
              int64_t before = std::exchange(e.width, kChunk);
              Value v = splat(read(row, {at, true}));
              e.width = before;
              return Emitter::Values{v};
            }
            Emitter::Values values;
            for (int64_t j = 0; j < kChunk; ++j) {
              Value one = e.addi(at, e.index(j));
              auto taken = [&] { return Emitter::Values{read(row, {one})}; };
              values.push_back(e.branch(inside(one, real), parts.acc, taken, [&] { return Emitter::Values{zero}; })[0]);
            }
            return Emitter::Values{e.create<vector::FromElementsOp>(vector, values)};
          },
          [&] { return Emitter::Values{splat(zero)}; })[0];
      vector::StoreOp::create(e.b, e.loc, chunk, tile, ValueRange{place(r, stride, at)});
      return Emitter::Values();
    });
  }

  Value queryRow(int64_t i) { return e.addi(row, e.index(i * kRows)); }

  /// This thread's scores with the keys from `first` on, by query and key; minus infinity beyond the last key.
  Emitter::Values scores(Value first) {
    Emitter::Values sums(kOwnQueries * kOwnKeys, splat(e.constant(parts.acc, 0)));
    sums = e.loop(e.index(0), e.index(depth), e.index(kChunk), sums, [&](Value d, ValueRange carried) {
      Emitter::Values next(carried), q, k;
      for (int64_t i = 0; i < kOwnQueries; ++i)
        q.push_back(load(queryTile, place(queryRow(i), depth + kPad, d)));
      for (int64_t j = 0; j < kOwnKeys; ++j)
        k.push_back(load(keyTile, place(e.addi(column, e.index(j * kColumns)), depth + kPad, d)));
      for (int64_t i = 0; i < kOwnQueries; ++i)
        for (int64_t j = 0; j < kOwnKeys; ++j) {
          Value &sum = next[i * kOwnKeys + j];
          sum = e.create<vector::FMAOp>(q[i], k[j], sum);
        }
      return next;
    });
    Value scale = e.constant(parts.acc, op.getScale().convertToDouble());
    Emitter::Values out;
    for (int64_t i = 0; i < kOwnQueries; ++i)
      for (int64_t j = 0; j < kOwnKeys; ++j) {
        Value key = e.addi(e.addi(first, column), e.index(j * kColumns));
        Value sum = e.create<vector::ReductionOp>(vector::CombiningKind::ADD, sums[i * kOwnKeys + j]);
        Value score = masked(multiply(sum, scale), i, key);
        out.push_back(e.select(e.cmpi(arith::CmpIPredicate::ult, key, e.size(parts.keys)), score, least()));
      }
    return out;
  }

  Value masked(Value score, int64_t i, Value key) {
    if (!op.getMask())
      return score;
    auto clamped = [&](Value x, const DimExpr &size) { return e.create<arith::MinSIOp>(x, e.size(size - DimExpr(1))); };
    Value query = clamped(e.addi(firstQuery, queryRow(i)), parts.queries);
    return add(score, mask(query, {clamped(key, parts.keys)}));
  }

  /// Joins a value over the threads of one query.
  Value overQuery(ReduceKind kind, Value x) { return block.joinLanes(kind, x, parts.acc, kColumns); }

  /// One step: the keys from `first` on.
  State step(State state, Value first) {
    stage(op.getKey(), parts.sharedAt(op.getKey(), batch), first, parts.keys, parts.depth, depth, depth + kPad, keyTile,
          kKeys);
    stage(op.getValue(), parts.sharedAt(op.getValue(), batch), first, parts.keys, parts.columns, columns, columns,
          valueTile, kKeys);
    block.barrier();
    weigh(state, scores(first));
    block.barrier();
    for (int64_t j = 0; j < kKeys; j += kChunk) {
      Emitter::Values weights;
      for (int64_t i = 0; i < kOwnQueries; ++i)
        weights.push_back(load(scoreTile, place(queryRow(i), kScoreRow, e.index(j))));
      for (int64_t k = 0; k < kChunk; ++k)
        for (int64_t c = 0; c < ownChunks; ++c) {
          Value v = load(valueTile,
                         e.addi(e.index((j + k) * columns + c * kColumns * kChunk), e.muli(column, e.index(kChunk))));
          for (int64_t i = 0; i < kOwnQueries; ++i) {
            Value &result = state.results[i * ownChunks + c];
            result = e.create<vector::FMAOp>(splat(e.create<vector::ExtractOp>(weights[i], k)), v, result);
          }
        }
    }
    block.barrier();
    return state;
  }

  /// Takes new scores in: their weights go to shared memory, what has been summed is scaled to the new greatest score.
  void weigh(State &state, ArrayRef<Value> scores) {
    for (int64_t i = 0; i < kOwnQueries; ++i) {
      ArrayRef<Value> own = scores.slice(i * kOwnKeys, kOwnKeys);
      Value most = state.greatest[i], before = most, fresh;
      for (Value score : own)
        fresh = fresh ? e.join(ReduceKind::max, fresh, score, parts.acc) : score;
      most = e.join(ReduceKind::max, most, overQuery(ReduceKind::max, fresh), parts.acc);
      Value base = baseOf(most);
      Value scale = exp(e.create<arith::SubFOp>(before, base)), total;
      for (auto [j, score] : llvm::enumerate(own)) {
        Value weight = exp(e.create<arith::SubFOp>(score, base));
        Value at = e.addi(column, e.index(int64_t(j) * kColumns));
        memref::StoreOp::create(e.b, e.loc, weight, scoreTile, ValueRange{place(queryRow(i), kScoreRow, at)});
        total = total ? add(total, weight) : weight;
      }
      state.greatest[i] = most;
      state.sums[i] = add(multiply(state.sums[i], scale), overQuery(ReduceKind::sum, total));
      for (int64_t c = 0; c < ownChunks; ++c) {
        Value &result = state.results[i * ownChunks + c];
        result = multiply(result, splat(scale));
      }
    }
  }

  State overKeys() {
    Value zero = e.constant(parts.acc, 0);
    State start;
    start.greatest.assign(kOwnQueries, least());
    start.sums.assign(kOwnQueries, zero);
    start.results.assign(kOwnQueries * ownChunks, splat(zero));
    return State::of(e.loop(e.index(0), e.size(parts.keys), e.index(kKeys), start.all(),
                            [&](Value first, ValueRange carried) { return step(State::of(carried), first).all(); }));
  }

  void finish(const State &state) {
    SmallVector<DimExpr> sizes = parts.out;
    int64_t real = *parts.columns.constant();
    bool inLanes = real % kChunk == 0 && kernel.vectorizable(e, sizes.size() - 1);
    auto ifBelow = [&](Value x, Value end, function_ref<void()> body) {
      e.when(e.cmpi(arith::CmpIPredicate::ult, x, end), body);
    };
    for (int64_t i = 0; i < kOwnQueries; ++i) {
      Value inverse = inverseOf(state.greatest[i], state.sums[i]);
      Value query = e.addi(firstQuery, queryRow(i));
      ifBelow(query, e.size(parts.queries), [&] {
        for (int64_t c = 0; c < ownChunks; ++c) {
          Value at = e.addi(e.index(c * kColumns * kChunk), e.muli(column, e.index(kChunk)));
          Value sum = state.results[i * ownChunks + c];
          if (inLanes) {
            int64_t before = std::exchange(e.width, kChunk);
            ifBelow(at, e.index(real), [&] { store(query, {at, true}, parts.finish(sum, inverse)); });
            e.width = before;
            continue;
          }
          for (int64_t k = 0; k < kChunk; ++k) {
            Value one = e.addi(at, e.index(k));
            ifBelow(one, e.index(real),
                    [&] { store(query, {one}, parts.finish(e.create<vector::ExtractOp>(sum, k), inverse)); });
          }
        }
      });
    }
  }

  int64_t depth, columns, ownChunks; ///< in shared memory; of one thread
  VectorType vector;
  Value row, column, queryTile, keyTile, valueTile, scoreTile;
};
} // namespace

std::optional<int64_t> adze::gpu::attentionThreads(AttentionOp op, const Facts &facts) {
  constexpr int64_t kMostColumns = 128;
  auto depth = cast<RankedTensorType>(op.getQuery().getType()).getShape().back();
  auto columns = cast<RankedTensorType>(op.getValue().getType()).getShape().back();
  if (getElementTypeOrSelf(op.getQuery()).isF64() || ShapedType::isDynamic(depth) || ShapedType::isDynamic(columns) ||
      columns > kMostColumns || facts.warpSize % kColumns)
    return std::nullopt;
  int64_t elements = (kQueries + kKeys) * (llvm::alignTo(depth, kChunk) + kPad) +
                     kKeys * llvm::alignTo(columns, kChunk * kColumns) + kQueries * kScoreRow;
  if (elements * 4 > facts.sharedBytes)
    return std::nullopt;
  return kRows * kColumns;
}

FailureOr<Grid> adze::gpu::emitAttention(KernelFunction &kernel, ThreadBlock &block) {
  return ScalarAttention(kernel, block).emit();
}

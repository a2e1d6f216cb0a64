// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention in one pass over the keys, in blocks of them (Dao et al., "FlashAttention: Fast and Memory-Efficient Exact
// Attention with IO-Awareness", 2022): the greatest score of a query, the sum of its weights and its weighted sum of
// values are kept in registers, and scaled anew when a greater score comes. By scalar units, in f32 or f64.
//
// A block has 32 queries of one head. A thread is one of 16 rows by 8 columns: of the scores it has every 16th query
// and every 8th key, of the result the same queries and every 8th chunk of columns. So the threads of one query are
// neighbours in a warp.
#include "codegen/common/gpu/AttentionRing.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using namespace adze::gpu;

namespace {
constexpr int64_t kRows = 16, kColumns = 8; // of threads
constexpr int64_t kThreads = kRows * kColumns;
constexpr int64_t kQueries = 32;                  // of a block
constexpr int64_t kOwnQueries = kQueries / kRows; // of a thread
constexpr int64_t kScorePad = 8;                  // rows of a warp are in different banks
constexpr int64_t kSlots = 2;                     // of the ring

/// What a block's work takes.
struct ScalarPlan {
  ScalarPlan(AttentionOp op, int64_t keys);

  int64_t keys;                       ///< of a step
  int64_t bytes, chunk;               ///< of an element; elements of an access to shared memory
  int64_t depth, columns;             ///< in whole chunks; in whole chunks of all threads of a query
  int64_t depthOfTile, columnsOfTile; ///< in shared memory

  int64_t scoreRow() const { return keys + kScorePad; }
  int64_t sharedBytes() const {
    return bytes * ((kQueries + kSlots * keys) * depthOfTile + kSlots * keys * columnsOfTile + kQueries * scoreRow());
  }
};

ScalarPlan::ScalarPlan(AttentionOp op, int64_t keys) : keys(keys) {
  auto headSize = [](Value tensor) { return cast<RankedTensorType>(tensor.getType()).getShape().back(); };
  bytes = getElementTypeOrSelf(op.getQuery()).isF64() ? 8 : 4;
  chunk = kChunkBytes / bytes;
  depth = llvm::alignTo(headSize(op.getQuery()), chunk);
  columns = llvm::alignTo(headSize(op.getValue()), chunk * kColumns);
  depthOfTile = std::max<int64_t>(llvm::PowerOf2Ceil(depth), chunk);
  columnsOfTile = std::max<int64_t>(llvm::PowerOf2Ceil(columns), chunk);
}

/// The plan for `op`; nothing if it needs more than the machine has.
std::optional<ScalarPlan> planOf(AttentionOp op, const Facts &facts) {
  constexpr int64_t kMostColumns = 128;
  auto isKnown = [](Value tensor) {
    return !ShapedType::isDynamic(cast<RankedTensorType>(tensor.getType()).getShape().back());
  };
  if (!isKnown(op.getQuery()) || !isKnown(op.getValue()) || facts.warpSize % kColumns)
    return std::nullopt;
  for (int64_t bytes : {facts.sharedBytes / kBlocksTogether, facts.sharedBytes})
    for (int64_t keys : {32, 16}) {
      ScalarPlan plan(op, keys);
      bool fits = plan.columns <= kMostColumns && plan.sharedBytes() <= bytes &&
                  std::max(plan.depthOfTile, plan.columnsOfTile) / plan.chunk <= kThreads;
      if (fits)
        return plan;
    }
  return std::nullopt;
}

class ScalarAttention : AttentionBlock {
public:
  ScalarAttention(KernelFunction &kernel, ThreadBlock &block, const ScalarPlan &plan, const Facts &facts)
      : AttentionBlock(kernel, block, kQueries), plan(plan), facts(facts), chunk(plan.chunk),
        ownKeys(plan.keys / kColumns), ownChunks(plan.columns / (chunk * kColumns)),
        vector(VectorType::get({chunk}, parts.acc)), queryTile(block, parts.acc, kQueries, plan.depthOfTile),
        keyTile(block, parts.acc, plan.keys, plan.depthOfTile),
        valueTile(block, parts.acc, plan.keys, plan.columnsOfTile) {}

  FailureOr<Grid> emit() {
    row = e.divui(block.thread, kColumns);
    column = e.remui(block.thread, kColumns);
    AttentionRing ring(*this, queryTile, keyTile, valueTile, kSlots, facts.asyncCopy);
    queryMemory = ring.queries;
    scoreTile = block.shared(parts.acc, kQueries * plan.scoreRow());
    ring.fill();
    finish(overKeys(ring));
    if (failedAny || ring.failed())
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
  Value splat(Value x) { return e.splat(x, chunk); }
  /// Where a chunk of this row of the scores begins.
  Value scorePlace(Value row, Value at) { return e.addi(e.muli(row, e.index(plan.scoreRow())), at); }

  Value queryRow(int64_t i) { return e.addi(row, e.index(i * kRows)); }

  /// This thread's scores with the keys from `first` on, by query and key; minus infinity beyond the last key.
  Emitter::Values scores(Value first, Value keys) {
    Emitter::Values sums(kOwnQueries * ownKeys, splat(e.constant(parts.acc, 0)));
    sums = e.loop(e.index(0), e.index(plan.depth / chunk), e.index(1), sums, [&](Value d, ValueRange carried) {
      Emitter::Values next(carried), q, k;
      for (int64_t i = 0; i < kOwnQueries; ++i)
        q.push_back(load(queryMemory, queryTile.place(row, i * kRows, d, 0)));
      for (int64_t j = 0; j < ownKeys; ++j)
        k.push_back(load(keys, keyTile.place(column, j * kColumns, d, 0)));
      for (int64_t i = 0; i < kOwnQueries; ++i)
        for (int64_t j = 0; j < ownKeys; ++j) {
          Value &sum = next[i * ownKeys + j];
          sum = e.create<vector::FMAOp>(q[i], k[j], sum);
        }
      return next;
    });
    Value scale = e.constant(parts.acc, op.getScale().convertToDouble());
    Emitter::Values out;
    for (int64_t i = 0; i < kOwnQueries; ++i)
      for (int64_t j = 0; j < ownKeys; ++j) {
        Value key = e.addi(e.addi(first, column), e.index(j * kColumns));
        Value sum = e.create<vector::ReductionOp>(vector::CombiningKind::ADD, sums[i * ownKeys + j]);
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
    return add(score, parts.convertMask(maskElement(query, {clamped(key, parts.keys)})));
  }

  /// Joins a value over the threads of one query.
  Value overQuery(ReduceKind kind, Value x) { return block.joinAcross(kColumns - 1, kind, x, parts.acc); }

  /// One step: the keys from `first` on.
  void addStep(State &state, Value first, const AttentionRing::Slot &slot) {
    weigh(state, scores(first, slot.keys));
    block.barrier();
    for (int64_t j = 0; j < plan.keys; j += chunk) {
      Emitter::Values weights;
      for (int64_t i = 0; i < kOwnQueries; ++i)
        weights.push_back(load(scoreTile, scorePlace(queryRow(i), e.index(j))));
      for (int64_t k = 0; k < chunk; ++k)
        for (int64_t c = 0; c < ownChunks; ++c) {
          Value v = load(slot.values, valueTile.place(e.index(0), j + k, column, c * kColumns));
          for (int64_t i = 0; i < kOwnQueries; ++i) {
            Value &result = state.results[i * ownChunks + c];
            result = e.create<vector::FMAOp>(splat(e.create<vector::ExtractOp>(weights[i], k)), v, result);
          }
        }
    }
  }

  /// Takes new scores in: their weights go to shared memory, what has been summed is scaled to the new greatest score.
  void weigh(State &state, ArrayRef<Value> scores) {
    for (int64_t i = 0; i < kOwnQueries; ++i) {
      ArrayRef<Value> own = scores.slice(i * ownKeys, ownKeys);
      Value most = state.greatest[i], before = most, fresh;
      for (Value score : own)
        fresh = fresh ? e.join(ReduceKind::max, fresh, score, parts.acc) : score;
      most = e.join(ReduceKind::max, most, overQuery(ReduceKind::max, fresh), parts.acc);
      Value base = baseOf(most);
      Value scale = exp(e.create<arith::SubFOp>(before, base)), total;
      for (auto [j, score] : llvm::enumerate(own)) {
        Value weight = exp(e.create<arith::SubFOp>(score, base));
        Value at = e.addi(column, e.index(int64_t(j) * kColumns));
        memref::StoreOp::create(e.b, e.loc, weight, scoreTile, ValueRange{scorePlace(queryRow(i), at)});
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

  State overKeys(AttentionRing &ring) {
    Value zero = e.constant(parts.acc, 0);
    State start;
    start.greatest.assign(kOwnQueries, least());
    start.sums.assign(kOwnQueries, zero);
    start.results.assign(kOwnQueries * ownChunks, splat(zero));
    auto step = [&](Value first, const AttentionRing::Slot &slot, ValueRange carried) {
      State state = State::of(carried);
      addStep(state, first, slot);
      return state.all();
    };
    return State::of(ring.loop(start.all(), step));
  }

  void finish(const State &state) {
    SmallVector<DimExpr> sizes = parts.out;
    int64_t real = *parts.columns.constant();
    bool inLanes = real % chunk == 0 && kernel.vectorizable(e, sizes.size() - 1);
    auto ifBelow = [&](Value x, Value end, function_ref<void()> body) {
      e.when(e.cmpi(arith::CmpIPredicate::ult, x, end), body);
    };
    for (int64_t i = 0; i < kOwnQueries; ++i) {
      Value inverse = inverseOf(state.greatest[i], state.sums[i]);
      Value query = e.addi(firstQuery, queryRow(i));
      ifBelow(query, e.size(parts.queries), [&] {
        for (int64_t c = 0; c < ownChunks; ++c) {
          Value at = e.addi(e.index(c * kColumns * chunk), e.muli(column, e.index(chunk)));
          Value sum = state.results[i * ownChunks + c];
          if (inLanes) {
            int64_t before = std::exchange(e.width, chunk);
            ifBelow(at, e.index(real), [&] { store(query, {at, true}, parts.finish(sum, inverse)); });
            e.width = before;
            continue;
          }
          for (int64_t k = 0; k < chunk; ++k) {
            Value one = e.addi(at, e.index(k));
            ifBelow(one, e.index(real),
                    [&] { store(query, {one}, parts.finish(e.create<vector::ExtractOp>(sum, k), inverse)); });
          }
        }
      });
    }
  }

  ScalarPlan plan;
  const Facts &facts;
  int64_t chunk, ownKeys, ownChunks; ///< elements; of one thread
  VectorType vector;
  SharedTile queryTile, keyTile, valueTile;
  Value row, column, queryMemory, scoreTile;
};
} // namespace

std::optional<int64_t> adze::gpu::attentionThreads(AttentionOp op, const Facts &facts) {
  return planOf(op, facts) ? std::optional(kThreads) : std::nullopt;
}

FailureOr<Grid> adze::gpu::emitAttention(KernelFunction &kernel, ThreadBlock &block, const Facts &facts) {
  auto plan = planOf(cast<AttentionOp>(kernel.nest), facts);
  if (!plan)
    return kernel.nest->emitOpError() << "is scheduled for scalar units, which its heads are too large for";
  return ScalarAttention(kernel, block, *plan, facts).emit();
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions. Where neighbours in memory are joined, a team of neighbouring threads has a row; else neighbouring
// threads have neighbouring elements of the result, and the threads of a team, each with a part of the range, are
// apart.
#include "codegen/common/gpu/Kinds.h"
#include "codegen/common/gpu/Reduction.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using namespace adze::gpu;

/// The bytes of the widest element of memory that `value` is computed from.
static int64_t widestBelow(Value value) {
  int64_t bytes = 1;
  SmallVector<Value> open{value};
  llvm::SmallPtrSet<Value, 16> seen;
  while (!open.empty()) {
    Value v = open.pop_back_val();
    if (!isa<RankedTensorType>(v.getType()) || !seen.insert(v).second)
      continue;
    if (Operation *op = v.getDefiningOp())
      open.append(op->operand_begin(), op->operand_end());
    else
      bytes = std::max<int64_t>(bytes, elementBytes(getElementTypeOrSelf(v)));
  }
  return bytes;
}

namespace {
class Reducing {
public:
  using State = Joiner::State;

  Reducing(KernelFunction &kernel, ThreadBlock &block, const Schedule &schedule, const Facts &facts)
      : kernel(kernel), block(block), facts(facts), e(block.e), op(kernel.nest), reduction(e.dims, op),
        team(schedule.team), across(schedule.threads / team), count(product(reduction.rangeSizes)),
        joiner(Joiner::of(e, op, count)), flat(isFlat()) {}

  FailureOr<Grid> emit(int64_t mostLanes) {
    DimExpr teams = reduction.alongRange ? emitRows() : emitColumns(mostLanes);
    if (failed)
      return failure();
    return Grid{e.dims.dims.floorDiv(teams + DimExpr(across - 1), DimExpr(across))};
  }

private:
  using Read = function_ref<Value(Value access)>; ///< an access's elements

  /// True if the range is one piece of the input, which can be asked for by its position alone.
  bool isFlat() {
    bool isOne = true, begun = false, ended = false;
    for (auto [d, size] : llvm::enumerate(reduction.sizes)) {
      bool joined = llvm::is_contained(reduction.range, int64_t(d));
      if (size.isConstant(1))
        continue;
      isOne &= !joined || !ended;
      ended |= begun && !joined;
      begun |= joined;
    }
    return isOne && reduction.inner >= 0 && e.fits(Emitter::Form::Flat, reduction.input, reduction.sizes);
  }

  // ---- reading ----

  Value element(ArrayRef<Coord> at, Emitter::Form form, int64_t lanes) {
    auto before = std::exchange(e.form, form);
    int64_t width = std::exchange(e.width, lanes);
    Value v = e.element(reduction.input, at);
    failed |= !v;
    v = e.splat(v ? v : e.constant(valueType(getElementTypeOrSelf(reduction.input)), 0), lanes);
    e.form = before;
    e.width = width;
    return v;
  }

  /// The element `number` of the range; `keptAt` may have lanes, or the range (`counted`).
  Value fullElement(ArrayRef<Coord> keptAt, Value number, int64_t lanes, bool counted) {
    Coords at(reduction.sizes.size()), along = e.delinearize(number, reduction.rangeSizes);
    for (auto [d, coord] : llvm::zip(reduction.kept, keptAt))
      at[d] = coord;
    for (auto [d, coord] : llvm::zip(reduction.range, along))
      at[d] = coord;
    if (counted && lanes > 1)
      at[reduction.inner].lane = true;
    return element(at, Emitter::Form::Full, lanes);
  }

  // ---- a thread's part ----

  /// The accesses [0, accesses) of the range, of which this thread has each team-th from `rank` on. Several are under
  /// way at a time, and joined to two states.
  State walk(Value rank, const DimExpr &accesses, int64_t lanes, bool counted, Read read) {
    constexpr int64_t kStates = 2;
    int64_t unroll = std::clamp<int64_t>(32 / lanes, kStates, 4), step = team * unroll;
    auto take = [&](const State &state, Value access) {
      Value number = counted ? e.muli(access, e.index(lanes)) : access;
      return joiner->take(state, read(access), number, counted);
    };
    State sum = joiner->none(lanes);
    auto known = accesses.constant();
    Value rounds = known ? e.index(*known / step * step) : roundDown(e.size(accesses), step);
    if (!known || *known >= step) {
      size_t parts = sum.size();
      State all;
      for (int64_t i = 0; i < kStates; ++i)
        all.append(sum);
      all = e.loop(e.index(0), rounds, e.index(step), all, [&](Value i, ValueRange carried) {
        SmallVector<State> next;
        for (int64_t s = 0; s < kStates; ++s)
          next.emplace_back(carried.slice(s * parts, parts));
        Value first = e.addi(i, rank);
        for (int64_t u = 0; u < unroll; ++u)
          next[u % kStates] = take(next[u % kStates], e.addi(first, e.index(u * team)));
        State flattened;
        for (const State &state : next)
          flattened.append(state);
        return flattened;
      });
      sum = State(ArrayRef(all).take_front(parts));
      for (int64_t s = 1; s < kStates; ++s)
        sum = joiner->join(sum, State(ArrayRef(all).slice(s * parts, parts)));
    }
    if (!known)
      return e.loop(e.addi(rounds, rank), e.size(accesses), e.index(team), sum,
                    [&](Value i, ValueRange carried) { return take(State(carried), i); });
    int64_t from = *known / step * step;
    for (; from + team <= *known; from += team)
      sum = take(sum, e.addi(rank, e.index(from)));
    if (from == *known)
      return sum;
    return e.branch(
        e.cmpi(arith::CmpIPredicate::ult, rank, e.index(*known - from)), TypeRange(ValueRange(sum)),
        [&] { return take(sum, e.addi(rank, e.index(from))); }, [&] { return sum; });
  }

  Value roundDown(Value x, int64_t step) { return e.muli(e.divui(x, step), e.index(step)); }

  State joinLanes(const State &state, int64_t lanes) {
    if (lanes == 1)
      return state;
    State joined;
    for (int64_t i = 0; i < lanes; ++i) {
      State one;
      for (Value v : state)
        one.push_back(e.create<vector::ExtractOp>(v, i));
      joined = joined.empty() ? one : joiner->join(joined, one);
    }
    return joined;
  }

  // ---- rows: neighbours in memory are joined ----

  DimExpr emitRows() {
    DimExpr rows = product(reduction.keptSizes);
    Value row = rows.isConstant(1) ? e.index(0) : block.number, rank = block.thread;
    bool isBlock = team == block.threads;
    if (!isBlock) {
      rank = e.remui(block.thread, team);
      row = e.addi(e.muli(block.number, e.index(across)), e.divui(block.thread, team));
    }
    // Threads beyond the last row join what they read of it with each other.
    Value last = e.subi(e.size(rows), e.index(1)), from = isBlock ? row : e.create<arith::MinUIOp>(row, last);
    auto join = [&](const State &a, const State &b) { return joiner->join(a, b); };
    State state = rowOf(from, rank);
    state = isBlock ? block.joinBlock(state, join) : block.joinAcross(team - 1, state, join);
    Value writes = e.cmpi(arith::CmpIPredicate::eq, rank, e.index(0));
    if (!isBlock)
      writes = e.create<arith::AndIOp>(writes, e.cmpi(arith::CmpIPredicate::ule, row, last));
    e.when(writes, [&] { store(e.delinearize(from, reduction.keptSizes), state); });
    return rows;
  }

  /// What this thread has of a row, joined.
  State rowOf(Value row, Value rank) {
    int64_t lanes = e.vectorizable(reduction.input, reduction.inner)
                        ? std::max<int64_t>(facts.accessBytes / widestBelow(reduction.input), 1)
                        : 1;
    auto known = (flat ? count : reduction.sizes[reduction.inner]).constant();
    bool isOnly = flat && product(reduction.keptSizes).isConstant(1);
    if (known && !isOnly)
      lanes = std::min(lanes, *known & -*known);
    if (lanes <= 1 || (!flat && !known))
      return vectorsOf(row, rank, 1);
    if (known && !isOnly)
      return joinLanes(vectorsOf(row, rank, lanes), lanes);
    if (isOnly) {
      State state = joinLanes(vectorsOf(row, rank, lanes), lanes);
      return e.loop(e.addi(roundDown(e.size(count), lanes), rank), e.size(count), e.index(team), state,
                    [&](Value i, ValueRange carried) {
                      return joiner->take(State(carried), element({{i}}, Emitter::Form::Flat, 1), i, false);
                    });
    }
    // Rows begin at multiples of an access or they do not.
    Value rest = e.remui(e.size(count), lanes);
    return e.branch(
        e.cmpi(arith::CmpIPredicate::eq, rest, e.index(0)), TypeRange(ValueRange(joiner->none(1))),
        [&] { return joinLanes(vectorsOf(row, rank, lanes), lanes); }, [&] { return vectorsOf(row, rank, 1); });
  }

  /// The same of its whole accesses of `lanes`.
  State vectorsOf(Value row, Value rank, int64_t lanes) {
    DimExpr accesses = e.dims.dims.floorDiv(count, lanes);
    bool hasLanes = lanes > 1;
    if (flat) {
      Value first = e.muli(row, e.size(accesses));
      return walk(rank, accesses, lanes, true, [&](Value access) {
        return element({{e.muli(e.addi(first, access), e.index(lanes)), hasLanes}}, Emitter::Form::Flat, lanes);
      });
    }
    Coords keptAt = e.delinearize(row, reduction.keptSizes);
    return walk(rank, accesses, lanes, true,
                [&](Value access) { return fullElement(keptAt, e.muli(access, e.index(lanes)), lanes, true); });
  }

  // ---- columns: neighbours in memory are neighbours in the result ----

  DimExpr emitColumns(int64_t mostLanes) {
    auto *place = llvm::find(reduction.kept, reduction.inner);
    size_t inner = place - reduction.kept.begin();
    int64_t lanes = place == reduction.kept.end() ? 1 : columnLanes(mostLanes);
    SmallVector<DimExpr> places(reduction.keptSizes);
    if (lanes > 1)
      places[inner] = *places[inner].constant() / lanes;
    DimExpr columns = product(places);
    Value here = e.remui(block.thread, across);
    Value rank = e.divui(block.thread, across);
    Value column = e.addi(e.muli(block.number, e.index(across)), here);
    // Threads beyond the last column do what those of the last do.
    Value last = e.subi(e.size(columns), e.index(1));
    Coords keptAt = e.delinearize(e.create<arith::MinUIOp>(column, last), places);
    if (lanes > 1)
      keptAt[inner] = {e.muli(keptAt[inner].base, e.index(lanes)), true};
    State state = columnOf(keptAt, rank, lanes);
    Value writes = e.cmpi(arith::CmpIPredicate::ule, column, last);
    if (team == 1) {
      e.when(writes, [&] { store(keptAt, state, lanes); });
      return columns;
    }
    auto join = [&](const State &a, const State &b) { return joiner->join(a, b); };
    if (across < block.warpSize)
      state = block.joinAcross(block.warpSize - across, state, join);
    writes = e.create<arith::AndIOp>(writes, e.cmpi(arith::CmpIPredicate::ult, block.thread, e.index(across)));
    storeJoined(keptAt, state, here, writes, lanes);
    return columns;
  }

  int64_t columnLanes(int64_t most) {
    auto reduce = dyn_cast<ReduceOp>(op);
    auto size = reduction.sizes[reduction.inner].constant();
    if (!reduce || !size || *size % most || !e.vectorizable(reduction.input, reduction.inner))
      return 1;
    int64_t inResult = reduction.inner;
    if (!reduce.getKeepdims())
      inResult = llvm::find(reduction.kept, reduction.inner) - reduction.kept.begin();
    return kernel.vectorizable(e, inResult) ? most : 1;
  }

  State columnOf(ArrayRef<Coord> keptAt, Value rank, int64_t lanes) {
    if (!flat || reduction.range.empty())
      return walk(rank, count, lanes, false, [&](Value number) { return fullElement(keptAt, number, lanes, false); });
    size_t before = llvm::count_if(reduction.kept, [&](int64_t d) { return d < reduction.range[0]; });
    ArrayRef<DimExpr> sizes(reduction.keptSizes);
    Value outer = e.linear(keptAt.take_front(before), sizes.take_front(before));
    Value inner = e.linear(keptAt.drop_front(before), sizes.drop_front(before));
    Value first = e.muli(outer, e.size(count)), row = e.size(product(sizes.drop_front(before)));
    return walk(rank, count, lanes, false, [&](Value number) {
      Value position = e.addi(e.muli(e.addi(first, number), row), inner);
      return element({{position, lanes > 1}}, Emitter::Form::Flat, lanes);
    });
  }

  /// Joins over the warps, or over the threads that are `across` apart, and stores.
  void storeJoined(ArrayRef<Coord> keptAt, State state, Value here, Value writes, int64_t lanes) {
    int64_t groups = std::min(block.threads / across, block.threads / block.warpSize);
    if (groups == 1) {
      e.when(writes, [&] { store(keptAt, state, lanes); });
      return;
    }
    Emitter::Values memory;
    for (Value v : state)
      for (int64_t i = 0; i < lanes; ++i)
        memory.push_back(block.shared(getElementTypeOrSelf(v), groups * across));
    auto each = [&](function_ref<void(Value &, int64_t, Value)> body) {
      for (auto [s, v] : llvm::enumerate(state))
        for (int64_t i = 0; i < lanes; ++i)
          body(v, i, memory[s * lanes + i]);
    };
    bool inWarp = across < block.warpSize;
    Value to = inWarp ? e.addi(e.muli(block.warp, e.index(across)), here) : block.thread;
    auto put = [&] {
      each([&](Value &v, int64_t lane, Value buffer) {
        Value one = lanes > 1 ? e.create<vector::ExtractOp>(v, lane) : v;
        memref::StoreOp::create(e.b, e.loc, one, buffer, ValueRange{to});
      });
    };
    if (inWarp)
      e.when(e.cmpi(arith::CmpIPredicate::ult, block.lane, e.index(across)), put);
    else
      put();
    block.barrier();
    e.when(writes, [&] {
      State sum = state;
      for (int64_t g = 1; g < groups; ++g) {
        State parts;
        for (auto [s, v] : llvm::enumerate(state)) {
          Emitter::Values read;
          for (int64_t i = 0; i < lanes; ++i)
            read.push_back(
                e.create<memref::LoadOp>(memory[s * lanes + i], ValueRange{e.addi(here, e.index(g * across))}));
          parts.push_back(lanes > 1 ? e.create<vector::FromElementsOp>(cast<VectorType>(v.getType()), read) : read[0]);
        }
        sum = joiner->join(sum, parts);
      }
      store(keptAt, sum, lanes);
    });
  }

  void store(ArrayRef<Coord> keptAt, const State &state, int64_t lanes = 1) {
    int64_t width = std::exchange(e.width, lanes);
    Value v = joiner->result(state);
    SmallVector<DimExpr> sizes = e.dims.shape(op->getResult(0)).dims;
    failed |= mlir::failed(kernel.storeEpilogue(e, reduction.resultAt(e, keptAt), v, sizes));
    e.width = width;
  }

  KernelFunction &kernel;
  ThreadBlock &block;
  const Facts &facts;
  Emitter &e;
  Operation *op;
  Reduction reduction;
  int64_t team, across; ///< threads that share a range; teams of a block
  DimExpr count;        ///< of the range
  std::unique_ptr<Joiner> joiner;
  bool flat;
  bool failed = false;
};
} // namespace

FailureOr<Grid> adze::gpu::emitReduce(KernelFunction &kernel, ThreadBlock &block, const Schedule &schedule,
                                      const Facts &facts, int64_t mostLanes) {
  return Reducing(kernel, block, schedule, facts).emit(mostLanes);
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention in one pass over the keys by matrix units (Dao, "FlashAttention-2: Faster Attention with Better Parallelism
// and Work Partitioning", 2023). A block has some queries of one head, and each of its warps some rows of them: their
// scores with the keys of a step, in accumulators; what is known of a row, in the lanes that hold it together by the
// unit's map of C; and the weighted sum of values. Keys and values come through a ring of slots in shared memory. Few
// queries are all warps', which then have other keys each.
#include "codegen/common/gpu/AttentionPlan.h"
#include "codegen/common/gpu/AttentionResults.h"
#include "codegen/common/gpu/AttentionRing.h"
#include "codegen/common/gpu/Fragments.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using namespace adze::gpu;

namespace {
class MatrixAttention : AttentionBlock {
public:
  MatrixAttention(KernelFunction &kernel, ThreadBlock &block, const Schedule &schedule, const MatrixUnit &unit,
                  const Facts &facts)
      : AttentionBlock(kernel, block, schedule.tile.rows), plan(op, unit, schedule, facts), unit(unit), facts(facts),
        shares(*rowShares(unit.c, facts.warpSize)), element(valueType(memoryType(unit.a))),
        queryTile(block, element, plan.shape.rows, plan.depthOfTile),
        keyTile(block, element, plan.shape.columns, plan.depthOfTile),
        valueTile(block, element, plan.shape.columns, plan.columnsOfTile,
                  /*spread=*/elementBytes(element) == 4 ? 1 : 0),
        weightTile(block, element, plan.shape.warpRows, plan.shape.warpColumns) {}

  FailureOr<Grid> emit() {
    int64_t before = block.sharedMark();
    AttentionRing ring(*this, queryTile, keyTile, valueTile, plan.stages, facts.asyncCopy);
    queryMemory = ring.queries;
    warpRow = e.muli(e.divui(block.warp, plan.warpsAcross()), e.index(plan.shape.warpRows));
    warpKey = e.muli(e.remui(block.warp, plan.warpsAcross()), e.index(plan.shape.warpColumns));
    if (plan.weightSources.empty()) {
      int64_t place = block.reserve(plan.shape.warps() * weightTile.bytes());
      weightMemory = weightTile.at(e.addi(e.muli(block.warp, e.index(weightTile.bytes())), e.index(place)));
    }
    findPlaces();
    ring.fill();
    State last = overKeys(ring);
    block.shareFrom(before);
    AttentionResults(*this, plan, unit, facts, shares).write({last.greatest, last.sums, last.results}, factor());
    if (failedAny || ring.failed())
      return failure();
    return Grid{blocks};
  }

private:
  using Values = Emitter::Values;

  /// What a warp carries from step to step. A lane's part of the sums is joined with the other lanes' at the end.
  struct State {
    Values greatest, sums; ///< by row of this lane
    Values results;        ///< fragments, by rows and columns
    Values all() const {
      Values values(greatest);
      values.append(sums);
      values.append(results);
      return values;
    }
  };
  State stateOf(ValueRange values) {
    size_t rows = laneRows();
    State state;
    state.greatest.assign(values.begin(), values.begin() + rows);
    state.sums.assign(values.begin() + rows, values.begin() + 2 * rows);
    state.results.assign(values.begin() + 2 * rows, values.end());
    return state;
  }

  size_t rowsOfFragment() const { return shares.firsts.size(); }
  size_t laneRows() const { return plan.down * rowsOfFragment(); }
  int64_t scoresAcross() const { return plan.shape.warpColumns / unit.columns; }
  int64_t resultsAcross() const { return plan.columns / unit.columns; }
  Value f32(double v) { return e.constant(parts.acc, v); }
  Value fma(Value x, Value y, Value z) { return e.create<math::FmaOp>(x, y, z); }
  Value subtract(Value x, Value y) { return e.create<arith::SubFOp>(x, y); }
  Value multiply(Value x, Value y) { return e.create<arith::MulFOp>(x, y); }
  /// A NaN that is no greatest score comes out of the weights' sum.
  Value greater(Value x, Value y) { return e.create<arith::MaxNumFOp>(x, y); }

  /// A fragment's row or column, `which`, of an element of this lane; equal expressions are one value.
  Value placeOf(unsigned which, int64_t element) {
    AffineExpr lane = getAffineDimExpr(0, e.b.getContext()), number = getAffineConstantExpr(element, e.b.getContext());
    AffineExpr expr = simplifyAffineExpr(unit.c.places.getResult(which).replaceDims({lane, number}), 1, 0);
    Value &place = lanePlaces[expr];
    return place ? place : place = placeOfLane(block, expr, element);
  }

  /// What does not change over the keys.
  void findPlaces() {
    for (unsigned i = 0; i < unit.c.elements; ++i)
      elementColumns.push_back(placeOf(1, i));
    for (int64_t i = 0; i < plan.down; ++i)
      for (int64_t first : shares.firsts) {
        Value row = e.addi(e.addi(firstQuery, warpRow), e.addi(placeOf(0, first), e.index(i * unit.rows)));
        auto known = parts.queries.constant();
        bool isInside = known && *known % plan.shape.rows == 0;
        rows.push_back(isInside ? row : e.create<arith::MinSIOp>(row, e.size(parts.queries - DimExpr(1))));
      }
    queryFragments.emplace(block, facts, unit.a, unit.rows, unit.depth, queryTile, plan.down, /*across=*/false, warpRow,
                           plan.shape.warpRows);
    keyFragments.emplace(block, facts, transposed(unit.b), unit.columns, unit.depth, keyTile, scoresAcross(),
                         /*across=*/false, warpKey, plan.shape.warpColumns);
    // In pairs: their loads are wider.
    loadedAcross = std::min(llvm::alignTo(resultsAcross(), 2), uint64_t(plan.columnsOfTile / unit.columns));
    valueFragments.emplace(block, facts, unit.b, unit.depth, unit.columns, valueTile, loadedAcross, /*across=*/true,
                           Value(), 1);
    if (weightMemory)
      weightFragments.emplace(block, facts, unit.a, unit.rows, unit.depth, weightTile, plan.down, /*across=*/false,
                              Value(), 1);
  }

  State overKeys(AttentionRing &ring) {
    if (plan.holdsQueries)
      for (int64_t part = 0; part < plan.depth / unit.depth; ++part)
        heldQueries.push_back(queryFragments->load(queryMemory, 0, part * unit.depth));
    State first;
    first.greatest.assign(laneRows(), least());
    first.sums.assign(laneRows(), f32(0));
    first.results.assign(plan.down * resultsAcross(), e.constant(VectorType::get({unit.c.elements}, parts.acc), 0));
    auto step = [&](Value firstKey, const AttentionRing::Slot &slot, ValueRange carried) {
      State state = stateOf(carried);
      addStep(state, firstKey, slot);
      return state.all();
    };
    return stateOf(ring.loop(first.all(), step));
  }

  // ---- one step ----
  Value multiplyFragments(Value a, Value b, Value c) {
    return e.create<kernel::MultiplyFragmentsOp>(c.getType(), e.b.getStringAttr(unit.name), a, b, c);
  }

  void addStep(State &state, Value firstKey, const AttentionRing::Slot &slot) {
    Value first = e.addi(firstKey, warpKey);
    Values early;
    if (plan.loadsMasksEarly)
      early = masksOf(first);
    Values scores = finishScores(multiplyKeys(slot.keys), early, first);
    weigh(state, scores);
    Values weights = turnWeights(scores);
    int64_t across = resultsAcross();
    Value ownValues = e.addi(slot.valuesPlace, e.muli(warpKey, e.index(valueTile.bytes() / valueTile.rows)));
    Value memory = valueTile.at(ownValues);
    for (int64_t part = 0; part < plan.shape.warpColumns / unit.depth; ++part) {
      Values loaded = valueFragments->load(memory, part * unit.depth, 0);
      for (int64_t i = 0; i < plan.down; ++i)
        for (int64_t j = 0; j < across; ++j) {
          Value &result = state.results[i * across + j];
          result = multiplyFragments(weights[part * plan.down + i], loaded[j], result);
        }
    }
  }

  /// The products of queries and keys: accumulators' elements, by rows, columns and element.
  Values multiplyKeys(Value memory) {
    int64_t across = scoresAcross();
    Values sums(plan.down * across, e.constant(VectorType::get({unit.c.elements}, parts.acc), 0));
    for (int64_t part = 0; part < plan.depth / unit.depth; ++part) {
      Values q = plan.holdsQueries ? heldQueries[part] : queryFragments->load(queryMemory, 0, part * unit.depth);
      Values k = keyFragments->load(memory, 0, part * unit.depth);
      for (int64_t i = 0; i < plan.down; ++i)
        for (int64_t j = 0; j < across; ++j)
          sums[i * across + j] = multiplyFragments(q[i], k[j], sums[i * across + j]);
    }
    Values elements;
    for (Value sum : sums)
      for (int64_t i = 0; i < unit.c.elements; ++i)
        elements.push_back(e.create<vector::ExtractOp>(sum, i));
    return elements;
  }

  /// Which of this lane's rows an element of the scores lies in.
  size_t rowOf(size_t number) {
    size_t fragment = number / unit.c.elements / scoresAcross();
    return fragment * rowsOfFragment() + shares.rowOf[number % unit.c.elements];
  }

  /// True if products are compared as they are, and scaled within exponents.
  bool comparesProducts() { return !op.getMask() && op.getScale().convertToDouble() > 0; }

  /// What differences of compared numbers are multiplied by in exponents of 2.
  Value factor() {
    double scale = comparesProducts() ? op.getScale().convertToDouble() : 1;
    return f32(scale * llvm::numbers::log2e);
  }

  /// True if no score is so large that a multiple of it may not be finite: masks may be as small as floats are.
  bool scalesScores() { return !op.getMask() || getElementTypeOrSelf(op.getMask()).isF16(); }

  /// Scores of a fragment that neighbour each other, and whose masks are read at a time.
  int64_t maskLanes() {
    int64_t lanes = unit.c.elements, last = cast<RankedTensorType>(op.getMask().getType()).getRank() - 1;
    for (int64_t i = 0; i < unit.c.elements; i += lanes)
      lanes = runFrom(unit.c, facts.warpSize, i, lanes);
    auto known = parts.keys.constant();
    DimExpr lastSize = last < 0 ? DimExpr(1) : e.dims.shape(op.getMask()).dims[last];
    return known && *known % lanes == 0 && last >= 0 && lastSize == parts.keys && e.vectorizable(op.getMask(), last)
               ? lanes
               : 1;
  }

  /// The masks of all scores with the keys from `first` on, as they are in memory, maskLanes() each.
  Values masks(Value first, bool isInside) {
    Values out;
    size_t count = plan.down * scoresAcross() * unit.c.elements;
    int64_t lanes = maskLanes(), width = std::exchange(e.width, lanes);
    for (size_t number = 0; number < count; number += lanes) {
      Value key = keyOf(number, first);
      if (!isInside)
        key = e.create<arith::MinSIOp>(key, e.size(parts.keys - DimExpr(lanes)));
      out.push_back(maskElement(rows[rowOf(number)], {key, lanes > 1}));
    }
    e.width = width;
    return out;
  }

  /// The mask of each score, in f32.
  Values converted(ArrayRef<Value> masks) {
    Values out;
    int64_t lanes = maskLanes();
    for (Value v : masks) {
      v = parts.convertMask(v);
      for (int64_t i = 0; i < lanes; ++i)
        out.push_back(e.isVector(v) ? e.create<vector::ExtractOp>(v, i) : v);
    }
    return out;
  }

  /// Calls `emit` for a whole step's keys from `first` on, or for those of the last step; known at run time at the
  /// latest.
  Values forKeys(Value first, size_t count, Type type, function_ref<Values(bool isInside)> emit) {
    auto known = parts.keys.constant();
    if (known && *known % plan.shape.columns == 0)
      return emit(true);
    Value end = e.addi(first, e.index(plan.shape.warpColumns));
    return e.branch(
        e.cmpi(arith::CmpIPredicate::ule, end, e.size(parts.keys)), SmallVector<Type>(count, type),
        [&] { return emit(true); }, [&] { return emit(false); });
  }

  Values masksOf(Value first) {
    Type type = valueType(getElementTypeOrSelf(op.getMask()));
    int64_t lanes = maskLanes();
    return forKeys(first, plan.down * scoresAcross() * unit.c.elements / lanes,
                   lanes > 1 ? VectorType::get({lanes}, type) : type,
                   [&](bool isInside) { return masks(first, isInside); });
  }

  /// The key of a score.
  Value keyOf(size_t number, Value first) {
    int64_t across = number / unit.c.elements % scoresAcross();
    return e.addi(e.addi(first, elementColumns[number % unit.c.elements]), e.index(across * unit.columns));
  }

  /// Scores scaled and masked, and minus infinity behind the last key; `early` are the masks if they have been loaded.
  Values finishScores(ArrayRef<Value> products, ArrayRef<Value> early, Value first) {
    return forKeys(first, products.size(), parts.acc, [&](bool isInside) {
      Values out(products), more;
      if (op.getMask())
        more = early.empty() ? converted(masks(first, isInside)) : converted(early);
      Value scale = f32(op.getScale().convertToDouble());
      for (auto [number, score] : llvm::enumerate(out)) {
        if (op.getMask())
          score = fma(score, scale, more[number]);
        else if (!comparesProducts())
          score = multiply(score, scale);
        if (!isInside)
          score = e.select(e.cmpi(arith::CmpIPredicate::ult, keyOf(number, first), e.size(parts.keys)), score, least());
      }
      return out;
    });
  }

  /// Scores become weights; what has been summed is scaled to the new greatest scores.
  void weigh(State &state, Values &scores) {
    Value factor = this->factor();
    Values fresh(laneRows());
    for (auto [number, score] : llvm::enumerate(scores)) {
      Value &most = fresh[rowOf(number)];
      most = most ? greater(most, score) : score;
    }
    Values bases, behind, scales;
    for (size_t row = 0; row < laneRows(); ++row) {
      Value before = state.greatest[row];
      Value most = block.joinAcross(shares.lanes, {fresh[row]},
                                    [&](const Values &x, const Values &y) { return Values{greater(x[0], y[0])}; })[0];
      state.greatest[row] = greater(before, most);
      bases.push_back(baseOf(state.greatest[row]));
      behind.push_back(multiply(bases[row], e.create<arith::NegFOp>(factor)));
      scales.push_back(weightOf(e, multiply(subtract(before, bases[row]), factor)));
      state.sums[row] = multiply(state.sums[row], scales[row]);
    }
    for (auto [number, score] : llvm::enumerate(scores)) {
      size_t row = rowOf(number);
      score =
          weightOf(e, scalesScores() ? fma(score, factor, behind[row]) : multiply(subtract(score, bases[row]), factor));
      state.sums[row] = e.create<arith::AddFOp>(state.sums[row], score);
    }
    for (auto [number, result] : llvm::enumerate(state.results)) {
      Values byElement;
      for (int64_t row : shares.rowOf)
        byElement.push_back(scales[number / resultsAcross() * rowsOfFragment() + row]);
      result = multiply(result, e.create<vector::FromElementsOp>(result.getType(), byElement));
    }
  }

  Value narrow(Value x) {
    auto type = cast<VectorType>(x.getType());
    return type.getElementType() == element ? x : e.create<arith::TruncFOp>(type.clone(element), x);
  }

  /// Weights as left sides of products, by part of the keys and rows.
  Values turnWeights(ArrayRef<Value> weights) {
    int64_t across = scoresAcross(), partsOfKeys = plan.shape.warpColumns / unit.depth,
            perPart = unit.depth / unit.columns;
    auto fragmentOf = [&](int64_t i, int64_t j) { return weights.slice((i * across + j) * unit.c.elements); };
    Values out;
    if (!weightMemory) {
      auto type = VectorType::get({unit.a.elements}, parts.acc);
      for (int64_t part = 0; part < partsOfKeys; ++part)
        for (int64_t i = 0; i < plan.down; ++i) {
          Values elements;
          for (Source from : plan.weightSources)
            elements.push_back(fragmentOf(i, part * perPart + from.fragment)[from.element]);
          out.push_back(narrow(e.create<vector::FromElementsOp>(type, elements)));
        }
      return out;
    }
    Fragments places(block, facts, unit.c, unit.rows, unit.columns, weightTile, 1, /*across=*/false, Value(), 1);
    auto type = VectorType::get({unit.c.elements}, parts.acc);
    for (int64_t i = 0; i < plan.down; ++i)
      for (int64_t j = 0; j < across; ++j) {
        Value all = e.create<vector::FromElementsOp>(type, fragmentOf(i, j).take_front(unit.c.elements));
        places.store(narrow(all), weightMemory, i * unit.rows, j * unit.columns);
      }
    block.barrier();
    for (int64_t part = 0; part < partsOfKeys; ++part)
      out.append(weightFragments->load(weightMemory, 0, part * unit.depth));
    return out;
  }

  AttentionPlan plan;
  const MatrixUnit &unit;
  const Facts &facts;
  RowShares shares;
  Type element; ///< of operands in shared memory
  SharedTile queryTile, keyTile, valueTile, weightTile;
  int64_t loadedAcross = 0;
  std::optional<Fragments> queryFragments, keyFragments, valueFragments, weightFragments;
  llvm::DenseMap<AffineExpr, Value> lanePlaces;
  Values elementColumns, rows;                       ///< of an accumulator's elements; queries of this lane's rows
  Value warpRow, warpKey, queryMemory, weightMemory; ///< this warp's first query and key, in the tiles
  SmallVector<Values> heldQueries;                   ///< by part of the depth
};
} // namespace

FailureOr<Grid> adze::gpu::emitAttentionMatrix(KernelFunction &kernel, ThreadBlock &block, const Schedule &schedule,
                                               const Facts &facts) {
  const MatrixUnit *unit = facts.unit(schedule.unit);
  if (!unit || !rowShares(unit->c, facts.warpSize))
    return kernel.nest->emitOpError() << "is scheduled for the matrix unit '" << schedule.unit
                                      << "', expected one of the device whose lanes share rows of C";
  return MatrixAttention(kernel, block, schedule, *unit, facts).emit();
}

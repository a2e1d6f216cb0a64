// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention written in parts, found from its last product backwards.
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/core/Expression.h"
#include "passes/core/Passes.h"

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_RECOGNIZEATTENTION
#include "passes/core/Passes.h.inc"

namespace {
/// Takes factors off `v` that are constants, and multiplies `scale` by them.
Value withoutScale(Value v, double &scale) {
  while (auto op = v.getDefiningOp<BinaryOp>()) {
    int64_t rank = rankOf(v);
    auto left = scalarConstant(op.getLhs(), rank), right = scalarConstant(op.getRhs(), rank);
    if (op.getKind() == BinaryKind::mul && left && !right)
      scale *= *left, v = op.getRhs();
    else if (op.getKind() == BinaryKind::mul && right && !left)
      scale *= *right, v = op.getLhs();
    else if (op.getKind() == BinaryKind::div && right && !left && *right != 0)
      scale /= *right, v = op.getLhs();
    else
      break;
  }
  return v;
}

/// The permutation that swaps the last two of `rank` dimensions.
SmallVector<int64_t> lastSwapped(int64_t rank) {
  SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::swap(permutation[rank - 1], permutation[rank - 2]);
  return permutation;
}

SmallVector<DimExpr> swapped(SmallVector<DimExpr> sizes) {
  std::swap(sizes[sizes.size() - 1], sizes[sizes.size() - 2]);
  return sizes;
}

/// One attention, as its parts are found. Nothing is changed while it is read.
class Match {
public:
  Match(MatmulOp last, DimAnalysis &dims, bool widen) : last(last), dims(dims), widen(widen) {}

  /// Null if all parts were found, else what is missing.
  const char *read() {
    if (!readWeights(last.getLhs()))
      return "the left side is no softmax along the last dimension that is read here only";
    if (!readScores(softmax.getInput()))
      return "the softmax is not of a product with scales and masks";
    query = withoutScale(product.getLhs(), scale);
    keys = withoutScale(product.getRhs(), scale);
    value = last.getRhs();
    Type element = getElementTypeOrSelf(query);
    if (!isa<FloatType>(element) || getElementTypeOrSelf(keys) != element || getElementTypeOrSelf(value) != element ||
        last.getTo() != element)
      return "query, key and value are not of one float type";
    return fits() ? nullptr : "the sizes do not provably fit together";
  }

  /// The op, built in front of the last product.
  Value build() {
    OpBuilder b(last);
    Location loc = last.getLoc();
    Value k = ofRank(b, keysTransposed(b, loc), rankOf(query)), v = ofRank(b, withoutRepetition(value), rankOf(query));
    Type element = getElementTypeOrSelf(query), wide = element.isF64() || !widen ? element : Type(b.getF32Type());
    auto asElement = [&](Value x, Type type) -> Value {
      return getElementTypeOrSelf(x) == type ? x : CastOp::create(b, loc, x, type, /*saturate=*/false).getResult();
    };
    // A sum of short masks may be too large for their type.
    bool keepsMask = !widen && masks.size() == 1;
    Type sum = element.isF64() ? element : Type(b.getF32Type());
    Value mask;
    for (Part &part : masks) {
      Value more = part.value;
      if (part.condition) {
        Type type = getElementTypeOrSelf(part.value);
        Value zero =
            ConstantOp::create(b, loc, RankedTensorType::get({}, type),
                               DenseElementsAttr::get(RankedTensorType::get({}, type), b.getFloatAttr(type, 0)));
        more = SelectOp::create(b, loc, part.condition, part.keeps ? zero : part.value, part.keeps ? part.value : zero);
      }
      more = keepsMask ? more : asElement(more, sum);
      mask = mask ? BinaryOp::create(b, loc, BinaryKind::add, mask, more).getResult() : more;
    }
    Value out = AttentionOp::create(b, loc, asElement(query, wide), asElement(k, wide), asElement(v, wide), mask,
                                    APFloat(scale), nanAsZero);
    out = asElement(out, element);
    if (out.getType() != last.getResult().getType())
      out = tensor::CastOp::create(b, loc, last.getResult().getType(), out);
    return out;
  }

private:
  /// A summand of the scores; with a `condition`, what stands where it does not hold (or holds, unless `keeps`).
  struct Part {
    Value value, condition;
    bool keeps;
  };

  /// softmax(scores), perhaps with zeros for NaNs.
  bool readWeights(Value v) {
    auto readOnce = [](Value v, unsigned uses) { return llvm::range_size(v.getUses()) == uses; };
    if (!readOnce(v, 1))
      return false;
    v = castChain(v);
    if (!v)
      return false;
    unsigned uses = 1;
    if (auto select = v.getDefiningOp<SelectOp>()) {
      Value tested = inputOf(select.getCondition(), UnaryKind::is_nan);
      if (!tested || tested != select.getRhs() || scalarConstant(select.getLhs(), rankOf(v)) != 0.0)
        return false;
      nanAsZero = true;
      uses = 2;
      v = tested;
    }
    if (!readOnce(v, uses))
      return false;
    v = castChain(v);
    softmax = v ? v.getDefiningOp<SoftmaxOp>() : SoftmaxOp();
    return softmax && !softmax.getLog() && int64_t(softmax.getAxis()) == rankOf(v) - 1 && rankOf(v) >= 2;
  }

  /// What `v` was before casts between floats that are each read once; null if one is read more often.
  static Value castChain(Value v) {
    Value from = withoutCasts(v);
    while (v != from) {
      v = v.getDefiningOp<CastOp>().getInput();
      if (!v.hasOneUse())
        return {};
    }
    return v;
  }

  /// Masks and scales down to the product, `steps` ops at most.
  bool readScores(Value v, int steps = 16) {
    if (!v.hasOneUse() || steps == 0)
      return false;
    v = castChain(v);
    if (!v)
      return false;
    if ((product = v.getDefiningOp<MatmulOp>()))
      return true;
    size_t before = masks.size();
    double factor = 1;
    if (Value inner = withoutScale(v, factor); inner != v) {
      scale *= factor;
      return readScores(inner, steps - 1) && masks.size() == before; // a mask below would be scaled too
    }
    if (auto sum = binaryOf(v, BinaryKind::add))
      for (auto [scores, mask] : {std::pair(sum.getLhs(), sum.getRhs()), std::pair(sum.getRhs(), sum.getLhs())}) {
        double kept = scale;
        masks.push_back({mask, {}, false});
        if (readScores(scores, steps - 1))
          return true;
        masks.resize(before);
        scale = kept;
      }
    return readSelect(v, steps);
  }

  /// select(condition, scores, a number that leaves nothing of a score added to it).
  bool readSelect(Value v, int steps) {
    auto select = v.getDefiningOp<SelectOp>();
    if (!select)
      return false;
    bool keeps = false;
    auto least = scalarConstant(select.getRhs(), rankOf(v));
    Value scores = select.getLhs(), number = select.getRhs();
    if (!least) {
      keeps = true;
      least = scalarConstant(select.getLhs(), rankOf(v));
      std::swap(scores, number);
    }
    if (!least || !(*least <= -1e30))
      return false;
    masks.push_back({number, select.getCondition(), !keeps});
    return readScores(scores, steps - 1);
  }

  /// Each size of `from` is 1 or that of `to`.
  static bool broadcastsTo(ArrayRef<DimExpr> from, ArrayRef<DimExpr> to) {
    if (from.size() > to.size())
      return false;
    for (auto [a, b] : llvm::zip(from, to.take_back(from.size())))
      if (a != b && !a.isConstant(1))
        return false;
    return true;
  }

  /// Nothing but key, value and masks is broadcast.
  bool fits() {
    for (Part &part : masks)
      for (Value v : {part.value, part.condition})
        if (v && !broadcastsTo(dims.shape(v).dims, dims.shape(product.getResult()).dims))
          return false;
    auto scores = dims.shape(product.getResult()).dims, out = dims.shape(last.getResult()).dims;
    auto q = dims.shape(query).dims, k = dims.shape(keys).dims, v = dims.shape(value).dims;
    size_t rank = scores.size();
    if (q.size() != rank || out.size() != rank || k.back() != v[v.size() - 2])
      return false;
    ArrayRef<DimExpr> leading = ArrayRef(scores).drop_back(2);
    return ArrayRef(q).drop_back(2) == leading && ArrayRef(out).drop_back(2) == leading &&
           broadcastsTo(ArrayRef(k).drop_back(2), leading) && broadcastsTo(ArrayRef(v).drop_back(2), leading);
  }

  /// The right side of the product with its last two dimensions swapped, by the ops that are there where these are
  /// transposes.
  Value keysTransposed(OpBuilder &b, Location loc) {
    int64_t rank = rankOf(keys);
    if (auto transpose = keys.getDefiningOp<TransposeOp>()) {
      SmallVector<int64_t> permutation(transpose.getPermutation());
      std::swap(permutation[rank - 1], permutation[rank - 2]);
      Value x = withoutScale(transpose.getInput(), scale);
      return llvm::is_sorted(permutation) ? withoutRepetition(x)
                                          : TransposeOp::create(b, loc, x, permutation).getResult();
    }
    // Leading dimensions are merged around the transpose.
    auto outer = keys.getDefiningOp<ReshapeOp>();
    auto transpose = outer ? outer.getInput().getDefiningOp<TransposeOp>() : TransposeOp();
    if (transpose && transpose.getPermutation() == ArrayRef(lastSwapped(rankOf(transpose.getInput()))) &&
        keepsLastTwo(outer)) {
      Value x = transpose.getInput();
      SmallVector<DimExpr> target = swapped(dims.shape(keys).dims);
      while (auto inner = x.getDefiningOp<ReshapeOp>()) {
        x = inner.getInput();
        if (dims.shape(x).dims == target)
          return withoutRepetition(withoutScale(x, scale));
      }
      SmallVector<Value> sizes(outer.getSizes());
      std::swap(sizes[rank - 1], sizes[rank - 2]);
      return withoutRepetition(ReshapeOp::create(b, loc, x, ValueRange(sizes)));
    }
    return TransposeOp::create(b, loc, keys, lastSwapped(rank));
  }

  bool keepsLastTwo(ReshapeOp op) {
    auto from = dims.shape(op.getInput()).dims, to = dims.shape(op.getResult()).dims;
    return from.size() >= 2 && to.size() >= 2 && ArrayRef(from).take_back(2) == ArrayRef(to).take_back(2);
  }

  /// Heads that are repeated one after the other, [.., H, T, D] -> [.., H, 1, T, D] -> [.., H, G, T, D] -> [.., H * G,
  /// T, D], before that.
  Value withoutRepetition(Value v) {
    auto merge = v.getDefiningOp<ReshapeOp>();
    auto repeat = merge ? merge.getInput().getDefiningOp<BroadcastOp>() : BroadcastOp();
    auto split = repeat ? repeat.getInput().getDefiningOp<ReshapeOp>() : ReshapeOp();
    if (!split)
      return v;
    auto from = dims.shape(split.getInput()).dims, one = dims.shape(split.getResult()).dims;
    auto all = dims.shape(repeat.getResult()).dims, out = dims.shape(v).dims;
    if (one.size() != from.size() + 1 || all.size() != one.size() || out.size() != from.size() || from.size() < 3)
      return v;
    size_t axis = from.size() - 2; // of the copies
    if (!one[axis].isConstant(1))
      return v;
    SmallVector<DimExpr> without(one), merged(all), repeated(one);
    without.erase(without.begin() + axis);
    repeated[axis] = all[axis];
    merged[axis - 1] = all[axis - 1] * all[axis];
    merged.erase(merged.begin() + axis);
    return without == from && repeated == all && merged == out ? split.getInput() : v;
  }

  static Value ofRank(OpBuilder &b, Value v, int64_t rank) {
    SmallVector<Value> sizes(rank - rankOf(v), arith::ConstantIndexOp::create(b, v.getLoc(), 1));
    if (sizes.empty())
      return v;
    sizes.append(sizesOf(b, v.getLoc(), v));
    return ReshapeOp::create(b, v.getLoc(), v, ValueRange(sizes));
  }

  MatmulOp last, product;
  SoftmaxOp softmax;
  DimAnalysis &dims;
  bool widen;
  Value query, keys, value; ///< keys are the product's right side: [..., D, T]
  double scale = 1;
  bool nanAsZero = false;
  SmallVector<Part> masks;
};

struct RecognizeAttention : impl::RecognizeAttentionBase<RecognizeAttention> {
  using RecognizeAttentionBase::RecognizeAttentionBase;
  void runOnOperation() override {
    getOperation().walk([&](FunctionOpInterface function) {
      DimAnalysis dims;
      SmallVector<std::pair<MatmulOp, Value>> found;
      function.walk([&](MatmulOp op) {
        Match match(op, dims, widen);
        if (!match.read())
          found.push_back({op, match.build()});
      });
      // The analysis is not used from here on, so that values may go.
      for (auto [op, attention] : found) {
        op.getResult().replaceAllUsesWith(attention);
        op.erase();
      }
    });
  }
};
} // namespace
} // namespace adze

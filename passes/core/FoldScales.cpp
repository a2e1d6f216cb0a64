// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What follows a contraction with a constant right side, as long as it is a constant factor or summand for each output
// channel.
#include "passes/core/Expression.h"
#include "passes/core/Passes.h"

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_FOLDSCALES
#include "passes/core/Passes.h.inc"

namespace {
/// The constant right side of a contraction of floats, or null.
OpOperand *constantSide(Operation *op) {
  OpOperand *side = isa_and_present<MatmulOp, ConvOp>(op) ? &op->getOpOperand(1) : nullptr;
  if (!side || !side->get().getDefiningOp<ConstantOp>() || !side->get().hasOneUse()) // else both would be kept
    return nullptr;
  Type element = getElementTypeOrSelf(side->get());
  bool plain = (element.isF32() || element.isF64()) && getElementTypeOrSelf(op->getResult(0)) == element;
  return plain ? side : nullptr;
}

/// A factor and a summand for each channel: factor * contraction + summand. Null: 1, and 0.
struct Affine {
  Value factor, summand;
};

/// The constants that follow one contraction, op by op; each op's result is read by the next one only.
class Chain {
public:
  explicit Chain(Operation *root) : root(root), loc(root->getLoc()), last(root->getResult(0)) {
    int64_t rank = type().getRank();
    channels = type().getDimSize(rank - 1);
  }

  /// Reads ops for as long as they are affine in each channel. Builds the constants that they come to before the
  /// contraction.
  Affine read(OpBuilder &b) {
    Affine affine;
    while (BinaryOp op = next()) {
      bool left = op.getLhs() == last;
      Value c = left ? op.getRhs() : op.getLhs();
      if (Operation *constant = c.getDefiningOp();
          constant->getBlock() == root->getBlock() && root->isBeforeInBlock(constant))
        constant->moveBefore(root);
      auto apply = [&](BinaryKind kind, Value x, Value y) -> Value { return BinaryOp::create(b, loc, kind, x, y); };
      auto negate = [&](Value x) -> Value { return UnaryOp::create(b, loc, UnaryKind::neg, x); };
      switch (op.getKind()) {
      case BinaryKind::mul:
      case BinaryKind::div:
        affine.factor = affine.factor ? apply(op.getKind(), affine.factor, c)
                        : op.getKind() == BinaryKind::mul
                            ? c
                            : UnaryOp::create(b, loc, UnaryKind::reciprocal, c).getResult();
        if (affine.summand)
          affine.summand = apply(op.getKind(), affine.summand, c);
        break;
      default: // c + v, v + c, v - c, c - v
        if (op.getKind() == BinaryKind::sub && !left) {
          affine.factor = affine.factor ? negate(affine.factor) : minusOne(b);
          affine.summand = affine.summand ? negate(affine.summand) : Value();
        }
        Value more = op.getKind() == BinaryKind::sub && left ? negate(c) : c;
        affine.summand = affine.summand ? apply(BinaryKind::add, affine.summand, more) : more;
      }
      last = op.getResult();
      ++length;
    }
    return affine;
  }

  Operation *root;
  Location loc;
  Value last;
  int64_t length = 0;

private:
  RankedTensorType type() { return cast<RankedTensorType>(root->getResult(0).getType()); }

  /// The next op, if it is one that the chain can take.
  BinaryOp next() {
    auto op = last.hasOneUse() ? dyn_cast<BinaryOp>(*last.user_begin()) : BinaryOp();
    if (!op || op->getBlock() != root->getBlock() || op.getLhs() == op.getRhs() ||
        rankOf(op.getResult()) != rankOf(last))
      return {};
    bool left = op.getLhs() == last;
    constexpr BinaryKind commute[] = {BinaryKind::add, BinaryKind::mul, BinaryKind::sub};
    if (!llvm::is_contained(commute, op.getKind()) && !(left && op.getKind() == BinaryKind::div))
      return {};
    return isPerChannel(left ? op.getRhs() : op.getLhs()) ? op : BinaryOp();
  }

  /// A constant of one element, or of one for each channel along the last dimension.
  bool isPerChannel(Value v) {
    auto own = cast<RankedTensorType>(v.getType());
    if (!v.getDefiningOp<ConstantOp>())
      return false;
    return llvm::all_of(ArrayRef(own.getShape()).drop_back(own.getRank() ? 1 : 0), [](int64_t n) { return n == 1; }) &&
           (own.getRank() == 0 || own.getShape().back() == 1 || own.getShape().back() == channels);
  }

  Value minusOne(OpBuilder &b) {
    auto scalar = RankedTensorType::get({}, type().getElementType());
    return ConstantOp::create(b, loc, scalar,
                              DenseElementsAttr::get(scalar, b.getFloatAttr(scalar.getElementType(), -1)));
  }

  int64_t channels;
};

/// `v`, whose sizes but the last are 1, with no dimensions but the last.
Value asVector(OpBuilder &b, Location loc, Value v) {
  auto type = cast<RankedTensorType>(v.getType());
  if (type.getRank() <= 1)
    return v;
  Value size = arith::ConstantIndexOp::create(b, loc, type.getShape().back());
  return ReshapeOp::create(b, loc, v, ValueRange(size));
}

void fold(Operation *root) {
  OpOperand *side = constantSide(root);
  if (!side)
    return;
  OpBuilder b(root);
  Chain chain(root);
  Affine affine = chain.read(b);
  if (!affine.factor && chain.length < 2)
    return;
  if (affine.factor)
    side->set(BinaryOp::create(b, chain.loc, side->get().getType(), BinaryKind::mul, side->get(),
                               asVector(b, chain.loc, affine.factor)));
  Value out = root->getResult(0);
  b.setInsertionPointAfter(root);
  Value result = out;
  if (affine.summand)
    result = BinaryOp::create(b, chain.last.getLoc(), chain.last.getType(), BinaryKind::add, out, affine.summand);
  else if (out.getType() != chain.last.getType())
    result = tensor::CastOp::create(b, chain.loc, chain.last.getType(), out);
  Operation *end = chain.last.getDefiningOp();
  chain.last.replaceAllUsesWith(result);
  // From the end of the chain to the contraction: each op was read by the one after it only.
  while (end != root) {
    auto op = cast<BinaryOp>(end);
    Operation *before = op.getLhs().getDefiningOp();
    if (!before || isa<ConstantOp>(before))
      before = op.getRhs().getDefiningOp();
    op.erase();
    end = before;
  }
}

struct FoldScales : impl::FoldScalesBase<FoldScales> {
  void runOnOperation() override {
    SmallVector<Operation *> roots;
    getOperation().walk([&](Operation *op) {
      if (constantSide(op))
        roots.push_back(op);
    });
    for (Operation *root : roots)
      fold(root);
  }
};
} // namespace
} // namespace adze

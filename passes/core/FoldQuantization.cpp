// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Contractions of dequantised numbers as contractions of the 8-bit integers themselves. With x = sx (qx - zx) and
// w = sw qw, where sw is one number for each output channel, sum x w = sx sw (sum qx qw - zx sum qw): the last sum is a
// constant (the form of "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
// Inference", arXiv 1712.05877, section 2.3).
#include "passes/core/ConstEval.h"
#include "passes/core/Passes.h"

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_FOLDQUANTIZATION
#include "passes/core/Passes.h.inc"

namespace {
RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }
Type elementOf(Value v) { return typeOf(v).getElementType(); }
bool isSingle(Value v) { return typeOf(v).hasStaticShape() && typeOf(v).getNumElements() == 1; }

/// scale * (q - zero); q are 8-bit integers. A null zero is 0, a null scale 1; zeros are numbers of the type that the
/// expression is computed in.
struct Quantised {
  Value q, zero, scale;
};

/// The constant that `v` comes to, or null: ops on constants that nobody has folded yet are evaluated.
Value evaluate(OpBuilder &b, Value v, int depth = 8) {
  Operation *op = v.getDefiningOp();
  if (!op || isa<ConstantOp>(op))
    return op ? v : Value();
  if (depth == 0 || !isa<TransposeOp, ReshapeOp, BroadcastOp, CastOp, BinaryOp, UnaryOp>(op))
    return {};
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    bool isTensor = isa<RankedTensorType>(operand.getType());
    operands.push_back(isTensor ? evaluate(b, operand, depth - 1) : operand);
    if (!operands.back())
      return {};
  }
  Operation *copy = b.clone(*op);
  copy->setOperands(operands);
  auto value = evaluateConstant(copy);
  Value result = succeeded(value)
                     ? ConstantOp::create(b, op->getLoc(), copy->getResult(0).getType(), *value).getResult()
                     : Value();
  copy->erase();
  return result;
}

/// True if `v` is a constant of zeros. Not meant for large tensors.
bool isZero(OpBuilder &b, Value v) {
  if (!typeOf(v).hasStaticShape() || typeOf(v).getNumElements() > 65536)
    return false;
  Value constant = evaluate(b, v);
  auto bytes = constant ? constantBytes(constant.getDefiningOp<ConstantOp>()) : FailureOr<std::vector<char>>(failure());
  return succeeded(bytes) && llvm::all_of(*bytes, [](char c) { return c == 0; });
}

/// One fold; builds what it needs before the contraction.
class Folder {
public:
  explicit Folder(Operation *root) : root(root), loc(root->getLoc()), b(root), to(elementOf(root->getResult(0))) {}

  /// True if the contraction was replaced.
  bool run() {
    std::optional<Quantised> left = read(root->getOperand(0)), right = read(root->getOperand(1));
    if (!left || !right || !isSupported(*left, *right))
      return false;
    makeUnsigned(*left);
    Value weights = evaluate(b, right->q);
    if (!weights)
      return false;
    Value sum = contract(left->q, weights);
    if (left->zero && !isZero(b, left->zero)) {
      Value zero = CastOp::create(b, loc, asElement(left->zero), b.getI32Type(), /*saturate=*/false);
      Value correction = BinaryOp::create(b, loc, BinaryKind::mul, zero, columnSums(weights));
      sum = BinaryOp::create(b, loc, BinaryKind::sub, sum, correction);
    }
    Value out = sum;
    if (isa<FloatType>(to)) {
      Value scale = product(left->scale, right->scale);
      out = CastOp::create(b, loc, sum, to, /*saturate=*/false);
      if (scale)
        out = BinaryOp::create(b, loc, BinaryKind::mul, out, scale);
    }
    if (out.getType() != root->getResult(0).getType())
      out = tensor::CastOp::create(b, loc, root->getResult(0).getType(), out);
    root->getResult(0).replaceAllUsesWith(out);
    root->erase();
    return true;
  }

private:
  /// `v` as quantised numbers; transposes, reshapes and zero padding on the way are those of the integers.
  std::optional<Quantised> read(Value v) {
    if (auto op = v.getDefiningOp<TransposeOp>())
      return readTransposed(op);
    if (auto op = v.getDefiningOp<PadOp>())
      return readPadded(op);
    Quantised out;
    if (auto op = v.getDefiningOp<BinaryOp>(); op && op.getKind() == BinaryKind::mul && isa<FloatType>(to)) {
      out.scale = op.getRhs();
      v = op.getLhs();
    }
    if (auto op = v.getDefiningOp<BinaryOp>(); op && op.getKind() == BinaryKind::sub) {
      out.zero = op.getRhs();
      v = op.getLhs();
    }
    auto cast = v.getDefiningOp<CastOp>();
    if (!cast || cast.getTo() != to || !elementOf(cast.getInput()).isInteger(8) ||
        (out.zero && out.zero.getDefiningOp() == cast))
      return std::nullopt;
    out.q = cast.getInput();
    // A scale or zero that is broadcast over more dimensions than the numbers have would change their shape.
    for (Value other : {out.zero, out.scale})
      if (other && typeOf(other).getRank() > typeOf(out.q).getRank())
        return std::nullopt;
    return out;
  }

  std::optional<Quantised> readTransposed(TransposeOp op) {
    auto inner = read(op.getInput());
    if (!inner)
      return std::nullopt;
    inner->q = TransposeOp::create(b, loc, inner->q, op.getPermutation());
    for (Value *other : {&inner->zero, &inner->scale})
      if (*other && !isSingle(*other)) {
        if (typeOf(*other).getRank() != typeOf(op.getInput()).getRank())
          return std::nullopt;
        *other = TransposeOp::create(b, loc, *other, op.getPermutation());
      }
    return inner;
  }

  /// Padding with the number 0 is padding with the zero point.
  std::optional<Quantised> readPadded(PadOp op) {
    if (op.getMode() != PadMode::constant || !isZero(b, op.getValue()))
      return std::nullopt;
    auto inner = read(op.getInput());
    if (!inner || (inner->zero && !isSingle(inner->zero)))
      return std::nullopt;
    Type element = elementOf(inner->q);
    Value zero = inner->zero ? CastOp::create(b, loc, asElement(inner->zero), element, /*saturate=*/false).getResult()
                             : constant(element, 0);
    inner->q = PadOp::create(b, loc, PadMode::constant, inner->q, zero, op.getLow(), op.getSizes());
    return inner;
  }

  bool isSupported(const Quantised &left, Quantised &right) {
    auto conv = dyn_cast<ConvOp>(root);
    if (conv && conv.getGroups() != 1)
      return false;
    if (!conv && typeOf(root->getOperand(1)).getRank() != 2)
      return false;
    bool isSigned = !elementOf(right.q).isUnsignedInteger();
    if (!isSigned || (right.zero && !isZero(b, right.zero)) || (left.zero && !isSingle(left.zero)) ||
        (left.scale && !isSingle(left.scale)))
      return false;
    return !right.scale || isSingle(right.scale) || isPerColumn(right.scale);
  }

  /// True for one number a column: all sizes but the last are 1.
  static bool isPerColumn(Value v) {
    return typeOf(v).getRank() > 0 &&
           llvm::all_of(typeOf(v).getShape().drop_back(), [](int64_t size) { return size == 1; });
  }

  /// Signed numbers plus 128, and so their zero.
  void makeUnsigned(Quantised &left) {
    if (elementOf(left.q).isUnsignedInteger())
      return;
    Type ui8 = b.getIntegerType(8, /*isSigned=*/false);
    Value bits = BitcastOp::create(b, loc, left.q, ui8);
    left.q = BinaryOp::create(b, loc, BinaryKind::bit_xor, bits, constant(ui8, 128));
    Value offset = constant(to, 128);
    left.zero =
        left.zero ? BinaryOp::create(b, loc, BinaryKind::add, asElement(left.zero), offset).getResult() : offset;
  }

  Value contract(Value left, Value right) {
    Type i32 = b.getI32Type();
    if (auto conv = dyn_cast<ConvOp>(root))
      return ConvOp::create(b, loc, left, right, conv.getStrides(), conv.getDilations(), conv.getGroups(), i32);
    return MatmulOp::create(b, loc, left, right, i32);
  }

  /// [columns] i32: the sum of each column of a constant of i8.
  Value columnSums(Value weights) {
    auto bytes = constantBytes(weights.getDefiningOp<ConstantOp>());
    int64_t columns = typeOf(weights).getShape().back();
    std::vector<int32_t> sums(columns, 0);
    if (succeeded(bytes))
      for (size_t i = 0; i < bytes->size(); ++i)
        sums[i % columns] += static_cast<signed char>((*bytes)[i]);
    auto type = RankedTensorType::get({columns}, b.getI32Type());
    return ConstantOp::create(b, loc, type, DenseElementsAttr::get(type, ArrayRef<int32_t>(sums)));
  }

  Value product(Value x, Value y) {
    x = x ? asColumns(x) : x;
    y = y ? asColumns(y) : y;
    return x && y ? BinaryOp::create(b, loc, BinaryKind::mul, x, y).getResult() : x ? x : y;
  }

  /// A single number without dimensions, or one a column without all dimensions but the last.
  Value asColumns(Value v) {
    if (isSingle(v))
      return asElement(v);
    Value size = arith::ConstantIndexOp::create(b, loc, typeOf(v).getShape().back());
    return typeOf(v).getRank() == 1 ? v : ReshapeOp::create(b, loc, v, ValueRange(size)).getResult();
  }
  Value asElement(Value v) {
    return typeOf(v).getRank() == 0 ? v : ReshapeOp::create(b, loc, v, ValueRange()).getResult();
  }

  Value constant(Type element, int64_t v) {
    auto type = RankedTensorType::get({}, element);
    Attribute attr = isa<FloatType>(element)
                         ? Attribute(b.getFloatAttr(element, double(v)))
                         : Attribute(IntegerAttr::get(element, APInt(element.getIntOrFloatBitWidth(), v)));
    return ConstantOp::create(b, loc, type, DenseElementsAttr::get(type, attr));
  }

  Operation *root;
  Location loc;
  OpBuilder b;
  Type to; ///< what the contraction is computed in: f32 or i32
};

struct FoldQuantization : impl::FoldQuantizationBase<FoldQuantization> {
  void runOnOperation() override {
    SmallVector<Operation *> roots;
    getOperation().walk([&](Operation *op) {
      if (isa<MatmulOp, ConvOp>(op)) {
        Type to = getElementTypeOrSelf(op->getResult(0));
        if (to.isF32() || to.isInteger(32))
          roots.push_back(op);
      }
    });
    for (Operation *root : roots)
      Folder(root).run();
  }
};
} // namespace
} // namespace adze

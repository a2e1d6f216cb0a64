// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/core/Passes.h"
#include <set>

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_GUARDSHAPES
#include "passes/core/Passes.h.inc"

namespace {
using P = arith::CmpIPredicate;

/// The symbolic analysis, with the rules of the op that was asked last.
class Rules : public DimAnalysis {
public:
  bool collectsRules() const override { return true; }
  void must(SizeRule rule) override { found.push_back(std::move(rule)); }
  std::vector<SizeRule> take() { return std::exchange(found, {}); }

private:
  std::vector<SizeRule> found;
};

/// Emits the requirements of one op before it.
class Guard {
public:
  Guard(Operation *op, DimContext &dims) : b(op), loc(op->getLoc()), dims(dims) {}

  void require(const SizeRule &rule) {
    if (rule.kind == SizeRule::Counted)
      return requireCounted(rule);
    Value a = value(rule.a), y = value(rule.b);
    RequireOp::create(b, loc, condition(rule, a, y), b.getStringAttr(rule.message), ValueRange{a, y});
  }

private:
  Value condition(const SizeRule &rule, Value x, Value y) {
    switch (rule.kind) {
    case SizeRule::Equal:
      return compare(P::eq, x, y);
    case SizeRule::Broadcast:
      return either(compare(P::eq, x, y), either(is(x, 1), is(y, 1)));
    case SizeRule::OneOr:
      return either(compare(P::eq, x, y), is(x, 1));
    case SizeRule::AtMost:
      return compare(P::sle, x, y);
    case SizeRule::NotEmpty:
      return either(compare(P::sgt, x, constant(0)), is(y, 0));
    case SizeRule::Inside: { // a negative place is a great one without its sign
      Value inside = arith::AndIOp::create(b, loc, compare(P::ult, x, y), compare(P::sgt, y, constant(0)));
      return either(inside, is(value(rule.c), 0));
    }
    case SizeRule::Within: { // no sum that could wrap around
      Value size = value(rule.c);
      Value left = b.createOrFold<arith::SubIOp>(loc, size, x);
      return b.createOrFold<arith::AndIOp>(loc, compare(P::ule, x, size), compare(P::ule, y, left));
    }
    case SizeRule::Counted:
      break;
    }
    llvm_unreachable("has no condition of two sizes");
  }

  /// Integers wrap around; doubles say that they have not.
  void requireCounted(const SizeRule &rule) {
    constexpr double kMost = double(1LL << 48);
    Type f64 = b.getF64Type();
    auto number = [&](double v) -> Value { return arith::ConstantOp::create(b, loc, b.getFloatAttr(f64, v)); };
    Value count = number(1);
    for (const DimExpr &size : rule.sizes) {
      Value wide = arith::IndexCastOp::create(b, loc, b.getI64Type(), value(size));
      count = arith::MulFOp::create(b, loc, count, arith::SIToFPOp::create(b, loc, f64, wide));
    }
    Value counted = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLE, count, number(kMost));
    RequireOp::create(b, loc, counted, b.getStringAttr(rule.message));
  }

  Value constant(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }
  Value value(const DimExpr &e) { return materialize(b, loc, dims, e); }
  Value compare(P p, Value x, Value y) { return b.createOrFold<arith::CmpIOp>(loc, p, x, y); }
  Value is(Value x, int64_t v) { return compare(P::eq, x, constant(v)); }
  Value either(Value x, Value y) { return b.createOrFold<arith::OrIOp>(loc, x, y); }

  OpBuilder b;
  Location loc;
  DimContext &dims;
};

struct GuardShapes : impl::GuardShapesBase<GuardShapes> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isDeclaration())
        continue;
      Rules rules;
      bool holds = succeeded(guard(function.getBody().front(), rules, {}, /*always=*/true));
      if (!holds || rules.foundContradiction())
        return signalPassFailure(); // the op has been reported
    }
  }

private:
  using Key = std::tuple<SizeRule::Kind, DimExpr, DimExpr, DimExpr, std::vector<DimExpr>>;

  /// Guards the ops of a block; `known` holds where the block begins. Fails where the block always runs and a rule
  /// never holds.
  static LogicalResult guard(Block &block, Rules &rules, std::set<Key> known, bool always) {
    for (Operation &op : llvm::make_early_inc_range(block)) {
      for (const SizeRule &rule : rulesOf(&op, rules)) {
        if (always && neverHolds(rule))
          return emitError(op.getLoc()) << rule.message << ": " << *rule.a.constant() << " and " << *rule.b.constant();
        Key key{rule.kind, rule.a, rule.b, rule.c, {rule.sizes.begin(), rule.sizes.end()}};
        if (known.insert(std::move(key)).second)
          Guard(&op, rules.dims).require(rule);
      }
      if (isa<GenerateOp>(op))
        continue;
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          if (failed(guard(inner, rules, known, /*always=*/false)))
            return failure();
    }
    return success();
  }

  /// True for a rule of known sizes that is still one: shape functions leave out those that hold.
  static bool neverHolds(const SizeRule &rule) {
    if (rule.kind == SizeRule::Inside || rule.kind == SizeRule::Counted)
      return false;
    return rule.a.constant() && rule.b.constant() && (rule.kind != SizeRule::Within || rule.c.constant());
  }

  static std::vector<SizeRule> rulesOf(Operation *op, Rules &rules) {
    // What defines the operands comes before, so all rules that are told from here on are this op's.
    rules.take();
    if (isa<ShapeOp>(op))
      for (Value result : op->getResults())
        rules.shape(result);
    if (auto cast = dyn_cast<tensor::CastOp>(op); cast && isa<RankedTensorType>(cast.getSource().getType()))
      if (auto type = dyn_cast<RankedTensorType>(cast.getType()))
        for (auto [from, to] : llvm::zip(rules.shape(cast.getSource()).dims, type.getShape()))
          if (!ShapedType::isDynamic(to) && !from.isConstant(to))
            rules.must({SizeRule::Equal, "a size differs from the one that the model states", from, to});
    return rules.take();
  }
};
} // namespace
} // namespace adze

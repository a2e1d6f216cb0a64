// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/MathLibrary.h"
#include "codegen/common/gpu/Passes.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;

namespace adze {
#define GEN_PASS_DEF_GPUMATH
#include "codegen/common/gpu/Passes.h.inc"

/// Ops that are functions of the library.
static constexpr StringLiteral kFunctions[] = {"math.acos",  "math.acosh", "math.asin", "math.asinh", "math.atan",
                                               "math.atan2", "math.atanh", "math.cbrt", "math.cos",   "math.cosh",
                                               "math.erf",   "math.exp",   "math.exp2", "math.expm1", "math.log",
                                               "math.log10", "math.log1p", "math.log2", "math.powf",  "math.rsqrt",
                                               "math.sin",   "math.sinh",  "math.tan",  "math.tanh",  "arith.remf"};

/// Ops of the math dialect that are instructions, or some exact ones; and exp2 of f32 where an approximation will do.
static bool isInstruction(Operation *op) {
  if (auto exp2 = dyn_cast<math::Exp2Op>(op))
    return exp2.getType().isF32() && arith::bitEnumContainsAll(exp2.getFastmath(), arith::FastMathFlags::afn);
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp, math::CountLeadingZerosOp,
             math::CountTrailingZerosOp, math::CtPopOp, math::FloorOp, math::FmaOp, math::IsFiniteOp, math::IsInfOp,
             math::IsNaNOp, math::IsNormalOp, math::RoundEvenOp, math::RoundOp, math::SqrtOp, math::TruncOp>(op);
}

/// The library's function for `op`, declared in `module`. An error if it has none.
static FailureOr<func::FuncOp> functionFor(Operation *op, ModuleOp module) {
  if (!llvm::is_contained(kFunctions, op->getName().getStringRef()))
    return op->emitOpError() << "has no function in the math library of GPUs";
  Type type = getElementTypeOrSelf(op->getResult(0));
  if (!type.isF32() && !type.isF64())
    return op->emitOpError() << "is of " << type << ", expected f32 or f64, which the math library of GPUs is for";
  std::string name = (gpu::kMathPrefix + op->getName().stripDialect() + (type.isF32() ? "_f32" : "_f64")).str();
  if (auto found = module.lookupSymbol<func::FuncOp>(name))
    return found;
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  SmallVector<Type> operands(op->getNumOperands(), type);
  auto made = func::FuncOp::create(b, op->getLoc(), name, b.getFunctionType(operands, type));
  made.setPrivate();
  return made;
}

/// A call for each lane of vectors.
static Value callByLanes(OpBuilder &b, Operation *op, VectorType type, func::FuncOp function) {
  Location loc = op->getLoc();
  Value result = op->getOperand(0); // each of its lanes is replaced
  SmallVector<int64_t> strides = computeStrides(type.getShape());
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    SmallVector<int64_t> position = delinearize(i, strides);
    SmallVector<Value> lanes;
    for (Value operand : op->getOperands())
      lanes.push_back(vector::ExtractOp::create(b, loc, operand, position));
    Value lane = func::CallOp::create(b, loc, function, lanes).getResult(0);
    result = vector::InsertOp::create(b, loc, lane, result, position);
  }
  return result;
}

static LogicalResult replaceByCall(Operation *op, ModuleOp module) {
  auto function = functionFor(op, module);
  if (failed(function))
    return failure();
  OpBuilder b(op);
  auto type = dyn_cast<VectorType>(op->getResult(0).getType());
  Value result = type ? callByLanes(b, op, type, *function)
                      : func::CallOp::create(b, op->getLoc(), *function, op->getOperands()).getResult(0);
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
  return success();
}

namespace {
struct GpuMath : impl::GpuMathBase<GpuMath> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      bool isMath = isa_and_nonnull<math::MathDialect>(op->getDialect()) && !isInstruction(op);
      if (isMath || isa<arith::RemFOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      if (failed(replaceByCall(op, getOperation())))
        return signalPassFailure();
  }
};
} // namespace
} // namespace adze

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/InitAll.h"
#include "codegen/Target.h"
#include "compiler/Pipeline.h"
#include "dialects/core/Core.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/Passes.h"
#include "passes/common/Rewrite.h"
#include "passes/core/Passes.h"
#include "passes/core_to_loops/Passes.h"
#include "passes/fusion/Passes.h"
#include "passes/host/Passes.h"
#include "passes/onnx_to_core/Passes.h"
#include "passes/placement/Passes.h"
#include "passes/verify_stage/Passes.h"

void adze::registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<onnx::OnnxDialect, core::CoreDialect, kernel::KernelDialect, mlir::arith::ArithDialect,
                  mlir::cf::ControlFlowDialect, mlir::func::FuncDialect, mlir::gpu::GPUDialect, mlir::LLVM::LLVMDialect,
                  mlir::math::MathDialect, mlir::memref::MemRefDialect, mlir::scf::SCFDialect,
                  mlir::tensor::TensorDialect, mlir::vector::VectorDialect>();
  registerEmission(registry);
}

void adze::registerPasses() {
  mlir::registerTransformsPasses();
  registerOnnxToCorePasses();
  registerCoreTransformsPasses();
  registerFusionPasses();
  registerPlacementPasses();
  registerCoreToLoopsPasses();
  registerHostPasses();
  registerVerifyStagePasses();
  registerTargetPasses();
  registerStagePipelines();
}

namespace {
struct SourceInterface : adze::RewriteListenerInterface {
  SourceInterface(mlir::Dialect *dialect, const adze::ListenerSource &source)
      : RewriteListenerInterface(dialect), source(source) {}
  mlir::RewriterBase::Listener *listener() const override { return source(); }
  adze::ListenerSource source;
};

/// Gives the core dialect the interface as soon as it is loaded.
struct ListenerExtension : mlir::DialectExtension<ListenerExtension, adze::core::CoreDialect> {
  explicit ListenerExtension(adze::ListenerSource source) : source(std::move(source)) {}
  void apply(mlir::MLIRContext *context, adze::core::CoreDialect *dialect) const override {
    dialect->addInterface(std::make_unique<SourceInterface>(dialect, source));
  }
  adze::ListenerSource source;
};
} // namespace

void adze::registerRewriteListener(mlir::DialectRegistry &registry, ListenerSource source) {
  registry.addExtension(mlir::TypeID::get<ListenerExtension>(), std::make_unique<ListenerExtension>(std::move(source)));
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/verify_stage/StageContracts.h"
#include "dialects/core/Core.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace adze;

/// Of a function that is a kernel's body on buffers.
static constexpr StringLiteral kKernelAttr = "adze.kernel";

StringRef adze::toString(Place place) {
  switch (place) {
  case Place::Top:
    return "the module";
  case Place::Host:
    return "the host program";
  case Place::Kernel:
    return "a kernel";
  }
  llvm_unreachable("not a place");
}

Place adze::placeInside(Operation *topLevel) {
  auto symbol = dyn_cast<SymbolOpInterface>(topLevel);
  bool ofKernel = isa<kernel::FuncOp>(topLevel) || topLevel->hasAttr(kKernelAttr) ||
                  (isa<func::FuncOp>(topLevel) && symbol.getName().ends_with(".grid"));
  return ofKernel ? Place::Kernel : Place::Host;
}

/// True for values that live on the host only: sequences, optionals, strings.
static bool isHandle(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return isa<core::SequenceType, core::OptionalType>(type) ||
         (tensor && isa<core::StringType>(tensor.getElementType()));
}

static bool hasHandles(Operation *op) {
  return llvm::any_of(op->getOperandTypes(), isHandle) || llvm::any_of(op->getResultTypes(), isHandle);
}

template <typename Predicate> static bool anyType(Operation *op, Predicate predicate) {
  return llvm::any_of(op->getOperandTypes(), predicate) || llvm::any_of(op->getResultTypes(), predicate);
}

//===- rules
//-------------------------------------------------------------------------------------------------------===//

static std::string importedRule(Operation *op, Place place) {
  if (isa<core::CoreDialect>(op->getDialect()) && !isa<core::ConstantOp>(op))
    return "of core, an import makes constants only";
  return "";
}

static std::string functionRule(Operation *op) {
  if (isa<func::CallOp, func::CallIndirectOp>(op))
    return "the host program is one function";
  return "";
}

/// What computes with tensors is core's; the tensor dialect is left for sizes, elements and types.
static std::string coreRule(Operation *op, Place place) {
  if (isa<tensor::TensorDialect>(op->getDialect()) &&
      !isa<tensor::DimOp, tensor::ExtractOp, tensor::FromElementsOp, tensor::CastOp, tensor::BitcastOp>(op))
    return "tensors are computed by core ops";
  return functionRule(op);
}

/// Sizes at run time of what the host program launches.
static std::string launchRule(kernel::LaunchOp launch) {
  auto isDynamic = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && !tensor.hasStaticShape();
  };
  if (llvm::any_of(launch.getResultTypes(), isDynamic) && !launch->hasAttr("adze.result_dims"))
    return "each size of a result that is not static is one of the launch's index operands (adze.result_dims)";
  return "";
}

static std::string hostOfPlacedRule(Operation *op) {
  if (auto launch = dyn_cast<kernel::LaunchOp>(op))
    return launchRule(launch);
  if (isa<kernel::CopyOp, kernel::AppendOp>(op))
    return "";
  if (isa<kernel::KernelDialect>(op->getDialect()))
    return "only a kernel holds it";
  bool computes = isa<core::CoreDialect>(op->getDialect()) && op->getNumResults() > 0 && !hasHandles(op) &&
                  llvm::any_of(op->getResultTypes(), llvm::IsaPred<RankedTensorType>);
  if (computes && !isa<core::ConstantOp, core::ReshapeOp>(op))
    return "core ops on tensors are in kernels, but for constants and reshapes";
  return coreRule(op, Place::Host);
}

static std::string hostOfKernelsRule(Operation *op) {
  if (isa<kernel::CopyOp>(op))
    return "whose memory a tensor lies in is chosen at stage placed";
  if (isa<kernel::AppendOp>(op))
    return "what is changed in place is chosen at stage placed";
  return hostOfPlacedRule(op);
}

static std::string kernelsRule(Operation *op, Place place) {
  if (place == Place::Host)
    return hostOfKernelsRule(op);
  if (isa<kernel::KernelDialect>(op->getDialect()) && !isa<kernel::FuncOp, kernel::ReturnOp>(op))
    return "kernels hold tensors and no machine's instructions, and launch nothing";
  if (isa<tensor::TensorDialect>(op->getDialect()))
    return "sizes in a kernel are its index arguments";
  if (isa<core::RequireOp>(op))
    return "only the host program ends a run";
  if (hasHandles(op))
    return "sequences, optionals and strings live on the host";
  return "";
}

static std::string placedRule(Operation *op, Place place) {
  return place == Place::Host ? hostOfPlacedRule(op) : kernelsRule(op, place);
}

/// Of a function that is a kernel's body for a device.
static bool isInDeviceBody(Operation *op) {
  auto function = op->getParentOfType<func::FuncOp>();
  return function && function->hasAttr(kernel::kDeviceAttr);
}

static std::string bodyRule(Operation *op) {
  if (anyType(op, llvm::IsaPred<TensorType>))
    return "bodies hold no tensors";
  bool isOfDevice = isa<kernel::AsyncCopyOp, kernel::AsyncCommitOp, kernel::AsyncWaitOp, kernel::LoadFragmentOp,
                        kernel::MultiplyFragmentsOp>(op);
  if (isa<kernel::KernelDialect>(op->getDialect()) && !isa<kernel::DotOp>(op) && !isOfDevice)
    return "bodies are functions and loops";
  if ((isOfDevice || isa<gpu::GPUDialect>(op->getDialect())) && !isInDeviceBody(op))
    return "only bodies for a device (adze.device) have threads and barriers";
  if (isa<memref::AtomicRMWOp>(op) && isInDeviceBody(op))
    return "";
  if (isa<memref::MemRefDialect>(op->getDialect()) &&
      !isa<memref::LoadOp, memref::StoreOp, memref::ViewOp, memref::CastOp, memref::SubViewOp,
           memref::ExtractAlignedPointerAsIndexOp>(op))
    return "bodies take no memory and copy no buffers: they are given what they need";
  return "";
}

static std::string loopsRule(Operation *op, Place place) {
  return place == Place::Host ? hostOfPlacedRule(op) : bodyRule(op);
}

static std::string hostRule(Operation *op, Place place) {
  if (place == Place::Kernel)
    return bodyRule(op);
  if (isa<memref::MemRefDialect>(op->getDialect()))
    return "the host program's memory is the runtime's plans";
  if (place == Place::Top && isa<core::CoreDialect>(op->getDialect()) &&
      !(isa<core::ConstantOp>(op) && op->hasAttr("adze.offset")))
    return "only constants stand here, each with its place among the weights (adze.offset)";
  return "";
}

//===- the table
//---------------------------------------------------------------------------------------------------===//

// In order of the stages of compiler/Pipeline.cpp. Kernels come to be at stage kernels: before it there are none.
static constexpr StageContract kContracts[] = {
    {"onnx", {"func", "func onnx core", ""}, importedRule},
    {"core", {"func", "func core arith math scf tensor", ""}, coreRule},
    {"optimised", {"func", "func core arith math scf tensor", ""}, coreRule},
    {"kernels",
     {"func kernel", "func core kernel arith math scf tensor", "core kernel arith math scf tensor"},
     kernelsRule},
    {"placed",
     {"func kernel", "func core kernel arith math scf tensor", "core kernel arith math scf tensor"},
     placedRule,
     /*placed=*/true},
    {"loops",
     {"func", "func core kernel arith math scf tensor", "func kernel arith math scf vector memref gpu"},
     loopsRule,
     /*placed=*/true},
    {"host", {"func llvm core", "llvm memref", "func kernel arith math scf vector memref gpu llvm"}, hostRule},
};

bool StageContract::allows(StringRef dialect, Place place) const {
  StringRef rest = dialects[static_cast<int>(place)];
  while (!rest.empty()) {
    StringRef word;
    std::tie(word, rest) = rest.split(' ');
    if (word == dialect)
      return true;
  }
  return false;
}

const StageContract *adze::findContract(StringRef stage) {
  for (const StageContract &contract : kContracts)
    if (contract.stage == stage)
      return &contract;
  return nullptr;
}

SmallVector<StringRef> adze::contractNames() {
  SmallVector<StringRef> names;
  for (const StageContract &contract : kContracts)
    names.push_back(contract.stage);
  return names;
}

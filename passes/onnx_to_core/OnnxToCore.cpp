// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "passes/onnx_to_core/InputTypes.h"
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/Passes.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace adze {
#define GEN_PASS_DEF_ONNXTOCORE
#include "passes/onnx_to_core/Passes.h.inc"

namespace {
/// "Conv, opset 13, inputs tensor<..>, none": what a message says of a node beside its name, which is the location.
std::string describe(onnx::NodeOp node) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (!node.getDomain().empty())
    os << node.getDomain() << "::";
  os << node.getOpType() << ", opset " << node.getOpset();
  if (node.getNumPositions())
    os << ", inputs ";
  for (unsigned i = 0; i < node.getNumPositions(); ++i) {
    os << (i ? ", " : "");
    if (Value v = node.getInput(i))
      os << v.getType();
    else
      os << "none";
  }
  return text;
}

/// True while something is reported that names its node already: what lowers the node around it leaves it so.
thread_local bool described = false;

/// Reports an error of `node`, with its description.
void report(onnx::NodeOp node, const Twine &message) {
  llvm::SaveAndRestore<bool> now(described, true);
  emitError(node.getLoc()) << describe(node) << ": " << message;
}

/// Prefixes what is reported while a node is lowered with the node's description.
class NodeDiagnostics : public ScopedDiagnosticHandler {
public:
  NodeDiagnostics(onnx::NodeOp node) : ScopedDiagnosticHandler(node->getContext()) {
    setHandler([node](Diagnostic &d) {
      if (d.getSeverity() != DiagnosticSeverity::Error || described)
        return failure();
      report(node, d.str());
      return success();
    });
  }
};

/// Says that nobody lowers this node, and why.
void reportUnsupported(onnx::NodeOp node) {
  auto first = OpTable::get().firstOpset(node.getDomain(), node.getOpType());
  if (first)
    report(node, "supported from opset " + Twine(*first) + " on: onnx.version_converter can raise the model's");
  else if (node.getDomain().empty())
    report(node, "the operator is not supported; expected one of ONNX's that Adze knows, or a function of the model");
  else
    report(node,
           "the operator is not supported: a domain other than ONNX's needs a function of this name in the model");
}
} // namespace

/// True if every operand's type is known, so a failure here is the node's own.
static bool operandsKnown(onnx::NodeOp node) {
  return llvm::none_of(node->getOperandTypes(), [](Type t) { return isa<onnx::AnyType>(t); });
}

LogicalResult lowerNode(onnx::NodeOp node) {
  LowerFn lower = OpTable::get().find(node.getDomain(), node.getOpType(), node.getOpset());
  if (!lower) {
    reportUnsupported(node);
    return failure();
  }
  if (!operandsKnown(node))
    return failure(); // what makes the operand has been reported
  CoreBuilder builder(node);
  {
    NodeDiagnostics prefix(node);
    if (failed(checkInputTypes(builder)) || failed(lower(builder)) || builder.hasWrongAttribute())
      return failure();
  }
  for (auto [result, value] : llvm::zip(node.getOutputs(), builder.results))
    if (value)
      result.replaceAllUsesWith(value);
  node.erase();
  return success();
}

LogicalResult lowerNodes(Block &block) {
  bool allLowered = true;
  for (Operation &op : llvm::make_early_inc_range(block))
    if (auto node = dyn_cast<onnx::NodeOp>(op))
      allLowered &= succeeded(lowerNode(node));
  return success(allLowered);
}

namespace {
struct OnnxToCore : impl::OnnxToCoreBase<OnnxToCore> {
  void runOnOperation() override {
    bool allLowered = true;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isDeclaration())
        continue;
      allLowered &= succeeded(lowerNodes(function.getBody().front()));
      Operation *end = function.getBody().front().getTerminator();
      function.setType(FunctionType::get(&getContext(), function.getArgumentTypes(), end->getOperandTypes()));
    }
    if (!allLowered)
      signalPassFailure();
  }
};
} // namespace
} // namespace adze

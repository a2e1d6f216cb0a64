// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Graphs as onnx.node ops: names become values, subgraphs regions, calls of model-local functions the functions' nodes.
#pragma once
#include "compiler/import/ExposedValues.h"
#include "compiler/import/Frame.h"
#include "compiler/import/Import.h"
#include "compiler/import/TensorData.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <set>

namespace adze {

/// Imports the main graph of one model.
class GraphImporter {
public:
  GraphImporter(const ::onnx::ModelProto &model, TensorReader &tensors, const ImportOptions &options,
                mlir::ModuleOp module);

  /// Adds @main to the module; fails after errors were reported.
  mlir::LogicalResult run();

private:
  // GraphImporter.cpp: the main graph, and what a graph is made of.
  mlir::LogicalResult importInputs(mlir::func::FuncOp function);
  mlir::FailureOr<mlir::Type> pinDims(mlir::Type type, llvm::ArrayRef<std::string> names, mlir::Location loc);
  mlir::LogicalResult checkDims(const std::set<std::string> &dimNames);
  mlir::LogicalResult importBody(const ::onnx::GraphProto &graph, mlir::OpBuilder &b);
  mlir::LogicalResult importInitializers(const ::onnx::GraphProto &graph, mlir::OpBuilder &b);
  mlir::LogicalResult importRegion(const ::onnx::GraphProto &graph, Frame &in, mlir::Region &region,
                                   llvm::StringRef name, mlir::Location loc);
  mlir::LogicalResult importOutputs(mlir::func::FuncOp function, mlir::OpBuilder &b);
  mlir::LogicalResult define(llvm::StringRef name, mlir::Value value, mlir::Location loc);

  // NodeImporter.cpp: nodes.
  struct Attributes {
    mlir::NamedAttrList values;
    llvm::SmallVector<mlir::Attribute> graphNames;
    llvm::SmallVector<GivenAttribute> graphs;
  };
  mlir::LogicalResult importNode(const ::onnx::NodeProto &node, mlir::Location loc, mlir::OpBuilder &b);
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> importOperands(const ::onnx::NodeProto &node, mlir::Location loc);
  mlir::LogicalResult importAttributes(const ::onnx::NodeProto &node, Attributes &to, mlir::Location loc);
  mlir::FailureOr<GivenAttribute> resolve(const ::onnx::AttributeProto &attribute, mlir::Location loc);
  mlir::FailureOr<int64_t> opsetOf(const ::onnx::NodeProto &node, mlir::Location loc);
  mlir::Location nodeLocation(const ::onnx::NodeProto &node);
  std::string qualifiedOp(const ::onnx::NodeProto &node);
  std::optional<std::pair<int64_t, const ::onnx::FunctionProto *>> findOpset(const ::onnx::NodeProto &node);
  void noteValues(const ::onnx::NodeProto &node, mlir::Location loc);

  // Calls.cpp: model-local functions.
  mlir::LogicalResult readFunctions();
  const ::onnx::FunctionProto *calledFunction(const ::onnx::NodeProto &node);
  mlir::LogicalResult importCall(const ::onnx::NodeProto &node, const ::onnx::FunctionProto &function,
                                 mlir::Location loc, mlir::OpBuilder &b);
  mlir::LogicalResult bindInputs(const ::onnx::NodeProto &node, Frame &callee, mlir::Location loc);
  mlir::LogicalResult bindAttributes(const ::onnx::NodeProto &node, Frame &callee, mlir::Location loc);
  mlir::LogicalResult charge(const ::onnx::NodeProto &node, mlir::Location loc);

  const ::onnx::ModelProto &model;
  TensorReader &tensors;
  const ImportOptions &options;
  mlir::ModuleOp module;
  mlir::MLIRContext &context;
  /// By function; the main graph's under null.
  std::map<const ::onnx::FunctionProto *, Opsets> opsets;
  llvm::StringMap<const ::onnx::FunctionProto *> functions;
  ExposedValues exposed;                            ///< of the nodes seen so far, if wanted
  Frame *frame = nullptr;                           ///< of the node being imported
  std::vector<const ::onnx::FunctionProto *> calls; ///< in progress
  size_t nesting = 0;                               ///< subgraphs in progress
  size_t inlined = 0;                               ///< what functions have cost so far
  size_t nodes = 0;                                 ///< nodes seen so far
  llvm::StringMap<unsigned> locations;              ///< names of locations, with the number of times each was asked for
  llvm::DenseMap<const ::onnx::AttributeProto *, mlir::Attribute> imported; ///< functions are inlined often
};

} // namespace adze

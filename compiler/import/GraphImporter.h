// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Graphs as onnx.node ops: names become values, subgraphs regions.
#pragma once
#include "compiler/import/Import.h"
#include "compiler/import/TensorData.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

namespace adze {

/// Imports the main graph of one model, functions having been inlined.
class GraphImporter {
public:
  GraphImporter(const ::onnx::ModelProto &model, TensorReader &tensors, const ImportOptions &options,
                mlir::ModuleOp module);

  /// Adds @main to the module; fails after errors were reported.
  mlir::LogicalResult run();

private:
  using Scope = llvm::StringMap<mlir::Value>;

  mlir::LogicalResult readOpsets();
  mlir::LogicalResult importInputs(mlir::func::FuncOp function);
  mlir::FailureOr<mlir::Type> pinDims(mlir::Type type, llvm::ArrayRef<std::string> names, mlir::Location loc);
  mlir::LogicalResult importBody(const ::onnx::GraphProto &graph, mlir::OpBuilder &b);
  mlir::LogicalResult importNode(const ::onnx::NodeProto &node, size_t number, mlir::OpBuilder &b);
  mlir::FailureOr<mlir::Attribute> importAttribute(const ::onnx::AttributeProto &attribute, mlir::Location loc);
  mlir::LogicalResult importRegion(const ::onnx::GraphProto &graph, mlir::Region &region, mlir::Location loc);
  mlir::LogicalResult importOutputs(mlir::func::FuncOp function, mlir::OpBuilder &b);
  mlir::FailureOr<int64_t> opsetOf(const ::onnx::NodeProto &node, mlir::Location loc);

  mlir::Value find(llvm::StringRef name);
  mlir::LogicalResult define(llvm::StringRef name, mlir::Value value, mlir::Location loc);
  mlir::Location nodeLocation(const ::onnx::NodeProto &node, size_t number);

  const ::onnx::ModelProto &model;
  TensorReader &tensors;
  const ImportOptions &options;
  mlir::ModuleOp module;
  mlir::MLIRContext &context;
  std::map<std::string, int64_t> opsets;
  std::vector<Scope> scopes;
};

} // namespace adze

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which ONNX operators are supported, from which opset on, and how each becomes core ops.
#pragma once
#include "passes/onnx_to_core/Builder.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace adze {

/// Lowers one node: `b` builds before it and knows its location. On success `b.node`'s results are given by b.results;
/// on failure the reason has been reported by b.error().
using LowerFn = mlir::LogicalResult (*)(CoreBuilder &b);

/// The lowerings by domain and operator; each is good from opset `since` on.
class OpTable {
public:
  /// The table with all families in it.
  static const OpTable &get();

  /// Registers `fn` for operator `type` of the domain "" from opset `since` on.
  void onOp(llvm::StringRef type, int64_t since, LowerFn fn) { onOp("", type, since, fn); }
  void onOp(llvm::StringRef domain, llvm::StringRef type, int64_t since, LowerFn fn);

  /// The lowering with the greatest `since` that is not above `opset`, or null.
  LowerFn find(llvm::StringRef domain, llvm::StringRef type, int64_t opset) const;
  /// The first opset that the operator is supported in; nothing if in none.
  std::optional<int64_t> firstOpset(llvm::StringRef domain, llvm::StringRef type) const;
  /// The name of an operator in tables: "Domain::Op", or "Op" of ONNX's own domain.
  static std::string key(llvm::StringRef domain, llvm::StringRef type);
  /// "Domain::Op since N", sorted: what `adze-opt --list-onnx-ops` prints.
  std::vector<std::string> list() const;

private:
  llvm::StringMap<llvm::SmallVector<std::pair<int64_t, LowerFn>, 1>> entries;
};

/// Lowers all nodes of a block in order; reports every one that fails. For subgraphs, by the lowering of the node that
/// owns them, once it has given the block's arguments their types.
mlir::LogicalResult lowerNodes(mlir::Block &block);

// One function a family, each in the file of its name; OpTable::get calls them all.
void addElementwiseOps(OpTable &table);
void addActivationOps(OpTable &table);
void addCastOps(OpTable &table);
void addConstantOps(OpTable &table);
void addReshapeOps(OpTable &table);
void addMovementOps(OpTable &table);
void addSliceOps(OpTable &table);
void addReductionOps(OpTable &table);
void addIndexingOps(OpTable &table);
void addSelectionOps(OpTable &table);
void addCol2ImOps(OpTable &table);
void addControlFlowOps(OpTable &table);
void addContractionOps(OpTable &table);
void addConvolutionOps(OpTable &table);
void addPoolingOps(OpTable &table);
void addConvTransposeOps(OpTable &table);
void addNormalizationOps(OpTable &table);
void addResizeOps(OpTable &table);
void addGridSampleOps(OpTable &table);
void addAttentionOps(OpTable &table);
void addQuantizationOps(OpTable &table);
void addLossOps(OpTable &table);
void addRecurrentOps(OpTable &table);
void addLinearAttentionOps(OpTable &table);
void addSignalOps(OpTable &table);
void addEinsumOps(OpTable &table);
void addDetectionOps(OpTable &table);
void addTrainingOps(OpTable &table);

} // namespace adze

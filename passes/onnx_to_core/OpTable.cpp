// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/onnx_to_core/OpTable.h"

using namespace mlir;
using namespace adze;

std::string OpTable::key(StringRef domain, StringRef type) {
  return (domain == "ai.onnx" || domain.empty() ? type : Twine(domain + "::" + type).str()).str();
}

const OpTable &OpTable::get() {
  static const OpTable table = [] {
    OpTable t;
    addElementwiseOps(t);
    addActivationOps(t);
    addCastOps(t);
    addConstantOps(t);
    addReshapeOps(t);
    addMovementOps(t);
    addSliceOps(t);
    addReductionOps(t);
    addIndexingOps(t);
    addSelectionOps(t);
    addCol2ImOps(t);
    addControlFlowOps(t);
    addContractionOps(t);
    addConvolutionOps(t);
    addPoolingOps(t);
    addConvTransposeOps(t);
    addNormalizationOps(t);
    addResizeOps(t);
    addGridSampleOps(t);
    addAttentionOps(t);
    addQuantizationOps(t);
    addLossOps(t);
    addRecurrentOps(t);
    addLinearAttentionOps(t);
    addSignalOps(t);
    addEinsumOps(t);
    addDetectionOps(t);
    addTrainingOps(t);
    return t;
  }();
  return table;
}

void OpTable::onOp(StringRef domain, StringRef type, int64_t since, LowerFn fn) {
  entries[key(domain, type)].push_back({since, fn});
}

LowerFn OpTable::find(StringRef domain, StringRef type, int64_t opset) const {
  LowerFn best = nullptr;
  int64_t bestSince = -1;
  if (auto it = entries.find(key(domain, type)); it != entries.end())
    for (auto [since, fn] : it->second)
      if (since <= opset && since > bestSince) {
        best = fn;
        bestSince = since;
      }
  return best;
}

std::optional<int64_t> OpTable::firstOpset(StringRef domain, StringRef type) const {
  std::optional<int64_t> first;
  if (auto it = entries.find(key(domain, type)); it != entries.end())
    for (auto [since, fn] : it->second)
      first = first ? std::min(*first, since) : since;
  return first;
}

std::vector<std::string> OpTable::list() const {
  std::vector<std::string> lines;
  for (auto &entry : entries)
    for (auto [since, fn] : entry.second)
      lines.push_back((entry.first() + " since " + Twine(since)).str());
  llvm::sort(lines);
  return lines;
}

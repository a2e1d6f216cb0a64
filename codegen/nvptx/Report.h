// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The report on kernels for a card: what they ask of it, and how long they will take at least.
#pragma once
#include "codegen/common/gpu/Cost.h"
#include "codegen/nvptx/Assemble.h"
#include "codegen/nvptx/Cards.h"
#include <map>

namespace adze::nvptx {

class Report final : public DeviceReport {
public:
  /// `best`: the one of the chips compiled for whose code the card runs.
  Report(const Card &card, Chip best) : card(card), best(best) {}

  void learn(mlir::ModuleOp module) override;
  mlir::LogicalResult learnImages(llvm::ArrayRef<DeviceImage> texts, mlir::Location loc) override;
  std::string write() const override;

private:
  struct Kernel {
    std::string name, nodes, operators, hostReason, kind;
    bool onDevice = false;
    int64_t launches = 0; ///< in the program's text
    std::optional<int64_t> blocks;
    int64_t threads = 0, sharedBytes = 0;
    gpu::Cost cost;
    std::optional<KernelResources> resources;
    bool usesMatrixUnits = false;
  };

  void learnKernels(mlir::ModuleOp module);
  void learnFunctions(mlir::ModuleOp module);
  std::optional<double> boundOf(const Kernel &kernel, bool usesMatrixUnits) const;
  std::optional<double> predict(const Kernel &kernel) const;
  double arithmeticSeconds(const Kernel &kernel, bool usesMatrixUnits) const;

  const Card &card;
  Chip best;
  std::vector<Kernel> kernels;
  std::map<std::string, size_t> byName;
  std::string assembler;

  friend class ReportWriter;
};

} // namespace adze::nvptx

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/HostKernels.h"
#include "dialects/kernel/Kernel.h"

using namespace mlir;

static std::string textOf(Operation *op, StringRef attribute) {
  auto text = op->getAttrOfType<StringAttr>(attribute);
  return text ? text.getValue().str() : "";
}

std::vector<adze::HostKernel> adze::hostKernels(ModuleOp module) {
  std::vector<HostKernel> kernels;
  for (auto kernel : module.getOps<kernel::FuncOp>())
    if (kernel->hasAttr(kernel::kHostReasonAttr))
      kernels.push_back({kernel.getSymName().str(), textOf(kernel, "adze.nodes"), textOf(kernel, "adze.operators"),
                         textOf(kernel, kernel::kHostReasonAttr)});
  return kernels;
}

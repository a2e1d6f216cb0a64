// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Kernels.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/SymbolTable.h"
#include <atomic>
#include <mutex>
#include <thread>

using namespace mlir;
using namespace adze;

/// Each kernel's body in a module of its own. Bodies that no launch names are dropped.
static FailureOr<std::vector<OwningOpRef<ModuleOp>>> splitKernels(ModuleOp module, const host::Program &program) {
  SymbolTable symbols(module);
  std::vector<OwningOpRef<ModuleOp>> kernels;
  for (const host::Kernel &kernel : program.kernels) {
    auto body = symbols.lookup<func::FuncOp>(kernel.symbol);
    if (!body)
      return module.emitError() << "kernel '" << kernel.symbol << "' has no body";
    kernels.push_back(ModuleOp::create(body.getLoc()));
    body->moveBefore(kernels.back()->getBody(), kernels.back()->getBody()->end());
  }
  for (auto unused : llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
    if (unused->hasAttr(host::kKernelAttr))
      unused.erase();
  return kernels;
}

/// "k3 (conv1;relu1)": a kernel for a user who knows the model's nodes.
static std::string label(const host::Kernel &kernel) {
  constexpr size_t kMaxNodes = 100;
  std::string nodes = kernel.nodes.size() > kMaxNodes ? kernel.nodes.substr(0, kMaxNodes) + "..." : kernel.nodes;
  return nodes.empty() ? kernel.symbol : kernel.symbol + " (" + nodes + ")";
}

FailureOr<std::vector<Emitted>> adze::compileKernels(ModuleOp module, const host::Program &program,
                                                     const Target &target, const EmitOptions &options, unsigned jobs,
                                                     const Progress &progress) {
  auto kernels = splitKernels(module, program);
  if (failed(kernels))
    return failure();
  target.loadDialects(*module.getContext());
  unsigned count = kernels->size();
  std::vector<Emitted> objects(count);
  std::atomic<unsigned> next(0);
  std::atomic<bool> failedAny(false);
  std::mutex progressLock;
  unsigned done = 0;
  auto tell = [&](unsigned i, bool ends) {
    std::lock_guard<std::mutex> guard(progressLock);
    done += ends;
    if (progress)
      progress({"emit", done, count, label(program.kernels[i]), ends});
  };
  auto work = [&] {
    for (unsigned i; !failedAny && (i = next++) < count;) {
      tell(i, /*ends=*/false); // before: should the back end abort, this is known
      auto object = target.compileKernel(*(*kernels)[i], options);
      if (failed(object)) {
        failedAny = true;
        return;
      }
      objects[i] = std::move(*object);
      tell(i, /*ends=*/true);
    }
  };
  unsigned threads = jobs ? jobs : std::max(1u, std::thread::hardware_concurrency());
  if (!module.getContext()->isMultithreadingEnabled())
    threads = 1;
  std::vector<std::thread> others;
  for (unsigned i = 1; i < std::min(threads, count); ++i)
    others.emplace_back(work);
  work();
  for (std::thread &thread : others)
    thread.join();
  if (failedAny)
    return failure();
  return objects;
}

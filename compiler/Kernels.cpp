// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Kernels.h"
#include "dialects/kernel/Kernel.h"
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

namespace {
/// Compiles kernels one by one, from several threads.
class KernelCompilation {
public:
  KernelCompilation(std::vector<OwningOpRef<ModuleOp>> kernels, const host::Program &program, const Targets &targets,
                    const EmitOptions &options, const Progress &progress)
      : kernels(std::move(kernels)), program(program), targets(targets), options(options), progress(progress),
        code(this->kernels.size()) {}

  LogicalResult run(unsigned threads) {
    std::vector<std::thread> others;
    for (unsigned i = 1; i < std::min<size_t>(threads, kernels.size()); ++i)
      others.emplace_back([&] { work(); });
    work();
    for (std::thread &thread : others)
      thread.join();
    return failure(failedAny);
  }

  FailureOr<KernelCode> collect(Location loc) {
    KernelCode out;
    for (auto &kernel : code)
      if (!kernel.isDevice)
        out.objects.push_back(std::move(kernel.parts[0]));
    const DeviceTarget *device = targets.device();
    for (unsigned machine = 0; device && machine < device->machines().size(); ++machine) {
      std::vector<Emitted> texts;
      for (auto &kernel : code)
        if (kernel.isDevice)
          texts.push_back(std::move(kernel.parts[machine]));
      if (texts.empty())
        break;
      auto image = device->link(machine, texts, loc);
      if (failed(image))
        return failure();
      out.images.push_back(std::move(*image));
    }
    return out;
  }

private:
  struct Code {
    bool isDevice = false;
    std::vector<Emitted> parts; ///< one, or one for each of the device's machines
  };

  void tell(unsigned i, bool ends) {
    std::lock_guard<std::mutex> guard(progressLock);
    done += ends;
    if (progress)
      progress({"emit", done, unsigned(kernels.size()), label(program.kernels[i]), ends});
  }

  void work() {
    for (unsigned i; !failedAny && (i = next++) < kernels.size();) {
      tell(i, /*ends=*/false); // before: should the back end abort, this is known
      if (failed(compile(i))) {
        failedAny = true;
        return;
      }
      tell(i, /*ends=*/true);
    }
  }

  LogicalResult compile(unsigned i) {
    ModuleOp kernel = *kernels[i];
    const DeviceTarget *device = targets.device();
    code[i].isDevice = device && (*kernel.getOps<func::FuncOp>().begin())->hasAttr(kernel::kDeviceAttr);
    unsigned count = code[i].isDevice ? device->machines().size() : 1;
    for (unsigned machine = 0; machine < count; ++machine) {
      auto part = code[i].isDevice ? device->compileFor(machine, kernel, options)
                                   : targets.kernels().compileKernel(kernel, options);
      if (failed(part))
        return failure();
      code[i].parts.push_back(std::move(*part));
    }
    return success();
  }

  std::vector<OwningOpRef<ModuleOp>> kernels;
  const host::Program &program;
  const Targets &targets;
  const EmitOptions &options;
  const Progress &progress;
  std::vector<Code> code;
  std::atomic<unsigned> next{0};
  std::atomic<bool> failedAny{false};
  std::mutex progressLock;
  unsigned done = 0;
};
} // namespace

FailureOr<KernelCode> adze::compileKernels(ModuleOp module, const host::Program &program, const Targets &targets,
                                           const EmitOptions &options, unsigned jobs, const Progress &progress) {
  auto kernels = splitKernels(module, program);
  if (failed(kernels))
    return failure();
  targets.kernels().loadDialects(*module.getContext());
  if (targets.device())
    targets.device()->loadDialects(*module.getContext());
  unsigned threads = jobs ? jobs : std::max(1u, std::thread::hardware_concurrency());
  if (!module.getContext()->isMultithreadingEnabled())
    threads = 1;
  KernelCompilation compilation(std::move(*kernels), program, targets, options, progress);
  if (failed(compilation.run(threads)))
    return failure();
  return compilation.collect(module.getLoc());
}

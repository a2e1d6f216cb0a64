// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mlir-opt with Adze's dialects and passes.
#include "compiler/InitAll.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"
#include <mutex>

using namespace mlir;

static llvm::cl::opt<bool>
    printMatchFailures("print-match-failures",
                       llvm::cl::desc("Print why rewrite patterns of Adze's passes do not apply"));

namespace {
/// Prints one line a reason: place, pattern, op, reason.
class MatchFailurePrinter : public RewriterBase::Listener {
public:
  void notifyPatternBegin(const Pattern &pattern, Operation *op) override {
    StringRef name = pattern.getDebugName();
    attempt = (name.substr(name.rfind(':') + 1) + " on '" + op->getName().getStringRef() + "'").str();
  }
  void notifyMatchFailure(Location loc, llvm::function_ref<void(Diagnostic &)> reason) override {
    Diagnostic text(loc, DiagnosticSeverity::Remark);
    reason(text);
    std::lock_guard<std::mutex> lock(mutex);
    if (auto at = loc->findInstanceOf<FileLineColLoc>())
      llvm::errs() << at.getFilename().getValue() << ":" << at.getLine() << ":" << at.getColumn();
    else
      llvm::errs() << loc;
    llvm::errs() << ": " << attempt << ": " << text << "\n";
  }

private:
  static thread_local std::string attempt;
  std::mutex mutex;
};
thread_local std::string MatchFailurePrinter::attempt;
} // namespace

int main(int argc, char **argv) {
  MatchFailurePrinter printer;
  DialectRegistry registry;
  adze::registerDialects(registry);
  adze::registerPasses();
  adze::registerRewriteListener(registry,
                                [&]() -> RewriterBase::Listener * { return printMatchFailures ? &printer : nullptr; });
  return asMainReturnCode(MlirOptMain(argc, argv, "Adze's optimiser driver\n", registry));
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "passes/common/Rewrite.h"
#include "passes/core_to_loops/Passes.h"

using namespace mlir;

namespace adze {
#define GEN_PASS_DEF_APPROXIMATEMATH
#include "passes/core_to_loops/Passes.h.inc"

namespace {
struct ApproximateMath : impl::ApproximateMathBase<ApproximateMath> {
  void runOnOperation() override {
    // Those that are accurate over all of their range; the others stay calls of the math library.
    static constexpr StringLiteral names[] = {"math.exp",  "math.expm1", "math.log", "math.log1p",
                                              "math.log2", "math.tanh",  "math.erf"};
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns,
                                                [](StringRef name) { return llvm::is_contained(names, name); });
    if (failed(rewriteGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace adze

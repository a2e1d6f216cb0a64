// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/common/Memory.h"
#include "passes/verify_stage/Passes.h"
#include "passes/verify_stage/StageContracts.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace adze {
#define GEN_PASS_DEF_VERIFYSTAGE
#include "passes/verify_stage/Passes.h.inc"

namespace {
/// One walk over a module; stops at the first op that breaks the contract.
class Check {
public:
  explicit Check(const StageContract &contract) : contract(contract) {}

  LogicalResult run(ModuleOp module) {
    if (contract.placed)
      memories.emplace(module);
    for (Operation &top : *module.getBody()) {
      if (failed(check(&top, Place::Top)))
        return failure();
      Place place = placeInside(&top);
      WalkResult result = top.walk([&](Operation *op) {
        return op == &top || succeeded(check(op, place)) ? WalkResult::advance() : WalkResult::interrupt();
      });
      if (result.wasInterrupted())
        return failure();
    }
    return success();
  }

private:
  LogicalResult check(Operation *op, Place place) {
    if (!allows(op->getDialect(), place))
      return report(op, place, "of dialect '" + op->getName().getDialectNamespace().str() + "'");
    std::string wrong = contract.rule(op, place);
    if (wrong.empty() && memories && place == Place::Host)
      wrong = memories->misplaced(op);
    return wrong.empty() ? success() : report(op, place, wrong);
  }

  bool allows(Dialect *dialect, Place place) {
    auto [it, isNew] = allowed.try_emplace({dialect, int(place)}, false);
    if (isNew)
      it->second = dialect && contract.allows(dialect->getNamespace(), place);
    return it->second;
  }

  LogicalResult report(Operation *op, Place place, const std::string &why) {
    return op->emitOpError() << "has no place in " << toString(place) << " at stage '" << contract.stage << "': " << why
                             << "; pipeline adze-stage-" << contract.stage << " broke its contract";
  }

  const StageContract &contract;
  std::optional<Memories> memories; ///< of stages whose tensors are placed
  llvm::DenseMap<std::pair<Dialect *, int>, bool> allowed;
};

struct VerifyStage : impl::VerifyStageBase<VerifyStage> {
  using Base::Base;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    const StageContract *contract = findContract(stage);
    if (!contract) {
      getOperation().emitError() << "there is no contract of stage '" << stage
                                 << "'; stages: " << llvm::join(contractNames(), ", ");
      return signalPassFailure();
    }
    if (failed(Check(*contract).run(getOperation())))
      signalPassFailure();
  }
};
} // namespace
} // namespace adze

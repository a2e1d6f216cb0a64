// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/placement/HostLaunches.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/common/Memory.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/PointerUnion.h"

using namespace mlir;
using namespace adze;

/// Elements of a tensor that only sizes and branches are computed from.
static constexpr int64_t kShapeElements = 64;

namespace {
/// Launches and carried values that may keep to the host: at first all that are small, then without those that one that
/// is none of them makes or reads, until all fit together.
class Candidates {
public:
  Candidates(ModuleOp module, func::FuncOp main, int64_t threshold) : memories(module), threshold(threshold) {
    main.walk([&](Operation *op) {
      if (auto launch = dyn_cast<kernel::LaunchOp>(op); launch && onDevice(launch) && isSmall(launch))
        launches.insert(launch);
      addCarried(op->getResults());
      for (Region &region : op->getRegions())
        for (Block &block : region)
          addCarried(block.getArguments());
    });
    prune();
  }

  bool contains(kernel::LaunchOp launch) const { return launches.contains(launch); }

private:
  using Node = llvm::PointerUnion<Operation *, Value>;

  bool onDevice(kernel::LaunchOp launch) { return memories.ofKernel(launch.getKernel()) == kernel::Memory::device; }

  bool isSmall(Type type) const {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return !tensor || (tensor.hasStaticShape() && tensor.getNumElements() <= std::max(threshold, kShapeElements));
  }
  bool isSmall(kernel::LaunchOp launch) const {
    auto small = [&](Type type) { return isSmall(type); };
    return llvm::all_of(launch.getOperandTypes(), small) && llvm::all_of(launch.getResultTypes(), small);
  }
  /// Whether a value of this type is for the host whatever it is used for there.
  bool isUnderThreshold(Type type) const { return cast<RankedTensorType>(type).getNumElements() <= threshold; }

  void addCarried(ValueRange values) {
    for (Value value : values) {
      SmallVector<Value> sources;
      if (isPlaceable(value.getType()) && isSmall(value.getType()))
        carriedTo(value, sources);
      if (!sources.empty())
        carried.insert(value);
    }
  }

  bool liesOnHost(Value value) {
    Value made = shownBy(value);
    if (auto launch = made.getDefiningOp<kernel::LaunchOp>())
      return !onDevice(launch) || launches.contains(launch);
    return carried.contains(made) || memories.madeIn(made) == kernel::Memory::host;
  }

  /// Whether all that reads `value` may do so on the host.
  bool isReadByHost(Value value) {
    SmallVector<Value> open{value};
    while (!open.empty())
      for (OpOperand &use : open.pop_back_val().getUses()) {
        Operation *user = use.getOwner();
        if (Value other = receiver(use)) {
          if (!carried.contains(other))
            return false;
        } else if (isa<kernel::CopyOp>(user)) {
          return false;
        } else if (launches.contains(user)) {
          continue;
        } else if (auto memory = memories.demanded(use)) {
          bool isShape = isa<tensor::ExtractOp>(user);
          if (*memory == kernel::Memory::device || (!isShape && !isUnderThreshold(value.getType())))
            return false;
        } else if (!isa<tensor::DimOp>(user)) {
          open.append(user->result_begin(), user->result_end());
        }
      }
    return true;
  }

  bool fits(kernel::LaunchOp launch) {
    auto onHost = [&](Value operand) { return !isPlaceable(operand.getType()) || liesOnHost(operand); };
    return llvm::all_of(launch.getOperands(), onHost) &&
           llvm::all_of(launch.getResults(), [&](Value result) { return isReadByHost(result); });
  }
  bool fits(Value value) {
    SmallVector<Value> sources;
    carriedTo(value, sources);
    Value argument = becomesResult(value);
    return llvm::all_of(sources, [&](Value source) { return liesOnHost(source); }) && isReadByHost(value) &&
           (!argument || carried.contains(argument)) &&
           llvm::all_of(resultsOf(value), [&](Value result) { return carried.contains(result); });
  }
  /// The results of a loop that the block argument `value` becomes.
  static SmallVector<Value> resultsOf(Value value) {
    SmallVector<Value> results;
    if (auto argument = dyn_cast<BlockArgument>(value))
      for (Value result : argument.getOwner()->getParentOp()->getResults())
        if (becomesResult(result) == value)
          results.push_back(result);
    return results;
  }

  /// What may no longer fit when `made`, a launch's result or a carried value, is no candidate any more.
  void pushReaders(Value made, SmallVectorImpl<Node> &open) {
    SmallVector<Value> values{made};
    while (!values.empty())
      for (OpOperand &use : values.pop_back_val().getUses()) {
        Operation *user = use.getOwner();
        if (Value other = receiver(use))
          open.push_back(other);
        else if (isa<kernel::LaunchOp>(user))
          open.push_back(user);
        else if (!memories.demanded(use) && !isa<kernel::CopyOp, tensor::DimOp>(user))
          values.append(user->result_begin(), user->result_end());
      }
  }
  void pushMaker(Value read, SmallVectorImpl<Node> &open) {
    Value made = shownBy(read);
    if (auto launch = made.getDefiningOp<kernel::LaunchOp>())
      open.push_back(launch.getOperation());
    else
      open.push_back(made);
  }

  void prune() {
    SmallVector<Node> open;
    open.append(launches.begin(), launches.end());
    open.append(carried.begin(), carried.end());
    while (!open.empty()) {
      Node node = open.pop_back_val();
      SmallVector<Value> read, made;
      if (auto *op = dyn_cast<Operation *>(node)) {
        if (!launches.contains(op) || fits(cast<kernel::LaunchOp>(op)))
          continue;
        launches.erase(op);
        llvm::append_range(read, op->getOperands());
        llvm::append_range(made, op->getResults());
      } else {
        Value value = cast<Value>(node);
        if (!carried.contains(value) || fits(value))
          continue;
        carried.erase(value);
        carriedTo(value, read);
        made.push_back(value);
        if (Value argument = becomesResult(value))
          open.push_back(argument);
        for (Value result : resultsOf(value))
          open.push_back(result);
      }
      for (Value value : read)
        pushMaker(value, open);
      for (Value value : made)
        pushReaders(value, open);
    }
  }

  Memories memories;
  int64_t threshold;
  llvm::DenseSet<Operation *> launches;
  llvm::DenseSet<Value> carried;
};
} // namespace

/// The kernel without its schedule: itself, if the device runs it nowhere else.
static kernel::FuncOp hostKernel(kernel::FuncOp kernel, bool alsoOnDevice, SymbolTable &symbols) {
  if (alsoOnDevice) {
    kernel = kernel.clone();
    kernel.setSymName((kernel.getSymName() + "_host").str());
    symbols.insert(kernel);
  }
  kernel.removeScheduleAttr();
  kernel->setAttr(kernel::kHostReasonAttr,
                  StringAttr::get(kernel.getContext(), "few elements, from and to the host's memory"));
  return kernel;
}

void placement::keepOnHost(ModuleOp module, func::FuncOp main, int64_t threshold) {
  Candidates candidates(module, main, threshold);
  llvm::MapVector<StringAttr, SmallVector<kernel::LaunchOp>> kept;
  llvm::DenseMap<StringAttr, size_t> all;
  main.walk([&](kernel::LaunchOp launch) {
    StringAttr name = launch.getKernelAttr().getAttr();
    ++all[name];
    if (candidates.contains(launch))
      kept[name].push_back(launch);
  });
  if (kept.empty())
    return;
  SymbolTable symbols(module);
  for (auto &[name, launches] : kept) {
    kernel::FuncOp kernel = hostKernel(symbols.lookup<kernel::FuncOp>(name), all[name] > launches.size(), symbols);
    for (kernel::LaunchOp launch : launches)
      launch.setKernel(kernel.getSymName());
  }
}

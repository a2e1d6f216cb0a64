// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/placement/Classes.h"
#include "dialects/core/Core.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace adze;
using namespace adze::placement;

bool placement::repeats(Operation *op) { return !isa<scf::IfOp, func::FuncOp>(op); }

Classes::Classes(func::FuncOp main, const Memories &memories) : memories(memories) {
  number(main);
  join();
  findDemands(main);
  choose();
}

void Classes::number(func::FuncOp main) {
  auto add = [&](ValueRange values) {
    for (Value value : values) {
      SmallVector<Value> sources;
      if (isPlaceable(value.getType()))
        carriedTo(value, sources);
      if (!sources.empty())
        numbers.insert({value, numbers.size()});
    }
  };
  main.walk([&](Operation *op) {
    add(op->getResults());
    for (Region &region : op->getRegions())
      for (Block &block : region)
        add(block.getArguments());
  });
}

void Classes::join() {
  classes.grow(numbers.size());
  for (auto [value, number] : numbers) {
    SmallVector<Value> others;
    carriedTo(value, others);
    if (Value argument = becomesResult(value))
      others.push_back(argument);
    for (Value other : others)
      if (auto found = numbers.find(shownBy(other)); found != numbers.end())
        classes.join(number, found->second);
  }
  classes.compress();
}

void Classes::findDemands(func::FuncOp main) {
  main.walk([&](Operation *op) {
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isPlaceable(operand.get().getType()))
        continue;
      if (auto memory = memories.demanded(operand)) {
        Demand &demand = demands[shownBy(operand.get())];
        (*memory == kernel::Memory::device ? demand.device : demand.host) = true;
      }
    }
  });
}

/// How often a copy of `value` is made, as far as is known.
static int64_t weight(Value value) {
  constexpr int64_t kTurns = 8; // of a loop whose number of turns is not known
  constexpr unsigned kDeepest = 12;
  int64_t times = 1;
  unsigned depth = 0;
  for (Operation *op = value.getParentBlock()->getParentOp(); op && depth < kDeepest; op = op->getParentOp())
    if (!isa<ModuleOp>(op) && repeats(op)) {
      times *= kTurns;
      ++depth;
    }
  return times;
}

void Classes::choose() {
  SmallVector<Cost> costs(classes.getNumClasses());
  llvm::DenseSet<std::pair<unsigned, Value>> counted;
  for (auto [value, number] : numbers) {
    Cost &cost = costs[classes[number]];
    Demand demand = demands.lookup(value);
    cost.host += demand.device ? weight(value) : 0;
    cost.device += demand.host ? weight(value) : 0;
    SmallVector<Value> sources;
    carriedTo(value, sources);
    for (Value shown : sources) {
      Value source = shownBy(shown);
      auto memory = memories.madeIn(source);
      if (!memory || !counted.insert({classes[number], source}).second)
        continue;
      // A source that has a copy anyway, or needs none, is no cost.
      Demand other = demands.lookup(source);
      if (*memory == kernel::Memory::device)
        cost.host += other.host ? 0 : weight(source);
      else if (!source.getDefiningOp<core::ConstantOp>())
        cost.device += other.device ? 0 : weight(source);
    }
  }
  for (const Cost &cost : costs)
    chosen.push_back(cost.device < cost.host ? kernel::Memory::device : kernel::Memory::host);
}

kernel::Memory Classes::of(Value tensor) const {
  Value value = shownBy(tensor);
  auto found = numbers.find(value);
  return found == numbers.end() ? memories.madeIn(value).value_or(kernel::Memory::host)
                                : chosen[classes[found->second]];
}

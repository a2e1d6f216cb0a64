// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Barriers of a block, fences, trap and what does nothing here.
#include "test/sim/ptx/Assembler.h"
#include "test/sim/ptx/Block.h"
#include "test/sim/ptx/Lanes.h"

namespace adze::ptx {

const Families &families() {
  static const Families all = [] {
    Families map;
    for (auto add :
         {addMoves, addIntegerOps, addBitOps, addExtendedOps, addFloatOps, addApproximations, addComparisons,
          addConversions, addMemoryOps, addAtomics, addAsyncCopies, addControl, addCollectives, addMatrixOps})
      add(map);
    return map;
  }();
  return all;
}

namespace {
/// The result of bar.red for lanes that it lets go on.
void reduced(Warp &w, const Op &o, Lanes lanes) {
  const Block &block = *w.block;
  if (o.flags & 4) { // popc
    uint32_t *d = w.lanes<uint32_t>(o.d);
    eachOf(lanes, [&](int i) { d[i] = block.trues; });
  } else {
    bool result = o.flags & 8 ? block.trues == block.votes : block.trues != 0;
    w.predicate(o.d) = result ? w.predicate(o.d) | lanes : w.predicate(o.d) & ~lanes;
  }
  w.define(o.d, lanes, 0);
}

/// Operands d, the barrier, the threads if any, and the predicate.
void reduction(Assembler &a, Op &op, BarrierUse &use, size_t operands) {
  bool popc = a.take("popc"), all = !popc && a.take("and");
  if (!popc && !all && !a.take("or"))
    a.fail("needs .popc, .and or .or");
  a.takeAny({"u32", "pred"});
  use.reduces = true;
  use.counted = operands == 4;
  op.run = reduced;
  op.flags |= popc ? 4 : all ? 8 : 0;
  op.d = popc ? a.target(0, Type::u32) : a.predicateTarget(a.operand(0).text);
  op.a = a.source(1, Type::u32);
  op.b = use.counted ? a.source(2, Type::u32) : 0;
  op.c = a.predicate(a.operand(operands - 1), use.negated);
}

void warpBarrier(Warp &, const Op &, Lanes) {}

void barrier(Assembler &a) {
  if (a.take("warp")) {
    if (!a.take("sync"))
      a.fail("needs .sync");
    a.check(1);
    Slot members = a.source(0, Type::b32);
    a.emit(warpBarrier, Op::sync, 0, members).flags = warpBarrierFlag;
    return;
  }
  a.take("cta");
  BarrierUse use;
  std::string_view what = a.takeAny({"sync", "arrive", "red"});
  bool aligned = a.in.opcode == "bar" || a.take("aligned");
  if (a.in.opcode == "bar")
    a.take("aligned");
  if (what.empty())
    a.fail("needs .sync, .arrive or .red");
  size_t operands = a.count();
  Op op;
  if (what == "red") {
    if (operands != 3 && operands != 4)
      a.fail("takes 3 or 4 operands");
    reduction(a, op, use, operands);
  } else {
    use.waits = what == "sync";
    use.counted = operands == 2;
    if (operands < (use.waits ? 1 : 2) || operands > 2)
      a.fail("takes another number of operands");
    op.a = a.source(0, Type::u32);
    op.b = use.counted ? a.source(1, Type::u32) : 0;
    op.flags = use.waits ? 0 : arrivesOnlyFlag;
  }
  a.checkModifiers();
  Op &emitted = a.emit(op.run, Op::barrier, op.d, op.a, op.b, op.c);
  emitted.aligned = aligned;
  emitted.flags = op.flags;
  a.extra<BarrierUse>(emitted) = use;
}

void fence(Warp &w, const Op &, Lanes) { fenceOf(w); }

void nothing(Assembler &a) { a.check(a.count()); }
} // namespace

void addControl(Families &families) {
  families["bar"] = families["barrier"] = barrier;
  families["membar"] = [](Assembler &a) {
    a.takeAny({"cta", "gl", "sys"});
    a.check(0);
    a.emit(fence, Op::own);
  };
  families["fence"] = [](Assembler &a) {
    a.takeAny({"sc", "acq_rel", "acquire", "release", "proxy"});
    a.takeAny({"async", "async.shared::cta", "alias"});
    a.takeAny({"cta", "cluster", "gpu", "sys", "shared::cta", "global"});
    a.check(0);
    a.emit(fence, Op::own);
  };
  families["nanosleep"] = [](Assembler &a) {
    a.needType({Type::u32});
    a.check(1);
    a.source(0, Type::u32);
  };
  families["trap"] = [](Assembler &a) {
    a.check(0);
    a.emit(nullptr, Op::trap);
  };
  families["brkpt"] = families["pmevent"] = nothing;
  families["griddepcontrol"] = [](Assembler &a) {
    a.takeAny({"wait", "launch_dependents"});
    a.check(0);
  };
}

} // namespace adze::ptx

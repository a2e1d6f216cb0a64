// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// shfl.sync, vote.sync, match.sync, redux.sync, elect.sync, activemask.
#include "test/sim/ptx/Assembler.h"
#include "test/sim/ptx/Block.h"
#include "test/sim/ptx/Lanes.h"

namespace adze::ptx {

namespace {
/// Op::extra. The op's a is the mask of members.
struct Exchange {
  enum Mode : uint8_t { up, down, bfly, idx } mode = up;
  Slot value = 0, lane = 0, clamp = 0;
  Slot predicate = 0; ///< 0: none
};

void tellUndefined(Warp &w, Lanes bad, const char *what) {
  if (bad)
    w.block->launch.fault(Fault::uninitialized, w, firstOf(bad),
                          [=] { return std::string(what) + " has no defined value"; });
}

/// Where lane i reads from; -1: out of its segment.
int sourceLane(Exchange::Mode mode, int i, uint32_t b, uint32_t c) {
  int by = b & 31, clamp = c & 31, mask = c >> 8 & 31;
  int most = (i & mask) | (clamp & ~mask), least = i & mask, from = 0;
  switch (mode) {
  case Exchange::up:
    from = i - by;
    return from >= most ? from : -1;
  case Exchange::down:
    from = i + by;
    break;
  case Exchange::bfly:
    from = i ^ by;
    break;
  case Exchange::idx:
    from = least | (by & ~mask);
    break;
  }
  return from <= most ? from : -1;
}

void shuffle(Warp &w, const Op &op, Lanes lanes) {
  const Exchange &how = *static_cast<const Exchange *>(op.extra);
  tellUndefined(w, (w.undefined[op.a] | w.undefined[how.lane] | w.undefined[how.clamp]) & lanes, "the lane or mask");
  uint32_t values[32];
  std::memcpy(values, w.lanes<uint32_t>(how.value), sizeof(values));
  const uint32_t *b = w.lanes<uint32_t>(how.lane), *c = w.lanes<uint32_t>(how.clamp),
                 *members = w.lanes<uint32_t>(op.a);
  uint32_t *d = w.lanes<uint32_t>(op.d);
  Lanes from = w.undefined[how.value], undefined = 0, inside = 0;
  eachOf(lanes, [&](int i) {
    int source = sourceLane(how.mode, i, b[i], c[i]);
    inside |= Lanes(source >= 0) << i;
    source = source < 0 ? i : source;
    d[i] = values[source];
    bool comes = (lanes & members[i]) >> source & 1; // others have no value to give
    undefined |= Lanes(!comes || (from >> source & 1)) << i;
  });
  w.define(op.d, lanes, undefined);
  if (!how.predicate)
    return;
  w.predicate(how.predicate) = (w.predicate(how.predicate) & ~lanes) | inside;
  w.define(how.predicate, lanes, 0);
}

void needSync(Assembler &a) {
  if (!a.take("sync"))
    a.fail("without .sync it is not supported");
}

void shfl(Assembler &a) {
  needSync(a);
  Exchange how;
  std::string_view mode = a.takeAny({"up", "down", "bfly", "idx"});
  if (mode.empty())
    a.fail("a mode is missing");
  how.mode = mode == "up"     ? Exchange::up
             : mode == "down" ? Exchange::down
             : mode == "bfly" ? Exchange::bfly
                              : Exchange::idx;
  a.needType({Type::b32});
  a.check(5);
  how.value = a.source(1, Type::b32);
  how.lane = a.source(2, Type::b32);
  how.clamp = a.source(3, Type::b32);
  Slot members = a.source(4, Type::b32);
  Operand target = a.operand(0);
  how.predicate = target.second.empty() ? 0 : a.predicateTarget(target.second);
  target.second = {};
  Slot d = a.target(target, Type::b32);
  a.extra<Exchange>(a.emit(shuffle, Op::sync, d, members)) = how;
}

/// Calls f(some lane, the lanes that have the same members) for each group.
template <class F> void eachMembers(Warp &w, const Op &op, Lanes lanes, F f) {
  const uint32_t *members = w.lanes<uint32_t>(op.a);
  while (lanes) {
    int first = firstOf(lanes);
    Lanes same = 0;
    eachOf(lanes, [&](int i) { same |= Lanes(members[i] == members[first]) << i; });
    f(same);
    lanes &= ~same;
  }
}

/// flags: 0 all, 1 any, 2 uni, 3 ballot; 4: the predicate is negated. b: it.
void voteLanes(Warp &w, const Op &op, Lanes lanes) {
  tellUndefined(w, (w.undefined[op.a] | w.undefined[op.b]) & lanes, "the predicate or mask");
  Lanes votes = w.predicate(op.b) ^ (op.flags & 4 ? allLanes : 0);
  eachMembers(w, op, lanes, [&](Lanes group) {
    Lanes yes = votes & group;
    unsigned kind = op.flags & 3;
    if (kind == 3) {
      uint32_t *d = w.lanes<uint32_t>(op.d);
      eachOf(group, [&](int i) { d[i] = yes; });
    } else {
      bool result = kind == 0 ? yes == group : kind == 1 ? yes != 0 : yes == 0 || yes == group;
      w.predicate(op.d) = result ? w.predicate(op.d) | group : w.predicate(op.d) & ~group;
    }
  });
  w.define(op.d, lanes, 0);
}

void vote(Assembler &a) {
  needSync(a);
  std::string_view mode = a.takeAny({"all", "any", "uni", "ballot"});
  uint8_t kind = mode == "all" ? 0 : mode == "any" ? 1 : mode == "uni" ? 2 : 3;
  if (mode.empty())
    a.fail("a mode is missing");
  a.needType({kind == 3 ? Type::b32 : Type::pred});
  a.check(3);
  bool negated;
  Slot p = a.predicate(a.operand(1), negated), members = a.source(2, Type::b32);
  Slot d = kind == 3 ? a.target(0, Type::b32) : a.predicateTarget(a.operand(0).text);
  a.emit(voteLanes, Op::sync, d, members, p).flags = kind | (negated ? 4 : 0);
}

/// b: the value; c: the predicate of .all, 0: none. flags: 1: all.
template <class T> void matchLanes(Warp &w, const Op &op, Lanes lanes) {
  tellUndefined(w, (w.undefined[op.a] | w.undefined[op.b]) & lanes, "the value or mask");
  T values[32];
  std::memcpy(values, w.lanes<T>(op.b), sizeof(values));
  uint32_t *d = w.lanes<uint32_t>(op.d);
  eachMembers(w, op, lanes, [&](Lanes group) {
    bool equal = true;
    eachOf(group, [&](int i) { equal = equal && values[i] == values[firstOf(group)]; });
    eachOf(group, [&](int i) {
      Lanes same = 0;
      eachOf(group, [&](int j) { same |= Lanes(values[i] == values[j]) << j; });
      d[i] = op.flags ? (equal ? group : 0) : same;
    });
    if (op.c)
      w.predicate(op.c) = equal ? w.predicate(op.c) | group : w.predicate(op.c) & ~group;
  });
  w.define(op.d, lanes, 0);
  if (op.c)
    w.define(op.c, lanes, 0);
}

void match(Assembler &a) {
  std::string_view mode = a.takeAny({"any", "all"});
  needSync(a);
  Type type = a.needType({Type::b32, Type::b64});
  a.check(3);
  if (mode.empty())
    a.fail("a mode is missing");
  Slot value = a.source(1, type), members = a.source(2, Type::b32);
  Operand target = a.operand(0);
  Slot p = target.second.empty() ? 0 : a.predicateTarget(target.second);
  target.second = {};
  Slot d = a.target(target, Type::b32);
  a.emit(type == Type::b32 ? matchLanes<uint32_t> : matchLanes<uint64_t>, Op::sync, d, members, value, p).flags =
      mode == "all";
}

enum Reduction : uint8_t { reduceAdd, reduceMinU, reduceMaxU, reduceMinS, reduceMaxS, reduceAnd, reduceOr, reduceXor };

uint32_t reduceTwo(unsigned kind, uint32_t a, uint32_t b) {
  switch (kind) {
  case reduceAdd:
    return a + b;
  case reduceMinU:
    return std::min(a, b);
  case reduceMaxU:
    return std::max(a, b);
  case reduceMinS:
    return static_cast<uint32_t>(std::min(static_cast<int32_t>(a), static_cast<int32_t>(b)));
  case reduceMaxS:
    return static_cast<uint32_t>(std::max(static_cast<int32_t>(a), static_cast<int32_t>(b)));
  case reduceAnd:
    return a & b;
  case reduceOr:
    return a | b;
  default:
    return a ^ b;
  }
}

/// flags: the Reduction. b: the value.
void reduceLanes(Warp &w, const Op &op, Lanes lanes) {
  uint32_t values[32];
  std::memcpy(values, w.lanes<uint32_t>(op.b), sizeof(values));
  uint32_t *d = w.lanes<uint32_t>(op.d);
  tellUndefined(w, w.undefined[op.a] & lanes, "the mask");
  Lanes from = w.undefined[op.b];
  eachMembers(w, op, lanes, [&](Lanes group) {
    uint32_t result = values[firstOf(group)];
    eachOf(group & (group - 1), [&](int i) { result = reduceTwo(op.flags, result, values[i]); });
    eachOf(group, [&](int i) { d[i] = result; });
    w.define(op.d, group, from & group ? group : 0);
  });
}

void redux(Assembler &a) {
  needSync(a);
  std::string_view mode = a.takeAny({"add", "min", "max", "and", "or", "xor"});
  Type type = a.needType({Type::u32, Type::s32, Type::b32});
  bool sign = type == Type::s32, isLogic = mode == "and" || mode == "or" || mode == "xor";
  if (mode.empty() || isLogic != (type == Type::b32))
    a.fail("an operation that is not known, or not of this type");
  a.check(3);
  uint8_t kind = mode == "add"   ? reduceAdd
                 : mode == "min" ? (sign ? reduceMinS : reduceMinU)
                 : mode == "max" ? (sign ? reduceMaxS : reduceMaxU)
                 : mode == "and" ? reduceAnd
                 : mode == "or"  ? reduceOr
                                 : reduceXor;
  Slot value = a.source(1, Type::b32), members = a.source(2, Type::b32);
  a.emit(reduceLanes, Op::sync, a.target(0, Type::b32), members, value).flags = kind;
}

/// The lowest lane is elected. c: the predicate.
void electLanes(Warp &w, const Op &op, Lanes lanes) {
  uint32_t *d = w.lanes<uint32_t>(op.d);
  eachMembers(w, op, lanes, [&](Lanes group) {
    eachOf(group, [&](int i) { d[i] = static_cast<uint32_t>(firstOf(group)); });
    w.predicate(op.c) = (w.predicate(op.c) & ~group) | (group & (0 - group));
  });
  w.define(op.d, lanes, 0);
  w.define(op.c, lanes, 0);
}

void elect(Assembler &a) {
  needSync(a);
  a.check(2);
  Slot members = a.source(1, Type::b32);
  Operand target = a.operand(0);
  Slot p = a.predicateTarget(target.second);
  target.second = {};
  Slot d = a.target(target, Type::b32);
  a.emit(electLanes, Op::sync, d, members, 0, p);
}

void activeLanes(Warp &w, const Op &op, Lanes lanes) {
  uint32_t *d = w.lanes<uint32_t>(op.d);
  eachOf(lanes, [&](int i) { d[i] = lanes; });
  w.define(op.d, lanes, 0);
}
} // namespace

void addCollectives(Families &families) {
  families["shfl"] = shfl;
  families["vote"] = vote;
  families["match"] = match;
  families["redux"] = redux;
  families["elect"] = elect;
  families["activemask"] = [](Assembler &a) {
    a.needType({Type::b32});
    a.check(1);
    a.emit(activeLanes, Op::own, a.target(0, Type::b32), 0);
  };
}

} // namespace adze::ptx

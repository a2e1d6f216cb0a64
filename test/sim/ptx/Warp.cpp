// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The loop that executes a warp's instructions, and the groups of its lanes.
#include "test/sim/ptx/Warp.h"
#include "test/sim/ptx/Block.h"
#include "test/sim/ptx/Lanes.h"

namespace adze::ptx {

namespace {
/// How long a group may spin before another has its turn.
constexpr uint64_t turnOfGroup = 2000;
} // namespace

Warp::Outcome Warp::run(uint64_t quantum) {
  for (;;) {
    int group = pick();
    if (group < 0)
      return groups.empty() ? done : blocked;
    if (!runGroup(group, quantum))
      return yielded;
  }
}

/// Merges groups that have met; of those that can go on, the one with the lowest counter, or -1.
int Warp::pick() {
  for (size_t i = 0; i < groups.size(); ++i)
    for (size_t j = i + 1; j < groups.size();) {
      Group &a = groups[i], &b = groups[j];
      if (a.pc != b.pc || a.state == Group::waitsForBarrier || b.state == Group::waitsForBarrier) {
        ++j;
        continue;
      }
      a.lanes |= b.lanes;
      a.state = Group::ready;
      a.resting = a.resting && b.resting;
      a.forced = false;
      groups.erase(groups.begin() + static_cast<long>(j));
    }
  for (int again = 0; again < 2; ++again) {
    int best = -1;
    for (size_t i = 0; i < groups.size(); ++i)
      if (groups[i].state == Group::ready && !groups[i].resting && (best < 0 || groups[i].pc < groups[best].pc))
        best = static_cast<int>(i);
    if (best >= 0)
      return best;
    for (Group &group : groups)
      group.resting = false;
  }
  return -1;
}

/// The lowest counter ahead at which the group may meet another.
uint32_t Warp::nextStop(int index) const {
  uint32_t stop = ~0u;
  for (const Group &group : groups)
    if (group.state != Group::waitsForBarrier && group.pc > groups[index].pc)
      stop = std::min(stop, group.pc);
  return stop;
}

/// `lanes` of the group go to `target`, the others stay in it.
void Warp::split(int index, Lanes lanes, uint32_t target) {
  Group other;
  other.pc = target;
  other.lanes = lanes;
  groups[index].lanes &= ~lanes;
  if (groups[index].lanes == 0)
    groups[index] = other;
  else
    groups.push_back(other);
}

/// `lanes` exit.
void Warp::leave(Lanes lanes) {
  alive &= ~lanes;
  for (size_t i = 0; i < groups.size();) {
    groups[i].lanes &= ~lanes;
    if (groups[i].state == Group::waitsForLanes)
      groups[i].state = Group::ready; // it may have waited for those
    if (groups[i].lanes == 0)
      groups.erase(groups.begin() + static_cast<long>(i));
    else
      ++i;
  }
}

namespace {
std::string maskText(Lanes lanes) {
  char text[16];
  std::snprintf(text, sizeof(text), "0x%08x", lanes);
  return text;
}
} // namespace

/// Whether all lanes that the instruction names are here; tells of those that it does not name or that are gone.
bool Warp::meet(Group &group, const Op &op, Lanes lanes) {
  if (group.forced)
    return true;
  if (op.aligned) {
    if (alive & ~lanes)
      return false;
    if (op.kind == Op::sync && lanes != allLanes)
      block->launch.fault(Fault::divergence, *this, firstOf(lanes), [&] {
        return "needs all lanes of a warp, but only lanes " + maskText(lanes) + " are there";
      });
    return true;
  }
  if (op.kind == Op::barrier)
    return true;
  const uint32_t *members = this->lanes<uint32_t>(op.a);
  Lanes strangers = 0;
  for (Lanes rest = lanes; rest; rest &= rest - 1) {
    int lane = firstOf(rest);
    Lanes same = 0;
    eachOf(lanes, [&](int i) { same |= Lanes(members[i] == members[lane]) << i; });
    if (members[lane] & alive & ~same)
      return false;
    strangers |= members[lane] >> lane & 1 ? 0 : 1u << lane;
  }
  if (strangers)
    block->launch.fault(Fault::divergence, *this, firstOf(strangers), [&] {
      return "is executed by lanes " + maskText(strangers) + ", which its mask " +
             maskText(members[firstOf(strangers)]) + " does not name";
    });
  return true;
}

/// The lanes go where the table says; the group's others to what follows.
void Warp::branchIndexed(int index, const Op &op, Lanes lanes) {
  Launch &launch = block->launch;
  if (undefined[op.a] & lanes)
    launch.fault(Fault::uninitialized, *this, firstOf(undefined[op.a] & lanes),
                 [] { return std::string("the index has no defined value"); });
  const auto &table = *static_cast<const std::vector<uint32_t> *>(op.extra);
  const uint32_t *which = this->lanes<uint32_t>(op.a);
  groups[index].pc = pc + 1;
  while (lanes) {
    uint32_t value = which[firstOf(lanes)];
    if (value >= table.size())
      launch.end(Fault::trap, *this, firstOf(lanes), [] { return std::string("an index behind the table"); });
    Lanes same = 0;
    eachOf(lanes, [&](int i) { same |= Lanes(which[i] == value) << i; });
    split(index, same, table[value]);
    lanes &= ~same;
  }
}

/// Runs one group until it blocks, meets another or diverges. False: the quantum is used up.
bool Warp::runGroup(int index, uint64_t &quantum) {
  const Op *code = block->launch.program.code.data();
  const uint32_t stop = nextStop(index);
  const bool alone = groups.size() == 1;
  const Lanes mask = groups[index].lanes;
  uint64_t turn = alone ? quantum : std::min(quantum, turnOfGroup);
  const uint64_t turnBegan = turn;
  uint32_t at = groups[index].pc;
  active = mask;
  auto save = [&] {
    groups[index].pc = at;
    quantum -= turnBegan - turn;
    instructions += turnBegan - turn;
  };
  for (;;) {
    if (at >= stop)
      return save(), true;
    if (turn == 0) {
      groups[index].resting = !alone;
      save();
      return quantum != 0;
    }
    --turn;
    const Op &op = code[at];
    pc = at;
    Lanes lanes = mask;
    if (op.guard) {
      if (undefined[op.guard] & mask)
        block->launch.fault(Fault::uninitialized, *this, firstOf(undefined[op.guard] & mask),
                            [] { return std::string("the predicate has no defined value"); });
      Lanes chosen = predicate(op.guard);
      lanes &= op.guardNegated ? ~chosen : chosen;
      if (!lanes) {
        ++at;
        continue;
      }
    }
    switch (op.kind) {
    case Op::plain: {
      Lanes from = undefined[op.a] | undefined[op.b] | undefined[op.c];
      op.run(*this, op, lanes);
      define(op.d, lanes, from);
      ++at;
      break;
    }
    case Op::halves: {
      Halves from = undefinedHalves(op.a) | undefinedHalves(op.b) | undefinedHalves(op.c);
      op.run(*this, op, lanes);
      defineHalves(op.d, lanes, from);
      ++at;
      break;
    }
    case Op::own:
      op.run(*this, op, lanes);
      ++at;
      break;
    case Op::branch:
      if (lanes == mask) {
        bool back = op.target <= at;
        at = op.target;
        if (alone || !back)
          break;
        return save(), true;
      }
      ++at;
      save();
      split(index, lanes, op.target);
      return true;
    case Op::indexed:
      save();
      branchIndexed(index, op, lanes);
      return true;
    case Op::exit:
      ++at;
      save();
      leave(lanes);
      return true;
    case Op::sync:
    case Op::barrier: {
      if (!meet(groups[index], op, lanes)) {
        save();
        if (lanes != mask)
          split(index, mask & ~lanes, at + 1);
        groups[index].state = Group::waitsForLanes;
        return true;
      }
      groups[index].forced = false;
      if (op.kind == Op::sync) {
        op.run(*this, op, lanes);
        ++at;
        break;
      }
      save();
      if (lanes != mask)
        split(index, mask & ~lanes, at + 1);
      bool waits = !(op.flags & arrivesOnlyFlag);
      block->arrive(*this, groups[index], op, lanes);
      if (!waits)
        groups[index].pc = at + 1;
      return true;
    }
    case Op::trap:
      block->launch.end(Fault::trap, *this, firstOf(lanes), [] { return std::string("the program ends itself"); });
    }
  }
}

} // namespace adze::ptx

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A kernel as the machine runs it: micro-ops whose operands are places in a warp's register block.
//
// A slot holds one register of a warp: 32 lanes of 16, 32 or 64 bits, or a mask for a predicate. Slots are counted in
// units of 64 bytes. Constants and what does not change while a warp lives (%tid) are slots too, so that every operand
// of every micro-op is a slot. Slot 0 is zero and always defined.
#pragma once
#include "test/sim/ptx/Machine.h"
#include "test/sim/ptx/Types.h"

namespace adze::ptx {

struct Warp;
struct Op;
using Lanes = uint32_t; ///< a mask of a warp's lanes
constexpr Lanes allLanes = ~0u;
using Slot = uint32_t;
constexpr unsigned unitBytes = 64;
using Handler = void (*)(Warp &, const Op &, Lanes);

struct Op {
  enum Kind : uint8_t {
    plain,   ///< d from a, b, c lane by lane; the loop carries undefinedness
    halves,  ///< the same, of the halves of registers of 64 bits, each for itself
    own,     ///< carries undefinedness itself
    branch,  ///< to `target`
    indexed, ///< to table `extra` by a
    exit,
    sync, ///< for the lanes that mask `a` names, together; carries undefinedness itself
    barrier,
    trap
  };
  Handler run = nullptr;
  Slot d = 0, a = 0, b = 0, c = 0;
  Slot guard = 0; ///< 0: none
  Kind kind = plain;
  bool guardNegated = false;
  bool aligned = false; ///< of sync: all lanes of the warp must come
  uint8_t flags = 0;    ///< for the handler
  uint32_t target = 0;
  int line = 0;
  uint64_t immediate = 0;
  const void *extra = nullptr; ///< owned by Program::extras
};

/// Registers that the machine sets.
struct Preset {
  enum Kind : uint8_t {
    tid,
    ntid,
    ctaid,
    nctaid,
    laneid,
    warpid,
    nwarpid,
    lanemaskEq,
    lanemaskLe,
    lanemaskLt,
    lanemaskGe,
    lanemaskGt,
    dynamicShared,
    totalShared,
    gridid,
    zero,
    one,
    clock, ///< from here on: read anew at each use
    clockHigh,
    clock64,
    globaltimer,
    globaltimerHigh
  };
  Kind kind;
  uint8_t member; ///< 0, 1, 2: x, y, z
  uint8_t bytes;  ///< of the slot's lanes
  Slot slot;
};

/// A constant's slot. A symbol of dynamic shared memory has its address added when the kernel is complete.
struct Constant {
  Slot slot;
  uint8_t bytes;
  bool dynamicShared;
  uint64_t value;
};

/// A load, store, atomic or asynchronous copy, for counts by line.
struct AccessSite {
  int line;
  unsigned bytesPerLane;
  bool isStore;
};

struct Program {
  std::string name;
  std::vector<Op> code;
  std::vector<std::string> names; ///< of each op, for messages
  uint32_t units = 4;             ///< of the register block
  std::vector<uint8_t> isWide;    ///< by unit: whether a register of 64 bits begins there
  std::vector<Constant> constants;
  std::vector<Preset> presets;
  std::vector<AccessSite> sites;
  std::vector<std::shared_ptr<void>> extras;
  uint32_t staticShared = 0, localBytes = 0;
  Dim3 requiredBlock{}; ///< zeros: any
};

} // namespace adze::ptx

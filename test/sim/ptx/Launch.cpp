// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/sim/ptx/Launch.h"
#include "test/sim/ptx/Block.h"
#include <random>

namespace adze::ptx {

namespace {
/// How many instructions a block may take while others wait, and how many may have begun: blocks that wait for others
/// get on, as they do on a card that has room for them.
constexpr uint64_t turnOfBlock = 1 << 22;
constexpr size_t mostResident = 128;
} // namespace

std::string text(Dim3 at) {
  return "(" + std::to_string(at[0]) + "," + std::to_string(at[1]) + "," + std::to_string(at[2]) + ")";
}

bool Reports::add(Fault fault, const std::string &kernel, int line) {
  auto [place, isNew] = places.try_emplace({kernel, {line, fault}}, list.size());
  if (!isNew) {
    ++list[place->second].count;
    return false;
  }
  Report report;
  report.fault = fault;
  report.kernel = kernel;
  report.line = line;
  list.push_back(std::move(report));
  return true;
}

void Reports::clear() {
  list.clear();
  places.clear();
}

Dim3 Launch::blockOf(uint32_t number) const {
  return {number % grid[0], number / grid[0] % grid[1], number / grid[0] / grid[1]};
}

std::string Launch::describe(const Warp &warp, int lane, const std::string &what) const {
  std::string message = program.name + ", line " + std::to_string(program.code[warp.pc].line) + ": " +
                        program.names[warp.pc] + ": " + what;
  if (lane >= 0)
    message += " (thread " + text(warp.block->threadOf(warp.index, lane)) + " of block " + text(warp.block->id) + ")";
  return message;
}

std::string Launch::describe(const Conflict &conflict) const {
  std::string message = conflict.withWrite ? "the store of line " : "the load of line ";
  message += std::to_string(program.code[conflict.at & Cell::pcMask].line);
  if (conflict.segment == Segments::severalBlocks)
    return message + " (of several blocks)";
  const Segment &segment = segments[conflict.segment];
  message += segment.warp == Segment::everyWarp ? " (several warps" : " (warp " + std::to_string(segment.warp);
  return message + " of block " + text(blockOf(segment.block)) + ")";
}

void Launch::run() {
  std::vector<uint32_t> order(uint64_t(grid[0]) * grid[1] * grid[2]);
  for (uint32_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::mt19937_64 random(facts.seed);
  for (size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[random() % i]);

  std::deque<std::unique_ptr<Block>> resident;
  std::vector<std::unique_ptr<Block>> idle;
  for (size_t begun = 0; begun < order.size() || !resident.empty();) {
    if (begun < order.size() && resident.size() < mostResident) {
      if (idle.empty())
        idle.push_back(std::make_unique<Block>(*this));
      idle.back()->start(order[begun++]);
      resident.push_front(std::move(idle.back()));
      idle.pop_back();
    }
    std::unique_ptr<Block> block = std::move(resident.front());
    resident.pop_front();
    if (block->run(turnOfBlock))
      idle.push_back(std::move(block));
    else
      resident.push_back(std::move(block));
  }
}

} // namespace adze::ptx

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the program did wrong, and what its kernels did, as JSON lines.
#include "test/sim/cuda/Control.h"
#include "test/sim/cuda/Driver.h"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

using namespace adze;
using namespace adze::sim;

static std::string quoted(const std::string &text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      out += ' ';
    else
      out += c;
  }
  return out + '"';
}

/// Appends a line to the file that the environment's `variable` names, all at once; false: it is not set.
static bool append(const char *variable, std::string line) {
  const char *path = getenv(variable);
  if (!path || !*path)
    return false;
  line += '\n';
  int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  bool written = file >= 0 && write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  if (file >= 0)
    close(file);
  if (!written)
    fprintf(stderr, "cannot write to %s\n", path);
  return written;
}

static void pass(std::string line) {
  if (!append("ADZE_SIM_REPORT", line))
    fprintf(stderr, "%s\n", line.c_str());
  state().reports.push_back(std::move(line));
}

void adze::sim::report(const std::string &kind, const std::string &message) {
  pass("{\"kind\": " + quoted(kind) + ", \"message\": " + quoted(message) + "}");
}

static const char *faultName(ptx::Fault fault) {
  switch (fault) {
  case ptx::Fault::out_of_bounds:
    return "out_of_bounds";
  case ptx::Fault::misaligned:
    return "misaligned";
  case ptx::Fault::uninitialized:
    return "uninitialized";
  case ptx::Fault::race:
    return "race";
  case ptx::Fault::missing_wait:
    return "missing_wait";
  case ptx::Fault::deadlock:
    return "deadlock";
  case ptx::Fault::divergence:
    return "divergence";
  case ptx::Fault::trap:
    return "trap";
  case ptx::Fault::limit:
    return "limit";
  }
  return "unknown";
}

void adze::sim::reportFaults(Device &device) {
  const std::vector<ptx::Report> &reports = device.machine->reports();
  for (; device.reported < reports.size(); ++device.reported) {
    const ptx::Report &r = reports[device.reported];
    pass(std::string("{\"kind\": \"") + faultName(r.fault) + "\", \"kernel\": " + quoted(r.kernel) +
         ", \"line\": " + std::to_string(r.line) + ", \"message\": " + quoted(r.message) + "}");
  }
}

void adze::sim::writeCounts(Device &device) {
  for (const auto &[kernel, c] : device.machine->counts()) {
    uint64_t conflicts = 0, sectors = 0, least = 0;
    for (const auto &[line, banks] : c.shared)
      conflicts += banks.conflicts;
    for (const auto &[line, access] : c.global) {
      sectors += access.sectors;
      least += access.least;
    }
    append("ADZE_SIM_COUNTS",
           "{\"device\": " + quoted(device.name) + ", \"kernel\": " + quoted(kernel) + ", \"launches\": " +
               std::to_string(c.launches) + ", \"warp_instructions\": " + std::to_string(c.warp_instructions) +
               ", \"load_bytes\": " + std::to_string(c.global_load_bytes) + ", \"store_bytes\": " +
               std::to_string(c.global_store_bytes) + ", \"bank_conflicts\": " + std::to_string(conflicts) +
               ", \"sectors\": " + std::to_string(sectors) + ", \"least_sectors\": " + std::to_string(least) + "}");
  }
  device.machine->clearCounts();
}

void adze::sim::reportLeaks(Context &context) {
  const std::string of = " of device '" + context.device->name + "'";
  for (const auto &[address, allocation] : context.memory)
    report("leak", std::to_string(allocation.bytes) + " bytes of memory" + of);
  for (const auto &[address, allocation] : context.pinned)
    report("leak", std::to_string(allocation.bytes) + " bytes of pinned memory" + of);
  for (size_t i = 1; i < context.streams.size(); ++i)
    if (!context.streams[i]->destroyed)
      report("leak", "a stream" + of);
  for (const auto &event : context.events)
    if (!event->destroyed)
      report("leak", "an event" + of);
  for (const auto &graph : context.graphs)
    if (!graph->destroyed)
      report("leak", "a graph" + of);
  for (const auto &graph : context.readyGraphs)
    if (!graph->destroyed)
      report("leak", "a graph that is ready to launch" + of);
  for (const auto &module : context.modules)
    if (module->code)
      report("leak", "a module" + of);
}

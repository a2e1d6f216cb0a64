// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What libadze_sim_cuda.so exports beside the driver's functions, for tests that play many things in one process.
#pragma once
#include <cstdint>

namespace adze::sim {
struct Device;
/// Appends what the device's kernels did to the file ADZE_SIM_COUNTS, if that is set: a JSON line a kernel.
void writeCounts(Device &device);
} // namespace adze::sim

extern "C" {
/// Ends all contexts and looks for leaks, as at the process's end. Answers the number of reports since the last reset.
int adze_sim_finish();
/// Report `index`, a JSON line; null: there are not so many. Valid until the next reset.
const char *adze_sim_report(int index);
/// Forgets all; the environment is read anew at the next cuInit. No other thread is in the driver.
void adze_sim_reset();
/// How often a function has been called since.
uint64_t adze_sim_calls(const char *function);
}

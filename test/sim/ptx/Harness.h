// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the tests of the machine have in common.
#pragma once
#include "test/sim/ptx/Machine.h"
#include <cstring>
#include <gtest/gtest.h>
#include <sstream>

namespace adze::ptx {

/// The value behind `bits` as T, and back.
template <class T> uint64_t toBits(T value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  return bits;
}
template <class T> T fromBits(uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

/// Path of a tool of NVIDIA's toolkit (by PATH, CUDA_HOME, or the packages of the Python environment), or empty.
std::string toolkitProgram(const std::string &name);
/// A file's path that nobody else uses.
std::string temporaryPath(const std::string &ending);
/// Runs a command with its output in `log`; whether it succeeded.
bool runCommand(const std::string &command, std::string &log);
/// Whether ptxas takes the text, if there is a ptxas; a failure of the test if it does not.
void expectValid(const std::string &text, int sm = 80);

/// "\n.version 7.8 ..." in front of functions, so that a body's lines can be counted.
std::string header(int sm = 80);

class Bench {
public:
  explicit Bench(Facts facts = {}) : machine(facts) {}
  ~Bench();
  Machine machine;

  /// Loads and finds; a failure of the test if it cannot. Text without .version gets a header; valid PTX only, says
  /// ptxas.
  const Kernel *load(const std::string &text, const std::string &kernel, bool assemble = true);
  template <class T> uint64_t upload(const std::vector<T> &values) {
    uint64_t address = machine.allocate(values.size() * sizeof(T));
    EXPECT_TRUE(machine.write(address, values.data(), values.size() * sizeof(T)));
    return address;
  }
  template <class T> std::vector<T> download(uint64_t address, size_t count) {
    std::vector<T> values(count);
    EXPECT_TRUE(machine.read(values.data(), address, count * sizeof(T)));
    return values;
  }
  /// Launches with these values (their bits) as parameters.
  bool run(const Kernel *kernel, Dim3 grid, Dim3 block, std::vector<uint64_t> parameters, uint32_t shared = 0);
  std::string error;
  bool expectsReports = false; ///< else a report is a failure

  /// Fails unless there is exactly one report, of this fault at this line of the text that load() was given.
  void expectReport(Fault fault, int line);
  /// The line of `text` that has the mark "//!" + name.
  static int lineOf(const std::string &text, const std::string &mark);
};

/// A kernel that computes `code` for many inputs at once: code uses %a, %b, %c and %d, whose types are given; a 'p' of
/// `registers` is declared too.
struct Expression {
  std::string code;
  std::string result; ///< type of %d, as b32
  std::vector<std::string> arguments;
  bool exact = true; ///< a card gives the same bits
};
/// The results' bits for inputs[argument][i]; the same as a card's, if there is one.
std::vector<uint64_t> evaluate(const Expression &expression, const std::vector<std::vector<uint64_t>> &inputs,
                               int sm = 80);

} // namespace adze::ptx

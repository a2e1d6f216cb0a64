// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/sim/ptx/Harness.h"
#include "test/sim/ptx/Card.h"
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

namespace adze::ptx {

namespace {
bool isProgram(const std::string &path) { return access(path.c_str(), X_OK) == 0; }

unsigned bytesOfType(const std::string &type) {
  size_t digit = type.find_first_of("0123456789");
  unsigned bytes = static_cast<unsigned>(std::atoi(type.c_str() + digit)) / 8;
  return type.find("x2") != std::string::npos ? bytes * 2 : bytes;
}
} // namespace

std::string temporaryPath(const std::string &ending) {
  const char *folder = std::getenv("TMPDIR");
  static int count = 0;
  return std::string(folder ? folder : "/tmp") + "/adze-ptx-" + std::to_string(getpid()) + "-" +
         std::to_string(count++) + ending;
}

std::string toolkitProgram(const std::string &name) {
  std::vector<std::string> folders;
  std::stringstream path(std::getenv("PATH") ? std::getenv("PATH") : "");
  for (std::string folder; std::getline(path, folder, ':');)
    folders.push_back(folder);
  if (const char *home = std::getenv("CUDA_HOME"))
    folders.push_back(std::string(home) + "/bin");
  folders.push_back("/usr/local/cuda/bin");
  std::string log;
  runCommand("ls -d " ADZE_ENVIRONMENT "/lib/python3*/site-packages/nvidia/*/bin 2>/dev/null", log);
  std::stringstream packages(log);
  for (std::string folder; std::getline(packages, folder);)
    folders.push_back(folder);
  for (const std::string &folder : folders)
    if (isProgram(folder + "/" + name))
      return folder + "/" + name;
  return "";
}

bool runCommand(const std::string &command, std::string &log) {
  FILE *pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe)
    return false;
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof(buffer), pipe)) > 0;)
    log.append(buffer, n);
  return pclose(pipe) == 0;
}

void expectValid(const std::string &text, int sm) {
  static const std::string ptxas = toolkitProgram("ptxas");
  if (ptxas.empty())
    return;
  std::string path = temporaryPath(".ptx"), log;
  std::ofstream(path) << text;
  EXPECT_TRUE(runCommand(ptxas + " -O0 -arch=sm_" + std::to_string(sm) + " -o /dev/null " + path, log)) << log << text;
  std::remove(path.c_str());
}

std::string header(int sm) {
  const char *version = sm >= 100 ? "8.6" : sm >= 90 ? "8.0" : "7.8";
  return std::string(".version ") + version + " .target sm_" + std::to_string(sm) + " .address_size 64 ";
}

Bench::~Bench() {
  if (!expectsReports)
    for (const Report &report : machine.reports())
      ADD_FAILURE() << report.message;
}

const Kernel *Bench::load(const std::string &text, const std::string &kernel, bool assemble) {
  std::string whole = text.find(".version") == std::string::npos ? header() + text : text, log;
  size_t target = whole.find("sm_");
  if (assemble)
    expectValid(whole, std::max(75, std::atoi(whole.c_str() + target + 3)));
  const Module *module = machine.load(whole, log);
  EXPECT_TRUE(module) << log;
  if (!module)
    return nullptr;
  const Kernel *found = machine.find(module, kernel);
  EXPECT_TRUE(found) << kernel;
  return found;
}

bool Bench::run(const Kernel *kernel, Dim3 grid, Dim3 block, std::vector<uint64_t> parameters, uint32_t shared) {
  if (!kernel || kernel->parameters.size() != parameters.size()) {
    ADD_FAILURE() << "no kernel, or one with other parameters";
    return false;
  }
  std::vector<const void *> pointers;
  for (uint64_t &parameter : parameters)
    pointers.push_back(&parameter);
  error.clear();
  bool good = machine.launch(*kernel, grid, block, shared, pointers.data(), error);
  if (!expectsReports) {
    EXPECT_TRUE(good) << error;
  }
  return good;
}

void Bench::expectReport(Fault fault, int line) {
  expectsReports = true;
  const auto &reports = machine.reports();
  ASSERT_EQ(reports.size(), 1u) << (reports.size() ? reports[1].message : std::string("no report"));
  EXPECT_EQ(reports[0].fault, fault) << reports[0].message;
  EXPECT_EQ(reports[0].line, line) << reports[0].message;
}

int Bench::lineOf(const std::string &text, const std::string &mark) {
  size_t at = text.find("//!" + mark);
  EXPECT_NE(at, std::string::npos) << mark;
  int line = 1;
  for (size_t i = 0; i < at && i < text.size(); ++i)
    line += text[i] == '\n';
  return line;
}

namespace {
void compareWithCard(const std::string &text, int sm, const std::vector<std::vector<uint64_t>> &inputs,
                     const std::vector<uint64_t> &results, const std::string &code) {
  size_t bytes = results.size() * 8;
  std::vector<std::vector<uint8_t>> buffers(4);
  buffers[0].resize(bytes);
  for (size_t i = 0; i < inputs.size(); ++i)
    buffers[i + 1].assign(reinterpret_cast<const uint8_t *>(inputs[i].data()),
                          reinterpret_cast<const uint8_t *>(inputs[i].data()) + bytes);
  if (!runOnCard(text, "k", static_cast<uint32_t>(results.size()), sm, buffers))
    return;
  for (size_t i = 0, told = 0; i < results.size() && told < 3; ++i) {
    uint64_t card;
    std::memcpy(&card, buffers[0].data() + i * 8, 8);
    if (card == results[i])
      continue;
    ++told;
    std::ostringstream of;
    for (const auto &input : inputs)
      of << std::hex << " " << input[i];
    ADD_FAILURE() << code << " of" << of.str() << std::hex << ": the card gives " << card << ", the machine "
                  << results[i];
  }
}
} // namespace

std::vector<uint64_t> evaluate(const Expression &expression, const std::vector<std::vector<uint64_t>> &inputs, int sm) {
  size_t count = inputs.at(0).size();
  std::ostringstream text;
  text << header(sm) << "\n.visible .entry k(.param .b64 out, .param .b64 in0, .param .b64 in1, .param .b64 in2) {\n"
       << ".reg .b64 %p<9>; .reg .b32 %i; .reg .b64 %w; .reg .pred p, q;\n.reg ." << expression.result << " %d;\n"
       << "mov.u32 %i, %tid.x;\nmul.wide.u32 %w, %i, 8;\n";
  const char *names[] = {"%a", "%b", "%c"};
  for (size_t i = 0; i < expression.arguments.size(); ++i) {
    const std::string &type = expression.arguments[i];
    text << ".reg ." << type << " " << names[i] << ";\nld.param.b64 %p" << i << ", [in" << i << "];\nadd.s64 %p" << i
         << ", %p" << i << ", %w;\nld.global.b" << bytesOfType(type) * 8 << " " << names[i] << ", [%p" << i << "];\n";
  }
  text << "ld.param.b64 %p8, [out];\nadd.s64 %p8, %p8, %w;\n"
       << expression.code << "\nst.global.b" << bytesOfType(expression.result) * 8 << " [%p8], %d;\nret;\n}\n";
  Bench bench(Facts{sm});
  const Kernel *kernel = bench.load(text.str(), "k");
  uint64_t out = bench.upload(std::vector<uint64_t>(count));
  std::vector<uint64_t> parameters = {out};
  for (size_t i = 0; i < 3; ++i)
    parameters.push_back(i < inputs.size() ? bench.upload(inputs[i]) : 0);
  EXPECT_LE(count, 1024u);
  bench.run(kernel, {1, 1, 1}, {static_cast<uint32_t>(count), 1, 1}, parameters);
  auto results = bench.download<uint64_t>(out, count);
  if (expression.exact)
    compareWithCard(text.str(), sm, inputs, results, expression.code);
  return results;
}

} // namespace adze::ptx

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Api.h"

using namespace adze;

const char *adze::version() { return ADZE_VERSION; }

const char *adze::toString(Severity severity) {
  switch (severity) {
  case Severity::Error:
    return "error";
  case Severity::Warning:
    return "warning";
  case Severity::Remark:
    return "remark";
  }
  return "error";
}

std::string adze::toString(const HostKernel &k) {
  constexpr size_t kMaxNodes = 100;
  std::string nodes = k.nodes.size() > kMaxNodes ? k.nodes.substr(0, kMaxNodes) + "..." : k.nodes;
  std::string what = nodes.empty() ? k.operators : (k.operators.empty() ? "'" : k.operators + " '") + nodes + "'";
  return k.kernel + (what.empty() ? "" : " (" + what + ")") + ": " + k.reason;
}

std::string adze::toString(const Diagnostic &d) {
  std::string text;
  if (!d.node.empty())
    text = "node '" + d.node + "'";
  if (!d.op.empty()) {
    std::string version = d.opset >= 0 ? ", opset " + std::to_string(d.opset) : "";
    text += text.empty() ? d.op + version : " (" + d.op + version + ")";
  }
  text = text.empty() ? d.message : text + ": " + d.message;
  return d.types.empty() ? text : text + "\n  inputs: " + d.types;
}

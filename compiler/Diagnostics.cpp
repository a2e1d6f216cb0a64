// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Diagnostics.h"
#include "dialects/onnx/Onnx.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace adze {

/// A model of a million bad nodes shall not fill the memory with messages.
static constexpr size_t kMaxDiagnostics = 1000;

static std::string qualified(StringRef domain, StringRef op) {
  return domain.empty() ? op.str() : (domain + "::" + op).str();
}

/// The name nearest to the surface of a location: an ONNX node's.
static StringRef nodeName(Location location) {
  StringRef name;
  location->walk([&](Location inner) {
    auto named = dyn_cast<NameLoc>(inner);
    if (!named)
      return WalkResult::advance();
    name = named.getName();
    return WalkResult::interrupt();
  });
  return name;
}

/// "file:3:4: " for text that was parsed; nothing for a model's file, which has no lines.
static std::string position(Location location) {
  auto at = location->findInstanceOf<FileLineColLoc>();
  if (!at || at.getLine() == 0)
    return "";
  return (at.getFilename().getValue() + ":" + Twine(at.getLine()) + ":" + Twine(at.getColumn()) + ": ").str();
}

/// Takes "Conv, opset 13, inputs T, T: " off the front of a message that the lowering of a node has put there.
static void takeDescription(Diagnostic &d) {
  auto [op, rest] = StringRef(d.message).split(", opset ");
  if (rest.empty() || op.empty() || op.contains(' '))
    return;
  StringRef digits = rest.take_while(llvm::isDigit);
  int64_t opset;
  if (digits.getAsInteger(10, opset))
    return;
  rest = rest.drop_front(digits.size());
  StringRef types;
  if (rest.consume_front(", inputs "))
    std::tie(types, rest) = rest.split(": ");
  else if (!rest.consume_front(": "))
    return;
  d.op = op.str();
  d.opset = opset;
  d.types = types.str();
  d.message = rest.str();
}

DiagnosticCollector::DiagnosticCollector(MLIRContext *context) : ScopedDiagnosticHandler(context) {
  // The op as generic text helps nobody who has an ONNX model.
  context->printOpOnDiagnostic(false);
  setHandler([this](mlir::Diagnostic &d) {
    add(d);
    return success();
  });
}

void DiagnosticCollector::learnNodes(ModuleOp module) {
  module.walk([&](onnx::NodeOp node) {
    StringRef name = nodeName(node.getLoc());
    if (!name.empty())
      nodes.try_emplace(name, Node{qualified(node.getDomain(), node.getOpType()), int64_t(node.getOpset())});
  });
}

void DiagnosticCollector::addError(const Twine &message) {
  std::lock_guard<std::mutex> lock(mutex);
  ++errors;
  Diagnostic d;
  d.message = message.str();
  d.stage = stage;
  collected.push_back(std::move(d));
}

void DiagnosticCollector::add(mlir::Diagnostic &diagnostic) {
  std::lock_guard<std::mutex> lock(mutex);
  Diagnostic d;
  switch (diagnostic.getSeverity()) {
  case DiagnosticSeverity::Error:
    ++errors;
    break;
  case DiagnosticSeverity::Warning:
    d.severity = Severity::Warning;
    break;
  default:
    d.severity = Severity::Remark;
  }
  if (collected.size() >= kMaxDiagnostics)
    return;
  d.message = diagnostic.str();
  StringRef text = d.message;
  if (text.consume_front("'onnx.node' op "))
    d.message = text.str();
  for (mlir::Diagnostic &note : diagnostic.getNotes())
    d.message += "; " + note.str();
  d.stage = stage;
  d.node = nodeName(diagnostic.getLocation()).str();
  takeDescription(d);
  auto known = nodes.find(d.node);
  if (d.op.empty() && known != nodes.end()) {
    d.op = known->second.op;
    d.opset = known->second.opset;
  }
  if (d.node.empty())
    d.message = position(diagnostic.getLocation()) + d.message;
  collected.push_back(std::move(d));
}

} // namespace adze

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/Onnx.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace adze::onnx;

#include "dialects/onnx/OnnxDialect.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/onnx/OnnxTypes.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/onnx/Onnx.cpp.inc"

void OnnxDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/onnx/OnnxTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/onnx/Onnx.cpp.inc"
      >();
}

unsigned NodeOp::getNumPositions() {
  if (auto present = getPresent())
    return present->size();
  return getInputs().size();
}

Value NodeOp::getInput(unsigned i) {
  if (i >= getNumPositions())
    return {};
  auto present = getPresent();
  if (!present)
    return getInputs()[i];
  if (!(*present)[i])
    return {};
  unsigned operand = llvm::count(present->take_front(i), true);
  return getInputs()[operand];
}

Region *NodeOp::getGraph(StringRef name) {
  if (auto names = getRegionNames())
    for (auto [i, attr] : llvm::enumerate(*names))
      if (cast<StringAttr>(attr).getValue() == name)
        return &getGraphs()[i];
  return nullptr;
}

LogicalResult NodeOp::verify() {
  if (auto present = getPresent()) {
    unsigned operands = llvm::count(*present, true);
    if (operands != getInputs().size())
      return emitOpError() << "has " << getInputs().size() << " operands, but 'present' marks " << operands;
  }
  size_t names = getRegionNames() ? getRegionNames()->size() : 0;
  if (names != getGraphs().size())
    return emitOpError() << "has " << getGraphs().size() << " graphs, but " << names << " names for them";
  return success();
}

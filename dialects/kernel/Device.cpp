// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ops that devices have instructions for.
#include "dialects/kernel/Kernel.h"

using namespace mlir;
using namespace adze::kernel;

/// Bits of an element, 0 if its type does not say.
static int64_t bitsOf(Type type) { return type.isIntOrFloat() ? type.getIntOrFloatBitWidth() : 0; }

LogicalResult AsyncCopyOp::verify() {
  int64_t bytes = getBytes();
  if (bytes != 4 && bytes != 8 && bytes != 16)
    return emitOpError() << "copies " << bytes << " bytes, expected 4, 8 or 16";
  Type from = cast<MemRefType>(getSource().getType()).getElementType();
  Type to = cast<MemRefType>(getTile().getType()).getElementType();
  if (from != to)
    return emitOpError() << "copies from elements of type " << from << " to others of type " << to;
  int64_t bits = bitsOf(from);
  if (bits == 0 || 8 * bytes % bits != 0)
    return emitOpError() << "copies " << bytes << " bytes, which are no whole elements of type " << from;
  return success();
}

LogicalResult LoadFragmentOp::verify() {
  Type from = cast<MemRefType>(getTile().getType()).getElementType();
  auto fragment = cast<VectorType>(getFragment().getType());
  if (from != fragment.getElementType())
    return emitOpError() << "loads elements of type " << from << " as " << fragment;
  int64_t bits = bitsOf(from) * fragment.getNumElements();
  if (bits != 32 && bits != 64 && bits != 128)
    return emitOpError() << "loads " << bits << " bits a lane, expected 32 for each of 1, 2 or 4 matrices";
  if (getTransposed() && bitsOf(from) != 16 && bitsOf(from) != 8)
    return emitOpError() << "transposes elements of type " << from << ", expected 16 bits, or 8 bits in pairs";
  return success();
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/onnx_to_core/InputTypes.h"
#include "dialects/onnx/DataTypes.h"
#include "passes/onnx_to_core/OpTable.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace adze;

namespace {
/// What may stand at one position.
struct Formal {
  uint32_t elements; ///< bit n: the type of number n; none where no tensor may stand
  int variable;      ///< equal for positions whose elements must have equal types; -1: equal to none
};

struct Inputs {
  bool variadic; ///< the last formal stands for all positions from its own on
  SmallVector<Formal, 4> formals;

  /// The formal of position `i`, or null.
  const Formal *at(unsigned i) const {
    if (i < formals.size())
      return &formals[i];
    return variadic ? &formals.back() : nullptr;
  }
};
} // namespace

static_assert(onnx::kDataTypes <= 32, "a type is a bit of Formal::elements");

/// The inputs by domain and operator, as OpTable::key has them.
static const llvm::StringMap<Inputs> &standard() {
  static const llvm::StringMap<Inputs> table = {
#include "passes/onnx_to_core/OnnxTypes.inc"
  };
  return table;
}

static LogicalResult checkElements(CoreBuilder &b, unsigned i, const Formal &formal, Type element) {
  auto number = onnx::dataTypeOf(element);
  if (!formal.elements || (number && formal.elements >> *number & 1))
    return success();
  SmallVector<Type> expected;
  for (unsigned n = 0; n < onnx::kDataTypes; ++n)
    if (Type type = formal.elements >> n & 1 ? onnx::elementType(n, b.b.getContext()) : Type())
      expected.push_back(type);
  return b.error() << "input " << i << " has elements of type " << element << ", expected "
                   << (expected.size() > 1 ? "one of " : "") << expected;
}

LogicalResult adze::checkInputTypes(CoreBuilder &b) {
  auto found = standard().find(OpTable::key(b.node.getDomain(), b.node.getOpType()));
  if (found == standard().end())
    return success();
  llvm::SmallDenseMap<int, unsigned> firstOf; // of each variable: the first position
  for (unsigned i = 0; i < b.node.getNumPositions(); ++i) {
    const Formal *formal = found->second.at(i);
    auto tensor = dyn_cast_or_null<TensorType>(b.has(i) ? b.node.getInput(i).getType() : Type());
    if (!formal || !tensor)
      continue;
    if (failed(checkElements(b, i, *formal, tensor.getElementType())))
      return failure();
    if (formal->variable < 0)
      continue;
    unsigned first = firstOf.try_emplace(formal->variable, i).first->second;
    Type wanted = getElementTypeOrSelf(b.node.getInput(first));
    if (tensor.getElementType() != wanted)
      return b.error() << "input " << i << " has elements of type " << tensor.getElementType()
                       << ", expected those of input " << first << ", " << wanted;
  }
  return success();
}

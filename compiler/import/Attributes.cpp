// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/Attributes.h"
#include "compiler/import/Types.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace adze;
using ::onnx::AttributeProto;

static bool holds(const AttributeProto &attribute, AttributeProto::AttributeType type) {
  switch (type) {
  case AttributeProto::FLOAT:
    return attribute.has_f();
  case AttributeProto::INT:
    return attribute.has_i();
  case AttributeProto::STRING:
    return attribute.has_s();
  case AttributeProto::TENSOR:
    return attribute.has_t();
  case AttributeProto::GRAPH:
    return attribute.has_g();
  case AttributeProto::SPARSE_TENSOR:
    return attribute.has_sparse_tensor();
  case AttributeProto::TYPE_PROTO:
    return attribute.has_tp();
  case AttributeProto::FLOATS:
    return attribute.floats_size();
  case AttributeProto::INTS:
    return attribute.ints_size();
  case AttributeProto::STRINGS:
    return attribute.strings_size();
  case AttributeProto::TENSORS:
    return attribute.tensors_size();
  case AttributeProto::GRAPHS:
    return attribute.graphs_size();
  case AttributeProto::SPARSE_TENSORS:
    return attribute.sparse_tensors_size();
  case AttributeProto::TYPE_PROTOS:
    return attribute.type_protos_size();
  case AttributeProto::UNDEFINED:
    return false;
  }
  return false;
}

/// True for values that are messages: a number, text or list of nothing may be left out by writers of proto3.
static bool needsValue(AttributeProto::AttributeType type) {
  return type == AttributeProto::TENSOR || type == AttributeProto::GRAPH || type == AttributeProto::SPARSE_TENSOR ||
         type == AttributeProto::TYPE_PROTO;
}

FailureOr<AttributeProto::AttributeType> adze::attributeType(const AttributeProto &attribute, Location loc) {
  auto stated = attribute.type();
  if (stated != AttributeProto::UNDEFINED && holds(attribute, stated))
    return stated;
  for (int i = AttributeProto::AttributeType_MIN; i <= AttributeProto::AttributeType_MAX; ++i) {
    auto type = static_cast<AttributeProto::AttributeType>(i);
    if (!AttributeProto::AttributeType_IsValid(i) || !holds(attribute, type))
      continue;
    if (stated == AttributeProto::UNDEFINED)
      return type;
    return emitError(loc) << "attribute '" << attribute.name() << "' is of type "
                          << AttributeProto::AttributeType_Name(stated)
                          << ", but holds another: " << AttributeProto::AttributeType_Name(type);
  }
  if (needsValue(stated))
    return emitError(loc) << "attribute '" << attribute.name() << "' is of type "
                          << AttributeProto::AttributeType_Name(stated) << ", but has no value";
  return stated == AttributeProto::UNDEFINED ? AttributeProto::INTS : stated;
}

static FailureOr<Attribute> importTensor(FailureOr<TensorValue> value, Location loc) {
  if (failed(value))
    return failure();
  if (isa<ElementsAttr>(value->value))
    return value->value;
  Builder b(loc.getContext());
  return Attribute(
      b.getDictionaryAttr({b.getNamedAttr("type", TypeAttr::get(value->type)), b.getNamedAttr("value", value->value)}));
}

FailureOr<Attribute> adze::importAttribute(const AttributeProto &attribute, AttributeProto::AttributeType type,
                                           TensorReader &tensors, Location loc) {
  Builder b(loc.getContext());
  switch (type) {
  case AttributeProto::FLOAT:
    return Attribute(b.getF32FloatAttr(attribute.f()));
  case AttributeProto::INT:
    return Attribute(b.getI64IntegerAttr(attribute.i()));
  case AttributeProto::STRING:
    return Attribute(b.getStringAttr(attribute.s()));
  case AttributeProto::FLOATS:
    return Attribute(b.getDenseF32ArrayAttr(SmallVector<float>(attribute.floats().begin(), attribute.floats().end())));
  case AttributeProto::INTS:
    return Attribute(b.getDenseI64ArrayAttr(SmallVector<int64_t>(attribute.ints().begin(), attribute.ints().end())));
  case AttributeProto::STRINGS:
    return Attribute(b.getArrayAttr(llvm::map_to_vector(
        attribute.strings(), [&](const std::string &s) -> Attribute { return b.getStringAttr(s); })));
  case AttributeProto::TENSOR:
    return importTensor(tensors.read(attribute.t(), loc), loc);
  case AttributeProto::SPARSE_TENSOR:
    return importTensor(tensors.readSparse(attribute.sparse_tensor(), loc), loc);
  case AttributeProto::TYPE_PROTO: {
    DimNames names;
    Type value = valueType(attribute.tp(), loc, names);
    if (!value)
      return failure();
    return Attribute(TypeAttr::get(value));
  }
  default:
    return emitError(loc) << "attribute '" << attribute.name() << "' is of type "
                          << AttributeProto::AttributeType_Name(type) << ", which is not supported";
  }
}

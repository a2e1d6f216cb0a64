// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/TensorData.h"
#include "compiler/import/Types.h"
#include "dialects/core/Core.h"
#include <google/protobuf/wire_format_lite.h>

using namespace mlir;
using namespace adze;

using Tensor = ::onnx::TensorProto;

/// The model's own file in the BlobStore.
static constexpr StringLiteral kModelSource = "model";

static InFlightDiagnostic error(const Tensor &tensor, Location loc) {
  return emitError(loc) << "tensor '" << tensor.name() << "': ";
}

/// Bits of an element in raw data: sub-byte types are packed there.
static unsigned packedBits(Type element) { return element.isInteger(1) ? 8 : element.getIntOrFloatBitWidth(); }

/// Elements of fewer than 8 bits, packed low bits first, as one element a byte, signed ones with their sign.
static std::vector<char> unpack(ArrayRef<char> raw, Type element, int64_t count) {
  unsigned bits = packedBits(element), perByte = 8 / bits;
  bool isSigned = element.isSignlessInteger();
  std::vector<char> out(count);
  for (int64_t i = 0; i < count; ++i) {
    uint8_t code = (uint8_t(raw[i / perByte]) >> (i % perByte * bits)) & ((1 << bits) - 1);
    if (isSigned && (code >> (bits - 1)))
      code |= uint8_t(0xFF << bits);
    out[i] = char(code);
  }
  return out;
}

/// The shape, checked so that its bytes can be counted; null type after an error.
static RankedTensorType shapeOf(const Tensor &tensor, Location loc) {
  Type element = elementType(tensor.data_type(), *loc.getContext());
  if (!element) {
    error(tensor, loc) << "data type " << tensor.data_type() << " is not supported";
    return {};
  }
  if (tensor.dims_size() > 32) {
    error(tensor, loc) << "has rank " << tensor.dims_size() << ", more than 32";
    return {};
  }
  int64_t bytes = std::max(1u, core::elementBytes(element));
  for (int64_t size : tensor.dims())
    if (size < 0 || (size > 0 && __builtin_mul_overflow(bytes, size, &bytes))) {
      error(tensor, loc) << (size < 0 ? "has a dimension of size " + std::to_string(size)
                                      : "has more bytes than can be addressed");
      return {};
    }
  return RankedTensorType::get(SmallVector<int64_t>(tensor.dims().begin(), tensor.dims().end()), element);
}

FailureOr<TensorValue> TensorReader::fromBytes(std::vector<char> bytes, RankedTensorType type) {
  Type element = type.getElementType();
  if (bytes.size() >= kLargeTensor) {
    uint64_t size = bytes.size();
    std::string name = store.addOwned(std::move(bytes));
    return TensorValue{core::BlobAttr::get(type.getContext(), name, 0, size, ""), type};
  }
  if (element.isInteger(1)) {
    SmallVector<bool> bits = llvm::map_to_vector(bytes, [](char c) { return c != 0; });
    return TensorValue{DenseElementsAttr::get(type, ArrayRef<bool>(bits)), type};
  }
  return TensorValue{DenseElementsAttr::getFromRawBuffer(type, ArrayRef<char>(bytes)), type};
}

FailureOr<TensorValue> TensorReader::readRaw(const Tensor &tensor, RankedTensorType type, ArrayRef<char> raw,
                                             Location loc) {
  unsigned bits = packedBits(type.getElementType());
  uint64_t count = type.getNumElements(), expected = bits < 8 ? (count * bits + 7) / 8 : count * (bits / 8);
  if (raw.size() != expected)
    return error(tensor, loc) << "raw data has " << raw.size() << " bytes, " << type << " takes " << expected;
  if (bits < 8)
    return fromBytes(unpack(raw, type.getElementType(), count), type);
  return fromBytes(std::vector<char>(raw.begin(), raw.end()), type);
}

/// Appends the low bytes of each value.
template <typename Field> static std::vector<char> pack(const Field &field, unsigned bytes) {
  std::vector<char> out;
  out.reserve(size_t(field.size()) * bytes);
  for (auto value : field) {
    const char *p = reinterpret_cast<const char *>(&value);
    out.insert(out.end(), p, p + bytes); // little-endian hosts only, as the artifact's
  }
  return out;
}

FailureOr<TensorValue> TensorReader::readFields(const Tensor &tensor, RankedTensorType type, Location loc) {
  int64_t count = type.getNumElements();
  Type element = type.getElementType();
  auto checked = [&](int64_t have, int64_t want) -> LogicalResult {
    if (have == want)
      return success();
    return error(tensor, loc) << "has " << have << " values, " << type << " takes " << want;
  };
  if (isa<core::StringType>(element)) {
    if (failed(checked(tensor.string_data_size(), count)))
      return failure();
    SmallVector<StringRef> strings(tensor.string_data().begin(), tensor.string_data().end());
    return TensorValue{DenseStringElementsAttr::get(type, strings), type};
  }
  unsigned bits = packedBits(element);
  if (bits < 8) { // each value of int32_data holds a byte
    if (failed(checked(tensor.int32_data_size(), (count * bits + 7) / 8)))
      return failure();
    std::vector<char> bytes = pack(tensor.int32_data(), 1);
    return fromBytes(unpack(bytes, element, count), type);
  }
  auto from = [&](auto &field) -> FailureOr<TensorValue> {
    if (failed(checked(field.size(), count)))
      return failure();
    return fromBytes(pack(field, core::elementBytes(element)), type);
  };
  if (element.isF32())
    return from(tensor.float_data());
  if (element.isF64())
    return from(tensor.double_data());
  if (element.isSignlessInteger(64))
    return from(tensor.int64_data());
  if (element.isUnsignedInteger(64) || element.isUnsignedInteger(32))
    return from(tensor.uint64_data());
  return from(tensor.int32_data());
}

/// The index in ScannedModel::cut of the tensor's data, where the scan has cut it. The scan lets no such field of the
/// file itself through.
static std::optional<uint64_t> cutIndex(const Tensor &tensor) {
  const std::string &unknown = tensor.unknown_fields();
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t *>(unknown.data()), int(unknown.size()));
  while (uint32_t tag = stream.ReadTag()) {
    uint64_t index;
    if (tag == kRawDataField << 3)
      return stream.ReadVarint64(&index) ? std::optional<uint64_t>(index) : std::nullopt;
    if (!google::protobuf::internal::WireFormatLite::SkipField(&stream, tag))
      break;
  }
  return std::nullopt;
}

FailureOr<TensorValue> TensorReader::read(const Tensor &tensor, Location loc) {
  RankedTensorType type = shapeOf(tensor, loc);
  if (!type)
    return failure();
  if (tensor.has_segment())
    return error(tensor, loc) << "is stored in segments, which is not supported";
  uint64_t bytes = uint64_t(type.getNumElements()) * core::elementBytes(type.getElementType());
  if (tensor.data_location() == Tensor::EXTERNAL) {
    if (!core::elementBytes(type.getElementType()) || packedBits(type.getElementType()) < 8)
      return error(tensor, loc) << "of type " << type << " cannot be external data";
    auto range = external.locate(tensor, bytes);
    if (!range)
      return error(tensor, loc) << llvm::toString(range.takeError());
    if (bytes < kLargeTensor) {
      auto data = store.get(range->source, range->offset, range->size);
      return fromBytes(std::vector<char>(data->begin(), data->end()), type);
    }
    return TensorValue{core::BlobAttr::get(loc.getContext(), range->source, range->offset, range->size, ""), type};
  }
  if (auto index = cutIndex(tensor)) {
    const RawData &raw = model.cut[*index];
    if (packedBits(type.getElementType()) < 8 || type.getElementType().isInteger(1)) {
      auto data = store.get(kModelSource, raw.offset, raw.size);
      return readRaw(tensor, type, *data, loc);
    }
    if (raw.size != bytes)
      return error(tensor, loc) << "raw data has " << raw.size << " bytes, " << type << " takes " << bytes;
    return TensorValue{core::BlobAttr::get(loc.getContext(), kModelSource, raw.offset, raw.size, ""), type};
  }
  if (tensor.has_raw_data()) {
    if (isa<core::StringType>(type.getElementType()))
      return error(tensor, loc) << "holds strings as raw data";
    return readRaw(tensor, type, ArrayRef<char>(tensor.raw_data().data(), tensor.raw_data().size()), loc);
  }
  return readFields(tensor, type, loc);
}

FailureOr<TensorValue> TensorReader::readSparse(const ::onnx::SparseTensorProto &sparse, Location loc) {
  auto values = read(sparse.values(), loc), indices = read(sparse.indices(), loc);
  if (failed(values) || failed(indices))
    return failure();
  Tensor shape;
  shape.set_name(sparse.values().name());
  shape.set_data_type(sparse.values().data_type());
  *shape.mutable_dims() = sparse.dims();
  RankedTensorType type = shapeOf(shape, loc);
  if (!type)
    return failure();
  constexpr int64_t kMostElements = int64_t(1) << 28; // a sparse tensor can claim any size
  auto bad = [&](const Twine &why) { return error(shape, loc) << why; };
  auto places = dyn_cast<DenseIntElementsAttr>(indices->value);
  if (!type.getElementType().isIntOrFloat() || type.getNumElements() > kMostElements)
    return bad("is a sparse tensor of " + Twine(type.getNumElements()) + " elements, more than is supported");
  if (!places || !indices->type.getElementType().isSignlessInteger(64) || !isa<DenseElementsAttr>(values->value))
    return bad("is a sparse tensor that is too large or whose indices are not int64");
  int64_t count = values->type.getNumElements(), rank = type.getRank();
  bool linear = indices->type.getRank() == 1;
  if (indices->type.getNumElements() != (linear ? count : count * rank))
    return bad("has indices of type other than its values ask for");
  unsigned width = core::elementBytes(type.getElementType());
  std::vector<char> bytes(size_t(type.getNumElements()) * width, 0);
  OpBuilder builder(loc.getContext());
  auto holder = core::ConstantOp::create(builder, loc, values->type, values->value);
  auto data = core::constantBytes(holder);
  holder->erase();
  auto at = places.getValues<int64_t>().begin();
  for (int64_t i = 0; i < count; ++i) {
    int64_t position = 0;
    for (int64_t d = 0; d < (linear ? 1 : rank); ++d, ++at) {
      int64_t size = linear ? type.getNumElements() : type.getDimSize(d);
      if (*at < 0 || *at >= size)
        return bad("has an index out of range: " + Twine(*at));
      position = position * size + *at;
    }
    std::copy_n(data->begin() + i * width, width, bytes.begin() + position * width);
  }
  return fromBytes(std::move(bytes), type);
}

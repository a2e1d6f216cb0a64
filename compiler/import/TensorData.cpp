// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/TensorData.h"
#include "compiler/import/Types.h"
#include "dialects/core/Core.h"
#include "dialects/onnx/DataTypes.h"
#include <google/protobuf/wire_format_lite.h>

using namespace mlir;
using namespace adze;

using Tensor = ::onnx::TensorProto;

InFlightDiagnostic adze::tensorError(const Tensor &tensor, Location loc) {
  auto diagnostic = emitError(loc);
  if (tensor.name().empty())
    diagnostic << "tensor: ";
  else
    diagnostic << "tensor '" << tensor.name() << "': ";
  return diagnostic;
}

/// Bits of an element in raw data: sub-byte types are packed there.
static unsigned packedBits(Type element) { return element.isInteger(1) ? 8 : element.getIntOrFloatBitWidth(); }

/// Bytes of raw data; the shape has been checked.
static uint64_t packedBytes(RankedTensorType type) {
  uint64_t bits = packedBits(type.getElementType()), count = type.getNumElements();
  return bits < 8 ? count / 8 * bits + (count % 8 * bits + 7) / 8 : count * (bits / 8);
}

/// Elements of fewer than 8 bits, packed low bits first, as one element a byte, signed ones with their sign.
static std::vector<char> unpack(ArrayRef<char> raw, Type element, int64_t count) {
  unsigned bits = packedBits(element);
  bool isSigned = element.isSignlessInteger();
  std::vector<char> out(count);
  for (int64_t i = 0; i < count; ++i) {
    uint64_t first = uint64_t(i) * bits, byte = first / 8, shift = first % 8;
    unsigned pair = uint8_t(raw[byte]); // six bits may lie in two bytes
    if (shift + bits > 8)
      pair |= unsigned(uint8_t(raw[byte + 1])) << 8;
    uint8_t code = (pair >> shift) & ((1u << bits) - 1);
    if (isSigned && (code >> (bits - 1)))
      code |= uint8_t(0xFF << bits);
    out[i] = char(code);
  }
  return out;
}

RankedTensorType adze::tensorShape(const Tensor &tensor, Location loc) {
  Type element = adze::onnx::elementType(tensor.data_type(), loc.getContext());
  std::string problem;
  if (!element)
    problem = "data type " + std::to_string(tensor.data_type()) + " is not supported";
  else if (tensor.dims_size() > kMaxRank)
    problem = "has rank " + std::to_string(tensor.dims_size()) + ", more than " + std::to_string(kMaxRank);
  else
    problem = sizeProblem(ArrayRef<int64_t>(tensor.dims().data(), tensor.dims_size()), element);
  if (!problem.empty()) {
    tensorError(tensor, loc) << problem;
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
  Type element = type.getElementType();
  if (raw.size() != packedBytes(type))
    return tensorError(tensor, loc) << "raw data has " << raw.size() << " bytes, " << type << " takes "
                                    << packedBytes(type);
  if (packedBits(element) < 8)
    return fromBytes(unpack(raw, element, type.getNumElements()), type);
  std::vector<char> bytes(raw.begin(), raw.end());
  if (element.isInteger(1))
    for (char &byte : bytes)
      byte = byte != 0; // kernels read them as 0 or 1
  return fromBytes(std::move(bytes), type);
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
    return tensorError(tensor, loc) << "has " << have << " values, " << type << " takes " << want;
  };
  if (isa<core::StringType>(element)) {
    if (failed(checked(tensor.string_data_size(), count)))
      return failure();
    SmallVector<StringRef> strings(tensor.string_data().begin(), tensor.string_data().end());
    return TensorValue{DenseStringElementsAttr::get(type, strings), type};
  }
  if (packedBits(element) < 6) { // each value of int32_data holds a byte
    if (failed(checked(tensor.int32_data_size(), packedBytes(type))))
      return failure();
    return readRaw(tensor, type, pack(tensor.int32_data(), 1), loc);
  }
  auto from = [&](auto &field) -> FailureOr<TensorValue> {
    if (failed(checked(field.size(), count)))
      return failure();
    std::vector<char> bytes = pack(field, core::elementBytes(element));
    for (char &byte : bytes) // what elements have no bits for is dropped
      byte = element.isInteger(1) ? byte != 0 : packedBits(element) == 6 ? byte & 0x3F : byte;
    return fromBytes(std::move(bytes), type);
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

/// The places in ScannedModel::cut of the tensor's data, where the scan has cut it. The scan lets no such field of the
/// file itself through.
static SmallVector<uint64_t> cutPlaces(const Tensor &tensor) {
  SmallVector<uint64_t> places;
  const std::string &unknown = tensor.unknown_fields();
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t *>(unknown.data()), int(unknown.size()));
  while (uint32_t tag = stream.ReadTag()) {
    uint64_t index;
    if (tag != kRawDataField << 3) {
      if (!google::protobuf::internal::WireFormatLite::SkipField(&stream, tag))
        break;
    } else if (stream.ReadVarint64(&index)) {
      places.push_back(index);
    }
  }
  return places;
}

/// True if elements in memory are what raw data holds, so that a blob may refer to it.
static bool isPlain(Type element) { return packedBits(element) >= 8 && !element.isInteger(1); }

FailureOr<TensorValue> TensorReader::readExternal(const Tensor &tensor, RankedTensorType type, Location loc) {
  auto range = external.locate(tensor, packedBytes(type));
  if (!range)
    return tensorError(tensor, loc) << llvm::toString(range.takeError());
  if (range->size < kLargeTensor || !isPlain(type.getElementType()))
    return readRaw(tensor, type, store.get(range->source, range->offset, range->size)->bytes, loc);
  return TensorValue{core::BlobAttr::get(loc.getContext(), range->source, range->offset, range->size, ""), type};
}

FailureOr<TensorValue> TensorReader::readNew(const Tensor &tensor, Location loc) {
  RankedTensorType type = tensorShape(tensor, loc);
  if (!type)
    return failure();
  if (tensor.has_segment())
    return tensorError(tensor, loc) << "is stored in segments, which is not supported";
  bool isString = isa<core::StringType>(type.getElementType());
  if (tensor.data_location() == Tensor::EXTERNAL) {
    if (isString)
      return tensorError(tensor, loc) << "of type " << type << " cannot be external data";
    return readExternal(tensor, type, loc);
  }
  SmallVector<uint64_t> cut = cutPlaces(tensor);
  if (cut.empty() && !tensor.has_raw_data())
    return readFields(tensor, type, loc);
  if (isString)
    return tensorError(tensor, loc) << "holds strings as raw data";
  if (cut.size() + tensor.has_raw_data() > 1)
    return tensorError(tensor, loc) << "has raw data twice";
  if (cut.empty())
    return readRaw(tensor, type, ArrayRef<char>(tensor.raw_data().data(), tensor.raw_data().size()), loc);
  const RawData &raw = model.cut[cut[0]];
  if (!isPlain(type.getElementType()) || raw.size != packedBytes(type))
    return readRaw(tensor, type, store.get(source, raw.offset, raw.size)->bytes, loc);
  return TensorValue{core::BlobAttr::get(loc.getContext(), source, raw.offset, raw.size, ""), type};
}

FailureOr<TensorValue> TensorReader::read(const Tensor &tensor, Location loc) {
  if (auto it = known.find(&tensor); it != known.end())
    return it->second;
  auto value = readNew(tensor, loc);
  if (succeeded(value))
    known[&tensor] = *value;
  return value;
}

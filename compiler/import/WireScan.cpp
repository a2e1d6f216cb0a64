// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/WireScan.h"

using namespace llvm;
using namespace adze;

namespace {
/// Messages on the way to a tensor; Other is copied as it is.
enum class Message { Model, Graph, Node, Attribute, Tensor, SparseTensor, Function, TrainingInfo, Other };

/// What field `number` of a message holds (onnx-ml.proto).
Message fieldMessage(Message in, uint64_t number) {
  switch (in) {
  case Message::Model:
    return number == 7    ? Message::Graph
           : number == 20 ? Message::TrainingInfo
           : number == 25 ? Message::Function
                          : Message::Other;
  case Message::TrainingInfo:
    return number == 1 || number == 2 ? Message::Graph : Message::Other;
  case Message::Graph:
    return number == 1    ? Message::Node
           : number == 5  ? Message::Tensor
           : number == 15 ? Message::SparseTensor
                          : Message::Other;
  case Message::Function:
    return number == 7 ? Message::Node : number == 11 ? Message::Attribute : Message::Other;
  case Message::Node:
    return number == 5 ? Message::Attribute : Message::Other;
  case Message::Attribute:
    return number == 5 || number == 10    ? Message::Tensor
           : number == 6 || number == 11  ? Message::Graph
           : number == 22 || number == 23 ? Message::SparseTensor
                                          : Message::Other;
  case Message::SparseTensor:
    return number == 1 || number == 2 ? Message::Tensor : Message::Other;
  default:
    return Message::Other;
  }
}

constexpr unsigned kMaxDepth = 100;  // protobuf's own limit
constexpr uint64_t kRawData = 9;     // TensorProto.raw_data
constexpr unsigned kLengthBytes = 5; // of a message of up to 2^31 bytes, protobuf's limit

class Scanner {
public:
  Scanner(ArrayRef<char> bytes) : bytes(bytes) {}

  Expected<ScannedModel> run() {
    if (!message(0, bytes.size(), Message::Model, 0, out.message))
      return createStringError(inconvertibleErrorCode(), "not an ONNX model: " + reason + " at byte " + Twine(at));
    return std::move(out);
  }

private:
  bool fail(const Twine &why, uint64_t where) {
    reason = why.str();
    at = where;
    return false;
  }

  bool varint(uint64_t &pos, uint64_t end, uint64_t &value) {
    value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      if (pos >= end)
        return fail("the file is truncated or is no protobuf message", pos);
      uint8_t byte = bytes[pos++];
      if (shift < 64)
        value |= uint64_t(byte & 0x7F) << shift;
      if (!(byte & 0x80))
        return true;
    }
    return fail("a number has more than 10 bytes", pos);
  }

  static void putVarint(std::string &to, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
      to.push_back(char(value | 0x80));
    to.push_back(char(value));
  }

  /// Copies the message [pos, end) to `to` without large raw_data.
  bool message(uint64_t pos, uint64_t end, Message kind, unsigned depth, std::string &to) {
    if (depth > kMaxDepth)
      return fail("messages nest deeper than " + Twine(kMaxDepth), pos);
    while (pos < end) {
      uint64_t start = pos, tag, length = 0;
      if (!varint(pos, end, tag))
        return false;
      uint64_t number = tag >> 3;
      // Protobuf reads the low 32 bits of a tag: with more, it would see another field than we do.
      if (number == 0 || tag > UINT32_MAX)
        return fail("the file is no protobuf message", start);
      switch (tag & 7) {
      case 0:
        if (!varint(pos, end, length))
          return false;
        break;
      case 1:
      case 5:
        length = (tag & 7) == 1 ? 8 : 4;
        if (end - pos < length)
          return fail("the file is truncated or is no protobuf message", pos);
        pos += length;
        break;
      case 2:
        if (!varint(pos, end, length))
          return false;
        if (end - pos < length)
          return fail("the file is truncated or is no protobuf message", pos);
        if (!field(start, pos, length, tag, kind, depth, to))
          return false;
        pos += length;
        continue;
      default:
        return fail("the file is no protobuf message", start);
      }
      if (number != kRawDataField)
        to.append(bytes.data() + start, pos - start);
    }
    return true;
  }

  /// A field of `length` bytes at `pos`, its tag at `start`.
  bool field(uint64_t start, uint64_t pos, uint64_t length, uint64_t tag, Message kind, unsigned depth,
             std::string &to) {
    uint64_t number = tag >> 3;
    if (kind == Message::Tensor && number == kRawData && length >= kLargeTensor) {
      putVarint(to, uint64_t(kRawDataField) << 3);
      putVarint(to, out.cut.size());
      out.cut.push_back({pos, length});
      return true;
    }
    Message inner = fieldMessage(kind, number);
    if (inner == Message::Other) {
      if (number != kRawDataField)
        to.append(bytes.data() + start, pos + length - start);
      return true;
    }
    // The length follows when it is known: a number may have leading zeros on the wire, so its room is fixed.
    putVarint(to, tag);
    size_t room = to.size();
    to.append(kLengthBytes, '\0');
    if (!message(pos, pos + length, inner, depth + 1, to))
      return false;
    uint64_t size = to.size() - room - kLengthBytes;
    if (size >> (7 * kLengthBytes))
      return fail("a message is too large", pos);
    for (unsigned i = 0; i < kLengthBytes; ++i)
      to[room + i] = char((size >> (7 * i) & 0x7F) | (i + 1 < kLengthBytes ? 0x80 : 0));
    return true;
  }

  ArrayRef<char> bytes;
  ScannedModel out;
  std::string reason;
  uint64_t at = 0;
};
} // namespace

Expected<ScannedModel> adze::scanModel(ArrayRef<char> bytes) { return Scanner(bytes).run(); }

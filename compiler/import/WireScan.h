// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A look at a model's bytes before protobuf copies them: large tensors are cut out, and their places remembered.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace adze {

/// Bytes of a tensor's raw_data in the model's file.
struct RawData {
  uint64_t offset, size;
};

/// A model without its large raw_data.
struct ScannedModel {
  std::string
      message; ///< a ModelProto; a tensor whose data was cut has the unknown field kRawDataField, an index into `cut`
  std::vector<RawData> cut;
};

/// Number of the field that stands for cut data: above all fields of ONNX's schema. Fields of this number in a file are
/// dropped.
constexpr unsigned kRawDataField = 536000000;
/// Data from this size up is cut.
constexpr uint64_t kLargeTensor = 4096;

/// Scans protobuf wire format (protobuf.dev/programming-guides/encoding) along the messages that hold tensors. An error
/// if the bytes are no protobuf message or nest too deep.
llvm::Expected<ScannedModel> scanModel(llvm::ArrayRef<char> bytes);

} // namespace adze

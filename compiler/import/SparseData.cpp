// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sparse tensors: values and where they stand, among zeros.
#include "compiler/import/TensorData.h"
#include "compiler/import/Types.h"
#include "dialects/core/Core.h"

using namespace mlir;
using namespace adze;

/// Bytes that the sparse tensors of a model may have as dense ones, all together.
static constexpr uint64_t kMostSparseBytes = uint64_t(1) << 28;

/// The bytes of a value.
static FailureOr<std::vector<char>> bytesOf(const TensorValue &value, Location loc) {
  OpBuilder b(loc.getContext());
  OwningOpRef<core::ConstantOp> holder = core::ConstantOp::create(b, loc, value.type, value.value);
  return core::constantBytes(*holder);
}

static std::string shapeText(RankedTensorType type) {
  if (type.getRank() == 0)
    return "scalar";
  std::string text;
  for (int64_t size : type.getShape())
    text += (text.empty() ? "" : "x") + std::to_string(size);
  return text;
}

/// The positions in row-major order that the indices say: one number each, or one a dimension. A reason if they are no
/// good.
static std::string readPositions(ArrayRef<int64_t> indices, bool linear, RankedTensorType type,
                                 std::vector<int64_t> &positions) {
  int64_t rank = linear ? 1 : type.getRank();
  for (size_t i = 0; i < positions.size(); ++i) {
    int64_t position = 0;
    for (int64_t d = 0; d < rank; ++d) {
      int64_t at = indices[i * rank + d], size = linear ? type.getNumElements() : type.getDimSize(d);
      if (at < 0 || at >= size)
        return "has an index out of range: " + std::to_string(at);
      position = position * size + at;
    }
    if (i > 0 && position <= positions[i - 1])
      return "has indices that do not ascend";
    positions[i] = position;
  }
  return "";
}

FailureOr<TensorValue> TensorReader::readSparse(const ::onnx::SparseTensorProto &sparse, Location loc) {
  auto values = read(sparse.values(), loc), indices = read(sparse.indices(), loc);
  if (failed(values) || failed(indices))
    return failure();
  ::onnx::TensorProto dense;
  dense.set_name(sparse.values().name());
  dense.set_data_type(sparse.values().data_type());
  *dense.mutable_dims() = sparse.dims();
  RankedTensorType type = tensorShape(dense, loc);
  if (!type)
    return failure();
  uint64_t width = core::elementBytes(type.getElementType()), size = type.getNumElements() * width;
  int64_t count = values->type.getNumElements();
  bool linear = indices->type.getRank() == 1;
  if (width == 0)
    return tensorError(dense, loc) << "is a sparse tensor of " << type.getElementType() << ", which is not supported";
  if (size > kMostSparseBytes - sparseBytes)
    return tensorError(dense, loc) << "is a sparse tensor of " << size << " bytes, more than is supported";
  if (!indices->type.getElementType().isSignlessInteger(64))
    return tensorError(dense, loc) << "has indices of type " << indices->type.getElementType() << ", expected int64";
  if (!(linear && indices->type.getDimSize(0) == count) &&
      !(indices->type.getRank() == 2 && indices->type.getDimSize(0) == count &&
        indices->type.getDimSize(1) == type.getRank()))
    return tensorError(dense, loc) << "has indices of shape " << shapeText(indices->type) << " for " << count
                                   << " values";
  auto data = bytesOf(*values, loc), places = bytesOf(*indices, loc);
  if (failed(data) || failed(places))
    return tensorError(dense, loc) << "has data that cannot be read";
  std::vector<int64_t> numbers(places->size() / sizeof(int64_t)), positions(count);
  std::copy(places->begin(), places->end(), reinterpret_cast<char *>(numbers.data()));
  if (std::string problem = readPositions(numbers, linear, type, positions); !problem.empty())
    return tensorError(dense, loc) << problem;
  sparseBytes += size;
  std::vector<char> bytes(size, 0);
  for (int64_t i = 0; i < count; ++i)
    std::copy_n(data->begin() + i * width, width, bytes.begin() + positions[i] * width);
  return fromBytes(std::move(bytes), type);
}

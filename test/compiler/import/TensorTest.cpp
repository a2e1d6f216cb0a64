// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Initializers: every element type in every place its data may stand, and data that does not fit.
#include "test/compiler/import/Models.h"
#include <cstring>
#include <gtest/gtest.h>

using namespace adze;
using namespace adze::test;
using T = pb::TensorProto;

namespace {
/// Bytes of values of one type.
template <typename Value> std::string bytesOf(std::initializer_list<Value> values) {
  return std::string(reinterpret_cast<const char *>(values.begin()), values.size() * sizeof(Value));
}

/// The tensor imports to these bytes.
void expectBytes(const T &tensor, const std::string &expected) {
  Imported imported(tensorModel(tensor));
  ASSERT_TRUE(imported.ok()) << imported.errors();
  EXPECT_EQ(imported.constant(), expected) << imported.text();
}
} // namespace

TEST(Tensor, SmallRawIsElements) {
  T tensor = test::tensor("w", T::FLOAT, {2});
  tensor.set_raw_data(bytesOf({1.5f, -2.0f}));
  EXPECT_TEXT(Imported(tensorModel(tensor)), "core.constant dense<[1.500000e+00, -2.000000e+00]> : tensor<2xf32>");
}

TEST(Tensor, LargeRawStaysInTheFile) {
  pb::ModelProto model = tensorModel(rawTensor("w", T::FLOAT, {30, 50}, 6000));
  std::string bytes = model.SerializeAsString();
  std::string raw = model.graph().initializer(0).raw_data();
  Imported imported(bytes);
  ASSERT_TRUE(imported.ok()) << imported.errors();
  EXPECT_EQ(imported.constant(), raw);
  std::string blob =
      "core.constant #core.blob<\"model\", " + std::to_string(bytes.find(raw)) + ", 6000, \"\"> -> tensor<30x50xf32>";
  EXPECT_TEXT(imported, blob);
}

/// The borders of what is cut out of the file.
TEST(Tensor, AroundTheLimit) {
  for (int64_t size : {4095, 4096, 4097})
    expectBytes(rawTensor("w", T::INT8, {size}, size), rawTensor("w", T::INT8, {size}, size).raw_data());
}

TEST(Tensor, Empty) {
  expectBytes(test::tensor("w", T::FLOAT, {0, 3}), "");
  expectBytes(rawTensor("w", T::FLOAT, {3, 0}, 0), "");
  EXPECT_TEXT(Imported(tensorModel(test::tensor("w", T::STRING, {0}))), "tensor<0x!core.string>");
}

TEST(Tensor, Scalar) { expectBytes(rawTensor("w", T::INT64, {}, 8), rawTensor("w", T::INT64, {}, 8).raw_data()); }

TEST(Tensor, TypedFields) {
  T tensor = test::tensor("w", T::FLOAT, {2});
  tensor.add_float_data(1.5f);
  tensor.add_float_data(-0.0f);
  expectBytes(tensor, bytesOf({1.5f, -0.0f}));
  tensor = test::tensor("w", T::DOUBLE, {1});
  tensor.add_double_data(1e300);
  expectBytes(tensor, bytesOf({1e300}));
  tensor = test::tensor("w", T::INT64, {2});
  tensor.add_int64_data(-1);
  tensor.add_int64_data(INT64_MIN);
  expectBytes(tensor, bytesOf({int64_t(-1), INT64_MIN}));
  tensor = test::tensor("w", T::UINT64, {1});
  tensor.add_uint64_data(UINT64_MAX - 1);
  expectBytes(tensor, bytesOf({UINT64_MAX - 1}));
  tensor = test::tensor("w", T::UINT32, {1});
  tensor.add_uint64_data(4'000'000'000);
  expectBytes(tensor, bytesOf({uint32_t(4'000'000'000)}));
}

TEST(Tensor, TypesOfInt32Data) {
  struct Case {
    int type;
    unsigned width;
  };
  for (Case c : {Case{T::INT32, 4},
                 {T::INT16, 2},
                 {T::INT8, 1},
                 {T::UINT16, 2},
                 {T::UINT8, 1},
                 {T::FLOAT16, 2},
                 {T::BFLOAT16, 2},
                 {T::FLOAT8E4M3FN, 1},
                 {T::FLOAT8E4M3FNUZ, 1},
                 {T::FLOAT8E5M2, 1},
                 {T::FLOAT8E5M2FNUZ, 1},
                 {T::FLOAT8E8M0, 1},
                 {T::FLOAT6E2M3, 1},
                 {T::FLOAT6E3M2, 1}}) {
    T tensor = test::tensor("w", c.type, {3});
    std::string expected;
    for (int32_t value : {0x35, 0x3c, 1}) {
      tensor.add_int32_data(value);
      expected.append(reinterpret_cast<const char *>(&value), c.width);
    }
    SCOPED_TRACE(c.type);
    expectBytes(tensor, expected);
  }
}

TEST(Tensor, Bool) {
  T tensor = test::tensor("w", T::BOOL, {3});
  for (int value : {1, 0, 1})
    tensor.add_int32_data(value);
  expectBytes(tensor, std::string("\1\0\1", 3));
  // Other bytes than 0 and 1 are true, and are stored as 1, large or small.
  for (int64_t size : {100, 5000}) {
    T raw = rawTensor("w", T::BOOL, {size}, size);
    std::string expected = raw.raw_data();
    for (char &c : expected)
      c = c != 0;
    expectBytes(raw, expected);
  }
}

/// Two int4, four int2 a byte, low bits first; one element a byte here, signed ones with their sign.
TEST(Tensor, PackedTypes) {
  struct Case {
    int type;
    std::vector<int> packed;
    std::string expected;
  };
  std::vector<Case> cases = {{T::UINT4, {0x21, 0x0f}, {1, 2, 15}},
                             {T::INT4, {0x7f, 0x08}, {-1, 7, -8}},
                             {T::FLOAT4E2M1, {0xe3, 0x01}, {3, 14, 1}},
                             {T::UINT2, {0x39}, {1, 2, 3}},
                             {T::INT2, {0x2d}, {1, -1, -2}}};
  for (Case &c : cases) {
    SCOPED_TRACE(c.type);
    T typed = test::tensor("w", c.type, {3}), raw = typed;
    std::string bytes;
    for (int byte : c.packed) {
      typed.add_int32_data(byte);
      bytes.push_back(char(byte));
    }
    raw.set_raw_data(bytes);
    expectBytes(typed, c.expected);
    expectBytes(raw, c.expected);
  }
}

/// Four 6-bit elements in three bytes.
TEST(Tensor, SixBits) {
  T raw = test::tensor("w", T::FLOAT6E2M3, {5});
  raw.set_raw_data(std::string("\x41\x20\xfc\x2a", 4)); // 1, 1, 2, 63, 42
  expectBytes(raw, std::string("\x01\x01\x02\x3f\x2a", 5));
}

TEST(Tensor, PackedAndLarge) {
  T tensor = rawTensor("w", T::INT4, {9999}, 5000);
  std::string expected;
  for (int i = 0; i < 9999; ++i) {
    int code = (uint8_t(tensor.raw_data()[i / 2]) >> (i % 2 * 4)) & 15;
    expected.push_back(char(code >= 8 ? code - 16 : code));
  }
  expectBytes(tensor, expected);
}

TEST(Tensor, LargeTypedField) {
  T tensor = test::tensor("w", T::FLOAT, {2000});
  std::string expected;
  for (int i = 0; i < 2000; ++i) {
    tensor.add_float_data(float(i));
    expected += bytesOf({float(i)});
  }
  expectBytes(tensor, expected);
}

TEST(Tensor, Strings) {
  T tensor = test::tensor("w", T::STRING, {2});
  tensor.add_string_data("a");
  tensor.add_string_data(std::string("\0\xff", 2));
  EXPECT_TEXT(Imported(tensorModel(tensor)), "core.constant dense<[\"a\", \"\\00\\FF\"]> : tensor<2x!core.string>");
  tensor.add_string_data("c");
  EXPECT_REFUSED(Imported(tensorModel(tensor)), "tensor 'w': has 3 values, 'tensor<2x!core.string>' takes 2");
  for (int64_t size : {8, 8000})
    EXPECT_REFUSED(Imported(tensorModel(rawTensor("w", T::STRING, {2}, size))),
                   "tensor 'w': holds strings as raw data");
}

TEST(Tensor, UnknownType) {
  for (int type : {0, 14, 15, 99, -5})
    EXPECT_REFUSED(Imported(tensorModel(test::tensor("w", type, {1}))),
                   "loc(\"w\"): tensor 'w': data type " + std::to_string(type) + " is not supported");
}

TEST(Tensor, NegativeDimension) {
  EXPECT_REFUSED(Imported(tensorModel(rawTensor("w", T::FLOAT, {-1, 4}, 16))),
                 "tensor 'w': has a dimension of size -1");
}

TEST(Tensor, TooManyBytes) {
  int64_t huge = int64_t(1) << 40;
  for (auto &dims :
       std::vector<std::vector<int64_t>>{{huge, huge}, {huge, 0, huge}, {0, huge, huge}, {INT64_MAX}, {INT64_MAX / 2}})
    EXPECT_REFUSED(Imported(tensorModel(rawTensor("w", T::FLOAT, dims, 16))),
                   "tensor 'w': has more bytes than can be addressed");
}

TEST(Tensor, HugeRank) {
  EXPECT_REFUSED(Imported(tensorModel(rawTensor("w", T::FLOAT, std::vector<int64_t>(40, 1), 4))),
                 "tensor 'w': has rank 40, more than 32");
}

TEST(Tensor, RawOfWrongLength) {
  for (int64_t bytes : {0, 7, 9, 16})
    EXPECT_REFUSED(Imported(tensorModel(rawTensor("w", T::FLOAT, {2}, bytes))),
                   "tensor 'w': raw data has " + std::to_string(bytes) + " bytes, 'tensor<2xf32>' takes 8");
  EXPECT_REFUSED(Imported(tensorModel(rawTensor("w", T::FLOAT, {2000}, 7999))),
                 "raw data has 7999 bytes, 'tensor<2000xf32>' takes 8000");
  EXPECT_REFUSED(Imported(tensorModel(rawTensor("w", T::INT4, {9999}, 4999))),
                 "raw data has 4999 bytes, 'tensor<9999xi4>' takes 5000");
  EXPECT_REFUSED(Imported(tensorModel(rawTensor("w", T::BOOL, {5000}, 5001))),
                 "raw data has 5001 bytes, 'tensor<5000xi1>' takes 5000");
}

TEST(Tensor, WrongCount) {
  T tensor = test::tensor("w", T::FLOAT, {2});
  EXPECT_REFUSED(Imported(tensorModel(tensor)), "tensor 'w': has 0 values, 'tensor<2xf32>' takes 2");
  tensor.add_int32_data(1); // the wrong field
  EXPECT_REFUSED(Imported(tensorModel(tensor)), "tensor 'w': has 0 values, 'tensor<2xf32>' takes 2");
  tensor = test::tensor("w", T::INT4, {3});
  tensor.add_int32_data(1);
  EXPECT_REFUSED(Imported(tensorModel(tensor)), "tensor 'w': has 1 values, 'tensor<3xi4>' takes 2");
}

TEST(Tensor, Segment) {
  T tensor = rawTensor("w", T::FLOAT, {2}, 8);
  tensor.mutable_segment()->set_begin(0);
  EXPECT_REFUSED(Imported(tensorModel(tensor)), "tensor 'w': is stored in segments");
}

namespace {
/// A sparse initializer of shape 2x3 with values 5 and 6.
pb::ModelProto sparseModel(std::initializer_list<int64_t> indices, const std::vector<int64_t> &indicesShape,
                           const std::vector<int64_t> &shape = {2, 3}) {
  pb::ModelProto model = emptyModel();
  pb::SparseTensorProto &sparse = *model.mutable_graph()->add_sparse_initializer();
  *sparse.mutable_values() = tensor("s", T::INT8, {2});
  sparse.mutable_values()->set_raw_data("\5\6");
  *sparse.mutable_indices() = tensor("", T::INT64, indicesShape);
  for (int64_t index : indices)
    sparse.mutable_indices()->add_int64_data(index);
  for (int64_t size : shape)
    sparse.add_dims(size);
  addOutput(*model.mutable_graph(), "s");
  return model;
}
} // namespace

TEST(Sparse, LinearIndices) {
  EXPECT_TEXT(Imported(sparseModel({1, 5}, {2})), "dense<[[0, 5, 0], [0, 0, 6]]> : tensor<2x3xi8>");
}

TEST(Sparse, Coordinates) {
  EXPECT_TEXT(Imported(sparseModel({0, 2, 1, 0}, {2, 2})), "dense<[[0, 0, 5], [6, 0, 0]]> : tensor<2x3xi8>");
}

TEST(Sparse, LargeValues) {
  pb::ModelProto model = emptyModel();
  pb::SparseTensorProto &sparse = *model.mutable_graph()->add_sparse_initializer();
  *sparse.mutable_values() = rawTensor("s", T::FLOAT, {2000}, 8000);
  *sparse.mutable_indices() = tensor("", T::INT64, {2000});
  std::string raw, expected(16000, 0);
  for (int64_t i = 0; i < 2000; ++i) {
    int64_t at = 2 * i;
    raw.append(reinterpret_cast<const char *>(&at), 8);
    std::memcpy(&expected[8 * i], &sparse.values().raw_data()[4 * i], 4);
  }
  sparse.mutable_indices()->set_raw_data(raw);
  sparse.add_dims(4000);
  addOutput(*model.mutable_graph(), "s");
  Imported imported(model);
  ASSERT_TRUE(imported.ok()) << imported.errors();
  EXPECT_EQ(imported.constant(), expected);
}

TEST(Sparse, IndexOutside) {
  EXPECT_REFUSED(Imported(sparseModel({1, 6}, {2})), "tensor 's': has an index out of range: 6");
  EXPECT_REFUSED(Imported(sparseModel({-1, 3}, {2})), "tensor 's': has an index out of range: -1");
  EXPECT_REFUSED(Imported(sparseModel({0, 3, 1, 0}, {2, 2})), "tensor 's': has an index out of range: 3");
}

TEST(Sparse, IndexTwice) {
  EXPECT_REFUSED(Imported(sparseModel({2, 2}, {2})), "tensor 's': has indices that do not ascend");
}

TEST(Sparse, WrongAmountOfIndices) {
  EXPECT_REFUSED(Imported(sparseModel({1, 2, 3}, {3})), "tensor 's': has indices of shape 3 for 2 values");
  EXPECT_REFUSED(Imported(sparseModel({1, 2, 3, 4}, {1, 4})), "tensor 's': has indices of shape 1x4 for 2 values");
  EXPECT_REFUSED(Imported(sparseModel({1, 2}, {2, 1, 1})), "tensor 's': has indices of shape 2x1x1 for 2 values");
  EXPECT_REFUSED(Imported(sparseModel({1}, {})), "tensor 's': has indices of shape scalar for 2 values");
}

TEST(Sparse, TooLarge) {
  int64_t huge = int64_t(1) << 35;
  EXPECT_REFUSED(Imported(sparseModel({1, 2}, {2}, {huge})), "tensor 's': is a sparse tensor of 34359738368 bytes");
  EXPECT_REFUSED(Imported(sparseModel({1, 2}, {2}, {huge, huge})), "tensor 's': has more bytes than can be addressed");
  // Many together.
  pb::ModelProto model = sparseModel({1, 2}, {2}, {int64_t(1) << 27});
  for (int i = 0; i < 3; ++i) {
    pb::SparseTensorProto copy = model.graph().sparse_initializer(0);
    copy.mutable_values()->set_name("s" + std::to_string(i));
    *model.mutable_graph()->add_sparse_initializer() = copy;
  }
  EXPECT_REFUSED(Imported(model), "is a sparse tensor of 134217728 bytes");
}

TEST(Sparse, WrongTypes) {
  pb::ModelProto model = sparseModel({1, 2}, {2});
  model.mutable_graph()->mutable_sparse_initializer(0)->mutable_values()->set_data_type(T::STRING);
  EXPECT_REFUSED(Imported(model), "tensor 's': holds strings as raw data");
  model = sparseModel({1, 2}, {2});
  *model.mutable_graph()->mutable_sparse_initializer(0)->mutable_indices() = rawTensor("", T::INT32, {2}, 8);
  EXPECT_REFUSED(Imported(model), "tensor 's': has indices of type 'i32', expected int64");
}

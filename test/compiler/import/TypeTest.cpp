// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Types of inputs: element types, dimensions, their names, and what is no type.
#include "test/compiler/import/Models.h"
#include <gtest/gtest.h>

using namespace adze;
using namespace adze::test;

TEST(Type, NamedDimensions) {
  EXPECT_TEXT(
      Imported(reluModel({"batch", "3", "", "0"})),
      "func.func @main(%arg0: tensor<?x3x?x0xf32> {adze.dims = [\"batch\", \"\", \"\", \"\"], adze.name = \"x\"})");
}

TEST(Type, UnknownDimensionsAsExportersWriteThem) {
  EXPECT_TEXT(Imported(reluModel({"-1", "?", "?"})), "tensor<?x?x?xf32> {adze.dims = [\"\", \"\", \"\"]");
}

TEST(Type, Scalar) { EXPECT_TEXT(Imported(reluModel({})), "%arg0: tensor<f32> {adze.dims = []"); }

TEST(Type, WithoutRank) {
  pb::ModelProto model = reluModel();
  model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  EXPECT_TEXT(Imported(model), "%arg0: tensor<*xf32>");
}

TEST(Type, PinnedDimensions) {
  ImportOptions options;
  options.dims = {{"batch", 2}, {"n", 0}};
  EXPECT_TEXT(Imported(reluModel({"batch", "n", "m"}), options), "tensor<2x0x?xf32> {adze.dims = [\"\", \"\", \"m\"]");
}

TEST(Type, UnknownDimensionName) {
  ImportOptions options;
  options.dims = {{"bacth", 2}};
  EXPECT_REFUSED(Imported(reluModel({"batch"}), options), "no input has a dimension named 'bacth'");
}

TEST(Type, PinnedToNonsense) {
  ImportOptions options;
  options.dims = {{"batch", -2}};
  EXPECT_REFUSED(Imported(reluModel({"batch"}), options), "dimension 'batch' is set to -2");
  options.dims = {{"batch", INT64_MIN}};
  EXPECT_REFUSED(Imported(reluModel({"batch"}), options), "dimension 'batch' is set to");
  options.dims = {{"batch", INT64_MAX / 2}};
  EXPECT_REFUSED(Imported(reluModel({"batch", "1000"}), options), "loc(\"x\"): has more bytes than can be addressed");
}

TEST(Type, NegativeDimension) {
  EXPECT_REFUSED(Imported(reluModel({"-2"})), "loc(\"x\"): has a dimension of size -2");
  EXPECT_REFUSED(Imported(reluModel({std::to_string(INT64_MIN)})), "has a dimension of size -9223372036854775808");
}

TEST(Type, TooManyBytes) {
  std::string huge = std::to_string(int64_t(1) << 40);
  EXPECT_REFUSED(Imported(reluModel({huge, huge})), "loc(\"x\"): has more bytes than can be addressed");
  EXPECT_REFUSED(Imported(reluModel({huge, "0", huge})), "has more bytes than can be addressed");
  EXPECT_REFUSED(Imported(reluModel({std::to_string(INT64_MAX)})), "has more bytes than can be addressed");
}

TEST(Type, HugeRank) {
  EXPECT_TRUE(Imported(reluModel(Names(32, "1"))).ok());
  EXPECT_REFUSED(Imported(reluModel(Names(33, "1"))), "loc(\"x\"): has rank 33, more than 32");
}

TEST(Type, UnknownElements) {
  for (int type : {0, 14, 15, 29, -1, 1 << 20}) {
    pb::ModelProto model = reluModel();
    model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(type);
    EXPECT_REFUSED(Imported(model), "loc(\"x\"): data type " + std::to_string(type) + " is not supported");
  }
}

TEST(Type, EveryElementType) {
  const char *names[] = {"f32",          "ui8",      "i8",        "ui16",       "i16",    "i32",        "i64",
                         "!core.string", "i1",       "f16",       "f64",        "ui32",   "ui64",       nullptr,
                         nullptr,        "bf16",     "f8E4M3FN",  "f8E4M3FNUZ", "f8E5M2", "f8E5M2FNUZ", "ui4",
                         "i4",           "f4E2M1FN", "f8E8M0FNU", "ui2",        "i2",     "f6E2M3FN",   "f6E3M2FN"};
  for (int type = 1; type <= 28; ++type) {
    if (!names[type - 1])
      continue;
    pb::ModelProto model = reluModel();
    model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(type);
    EXPECT_TEXT(Imported(model), "tensor<2x3x" + std::string(names[type - 1]) + ">");
  }
}

TEST(Type, SequenceAndOptional) {
  pb::ModelProto model = reluModel({"n"});
  pb::TypeProto tensor = model.graph().input(0).type(), sequence, optional;
  *sequence.mutable_sequence_type()->mutable_elem_type() = tensor;
  *optional.mutable_optional_type()->mutable_elem_type() = sequence;
  *model.mutable_graph()->mutable_input(0)->mutable_type() = optional;
  EXPECT_TEXT(Imported(model), "!core.optional<!core.sequence<tensor<?xf32>>>");
}

TEST(Type, NoneAtAll) {
  pb::ModelProto model = reluModel();
  model.mutable_graph()->mutable_input(0)->clear_type();
  EXPECT_REFUSED(Imported(model), "loc(\"x\"): has no type");
  model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_sequence_type();
  EXPECT_REFUSED(Imported(model), "loc(\"x\"): has no type");
}

TEST(Type, Map) {
  pb::ModelProto model = reluModel();
  model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_map_type();
  EXPECT_REFUSED(Imported(model), "loc(\"x\"): is neither a tensor, a sequence nor an optional");
}

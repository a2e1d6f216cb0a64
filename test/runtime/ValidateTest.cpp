// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a run says about inputs and outputs that do not fit the model: status and exact message.
#include "runtime/error.h"
#include "runtime/exec.h"
#include "test/runtime/Tensors.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace adze_test;

namespace {

const int64_t kImageDims[] = {-1, 3, -1, -1}, kMaskDims[] = {-1, -1}, kOutDims[] = {-1};
const char *const kImageNames[] = {"batch", nullptr, "side", "side"}, *const kMaskNames[] = {"batch", nullptr};
const adze_tensor_info kIns[] = {{"image", ADZE_F32, 4, kImageDims, kImageNames},
                                 {"mask", ADZE_BOOL, 2, kMaskDims, kMaskNames},
                                 {"scale", ADZE_F32, 0, nullptr, nullptr}};
const adze_tensor_info kOuts[] = {{"out", ADZE_I64, 1, kOutDims, nullptr}};

class Validate : public testing::Test {
protected:
  adze_model_info info{};
  adze_symbols symbols{};
  adze_error error{};
  std::vector<int64_t> image{2, 3, 5, 5}, mask{2, 7}, out{4};
  std::vector<adze_tensor> inputs, outputs;
  char data[64] = {};

  void SetUp() override {
    info.num_inputs = 3;
    info.inputs = kIns;
    info.num_outputs = 1;
    info.outputs = kOuts;
    ASSERT_TRUE(adze_symbols_init(&symbols, &info));
    inputs = {{data, ADZE_F32, 4, image.data(), nullptr, ADZE_ON_HOST},
              {data, ADZE_BOOL, 2, mask.data(), nullptr, ADZE_ON_HOST},
              {data, ADZE_F32, 0, nullptr, nullptr, ADZE_ON_HOST}};
    outputs = {{data, ADZE_I64, 1, out.data(), nullptr, ADZE_ON_HOST}};
  }
  void TearDown() override { adze_symbols_free(&symbols); }

  /// The message for the inputs as they stand; empty if they are accepted.
  std::string checkInputs(int32_t count = 3) {
    int64_t sizes[8];
    error = {};
    adze_status status = adze_validate_inputs(&info, &symbols, inputs.data(), count, sizes, &error);
    EXPECT_EQ(status, error.status);
    EXPECT_TRUE(status == ADZE_OK || status == ADZE_INVALID_ARGUMENT);
    return error.message;
  }
  std::string checkOutputs(int32_t count = 1, adze_output_alloc alloc = Outputs::alloc) {
    error = {};
    adze_status status = adze_validate_outputs(&info, outputs.data(), count, alloc, &error);
    EXPECT_EQ(status, error.status);
    return error.message;
  }
};

TEST_F(Validate, AcceptsWhatFits) {
  EXPECT_EQ(checkInputs(), "");
  EXPECT_EQ(checkOutputs(), "");
  EXPECT_EQ(symbols.count, 2);
}

TEST_F(Validate, Count) {
  EXPECT_EQ(checkInputs(2), "found 2 inputs, expected 3");
  EXPECT_EQ(checkOutputs(2), "found 2 outputs, expected 1");
}

TEST_F(Validate, NullLists) {
  int64_t sizes[8];
  EXPECT_EQ(adze_validate_inputs(&info, &symbols, nullptr, 3, sizes, &error), ADZE_INVALID_ARGUMENT);
  EXPECT_EQ(adze_validate_outputs(&info, nullptr, 1, Outputs::alloc, &error), ADZE_INVALID_ARGUMENT);
}

TEST_F(Validate, Type) {
  inputs[1].dtype = ADZE_I64;
  EXPECT_EQ(checkInputs(), "input 'mask': found type int64, expected bool");
  inputs[1].dtype = static_cast<adze_dtype>(999);
  EXPECT_EQ(checkInputs(), "input 'mask': found type unknown, expected bool");
  outputs[0].dtype = ADZE_F16;
  EXPECT_EQ(checkOutputs(), "output 'out': found type float16, expected int64");
}

TEST_F(Validate, Rank) {
  inputs[0].rank = 3;
  EXPECT_EQ(checkInputs(), "input 'image': found rank 3, expected 4");
  inputs[0].rank = -1;
  EXPECT_EQ(checkInputs(), "input 'image': found rank -1, expected 4");
  inputs[0].rank = 4;
  inputs[0].shape = nullptr;
  EXPECT_EQ(checkInputs(), "input 'image': shape is null, expected 4 sizes");
}

TEST_F(Validate, StaticDimension) {
  image[1] = 4;
  EXPECT_EQ(checkInputs(), "input 'image': dimension 1 is 4, expected 3");
}

TEST_F(Validate, NamedDimensionsAgreeWithinAndAcrossInputs) {
  image[3] = 6;
  EXPECT_EQ(checkInputs(), "input 'image': dimension 3 ('side') is 6, expected 5 as in dimension 2 of input 'image'");
  image[3] = 5;
  mask[0] = 1;
  EXPECT_EQ(checkInputs(), "input 'mask': dimension 0 ('batch') is 1, expected 2 as in dimension 0 of input 'image'");
}

TEST_F(Validate, NegativeAndHugeSizes) {
  mask[1] = -4;
  EXPECT_EQ(checkInputs(), "input 'mask': dimension 1 is -4, expected at least 0");
  mask = {2, INT64_MAX / 2 + 1};
  EXPECT_EQ(checkInputs(), "input 'mask': has more elements than can be addressed");
  mask = {0, (1ll << 47) + 1}; // no elements, but the program counts with the sizes
  EXPECT_EQ(checkInputs(), "input 'mask': has more elements than can be addressed");
  image = {1ll << 32, 3, 1ll << 32, 0}; // a product of some of the sizes would overflow in the program
  EXPECT_EQ(checkInputs(), "input 'image': has more elements than can be addressed");
}

TEST_F(Validate, Strides) {
  int64_t strides[] = {INT64_MAX, 1};
  inputs[1].strides = strides;
  mask = {3, 7};
  EXPECT_EQ(checkInputs(), "input 'mask': its strides reach further than can be addressed");
  int64_t zero[] = {0};
  outputs[0].strides = zero;
  EXPECT_EQ(checkOutputs(),
            "output 'out': dimension 0 has stride 0 and size 4, its elements would overwrite each other");
  out[0] = 1;
  EXPECT_EQ(checkOutputs(), "");
}

TEST_F(Validate, NullData) {
  inputs[2].data = nullptr;
  EXPECT_EQ(checkInputs(), "input 'scale': data is null, expected 4 bytes");
  inputs[2].data = data;
  inputs[1].data = nullptr;
  mask[1] = 0;
  EXPECT_EQ(checkInputs(), "") << "no elements, no data";
  outputs[0].data = nullptr;
  EXPECT_EQ(checkOutputs(), "");
  EXPECT_EQ(checkOutputs(1, nullptr), "output 'out': has no data, and no function to get memory from");
}

TEST(Error, FormatsExtremesAndCutsAtCharacters) {
  adze_error error;
  adze_fail(&error, ADZE_INTERNAL, "%lld %d %s %% %s", static_cast<long long>(INT64_MIN), -7, "a\nb\x7f",
            static_cast<const char *>(nullptr));
  EXPECT_STREQ(error.message, "-9223372036854775808 -7 a?b? % (none)");
  for (int shift = 0; shift < 4; ++shift) {
    std::string text(static_cast<size_t>(shift), 'x');
    while (text.size() < 600)
      text += "\xf0\x9f\x98\x80";
    adze_fail(&error, ADZE_INTERNAL, "%s", text.c_str());
    size_t length = strlen(error.message);
    EXPECT_LT(length, sizeof error.message);
    EXPECT_GE(length, sizeof error.message - 5);
    EXPECT_EQ((length - static_cast<size_t>(shift)) % 4, 0u) << "no half character at the end";
  }
  EXPECT_EQ(adze_fail(nullptr, ADZE_IO_ERROR, "unseen"), ADZE_IO_ERROR);
}

} // namespace

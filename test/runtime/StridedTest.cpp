// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Strided copies against an element-by-element walk, and strided tensors through whole runs.
#include "runtime/strided.h"
#include "runtime/tensor.h"
#include "test/runtime/Tensors.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <random>

using namespace adze_test;

namespace {

/// A random arrangement of a shape in memory: dimensions in any order, holes, negative steps.
struct Layout {
  std::vector<int64_t> strides;
  int64_t first = 0, elements = 0; ///< index of element 0, and elements of memory

  Layout(const std::vector<int64_t> &shape, std::mt19937 &random) : strides(shape.size()) {
    std::vector<size_t> order(shape.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    int64_t step = 1 + static_cast<int64_t>(random() % 2);
    for (size_t d : order) {
      strides[d] = random() % 3 == 0 ? -step : step;
      if (strides[d] < 0)
        first += step * std::max<int64_t>(shape[d] - 1, 0);
      step *= std::max<int64_t>(shape[d], 1) + static_cast<int64_t>(random() % 2);
    }
    elements = step + 1;
  }
};

template <typename Visit> void forEachIndex(const std::vector<int64_t> &shape, Visit visit) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  std::vector<int64_t> index(shape.size());
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i;
    for (size_t d = shape.size(); d-- > 0;) {
      index[d] = rest % shape[d];
      rest /= shape[d];
    }
    visit(index);
  }
}

int64_t dot(const std::vector<int64_t> &index, const std::vector<int64_t> &strides) {
  return std::inner_product(index.begin(), index.end(), strides.begin(), int64_t{0});
}

TEST(Strided, CopiesLikeAWalkOverTheElements) {
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    std::vector<int64_t> shape(random() % 6);
    for (int64_t &size : shape)
      size = static_cast<int64_t>(random() % 8 == 0 ? 0 : 1 + random() % 5);
    const int64_t element = std::vector<int64_t>{1, 2, 4, 8, 3}[random() % 5];
    Layout from(shape, random), to(shape, random);
    std::vector<unsigned char> source(static_cast<size_t>(from.elements * element)),
        target(static_cast<size_t>(to.elements * element), 0xee);
    for (auto &byte : source)
      byte = static_cast<unsigned char>(random());
    std::vector<unsigned char> expected = target;
    forEachIndex(shape, [&](const std::vector<int64_t> &index) {
      memcpy(&expected[static_cast<size_t>((to.first + dot(index, to.strides)) * element)],
             &source[static_cast<size_t>((from.first + dot(index, from.strides)) * element)],
             static_cast<size_t>(element));
    });
    adze_copy_strided(target.data() + to.first * element, to.strides.data(), source.data() + from.first * element,
                      from.strides.data(), static_cast<int32_t>(shape.size()), shape.data(), element);
    ASSERT_EQ(target, expected) << "round " << round;
  }
}

TEST(Strided, TakesTheHighestRank) {
  std::vector<int64_t> shape(ADZE_MAX_RANK, 1), strides(ADZE_MAX_RANK, 7);
  shape[3] = 2, shape[20] = 3;
  strides[3] = 1, strides[20] = 2;
  const int32_t source[] = {0, 10, 1, 11, 2, 12};
  int32_t target[6] = {};
  adze_copy_strided(target, nullptr, source, strides.data(), ADZE_MAX_RANK, shape.data(), 4);
  const int32_t expected[] = {0, 1, 2, 10, 11, 12};
  EXPECT_EQ(memcmp(target, expected, sizeof target), 0);
}

TEST(Strided, KnowsContiguousTensors) {
  const int64_t shape[] = {2, 1, 3}, rows[] = {3, 99, 1}, transposed[] = {1, 1, 2}, empty[] = {2, 0, 3};
  EXPECT_TRUE(adze_is_contiguous(3, shape, rows));
  EXPECT_FALSE(adze_is_contiguous(3, shape, transposed));
  EXPECT_TRUE(adze_is_contiguous(3, empty, transposed));
  EXPECT_TRUE(adze_is_contiguous(0, nullptr, nullptr));
}

TEST(Strided, RunsOnTransposedReversedAndBroadcastInputs) {
  Model model;
  const int64_t rows = 5, width = 4;
  Tensor<float> x{{rows, width}, {1, rows}, {}}, y{{rows, width}, {0, -1}, {}};
  for (int i = 0; i < rows * width; ++i)
    x.values.push_back(static_cast<float>(i)); // x[r][c] = c * rows + r
  y.values = {30, 20, 10, 0};                  // y[r][c] = 10 c, read backwards
  Tensor<int64_t> index{{2}, {3}, {19, -1, -1, 0}};
  adze_tensor yView = y.view(ADZE_F32);
  yView.data = &y.values[3];
  Outputs outputs;
  ASSERT_EQ(model.run({x.view(ADZE_F32), yView, index.view(ADZE_I64)}, std::vector<adze_tensor>(2), &outputs), ADZE_OK)
      << model.error.message;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < width; ++c)
      EXPECT_EQ(outputs.values<float>(0)[r * width + c], static_cast<float>(c * rows + r + 10 * c));
  EXPECT_EQ(outputs.values<float>(1)[0], outputs.values<float>(0)[19]);
  EXPECT_EQ(outputs.values<float>(1)[1], outputs.values<float>(0)[0]);
}

TEST(Strided, RunsWriteStridedOutputsAndNothingBetween) {
  Model model;
  SampleInputs inputs(3, 2, {5});
  Tensor<float> sum{{3, 2}, {2, 6}, std::vector<float>(12, -1)}, picked{{1}, {-5}, {0}};
  ASSERT_EQ(model.run(inputs.views(), {sum.view(ADZE_F32), picked.view(ADZE_F32)}, nullptr), ADZE_OK)
      << model.error.message;
  EXPECT_EQ(sum.values, (std::vector<float>{0, -1, 2002, -1, 4004, -1, 1001, -1, 3003, -1, 5005, -1}));
  EXPECT_EQ(picked.values[0], 5005.0f);
}

TEST(Strided, TakesDataThatAreNotAlignedToTheirElements) {
  Model model;
  SampleInputs inputs(3, 3, {8});
  std::vector<char> bytes(9 * 4 + 1), sum(9 * 4 + 1);
  memcpy(&bytes[1], inputs.x.values.data(), 36);
  auto views = inputs.views();
  views[0].data = &bytes[1];
  const int64_t shape[] = {3, 3};
  float picked[1];
  const int64_t one[] = {1};
  ASSERT_EQ(model.run(views,
                      {{&sum[1], ADZE_F32, 2, shape, nullptr, ADZE_ON_HOST},
                       {picked, ADZE_F32, 1, one, nullptr, ADZE_ON_HOST}},
                      nullptr),
            ADZE_OK);
  float last;
  memcpy(&last, &sum[1 + 32], 4);
  EXPECT_EQ(last, 8008.0f);
}

} // namespace

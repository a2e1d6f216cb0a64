// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The planner: nothing that lives at one time overlaps, close to the lower bound, remembered, safe for any sizes.
#include "runtime/planner.h"
#include "runtime/plan_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace {

struct Plan {
  std::vector<int32_t> first, last;
  std::vector<int64_t> sizes, offsets;
  int64_t total = -1;
  int32_t culprit = -1, onDevice = 0;

  explicit Plan(size_t count) : first(count), last(count), sizes(count), offsets(count, -1) {}
  adze_plan_entry entry() const { return {static_cast<int32_t>(sizes.size()), onDevice, first.data(), last.data()}; }
  int64_t alignment() const { return onDevice ? 256 : 64; }
  adze_status place() {
    adze_plan_entry e = entry();
    return adze_planner_place(&e, sizes.data(), offsets.data(), &total, &culprit);
  }
  int64_t rounded(int64_t size) const { return (size + alignment() - 1) / alignment() * alignment(); }

  /// The most bytes that live at one time.
  int64_t lowerBound() const {
    int64_t bound = 0;
    for (int32_t at : first) {
      int64_t live = 0;
      for (size_t i = 0; i < sizes.size(); ++i)
        if (first[i] <= at && at <= last[i])
          live += rounded(sizes[i]);
      bound = std::max(bound, live);
    }
    return bound;
  }
  /// Brute force over all pairs.
  void expectSound() const {
    for (size_t i = 0; i < sizes.size(); ++i) {
      ASSERT_GE(offsets[i], 0);
      ASSERT_EQ(offsets[i] % alignment(), 0);
      ASSERT_LE(offsets[i] + sizes[i], total);
      for (size_t j = 0; j < i; ++j)
        if (first[i] <= last[j] && first[j] <= last[i] && sizes[i] > 0 && sizes[j] > 0)
          ASSERT_TRUE(offsets[i] + sizes[i] <= offsets[j] || offsets[j] + sizes[j] <= offsets[i])
              << "buffers " << i << " and " << j;
    }
  }
};

Plan randomPlan(std::mt19937 &random) {
  Plan plan(random() % 60);
  for (size_t i = 0; i < plan.sizes.size(); ++i) {
    plan.first[i] = static_cast<int32_t>(random() % 40);
    plan.last[i] = plan.first[i] + static_cast<int32_t>(random() % (random() % 4 == 0 ? 40 : 4));
    plan.sizes[i] = static_cast<int64_t>(random() % 5 == 0 ? 0 : random() % (1u << (random() % 20)));
  }
  return plan;
}

TEST(Planner, NothingLiveOverlaps) {
  std::mt19937 random(7);
  double worst = 0;
  for (int round = 0; round < 2000; ++round) {
    Plan plan = randomPlan(random);
    plan.onDevice = round % 2;
    ASSERT_EQ(plan.place(), ADZE_OK);
    plan.expectSound();
    int64_t bound = plan.lowerBound();
    ASSERT_GE(plan.total, bound);
    if (bound > 0)
      worst = std::max(worst, static_cast<double>(plan.total) / static_cast<double>(bound));
  }
  EXPECT_LT(worst, 1.6);
}

TEST(Planner, AChainNeedsTwoBuffers) {
  Plan plan(50);
  for (int32_t i = 0; i < 50; ++i) {
    plan.first[static_cast<size_t>(i)] = i;
    plan.last[static_cast<size_t>(i)] = i + 1;
    plan.sizes[static_cast<size_t>(i)] = 1000;
  }
  ASSERT_EQ(plan.place(), ADZE_OK);
  EXPECT_EQ(plan.total, 2 * 1024);
}

TEST(Planner, SmallBuffersGoIntoTheSmallestGap) {
  Plan plan(5); // three large ones with two gaps between them, when the fourth and fifth live
  plan.sizes = {6400, 640, 6400, 1280, 600};
  plan.first = {0, 0, 0, 1, 1};
  plan.last = {1, 0, 1, 1, 1};
  ASSERT_EQ(plan.place(), ADZE_OK);
  plan.expectSound();
  EXPECT_EQ(plan.total, plan.lowerBound());
}

TEST(Planner, NamesANegativeSize) {
  Plan plan(3);
  plan.sizes = {8, -1, 8};
  EXPECT_EQ(plan.place(), ADZE_SHAPE_MISMATCH);
  EXPECT_EQ(plan.culprit, 1);
}

TEST(Planner, RefusesMoreThanCanBeAddressed) {
  for (int64_t size : {INT64_MAX, INT64_MAX - 63, INT64_MAX / 2 + 64}) {
    Plan plan(2);
    plan.sizes = {size, size};
    EXPECT_EQ(plan.place(), ADZE_OUT_OF_MEMORY) << size;
  }
  Plan apart(2); // the same sizes at different times fit
  apart.sizes = {INT64_MAX / 2, INT64_MAX / 2};
  apart.first = apart.last = {0, 1};
  EXPECT_EQ(apart.place(), ADZE_OK);
  EXPECT_EQ(apart.offsets, (std::vector<int64_t>{0, 0}));
}

TEST(Planner, TakesPlansWithoutBuffersAndWithoutBytes) {
  Plan none(0);
  EXPECT_EQ(none.place(), ADZE_OK);
  EXPECT_EQ(none.total, 0);
  Plan empty(3);
  EXPECT_EQ(empty.place(), ADZE_OK);
  EXPECT_EQ(empty.total, 0);
  EXPECT_EQ(empty.offsets, (std::vector<int64_t>{0, 0, 0}));
}

class PlanCache : public testing::Test {
protected:
  Plan plan = makePlan();
  adze_plan_entry entries[2] = {plan.entry(), plan.entry()};
  adze_plan_cache cache{};

  static Plan makePlan() {
    std::mt19937 random(3);
    Plan plan = randomPlan(random);
    while (plan.sizes.size() < 10)
      plan = randomPlan(random);
    return plan;
  }
  void SetUp() override { ASSERT_TRUE(adze_plan_cache_init(&cache, entries, 2)); }
  void TearDown() override { adze_plan_cache_free(&cache); }

  void ask(int32_t which, int64_t size) {
    plan.sizes[0] = size;
    ASSERT_EQ(adze_plan_cache_place(&cache, which, plan.sizes.data(), plan.offsets.data(), &plan.total, &plan.culprit),
              ADZE_OK);
    plan.expectSound();
    int64_t total = plan.total;
    std::vector<int64_t> offsets = plan.offsets;
    ASSERT_EQ(plan.place(), ADZE_OK);
    EXPECT_EQ(total, plan.total);
    EXPECT_EQ(offsets, plan.offsets) << "as the planner itself";
  }
};

TEST_F(PlanCache, RemembersByPlanAndSizes) {
  ask(0, 100);
  ask(0, 200);
  EXPECT_EQ(cache.misses, 2u);
  ask(0, 100);
  ask(0, 200);
  EXPECT_EQ(cache.misses, 2u);
  ask(1, 100);
  EXPECT_EQ(cache.misses, 3u);
}

TEST_F(PlanCache, ForgetsTheLeastRecentlyUsed) {
  for (int64_t size = 0; size < ADZE_PLACEMENTS_PER_PLAN; ++size)
    ask(0, size);
  ask(0, 0); // now 1 is the oldest
  ask(0, 1000);
  uint64_t misses = cache.misses;
  ask(0, 0);
  EXPECT_EQ(cache.misses, misses);
  ask(0, 1);
  EXPECT_EQ(cache.misses, misses + 1);
}

TEST_F(PlanCache, DoesNotRememberFailures) {
  plan.sizes[0] = -5;
  EXPECT_EQ(adze_plan_cache_place(&cache, 0, plan.sizes.data(), plan.offsets.data(), &plan.total, &plan.culprit),
            ADZE_SHAPE_MISMATCH);
  EXPECT_EQ(plan.culprit, 0);
  ask(0, 5);
}

} // namespace

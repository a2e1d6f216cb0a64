// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Blob.h"
#include <gtest/gtest.h>

using namespace adze::core;

TEST(Blob, ComputedBytesAreMadeWhenReadAndHeldByTheirReaders) {
  BlobStore store;
  std::string source = store.addOwned({1, 2, 3, 4});
  int runs = 0;
  store.addComputed("reversed", 4, [&]() -> std::optional<std::vector<char>> {
    ++runs;
    auto bytes = store.get(source, 0, 4);
    return std::vector<char>(bytes->bytes.rbegin(), bytes->bytes.rend());
  });
  EXPECT_EQ(runs, 0);
  {
    auto first = store.get("reversed", 1, 2), second = store.get("reversed", 0, 4);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->bytes.vec(), (std::vector<char>{3, 2}));
    EXPECT_EQ(second->bytes.vec(), (std::vector<char>{4, 3, 2, 1}));
    EXPECT_EQ(runs, 1);
  }
  EXPECT_TRUE(store.get("reversed", 0, 1));
  EXPECT_EQ(runs, 2) << "nobody held them";
}

TEST(Blob, RangesAreInsideAndNamesAreTakenOnce) {
  BlobStore store;
  store.addComputed("a", 2, [] { return std::optional(std::vector<char>{7, 8}); });
  store.addComputed("a", 2, [] { return std::optional(std::vector<char>{0, 0}); });
  EXPECT_EQ(store.get("a", 0, 2)->bytes.vec(), (std::vector<char>{7, 8}));
  EXPECT_FALSE(store.get("a", 1, 2));
  EXPECT_FALSE(store.get("a", ~uint64_t(0), 1));
  EXPECT_FALSE(store.get("b", 0, 0));
}

TEST(Blob, WhatCannotBeComputedIsNotThere) {
  BlobStore store;
  store.addComputed("none", 1, []() -> std::optional<std::vector<char>> { return std::nullopt; });
  store.addComputed("short", 2, [] { return std::optional(std::vector<char>{1}); });
  EXPECT_FALSE(store.get("none", 0, 1));
  EXPECT_FALSE(store.get("short", 0, 1));
}

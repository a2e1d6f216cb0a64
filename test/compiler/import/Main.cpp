// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tests; or, where files are named, their import.
#include "test/compiler/import/Models.h"
#include <cstdio>
#include <gtest/gtest.h>

using namespace adze::test;

int main(int argc, char **argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (argc == 1)
    return RUN_ALL_TESTS();
  int failures = 0;
  for (int i = 1; i < argc; ++i) {
    Imported imported{std::filesystem::path(argv[i])};
    failures += !imported.ok();
    std::printf("%s %s %s", imported.ok() ? "ok  " : "FAIL", argv[i], imported.ok() ? "\n" : imported.errors().c_str());
  }
  return failures != 0;
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The services that compiled programs call, each by a program of a few lines; and setting a model up.
#include "runtime/cpu_features.h"
#include "runtime/exec.h"
#include "runtime/export.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

namespace {

const int64_t kOutDims[] = {-1, -1};
const adze_tensor_info kOuts[] = {{"out", ADZE_F32, 2, kOutDims, nullptr}};
const int32_t kFirst[] = {0, 0}, kLast[] = {1, 1};
const adze_plan_entry kPlans[] = {{2, 0, kFirst, kLast}, {2, 0, kFirst, kLast}, {0, 0, nullptr, nullptr}};
const char *const kSites[] = {"node 'a' (Reshape): sizes do not match"};

/// A model whose program is the function given; one output of two dimensions, no inputs.
class Services : public testing::Test {
protected:
  static std::function<int32_t(adze_exec *)> body;
  static adze_kernel_fn kernel;
  adze_program program{};
  adze_options options{};
  adze_model *model = nullptr;
  adze_error error{};
  float memory[64];
  const int64_t shape[2] = {2, 3};

  void SetUp() override {
    program.abi_version = ADZE_ABI_VERSION;
    program.info.abi_version = ADZE_ABI_VERSION;
    program.info.num_outputs = 1;
    program.info.outputs = kOuts;
    program.plans = kPlans;
    program.num_plans = 3;
    program.sites = kSites;
    program.num_sites = 1;
    program.main = [](adze_exec *exec) { return body(exec); };
    static const adze_kernel_entry kKernels[] = {
        {[](int64_t begin, int64_t end, void *const *buffers, const int64_t *scalars, void *scratch, int64_t *failed) {
           kernel(begin, end, buffers, scalars, scratch, failed);
         },
         nullptr}};
    program.kernels = kKernels;
    options.struct_bytes = sizeof options;
    options.abi_version = ADZE_ABI_VERSION;
    options.threads = 3;
  }
  void TearDown() override { adze_destroy(model); }

  adze_status create() { return adze_create_program(&program, &options, &model, &error); }
  /// Runs the body, then gives the output, unless the body failed.
  adze_status run(std::function<int32_t(adze_exec *)> fn, bool giveOutput = true) {
    if (!model)
      EXPECT_EQ(create(), ADZE_OK) << error.message;
    body = [this, fn, giveOutput](adze_exec *exec) -> int32_t {
      if (int32_t failed = fn(exec))
        return failed;
      return !giveOutput || adze_rt_output(exec, 0, shape) ? 0 : ADZE_INTERNAL;
    };
    auto alloc = [](void *user, int32_t, adze_dtype, int32_t, const int64_t *) { return user; };
    adze_tensor output{};
    return adze_run(model, nullptr, 0, &output, 1, alloc, memory, &error);
  }
};

std::function<int32_t(adze_exec *)> Services::body;
adze_kernel_fn Services::kernel;

TEST_F(Services, PlansHaveMemoryOfTheirOwnAndKeepIt) {
  EXPECT_EQ(run([](adze_exec *exec) {
              const int64_t sizes[] = {100, 200}, larger[] = {100000, 200};
              void *one[2], *two[2], *again[2];
              EXPECT_EQ(adze_rt_plan(exec, 0, sizes, one), 0);
              EXPECT_EQ(adze_rt_plan(exec, 1, sizes, two), 0);
              memset(one[0], 1, 100), memset(one[1], 2, 200), memset(two[0], 3, 100), memset(two[1], 4, 200);
              EXPECT_EQ(static_cast<char *>(one[0])[99], 1);
              EXPECT_EQ(static_cast<char *>(one[1])[199], 2);
              EXPECT_EQ(adze_rt_plan(exec, 0, sizes, again), 0);
              EXPECT_EQ(again[0], one[0]);
              EXPECT_EQ(again[1], one[1]);
              EXPECT_EQ(adze_rt_plan(exec, 0, larger, again), 0);
              memset(again[0], 5, 100000);
              EXPECT_EQ(reinterpret_cast<uintptr_t>(again[0]) % 64, 0u);
              EXPECT_EQ(static_cast<char *>(two[1])[199], 4);
              const int64_t nothing[] = {0, 0};
              EXPECT_EQ(adze_rt_plan(exec, 0, nothing, again), 0);
              EXPECT_NE(again[0], nullptr);
              return adze_rt_plan(exec, 2, nullptr, nullptr);
            }),
            ADZE_OK)
      << error.message;
}

TEST_F(Services, PlansRefuseNegativeAndHugeSizes) {
  EXPECT_EQ(run([](adze_exec *exec) {
              const int64_t sizes[] = {8, -64};
              void *buffers[2];
              return adze_rt_plan(exec, 0, sizes, buffers);
            }),
            ADZE_SHAPE_MISMATCH);
  EXPECT_STREQ(error.message, "a buffer's size is negative: -64 bytes (buffer 1 of plan 0)");
  for (int64_t huge : {int64_t{1} << 50, INT64_MAX / 2, INT64_MAX})
    EXPECT_EQ(run([&](adze_exec *exec) {
                const int64_t sizes[] = {huge, huge};
                void *buffers[2];
                return adze_rt_plan(exec, 0, sizes, buffers);
              }),
              ADZE_OUT_OF_MEMORY)
        << huge;
}

TEST_F(Services, SlotsGrowAndSwap) {
  EXPECT_EQ(run([](adze_exec *exec) {
              auto *a = static_cast<char *>(adze_rt_alloc(exec, 0, 0, 10));
              memset(a, 'a', 10);
              for (int64_t bytes = 20; bytes < 100000; bytes *= 3) { // state that grows, as in a loop
                auto *b = static_cast<char *>(adze_rt_alloc(exec, 9, 0, bytes));
                EXPECT_NE(b, nullptr);
                EXPECT_NE(a, b);
                EXPECT_EQ(a[9], 'a');
                memset(b, 'a', static_cast<size_t>(bytes));
                adze_rt_swap(exec, 0, 9);
                a = b;
              }
              EXPECT_NE(adze_rt_alloc(exec, 3, 0, 0), nullptr);
              EXPECT_EQ(adze_rt_alloc(exec, 3, 0, -1), nullptr);
              return static_cast<int32_t>(ADZE_INTERNAL);
            }),
            ADZE_SHAPE_MISMATCH);
  EXPECT_STREQ(error.message, "a buffer's size is negative: -1 bytes");
  EXPECT_EQ(run([](adze_exec *exec) { return adze_rt_alloc(exec, 0, 0, INT64_MAX) ? 0 : 10; }), ADZE_OUT_OF_MEMORY);
  EXPECT_EQ(run([](adze_exec *exec) { return adze_rt_alloc(exec, -1, 0, 8) ? 0 : 10; }), ADZE_INTERNAL);
}

TEST_F(Services, RoomKeepsWhatIsThereAndGrowsInLargeSteps) {
  EXPECT_EQ(run([](adze_exec *exec) {
              auto *memory = static_cast<char *>(adze_rt_room(exec, 0, 1, 0, 1));
              memory[0] = 'a';
              int moves = 0;
              for (int64_t bytes = 2; bytes <= 100000; ++bytes) {
                auto *next = static_cast<char *>(adze_rt_room(exec, 0, 1, 0, bytes));
                if (next != memory) { // the old memory is there until the next call
                  memcpy(next, memory, static_cast<size_t>(bytes - 1));
                  ++moves;
                }
                memory = next;
                memory[bytes - 1] = static_cast<char>('a' + (bytes - 1) % 26);
              }
              for (int64_t i = 0; i < 100000; ++i)
                if (memory[i] != static_cast<char>('a' + i % 26))
                  return static_cast<int32_t>(ADZE_INVALID_VALUE);
              EXPECT_LT(moves, 40);
              EXPECT_EQ(adze_rt_room(exec, 0, 1, 0, 5), memory); // it does not shrink
              EXPECT_EQ(adze_rt_room(exec, 0, 1, 0, -1), nullptr);
              return static_cast<int32_t>(ADZE_OK);
            }),
            ADZE_SHAPE_MISMATCH);
  EXPECT_EQ(run([](adze_exec *exec) { return adze_rt_room(exec, 0, 1, 0, INT64_MAX) ? 0 : 10; }), ADZE_OUT_OF_MEMORY);
  EXPECT_EQ(run([](adze_exec *exec) { return adze_rt_room(exec, 0, -1, 0, 8) ? 0 : 10; }), ADZE_INTERNAL);
}

TEST_F(Services, RoomIsNoMoreThanNeededWhereMoreDoesNotFit) {
  static size_t most;
  most = SIZE_MAX;
  adze_allocator allocator{};
  allocator.alloc = [](void *, size_t bytes, size_t alignment) {
    return bytes > most ? nullptr : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  };
  allocator.free = [](void *, void *data, size_t) { std::free(data); };
  options.allocator = &allocator;
  EXPECT_EQ(run([](adze_exec *exec) {
              void *memory = adze_rt_room(exec, 0, 1, 0, 1000);
              most = 1200;
              void *larger = adze_rt_room(exec, 0, 1, 0, 1100);
              EXPECT_NE(larger, nullptr);
              EXPECT_NE(larger, memory);
              EXPECT_EQ(adze_rt_check(exec), ADZE_OK);
              EXPECT_EQ(adze_rt_room(exec, 0, 1, 0, 1300), nullptr);
              most = SIZE_MAX;
              return 0;
            }),
            ADZE_OUT_OF_MEMORY);
}

TEST_F(Services, LaunchCoversAllItemsOnceWithScratchOfEachWorker) {
  kernel = [](int64_t begin, int64_t end, void *const *buffers, const int64_t *scalars, void *scratch, int64_t *) {
    EXPECT_LT(begin, end);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(scratch) % 64, 0u);
    if (end - begin < scalars[0])
      static_cast<std::atomic<int> *>(buffers[1])->fetch_add(1);
    memset(scratch, static_cast<int>(begin), 1000);
    for (int64_t i = begin; i < end; ++i)
      static_cast<char *>(buffers[0])[i] += 1;
    for (int64_t i = 0; i < 1000; ++i)
      ASSERT_EQ(static_cast<char *>(scratch)[i], static_cast<char>(begin));
  };
  for (int64_t items : {1, 2, 3, 4, 10, 1001})
    for (int64_t grain : {-1, 0, 1, 2, 5, 5000}) {
      std::vector<char> touched(static_cast<size_t>(items));
      std::atomic<int> tooSmall{0};
      ASSERT_EQ(run([&](adze_exec *exec) {
                  void *buffers[] = {touched.data(), &tooSmall};
                  int64_t least = std::min(items, grain);
                  return adze_rt_launch(exec, 0, items, grain, buffers, &least, 1000);
                }),
                ADZE_OK);
      EXPECT_EQ(touched, std::vector<char>(static_cast<size_t>(items), 1));
      EXPECT_EQ(tooSmall, 0) << "items " << items << " grain " << grain;
    }
}

TEST_F(Services, LaunchSplitsHugeGridsWithoutOverflow) {
  static std::atomic<uint64_t> covered;
  covered = 0;
  kernel = [](int64_t begin, int64_t end, void *const *, const int64_t *, void *, int64_t *) {
    covered += static_cast<uint64_t>(end - begin);
  };
  EXPECT_EQ(run([](adze_exec *exec) { return adze_rt_launch(exec, 0, INT64_MAX, 1, nullptr, nullptr, 0); }), ADZE_OK);
  EXPECT_EQ(covered, static_cast<uint64_t>(INT64_MAX));
  kernel = nullptr; // not called
  EXPECT_EQ(run([](adze_exec *exec) { return adze_rt_launch(exec, 0, 0, 1, nullptr, nullptr, 0); }), ADZE_OK);
  EXPECT_EQ(run([](adze_exec *exec) { return adze_rt_launch(exec, 0, -5, 1, nullptr, nullptr, 0); }), ADZE_OK);
  EXPECT_EQ(run([](adze_exec *exec) { return adze_rt_launch(exec, 0, 8, 1, nullptr, nullptr, INT64_MAX / 2); }),
            ADZE_OUT_OF_MEMORY);
  EXPECT_EQ(run([](adze_exec *exec) { return adze_rt_launch(exec, 0, 8, 1, nullptr, nullptr, -1); }),
            ADZE_SHAPE_MISMATCH);
}

TEST_F(Services, TheFirstFailingRangeIsReported) {
  static const char *const kPlaces[] = {"first", "second", "third"};
  program.sites = kPlaces;
  program.num_sites = 3;
  kernel = [](int64_t begin, int64_t, void *const *, const int64_t *, void *, int64_t *failed) {
    if (begin >= 10) { // all ranges but the first
      failed[0] = begin == 10 ? ADZE_INVALID_VALUE : ADZE_INDEX_OUT_OF_RANGE;
      failed[1] = begin == 10 ? 1 : 2;
    }
  };
  for (int round = 0; round < 100; ++round) {
    EXPECT_EQ(run([](adze_exec *exec) {
                EXPECT_EQ(adze_rt_check(exec), 0);
                int32_t status = adze_rt_launch(exec, 0, 30, 1, nullptr, nullptr, 0);
                EXPECT_EQ(adze_rt_check(exec), status);
                return status;
              }),
              ADZE_INVALID_VALUE);
    EXPECT_STREQ(error.message, "second");
  }
}

TEST_F(Services, TheCallerCanCancelLoopsAndLaunches) {
  static std::atomic<int> questions;
  questions = 0;
  options.cancelled_user = &questions;
  options.cancelled = [](void *user) -> int32_t { return ++*static_cast<std::atomic<int> *>(user) == 3; };
  kernel = [](int64_t, int64_t, void *const *, const int64_t *, void *, int64_t *) {};
  for (bool launch : {false, true}) {
    questions = 0;
    EXPECT_EQ(run([&](adze_exec *exec) {
                for (;;) // as long as nobody ends it
                  if (int32_t status =
                          launch ? adze_rt_launch(exec, 0, 30, 1, nullptr, nullptr, 0) : adze_rt_check(exec))
                    return status;
              }),
              ADZE_CANCELLED);
    EXPECT_STREQ(error.message, "the run was cancelled");
    EXPECT_EQ(questions, 3);
  }
  questions = 10; // a short run asks nothing, and one that was cancelled does not spoil the next
  EXPECT_EQ(run([](adze_exec *exec) { return adze_rt_check(exec); }), ADZE_OK);
  EXPECT_EQ(questions, 10);
}

TEST_F(Services, AnErrorThatTheProgramIgnoresStillEndsTheRun) {
  kernel = [](int64_t, int64_t, void *const *, const int64_t *, void *, int64_t *failed) {
    failed[0] = 12345; // no status
    failed[1] = -7;    // no site
  };
  EXPECT_EQ(run([](adze_exec *exec) { return adze_rt_launch(exec, 0, 1, 1, nullptr, nullptr, 0) ? 0 : 0; }),
            ADZE_INTERNAL);
  EXPECT_STREQ(error.message, "internal error");
}

TEST_F(Services, FailNamesTheSite) {
  EXPECT_EQ(run([](adze_exec *exec) { return adze_rt_fail(exec, ADZE_SHAPE_MISMATCH, 0); }), ADZE_SHAPE_MISMATCH);
  EXPECT_STREQ(error.message, "node 'a' (Reshape): sizes do not match");
  EXPECT_EQ(run([](adze_exec *exec) { return adze_rt_fail_sizes(exec, ADZE_SHAPE_MISMATCH, 0, 3, -4); }),
            ADZE_SHAPE_MISMATCH);
  EXPECT_STREQ(error.message, "node 'a' (Reshape): sizes do not match: 3 and -4");
  EXPECT_EQ(run([](adze_exec *exec) { return adze_rt_fail_sizes(exec, ADZE_SHAPE_MISMATCH, -1, 3, 4); }),
            ADZE_SHAPE_MISMATCH);
  EXPECT_EQ(run([](adze_exec *exec) {
              adze_rt_fail(exec, ADZE_INVALID_VALUE, 99);
              return adze_rt_fail(exec, ADZE_SHAPE_MISMATCH, 0); // the first one counts
            }),
            ADZE_INVALID_VALUE);
  EXPECT_STREQ(error.message, "invalid value");
  EXPECT_EQ(run([](adze_exec *) { return 3; }), ADZE_INTERNAL);
  EXPECT_STREQ(error.message, "the program failed without a reason (3)");
}

TEST_F(Services, OutputsAreGivenOnceAndAlways) {
  EXPECT_EQ(run([](adze_exec *) { return 0; }, /*giveOutput=*/false), ADZE_INTERNAL);
  EXPECT_STREQ(error.message, "output 'out': the program did not compute it");
  EXPECT_EQ(run([this](adze_exec *exec) { return adze_rt_output(exec, 0, shape) == memory ? 0 : 1; }), ADZE_OK);
  EXPECT_EQ(run([](adze_exec *exec) {
              const int64_t other[] = {2, 4};
              return adze_rt_output(exec, 0, other) ? 0 : 1;
            }),
            ADZE_INTERNAL);
  EXPECT_STREQ(error.message, "output 'out': the program asked for it with two shapes");
  for (int64_t size : {int64_t{-1}, INT64_MAX})
    EXPECT_EQ(run([size](adze_exec *exec) {
                const int64_t other[] = {2, size};
                return adze_rt_output(exec, 0, other) ? 0 : 1;
              }),
              ADZE_SHAPE_MISMATCH);
}

TEST_F(Services, CreateRefusesBadOptions) {
  auto refused = [&](const char *message, adze_status status = ADZE_INVALID_ARGUMENT) {
    EXPECT_EQ(create(), status);
    EXPECT_STREQ(error.message, message);
    EXPECT_EQ(model, nullptr);
    options = {};
    options.struct_bytes = sizeof options;
    options.abi_version = ADZE_ABI_VERSION;
  };
  options.struct_bytes = 0;
  refused(("options: struct_bytes is 0, expected " + std::to_string(sizeof options)).c_str());
  options.abi_version = ADZE_ABI_VERSION + 1;
  refused("the caller uses ABI version 5, the artifact has 4", ADZE_ABI_MISMATCH);
  options.threads = -2;
  refused("options: threads is -2, expected at least 0");
  const int32_t affinity[] = {0};
  options.affinity = affinity;
  refused("options: affinity is given, threads must be its length");
  adze_pool pool{};
  options.pool = &pool;
  refused("options: the pool has no threads or no parallel_for");
  adze_allocator allocator{};
  options.allocator = &allocator;
  refused("options: the allocator lacks alloc or free");
  options.device = "0";
  refused("options: device is '0', but the artifact has no kernels for a device", ADZE_NO_DEVICE);
  program.abi_version = 7;
  refused("the program uses ABI version 7, its runtime has 4", ADZE_ABI_MISMATCH);
}

TEST_F(Services, CreateTakesOptionsOfAnOlderCaller) {
  options.struct_bytes = offsetof(adze_options, pool);
  options.pool = reinterpret_cast<const adze_pool *>(1); // beyond the caller's struct: not read
  EXPECT_EQ(create(), ADZE_OK);
  EXPECT_EQ(adze_create(nullptr, nullptr, &error), ADZE_INVALID_ARGUMENT);
}

TEST_F(Services, RunsOnTheCallersPool) {
  static int32_t calls;
  calls = 0;
  const adze_pool pool{&calls, 5, [](void *self, int32_t workers, void (*fn)(void *, int32_t), void *arg) {
                         ++*static_cast<int32_t *>(self);
                         for (int32_t w = workers; w-- > 0;)
                           fn(arg, w);
                       }};
  options.pool = &pool;
  static int64_t covered;
  covered = 0;
  kernel = [](int64_t begin, int64_t end, void *const *, const int64_t *, void *, int64_t *) {
    EXPECT_EQ(end - begin, 20);
    covered += end - begin;
  };
  EXPECT_EQ(run([](adze_exec *exec) { return adze_rt_launch(exec, 0, 100, 1, nullptr, nullptr, 0); }), ADZE_OK);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(covered, 100);
}

TEST_F(Services, CreateRefusesACpuWithoutTheFeatures) {
  uint64_t has = adze_cpu_features();
  program.cpu_features = has;
  EXPECT_EQ(create(), ADZE_OK);
  adze_destroy(model);
  model = nullptr;
  for (unsigned i = 0; i < ADZE_FEATURES; ++i)
    if (!((has >> i) & 1)) {
      program.cpu_features = uint64_t{1} << i | uint64_t{1} << 63;
      EXPECT_EQ(create(), ADZE_UNSUPPORTED_CPU);
      EXPECT_EQ(std::string(error.message), std::string("the artifact uses instructions that this CPU lacks: ") +
                                                kFeatureNames[i] + ", a feature unknown to this runtime");
    }
}

#if defined(__x86_64__)
TEST(CpuFeatures, AgreeWithTheKernel) {
  std::ifstream info("/proc/cpuinfo");
  std::set<std::string> flags;
  for (std::string line; std::getline(info, line);)
    if (line.rfind("flags", 0) == 0) {
      std::istringstream words(line.substr(line.find(':') + 1));
      for (std::string word; words >> word;)
        flags.insert(word);
      break;
    }
  if (flags.empty())
    GTEST_SKIP() << "no /proc/cpuinfo";
  const std::pair<const char *, const char *> names[] = {{"sse4.2", "sse4_2"},
                                                         {"popcnt", "popcnt"},
                                                         {"movbe", "movbe"},
                                                         {"lzcnt", "abm"},
                                                         {"bmi", "bmi1"},
                                                         {"bmi2", "bmi2"},
                                                         {"fma", "fma"},
                                                         {"f16c", "f16c"},
                                                         {"avx", "avx"},
                                                         {"avx2", "avx2"},
                                                         {"avx512f", "avx512f"},
                                                         {"avx512bw", "avx512bw"},
                                                         {"avx512vl", "avx512vl"},
                                                         {"avx512dq", "avx512dq"},
                                                         {"avx512vnni", "avx512_vnni"},
                                                         {"avx512bf16", "avx512_bf16"},
                                                         {"avxvnni", "avx_vnni"},
                                                         {"vaes", "vaes"},
                                                         {"gfni", "gfni"},
                                                         {"sha", "sha_ni"},
                                                         {"adx", "adx"},
                                                         {"pclmul", "pclmulqdq"},
                                                         {"ssse3", "ssse3"},
                                                         {"avx512ifma", "avx512ifma"}};
  uint64_t has = adze_cpu_features();
  for (auto [ours, kernels] : names)
    for (unsigned i = 0; i < ADZE_FEATURES; ++i)
      if (strcmp(kFeatureNames[i], ours) == 0)
        EXPECT_EQ((has >> i) & 1, flags.count(kernels)) << ours;
}
#endif

TEST(CpuFeatures, HaveABitEach) {
  EXPECT_LE(static_cast<int>(ADZE_X86_FEATURES), 64);
  EXPECT_LE(static_cast<int>(ADZE_AARCH64_FEATURES), 64);
  std::set<std::string> names(kX86FeatureNames, kX86FeatureNames + ADZE_X86_FEATURES);
  EXPECT_EQ(names.size(), static_cast<size_t>(ADZE_X86_FEATURES));
}

} // namespace

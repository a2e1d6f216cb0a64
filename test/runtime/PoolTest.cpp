// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The thread pool: many short jobs, jobs in jobs, many callers at once, sleeping, forking.
#include "runtime/threads/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

struct Destroy {
  void operator()(adze_thread_pool *pool) const { adze_thread_pool_destroy(pool); }
};
using Pool = std::unique_ptr<adze_thread_pool, Destroy>;

Pool makePool(int32_t threads) {
  adze_thread_pool *pool = nullptr;
  adze_error error{};
  EXPECT_EQ(adze_thread_pool_create(threads, nullptr, &pool, &error), ADZE_OK) << error.message;
  return Pool(pool);
}

/// Runs a callable by value of worker number.
template <typename F> void parallelFor(const Pool &pool, int32_t workers, F fn) {
  const adze_pool *interface = adze_thread_pool_interface(pool.get());
  interface->parallel_for(interface->self, workers, [](void *arg, int32_t w) { (*static_cast<F *>(arg))(w); }, &fn);
}

TEST(Pool, CallsEachWorkerOnce) {
  for (int32_t threads : {1, 2, 3, 8, 33}) {
    Pool pool = makePool(threads);
    for (int32_t workers = 1; workers <= threads; ++workers) {
      std::vector<std::atomic<int>> calls(static_cast<size_t>(threads));
      parallelFor(pool, workers, [&](int32_t w) { ++calls[static_cast<size_t>(w)]; });
      for (int32_t w = 0; w < threads; ++w)
        ASSERT_EQ(calls[static_cast<size_t>(w)], w < workers ? 1 : 0);
    }
  }
}

TEST(Pool, ManyShortJobs) {
  Pool pool = makePool(3);
  int64_t sums[3][16] = {}; // plain memory: the pool orders the accesses
  for (int64_t round = 0; round < 50000; ++round)
    parallelFor(pool, 3, [&](int32_t w) { sums[w][0] += round + sums[(w + 1) % 3][1]; });
  for (auto &sum : sums)
    EXPECT_EQ(sum[0], 50000ll * 49999 / 2);
}

TEST(Pool, WritesOfWorkersAreSeenByTheCallerAndTheNextJob) {
  Pool pool = makePool(4);
  std::vector<int64_t> values(4);
  for (int64_t round = 1; round <= 5000; ++round) {
    parallelFor(pool, 4, [&](int32_t w) { values[static_cast<size_t>(w)] = round; });
    parallelFor(pool, 4, [&](int32_t w) { values[static_cast<size_t>((w + 1) % 4)] += 1; });
    ASSERT_EQ(values, std::vector<int64_t>(4, round + 1));
  }
}

TEST(Pool, JobsWithinJobs) {
  Pool pool = makePool(3);
  std::atomic<int> calls{0};
  for (int round = 0; round < 200; ++round)
    parallelFor(pool, 3, [&](int32_t) { parallelFor(pool, 3, [&](int32_t) { ++calls; }); });
  EXPECT_EQ(calls, 200 * 9);
}

/// The caller's piece waits until the worker's has begun, so that the worker has it; the worker's then takes its time.
TEST(Pool, AWorkerThatIsLateRestsForAWhile) {
  Pool pool = makePool(2);
  std::thread::id other;
  auto runOnce = [&](std::chrono::milliseconds time) {
    parallelFor(pool, 2, [&, time](int32_t w) {
      if (w == 1) {
        other = std::this_thread::get_id();
        std::this_thread::sleep_for(time);
      }
    });
    return other != std::this_thread::get_id();
  };
  std::atomic<bool> begun{false};
  parallelFor(pool, 2, [&](int32_t w) {
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    if (w == 1)
      begun = true;
    while (w == 0 && !begun && std::chrono::steady_clock::now() < end)
      std::this_thread::yield();
    if (w == 1)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  ASSERT_TRUE(begun);
  EXPECT_FALSE(runOnce(std::chrono::milliseconds(0))) << "its piece is the caller's";
  std::this_thread::sleep_for(std::chrono::milliseconds(60)); // no rest is longer than 50
  bool again = false;
  for (int tries = 0; tries < 1000 && !again; ++tries) { // the caller may be quicker than a worker that wakes up
    begun = false;
    parallelFor(pool, 2, [&](int32_t w) {
      auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
      if (w == 1)
        begun = true;
      while (w == 0 && !begun && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
      if (w == 0)
        again = begun;
    });
  }
  EXPECT_TRUE(again);
}

TEST(Pool, EightCallersAtOnce) {
  Pool pool = makePool(4);
  std::atomic<int64_t> total{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 8; ++c)
    callers.emplace_back([&] {
      for (int round = 0; round < 2000; ++round) {
        int64_t own[4] = {};
        parallelFor(pool, 4, [&](int32_t w) { own[w] += w + 1; });
        total += own[0] + own[1] + own[2] + own[3];
      }
    });
  for (auto &caller : callers)
    caller.join();
  EXPECT_EQ(total, 8 * 2000 * 10);
}

TEST(Pool, AJobOfABusyPoolRunsOnItsCaller) {
  Pool pool = makePool(2);
  std::atomic<bool> release{false};
  std::thread::id second;
  std::thread holder([&] {
    parallelFor(pool, 2, [&](int32_t) {
      while (!release)
        std::this_thread::yield();
    });
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  int calls = 0;
  parallelFor(pool, 2, [&](int32_t) {
    ++calls;
    second = std::this_thread::get_id();
  });
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(second, std::this_thread::get_id());
  release = true;
  holder.join();
}

TEST(Pool, UsesSeveralThreads) {
  Pool pool = makePool(2);
  std::atomic<bool> met{false};
  for (int attempt = 0; attempt < 100 && !met; ++attempt) { // a piece may be taken over; waiting makes the other come
    std::atomic<int> arrived{0};
    parallelFor(pool, 2, [&](int32_t) {
      ++arrived;
      auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
      while (arrived < 2 && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
      if (arrived == 2 && std::chrono::steady_clock::now() < end)
        met = true;
    });
  }
  EXPECT_TRUE(met);
}

double cpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval &t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

TEST(Pool, UsesNoCpuWhenIdle) {
  Pool pool = makePool(8);
  for (int round = 0; round < 100; ++round)
    parallelFor(pool, 8, [](int32_t) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  double before = cpuSeconds();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_LT(cpuSeconds() - before, 0.01);
  std::atomic<int> calls{0};
  parallelFor(pool, 8, [&](int32_t) { ++calls; });
  EXPECT_EQ(calls, 8) << "sleepers wake";
}

TEST(Pool, SleepsAndWakesInAnyRhythm) {
  Pool pool = makePool(3);
  std::atomic<int> calls{0};
  for (int round = 0; round < 300; ++round) {
    parallelFor(pool, 3, [&](int32_t) { ++calls; });
    std::this_thread::sleep_for(std::chrono::microseconds(100 + round)); // around the spinning time
  }
  EXPECT_EQ(calls, 900);
}

TEST(Pool, WaitsForAWorkerThatTakesLong) {
  Pool pool = makePool(2);
  const auto caller = std::this_thread::get_id();
  std::atomic<bool> done{false};
  parallelFor(pool, 2, [&](int32_t w) {
    if (w == 0) // leave the other piece to the worker
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    else if (std::this_thread::get_id() != caller)
      std::this_thread::sleep_for(std::chrono::milliseconds(60)); // longer than a caller stays awake
    if (w == 1)
      done = true;
  });
  EXPECT_TRUE(done);
}

TEST(Pool, AForkedChildComputesAlone) {
  Pool pool = makePool(3);
  parallelFor(pool, 3, [](int32_t) {});
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    int calls = 0;
    parallelFor(pool, 3, [&](int32_t) { ++calls; });
    adze_thread_pool_destroy(pool.release());
    _exit(calls == 3 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(Pool, PinsWorkers) {
  cpu_set_t allowed;
  ASSERT_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
  int32_t cpu = 0;
  while (!CPU_ISSET(cpu, &allowed))
    ++cpu;
  const int32_t affinity[] = {-1, cpu}; // the caller's is not used
  adze_thread_pool *created = nullptr;
  adze_error error{};
  ASSERT_EQ(adze_thread_pool_create(2, affinity, &created, &error), ADZE_OK) << error.message;
  Pool pool(created);
  const auto caller = std::this_thread::get_id();
  std::atomic<int> seen{-1};
  for (int attempt = 0; attempt < 100 && seen < 0; ++attempt)
    parallelFor(pool, 2, [&](int32_t w) {
      if (std::this_thread::get_id() != caller)
        seen = sched_getcpu();
      else if (w == 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    });
  EXPECT_EQ(seen, cpu);
}

TEST(Pool, RefusesWhatCannotBe) {
  adze_thread_pool *pool = nullptr;
  adze_error error{};
  EXPECT_EQ(adze_thread_pool_create(-1, nullptr, &pool, &error), ADZE_INVALID_ARGUMENT);
  EXPECT_STREQ(error.message, "found -1 threads, expected 0 to 1024");
  EXPECT_EQ(adze_thread_pool_create(ADZE_MAX_THREADS + 1, nullptr, &pool, &error), ADZE_INVALID_ARGUMENT);
  const int32_t affinity[] = {0, 1000};
  EXPECT_EQ(adze_thread_pool_create(2, affinity, &pool, &error), ADZE_INVALID_ARGUMENT);
  EXPECT_STREQ(error.message, "worker 1: cannot run on CPU 1000");
  EXPECT_EQ(pool, nullptr);
  EXPECT_GE(adze_cpu_count(), 1);
}

} // namespace

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Forked children, in which the parent's threads do not exist: they run the parent's models and make their own,
// whatever those threads were doing.
#include "runtime/exec.h"
#include "runtime/loader/loader.h"
#include "test/runtime/Tensors.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace adze_test;

namespace {

constexpr unsigned kPatience = 60; ///< seconds until a child that hangs is ended by a signal

/// What `body` answers in a forked child; -1: it did not end by itself.
int inChild(const std::function<int()> &body) {
  pid_t child = fork();
  if (child == 0) {
    alarm(kPatience);
    _exit(body());
  }
  int status = -1;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Runs a model; 0 if the result is right.
int runs(Model &model, int64_t rows) {
  SampleInputs inputs(rows, 3, {rows * 3 - 1});
  const std::vector<adze_tensor> views = inputs.views(), noMemory(2);
  Outputs outputs;
  adze_error error; // not the model's, which other threads use
  if (adze_run(model.model, views.data(), 3, noMemory.data(), 2, Outputs::alloc, &outputs, &error) != ADZE_OK)
    return 1;
  return outputs.values<float>(1)[0] == 1001.0f * static_cast<float>(rows * 3 - 1) ? 0 : 2;
}

TEST(Fork, AChildRunsAModelWhoseLocksOtherThreadsHeld) {
  Model model(2);
  ASSERT_EQ(runs(model, 10), 0);
  pthread_mutex_lock(&model.model->lock);
  pthread_mutex_lock(&model.model->plan_cache.lock);
  int found = inChild([&] {
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads; // the first of them clears up, the others wait for it
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] { wrong += runs(model, 10 + t) != 0; });
    for (auto &thread : threads)
      thread.join();
    // A child's child, with the lock held once more.
    pthread_mutex_lock(&model.model->lock);
    return wrong + inChild([&] { return runs(model, 10); });
  });
  pthread_mutex_unlock(&model.model->plan_cache.lock);
  pthread_mutex_unlock(&model.model->lock);
  EXPECT_EQ(found, 0);
  EXPECT_EQ(runs(model, 10), 0) << "the parent goes on";
}

TEST(Fork, ChildrenOfABusyProcessRunAndSetUpModels) {
#if __has_feature(address_sanitizer)
  GTEST_SKIP() << "a thread of the parent may hold a lock of the sanitizer's own allocator when it forks";
#endif
  Model model(3);
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (int64_t rows = 1; !stop; rows = rows % 200 + 1)
        wrong += runs(model, rows + t) != 0;
    });
  for (int round = 0; round < 40; ++round) {
    int found = inChild([&] {
      Model own(2);
      return runs(model, 50) + runs(own, 50);
    });
    ASSERT_EQ(found, 0) << round;
  }
  stop = true;
  for (auto &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Fork, AChildMakesItsOwnSharedPool) {
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop)
      adze_shared_pool(2);
  });
  const adze_pool *parents = adze_shared_pool(2);
  for (int round = 0; round < 100; ++round) {
    int found = inChild([&] {
      const adze_pool *pool = adze_shared_pool(2);
      std::atomic<int> calls{0};
      pool->parallel_for(pool->self, 2, [](void *arg, int32_t) { ++*static_cast<std::atomic<int> *>(arg); }, &calls);
      return pool == parents || calls != 2;
    });
    ASSERT_EQ(found, 0) << round;
  }
  stop = true;
  other.join();
}

} // namespace

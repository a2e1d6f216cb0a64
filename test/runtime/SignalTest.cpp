// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Signals: those of the calling program never run on a pool's threads, a worker's own faults do reach the program's
// handlers, and interrupted system calls lose nothing.
#include "runtime/threads/pool.h"
#include "test/runtime/Tensors.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <sys/time.h>
#include <thread>

namespace {

/// A pool of two whose second thread runs `body` once.
void onWorker(const std::function<void()> &body) {
  adze_thread_pool *pool = nullptr;
  ASSERT_EQ(adze_thread_pool_create(2, nullptr, &pool, nullptr), ADZE_OK);
  const adze_pool *interface = adze_thread_pool_interface(pool);
  struct Work {
    const std::function<void()> &body;
    std::thread::id caller;
    std::atomic<bool> done;
  } work{body, std::this_thread::get_id(), {false}};
  for (int attempt = 0; attempt < 1000 && !work.done; ++attempt) // a caller that is quicker takes the worker's piece
    interface->parallel_for(
        interface->self, 2,
        [](void *arg, int32_t worker) {
          auto *work = static_cast<Work *>(arg);
          if (worker == 0)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
          else if (std::this_thread::get_id() != work->caller) {
            work->body();
            work->done = true;
          }
        },
        &work);
  adze_thread_pool_destroy(pool);
  EXPECT_TRUE(work.done);
}

std::atomic<int> caught{0};

/// Counts a signal while it lives.
class Handler {
public:
  explicit Handler(int signal) : signal(signal) {
    struct sigaction action = {}; // without SA_RESTART: system calls are interrupted
    action.sa_handler = [](int) { ++caught; };
    sigaction(signal, &action, &before);
    caught = 0;
  }
  ~Handler() { sigaction(signal, &before, nullptr); }

private:
  int signal;
  struct sigaction before;
};

TEST(Signals, OfTheProgramAreBlockedInWorkers) {
  sigset_t blocked;
  onWorker([&] { pthread_sigmask(SIG_SETMASK, nullptr, &blocked); });
  for (int signal : {SIGINT, SIGTERM, SIGALRM, SIGCHLD, SIGUSR1, SIGPROF})
    EXPECT_TRUE(sigismember(&blocked, signal)) << signal;
  sigset_t ours;
  pthread_sigmask(SIG_SETMASK, nullptr, &ours);
  EXPECT_FALSE(sigismember(&ours, SIGTERM)) << "the caller's mask is as before";
}

TEST(Signals, OfFaultsReachTheProgramsHandlers) {
  for (int signal : {SIGFPE, SIGSEGV, SIGBUS, SIGILL}) {
    Handler handler(signal);
    onWorker([&] { raise(signal); });
    EXPECT_EQ(caught, 1) << signal;
  }
}

TEST(Signals, AStormOfThemLosesNothing) {
  using adze_test::Model;
  Model model(3);
  Handler handler(SIGALRM);
  itimerval often = {{0, 100}, {0, 100}}, never = {};
  setitimer(ITIMER_REAL, &often, nullptr);
  adze_test::SampleInputs inputs(3, 4, {11});
  const std::vector<adze_tensor> kNoMemory(2);
  int wrong = 0;
  auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
  for (int round = 0; std::chrono::steady_clock::now() < end; ++round) {
    adze_test::Outputs outputs;
    wrong += model.run(inputs.views(), kNoMemory, &outputs) != ADZE_OK || outputs.values<float>(1)[0] != 11011.0f;
    if (round % 16 == 0)
      std::this_thread::sleep_for(std::chrono::microseconds(300)); // the workers fall asleep
  }
  setitimer(ITIMER_REAL, &never, nullptr);
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(caught, 0);
}

} // namespace

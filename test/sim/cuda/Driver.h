// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the played driver consists of. One lock guards all of it; kernels run under it too.
#pragma once
#include "test/sim/cuda/Results.h"
#include "test/sim/ptx/Machine.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace adze::sim {

struct Context;
struct Stream;

/// What a call of the driver answers: a CUresult.
using Result = int;

using Action = std::function<Result()>;
/// Makes the action when work is given to a stream: at each launch of a graph anew.
using Recipe = std::function<Action()>;

/// Something put in a stream, to be done at the last moment at which the rules allow it.
struct Work {
  uint64_t number; ///< in its stream, from 1
  std::string what;
  Action run;
};

/// Something recorded.
struct Recorded {
  std::string what;
  Recipe recipe;
};

struct Stream {
  Context *context;
  bool blocking = true; ///< ordered with the stream that all share, NULL
  bool destroyed = false;
  uint64_t given = 0, done = 0; ///< numbers of work
  std::deque<Work> queue;
  struct Graph *recording = nullptr; ///< work that is given goes there
  int mode = 0;                      ///< which calls of which threads a recording forbids, as CUstreamCaptureMode
  std::thread::id recorder;          ///< the thread that began it
  bool spoilt = false;               ///< by a call that it forbids
};

/// Work recorded from a stream.
struct Graph {
  Context *context;
  bool destroyed = false;
  std::vector<Recorded> work;
};

/// A graph made ready to launch.
struct ReadyGraph {
  Context *context;
  bool destroyed = false;
  std::vector<Recorded> work;
  Stream *stream = nullptr; ///< of the last launch
  uint64_t number = 0;      ///< of its last work
};

/// The place in a stream that an event was last recorded at.
struct Event {
  Context *context;
  bool destroyed = false;
  Stream *stream = nullptr;
  uint64_t number = 0;
};

struct Loaded;

struct Function {
  Loaded *module;
  const ptx::Kernel *kernel;
  uint32_t dynamicSharedLimit = 48 * 1024; ///< until cuFuncSetAttribute raises it
};

/// A module of code.
struct Loaded {
  Context *context;
  const ptx::Module *code; ///< null: unloaded
  std::map<std::string, std::unique_ptr<Function>> functions;
};

/// A piece of memory: the device's by address, the host's by pointer.
struct Allocation {
  uint64_t bytes;
  uint64_t number; ///< tells it apart from others that have been at its address
};

/// A device's primary context. Never freed, so that what is used after its end is found.
struct Context {
  struct Device *device;
  int retained = 0;
  Result lost = kSuccess; ///< what all calls answer since a kernel went wrong
  std::map<uint64_t, Allocation> memory, pinned;
  std::vector<std::unique_ptr<Stream>> streams; ///< the first is the one that all share
  std::vector<std::unique_ptr<Event>> events;
  std::vector<std::unique_ptr<Loaded>> modules;
  std::vector<std::unique_ptr<Graph>> graphs;
  std::vector<std::unique_ptr<ReadyGraph>> readyGraphs;
};

struct Device {
  std::string name;
  ptx::Facts facts;
  std::unique_ptr<ptx::Machine> machine;
  std::unique_ptr<Context> context;
  size_t reported = 0; ///< reports of the machine that have been passed on
};

/// The n-th call of a function that is made to fail.
struct Injection {
  std::string function;
  uint64_t call;
  Result result;
};

struct State {
  std::mutex lock;
  bool initialised = false;
  int process = 0; ///< that called cuInit
  uint64_t allocations = 0;
  std::vector<std::unique_ptr<Device>> devices;
  std::vector<std::unique_ptr<Device>> gone; ///< of earlier settings
  std::vector<Injection> injections;
  std::map<std::string, uint64_t> calls;
  std::vector<std::string> reports;
};

State &state();

/// Reads the environment: ADZE_SIM_DEVICES, ADZE_SIM_FAIL.
void configure(State &state);

/// Passes on that the program did something wrong: to the file ADZE_SIM_REPORT, or else to stderr.
void report(const std::string &kind, const std::string &message);

/// Passes on what the device's machine has found since the last time.
void reportFaults(Device &device);

/// What is left over in a context whose end has come.
void reportLeaks(Context &context);

/// Ends a context: its work is done, what is left over is reported and freed.
void destroy(Context &context);

/// The number of a device.
int ordinalOf(const Device &device);

/// The context that this thread has made current; null: none.
Context *currentContext();

// ---- streams ----
/// The stream that a handle means; null, and reported, if it is none of this context.
Stream *findStream(Context &context, void *handle, const char *function);
/// Puts work in a stream, or in the graph that it is recorded as.
void give(Stream &stream, std::string what, Recipe recipe);
/// Whether `function`, which waits, takes memory or gives some back, may be called: not while this thread records a
/// stream, or any thread does in a mode that forbids it to all. If not, that is reported and the recording spoilt.
Result checkNotRecording(Context &context, const char *function);
/// Does the work of a stream up to number `last`. The first failure, which loses the context.
Result drain(Stream &stream, uint64_t last = UINT64_MAX);
/// Does all work of a context.
Result drainAll(Context &context);

// ---- entry points ----
/// Counts a call, and answers what it is made to fail with, or kSuccess. The lock is held.
Result countCall(const char *function);
/// A call is made to fail as if a kernel had gone wrong: the current context is lost.
void loseIfFatal(Result result);
/// Whether the driver can be used at all; kSuccess or why not.
Result usable();
bool isForked();

/// An entry point that needs no context.
template <typename Body> Result enter(const char *function, Body body) {
  if (isForked())
    return kNotInitialized;
  std::lock_guard<std::mutex> guard(state().lock);
  if (Result failed = countCall(function)) {
    loseIfFatal(failed);
    return failed;
  }
  if (Result failed = usable())
    return failed;
  return body();
}

/// The context of a call; null, and reported, if there is none that can be used.
Context *requireContext(const char *function, Result &failed);

/// An entry point that works in the current context. `always`: also in one that is lost, as what frees does.
template <typename Body> Result enterIn(const char *function, bool always, Body body) {
  return enter(function, [&]() -> Result {
    Result failed = kSuccess;
    Context *context = requireContext(function, failed);
    if (!context)
      return failed;
    if (context->lost != kSuccess && !always)
      return context->lost;
    Result result = body(*context);
    return result == kSuccess ? context->lost : result;
  });
}

} // namespace adze::sim

/// How entry points are declared.
#define ADZE_SIM_ENTRY extern "C" __attribute__((visibility("default")))

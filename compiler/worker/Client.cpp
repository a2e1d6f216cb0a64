// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adze::compile: a small pool of worker processes, each of which serves one compilation at a time.
#include "compiler/cache/Cached.h"
#include "compiler/worker/Output.h"
#include "compiler/worker/Process.h"
#include "compiler/worker/Protocol.h"

#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <pthread.h>
#include <set>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

using namespace adze;

namespace {

constexpr int kPollMs = 100;
constexpr unsigned kMaxWorkers = 4;

/// Workers that wait for work. Those that are in use belong to the thread that uses them.
class Pool {
public:
  static Pool &get() {
    static const bool started = [] {
      pool = new Pool;
      // The parent's workers are not a fork's, nor what its threads were doing to the pool.
      pthread_atfork([] { pool->mutex.lock(); }, [] { pool->mutex.unlock(); }, startInFork);
      return true;
    }();
    (void)started;
    return *pool;
  }

  /// A worker for one compilation, an idle one if there is one; null, with the reason in `why`, if none can be started.
  std::unique_ptr<WorkerProcess> take(bool &fresh, std::string &why) {
    std::unique_lock<std::mutex> lock(mutex);
    freed.wait(lock, [&] { return inUse < limit; });
    ++inUse;
    while (!idle.empty()) {
      std::unique_ptr<WorkerProcess> worker = std::move(idle.back());
      idle.pop_back();
      if (worker->usable()) {
        fresh = false;
        return worker;
      }
    }
    lock.unlock();
    fresh = true;
    std::unique_ptr<WorkerProcess> worker = WorkerProcess::start(why);
    if (!worker)
      giveBack(nullptr);
    return worker;
  }

  /// Null: the worker is gone.
  void giveBack(std::unique_ptr<WorkerProcess> worker) {
    std::lock_guard<std::mutex> lock(mutex);
    --inUse;
    if (worker)
      idle.push_back(std::move(worker));
    freed.notify_one();
  }

private:
  /// The idle workers' sockets are closed here, so that they end with the parent.
  static void startInFork() {
    pool->idle.clear();
    pool = new Pool;
  }

  /// Never destroyed: threads may compile while the process exits, and its end closes the workers' sockets.
  static Pool *pool;

  std::mutex mutex;
  std::condition_variable freed;
  std::vector<std::unique_ptr<WorkerProcess>> idle;
  unsigned inUse = 0;
  unsigned limit = std::min(kMaxWorkers, std::max(1u, std::thread::hardware_concurrency()));
};

Pool *Pool::pool = nullptr;

Diagnostic error(std::string message, std::string stage = "") {
  Diagnostic d;
  d.message = std::move(message);
  d.stage = std::move(stage);
  return d;
}

/// Where a compilation was when its worker died.
class Whereabouts {
public:
  void note(const CompileProgress &progress) {
    stage = progress.stage;
    if (progress.kernel.empty())
      kernels.clear();
    else if (progress.ends)
      kernels.erase(progress.kernel);
    else
      kernels.insert(progress.kernel);
  }
  const std::string &lastStage() const { return stage; }
  Diagnostic death(const std::string &cause) const {
    std::string text = "the compiler process " + cause;
    if (kernels.empty())
      return error(text, stage);
    std::string names;
    for (const std::string &kernel : kernels)
      names += (names.empty() ? "'" : ", '") + kernel + "'";
    return error("while compiling kernel " + names + " " + text, stage);
  }

private:
  std::string stage;
  std::set<std::string> kernels;
};

enum class Outcome { Done, Cancelled, Died, DiedBeforeStart };

/// Sends one request and reads replies up to the last one.
Outcome exchange(WorkerProcess &worker, const Request &request, int model, const Callbacks &callbacks, Reply &last,
                 Whereabouts &where) {
  worker.clearLastWords();
  bool started = false;
  if (!worker.channel.send(encode(request), model))
    return Outcome::DiedBeforeStart;
  for (;;) {
    std::string bytes;
    Descriptor descriptor;
    Channel::Received received = worker.channel.receive(bytes, descriptor, callbacks.cancelled ? kPollMs : -1);
    if (callbacks.cancelled && callbacks.cancelled())
      return Outcome::Cancelled;
    if (received == Channel::Received::Nothing)
      continue;
    if (received == Channel::Received::Closed || !decode(bytes, last))
      return started ? Outcome::Died : Outcome::DiedBeforeStart;
    started = true;
    if (last.kind == Reply::Kind::Progress) {
      where.note(last.progress);
      if (callbacks.progress)
        callbacks.progress(last.progress);
    } else if (last.kind != Reply::Kind::Started) {
      return Outcome::Done;
    }
  }
}

Reply ask(const Request &request, int model, const Callbacks &callbacks);

/// After a worker died in `stage`: has another one write what can be run again; what to add to the message.
std::string reproducer(Request request, const std::string &stage, int model, const Callbacks &callbacks) {
  if (request.kind != Request::Kind::Compile || stage.empty())
    return "";
  request.kind = Request::Kind::Reproduce;
  request.stage = stage;
  CompileResult left = std::move(ask(request, model, {nullptr, callbacks.cancelled}).result);
  return left.ok && !left.diagnostics.empty() ? left.diagnostics[0].message : "";
}

/// One request to a worker of the pool. A worker that died while it was idle is replaced.
Reply ask(const Request &request, int model, const Callbacks &callbacks) {
  Reply reply;
  for (;;) {
    std::string why;
    bool fresh;
    std::unique_ptr<WorkerProcess> worker = Pool::get().take(fresh, why);
    if (!worker) {
      reply.result.diagnostics.push_back(error("cannot start the compiler process: " + why));
      return reply;
    }
    Whereabouts where;
    Outcome outcome = exchange(*worker, request, model, callbacks, reply, where);
    if (outcome == Outcome::Done) {
      Pool::get().giveBack(std::move(worker));
      return reply;
    }
    reply = Reply();
    reply.result.cancelled = outcome == Outcome::Cancelled;
    if (outcome == Outcome::Cancelled) {
      worker->kill();
      reply.result.diagnostics.push_back(error("the compilation was cancelled"));
    } else if (fresh || outcome == Outcome::Died) {
      reply.result.diagnostics.push_back(where.death(worker->causeOfDeath()));
    }
    bool replace = reply.result.diagnostics.empty();
    worker.reset();
    Pool::get().giveBack(nullptr);
    if (replace)
      continue;
    if (outcome == Outcome::Died)
      reply.result.diagnostics[0].message += reproducer(request, where.lastStage(), model, callbacks);
    return reply;
  }
}

/// A file in memory with these bytes.
Descriptor inMemory(std::string_view bytes) {
  Descriptor file(memfd_create("adze-model", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  for (size_t written = 0; file.get() >= 0 && written < bytes.size();) {
    ssize_t now = write(file.get(), bytes.data() + written, bytes.size() - written);
    if (now < 0 && errno == EINTR)
      continue;
    if (now <= 0)
      return Descriptor();
    written += static_cast<size_t>(now);
  }
  // The worker maps it: sealed, it can neither change nor shrink under it.
  fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  return file;
}

/// The worker's current folder may be another one than ours.
std::string absolute(const std::string &path) {
  std::error_code ignored;
  return path.empty() ? path : std::filesystem::absolute(path, ignored).string();
}

/// Compiles in a worker; the options' paths are absolute.
CompileResult compileInWorker(const CompileOptions &options, const Callbacks &callbacks) {
  Request request;
  request.options = options;
  CompileResult failure;
  Descriptor model;
  if (options.modelPath.empty()) {
    request.modelAttached = true;
    model = inMemory(options.modelBytes);
    if (model.get() < 0) {
      failure.diagnostics.push_back(error(std::string("no memory for the model: ") + strerrordesc_np(errno)));
      return failure;
    }
  }
  PrivateFile output;
  bool unnamed = options.outputPath.empty() && options.emit != Emit::Nothing;
  if (unnamed && !output.create(failure))
    return failure;
  if (unnamed) {
    request.options.outputPath = output.path();
    request.outputIsPrivate = true;
    request.options.writeWeights = false;
  }
  CompileResult result = std::move(ask(request, model.get(), callbacks).result);
  if (result.ok && unnamed) {
    result.descriptor = output.open();
    if (result.descriptor.get() < 0) {
      failure.diagnostics.push_back(error(std::string("the output cannot be opened: ") + strerrordesc_np(errno)));
      return failure;
    }
  }
  return result;
}

std::vector<std::string> askNames(Request::Kind kind, const CompileOptions &options = {}) {
  Request request;
  request.kind = kind;
  request.options.target = options.target;
  request.options.cpu = options.cpu;
  return ask(request, -1, {}).names;
}

} // namespace

CompileResult adze::compile(const CompileOptions &given, const Callbacks &callbacks) {
  CompileOptions options = given;
  for (std::string *path : {&options.modelPath, &options.baseDirectory, &options.outputPath, &options.weightsPath})
    *path = absolute(*path);
  if (!goesThroughCache(options))
    return compileInWorker(options, callbacks);
  auto files = [] { return askNames(Request::Kind::Files); };
  auto tools = [&] { return askNames(Request::Kind::Tools, options); };
  return compileCached(options, callbacks, {compileInWorker, files, tools});
}

std::vector<std::string> adze::stageNames() { return askNames(Request::Kind::Stages); }

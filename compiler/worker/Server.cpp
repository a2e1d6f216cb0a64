// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The worker's side: reads requests from its socket and compiles one after the other, until the client is gone.
#include "compiler/Compile.h"
#include "compiler/worker/Channel.h"
#include "compiler/worker/Protocol.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <malloc.h>
#include <memory>
#include <mutex>
#include <optional>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace adze;

namespace {

/// Bytes that are free and yet the worker's. Up to so much it keeps for the next compilation.
constexpr size_t kMuchMemory = size_t(64) << 20;

/// The folder that a client made for the output of the last compilation, or empty.
class ClientsFolder {
public:
  void set(std::string path) {
    std::lock_guard<std::mutex> lock(mutex);
    folder = std::move(path);
  }
  void remove() {
    std::lock_guard<std::mutex> lock(mutex);
    std::error_code ignored;
    if (!folder.empty())
      std::filesystem::remove_all(folder, ignored);
  }

private:
  std::mutex mutex;
  std::string folder;
};

/// Ends the process as soon as the client has closed its end, also in the middle of a compilation; what it can no
/// longer remove is removed.
void exitWithClient(int socket, std::shared_ptr<ClientsFolder> folder) {
  for (;;) {
    pollfd wait{socket, POLLRDHUP, 0};
    if (poll(&wait, 1, -1) > 0 && wait.revents != 0) {
      folder->remove();
      _exit(0);
    }
  }
}

/// A file mapped for reading.
class Mapping {
public:
  explicit Mapping(int fd) {
    struct stat info;
    if (fstat(fd, &info) != 0)
      return;
    size = static_cast<size_t>(info.st_size);
    void *at = size == 0 ? nullptr : mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    ok = at != MAP_FAILED;
    data = ok ? static_cast<char *>(at) : nullptr;
  }
  ~Mapping() {
    if (data)
      munmap(data, size);
  }
  char *data = nullptr;
  size_t size = 0;
  bool ok = false;
};

class Server {
public:
  explicit Server(int socket) : channel{Descriptor(socket)} {}

  int run() {
    std::thread(exitWithClient, channel.fd(), folder).detach();
    for (;;) {
      std::string bytes;
      Descriptor model;
      Request request;
      if (channel.receive(bytes, model, -1) != Channel::Received::Message)
        return 0;
      if (!decode(bytes, request))
        return 2;
      Reply reply;
      send(reply);
      if (auto names = namesFor(request)) {
        reply.kind = Reply::Kind::Names;
        reply.names = std::move(*names);
      } else {
        reply.kind = Reply::Kind::Result;
        folder->set(request.outputIsPrivate ? std::filesystem::path(request.options.outputPath).parent_path() : "");
        reply.result = compile(request, model.get());
      }
      send(reply);
      if (mallinfo2().fordblks > kMuchMemory)
        malloc_trim(0); // a large model's memory goes back before the next one
    }
  }

private:
  /// The answer to a request for names.
  static std::optional<std::vector<std::string>> namesFor(const Request &request) {
    switch (request.kind) {
    case Request::Kind::Stages:
      return compilerStages();
    case Request::Kind::Files:
      return compilerFiles();
    case Request::Kind::Tools:
      return targetTools(request.options);
    default:
      return std::nullopt;
    }
  }

  void send(const Reply &reply) {
    std::lock_guard<std::mutex> lock(mutex);
    channel.send(encode(reply));
  }

  CompileResult compile(Request &request, int model) {
    Mapping mapping(model);
    if (request.modelAttached && !mapping.ok) {
      CompileResult result;
      Diagnostic d;
      d.message = std::string("cannot map the model: ") + strerrordesc_np(errno);
      result.diagnostics.push_back(d);
      return result;
    }
    request.options.modelBytes = std::string_view(mapping.data, mapping.size);
    if (request.kind == Request::Kind::Reproduce) {
      CompileResult result;
      result.ok = true;
      result.diagnostics.emplace_back();
      result.diagnostics.back().message = reproduce(request.options, request.stage);
      return result;
    }
    return compileInProcess(request.options, [&](const CompileProgress &progress) {
      Reply reply;
      reply.kind = Reply::Kind::Progress;
      reply.progress = progress;
      send(reply);
    });
  }

  Channel channel;
  /// The thread that waits for the client's end outlives this.
  const std::shared_ptr<ClientsFolder> folder = std::make_shared<ClientsFolder>();
  std::mutex mutex; ///< progress comes from the compiler's threads
};

} // namespace

int adze::runWorker(int socket) { return Server(socket).run(); }

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Eight threads run several models at once, over a runtime that is built with ThreadSanitizer (the kernels are not).
// usage: adze-races MANIFEST SECONDS
// The manifest is lines of words:
//   model PATH             an artifact whose runtime is built with ThreadSanitizer too
//   case STATUS RESULTS    a run of that model: its status, and where its outputs are written, each to RESULTS.INDEX
//   input DTYPE FILE DIMS  an input of that case: elements as they lie in memory
// Each case is run once alone; every other run must give the same bits, or the same message.
#include "runtime/loader/loader.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int kThreads = 8;

using Bytes = std::vector<char>;

[[noreturn]] void fail(const std::string &message) {
  fprintf(stderr, "races: %s\n", message.c_str());
  exit(1);
}

struct Input {
  adze_dtype dtype;
  std::vector<int64_t> shape;
  Bytes bytes;
};

/// What a run gives.
struct Result {
  adze_status status = ADZE_OK;
  std::string message;
  std::vector<std::vector<int64_t>> shapes;
  std::vector<Bytes> outputs;

  bool operator==(const Result &other) const {
    return status == other.status && message == other.message && shapes == other.shapes &&
           (status != ADZE_OK || outputs == other.outputs);
  }
};

struct Case {
  adze_status status;
  std::string results;
  std::vector<Input> inputs;
  Result expected;
};

size_t elementBytes(adze_dtype dtype) {
  switch (dtype) {
  case ADZE_I64:
  case ADZE_F64:
    return 8;
  case ADZE_F32:
  case ADZE_I32:
    return 4;
  case ADZE_BOOL:
    return 1;
  default:
    fail("a dtype that the test does not know: " + std::to_string(dtype));
  }
}

size_t tensorBytes(adze_dtype dtype, int32_t rank, const int64_t *shape) {
  size_t bytes = elementBytes(dtype);
  for (int32_t d = 0; d < rank; ++d)
    bytes *= static_cast<size_t>(shape[d]);
  return bytes;
}

void *allocate(void *user, int32_t index, adze_dtype dtype, int32_t rank, const int64_t *shape) {
  auto *result = static_cast<Result *>(user);
  auto at = static_cast<size_t>(index);
  result->shapes[at].assign(shape, shape + rank);
  result->outputs[at].assign(tensorBytes(dtype, rank, shape), 0);
  return result->outputs[at].data();
}

/// An artifact that is open.
class Artifact {
public:
  explicit Artifact(const std::string &path) : path(path) {
    adze_error error;
    if (adze_load(path.c_str(), &functions, &error) != ADZE_OK)
      fail(error.message);
  }
  Artifact(const Artifact &) = delete;
  ~Artifact() { adze_unload(functions); }

  const std::string path;
  adze_artifact *functions = nullptr;
};

/// A model set up, on threads of its own or on the process's pool.
class Model {
public:
  Model(const Artifact &artifact, int32_t threads, bool shared) : functions(*artifact.functions) {
    adze_options options{};
    adze_error error;
    options.struct_bytes = sizeof options;
    options.abi_version = ADZE_ABI_VERSION;
    options.threads = threads;
    options.pool = shared ? adze_shared_pool(threads) : nullptr;
    if (functions.create(&options, &model, &error) != ADZE_OK)
      fail(error.message);
  }
  Model(const Model &) = delete;
  ~Model() { functions.destroy(model); }

  Result run(const Case &c) const {
    std::vector<adze_tensor> in, out(static_cast<size_t>(functions.info()->num_outputs));
    for (const Input &input : c.inputs)
      in.push_back({const_cast<char *>(input.bytes.data()), input.dtype, static_cast<int32_t>(input.shape.size()),
                    input.shape.data(), nullptr, ADZE_ON_HOST});
    Result result;
    result.shapes.resize(out.size());
    result.outputs.resize(out.size());
    adze_error error;
    result.status = functions.run(model, in.data(), static_cast<int32_t>(in.size()), out.data(),
                                  static_cast<int32_t>(out.size()), allocate, &result, &error);
    result.message = error.message;
    return result;
  }

private:
  const adze_artifact &functions;
  adze_model *model = nullptr;
};

/// A model with its cases, and the handles that all threads share.
struct Subject {
  explicit Subject(const std::string &path) : artifact(path) {}

  /// Runs all cases alone, on one thread, and keeps and writes what they give.
  void runAlone() {
    Model model(artifact, 1, false);
    for (Case &c : cases) {
      c.expected = model.run(c);
      if (c.expected.status != c.status)
        fail(artifact.path + ": status " + std::to_string(c.expected.status) + ", expected " +
             std::to_string(c.status) + ": " + c.expected.message);
      for (size_t i = 0; c.status == ADZE_OK && i < c.expected.outputs.size(); ++i)
        std::ofstream(c.results + "." + std::to_string(i), std::ios::binary)
            .write(c.expected.outputs[i].data(), static_cast<std::streamsize>(c.expected.outputs[i].size()));
    }
  }
  void share() {
    handles.push_back(std::make_unique<Model>(artifact, 2, true));
    handles.push_back(std::make_unique<Model>(artifact, 3, true));
    handles.push_back(std::make_unique<Model>(artifact, 2, false));
  }

  Artifact artifact;
  std::vector<Case> cases;
  std::vector<std::unique_ptr<Model>> handles;
};

using Subjects = std::vector<std::unique_ptr<Subject>>;

Bytes readFile(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    fail("cannot read '" + path + "'");
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

Subjects readManifest(const char *path) {
  Subjects subjects;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string kind, file;
    int number = 0;
    words >> kind;
    if (kind == "model" && words >> file) {
      subjects.push_back(std::make_unique<Subject>(file));
    } else if (kind == "case" && words >> number >> file) {
      subjects.back()->cases.push_back({static_cast<adze_status>(number), file, {}, {}});
    } else if (kind == "input" && words >> number >> file) {
      Input input{static_cast<adze_dtype>(number), {}, readFile(file)};
      input.shape.assign(std::istream_iterator<int64_t>(words), {});
      if (input.bytes.size() != tensorBytes(input.dtype, static_cast<int32_t>(input.shape.size()), input.shape.data()))
        fail("'" + file + "' has another size than its shape says");
      subjects.back()->cases.back().inputs.push_back(std::move(input));
    } else {
      fail("the manifest has a line '" + line + "'");
    }
  }
  return subjects;
}

/// What one thread does: any case of any model, on a handle that others use too and, now and then, on a model of its
/// own, whose artifact it loads and unloads.
void work(const Subjects &subjects, int thread, std::chrono::steady_clock::time_point end, std::atomic<int64_t> &runs) {
  std::mt19937 random(static_cast<unsigned>(thread));
  auto pick = [&](const auto &from) -> const auto & { return from[random() % from.size()]; };
  while (std::chrono::steady_clock::now() < end) {
    const Subject &subject = *pick(subjects);
    const Case &c = pick(subject.cases);
    bool own = random() % 32 == 0;
    Result result;
    if (own) {
      Artifact artifact(subject.artifact.path);
      result = Model(artifact, 2, random() % 2).run(c);
    } else {
      result = pick(subject.handles)->run(c);
    }
    if (!(result == c.expected))
      fail(subject.artifact.path + ", " + c.results + ": another result than alone: status " +
           std::to_string(result.status) + " " + result.message);
    ++runs;
  }
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 3)
    fail("usage: adze-races MANIFEST SECONDS");
  Subjects subjects = readManifest(argv[1]);
  if (subjects.empty())
    fail("the manifest has no model");
  for (auto &subject : subjects)
    subject->runAlone();
  for (auto &subject : subjects)
    subject->share();
  auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(static_cast<int64_t>(1000 * atof(argv[2])));
  std::atomic<int64_t> runs{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] { work(subjects, t, end, runs); });
  for (std::thread &thread : threads)
    thread.join();
  printf("%lld runs\n", static_cast<long long>(runs));
  return 0;
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/cache/Key.h"

#include "compiler/cache/Digest.h"
#include "compiler/worker/Json.h"
#include "compiler/worker/Process.h"

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <map>
#include <set>
#ifdef __x86_64__
#include <cpuid.h>
#else
#include <fstream>
#include <sys/auxv.h>
#endif

using namespace adze;

namespace {

/// A file's time may be that of the last tick of the kernel's clock.
constexpr int64_t kTick = 20000000;

/// Grows with every change of the key's or the entries' form.
constexpr int kForm = 2;

} // namespace

std::string adze::hostMachine() {
  std::string text;
#ifdef __x86_64__
  // Not leaf 1's EBX, which numbers the CPU of the moment.
  struct {
    unsigned leaf, sub;
    bool withEbx;
  } const leaves[] = {{0, 0, true},           {1, 0, false},         {7, 0, true},    {7, 1, true},
                      {0xd, 1, false},        {0x14, 0, true},       {0x19, 0, true}, {0x24, 0, true},
                      {0x80000001u, 0, true}, {0x80000008u, 0, true}};
  for (const auto &wanted : leaves) {
    unsigned a = 0, b = 0, c = 0, d = 0;
    __get_cpuid_count(wanted.leaf, wanted.sub, &a, &b, &c, &d);
    for (unsigned word : {a, wanted.withEbx ? b : 0u, c, d})
      text += std::to_string(word) + " ";
    if (wanted.leaf == 1 && (c >> 27 & 1)) { // which registers the operating system saves
      unsigned low, high;
      __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
      text += std::to_string(low) + " " + std::to_string(high) + " ";
    }
  }
#else
  text = std::to_string(getauxval(AT_HWCAP)) + " " + std::to_string(getauxval(AT_HWCAP2)) + " ";
  std::ifstream id("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1");
  std::string line;
  std::getline(id, line);
  text += line;
#endif
  return text;
}

std::optional<std::string> adze::digestOfFiles(const Records &records, const std::vector<std::string> &paths) {
  std::string all;
  for (const std::string &path : paths) {
    auto file = digestOfFile(records, path);
    if (!file)
      return std::nullopt;
    all += file->digest;
  }
  return blake2b(all);
}

std::optional<std::string> adze::compilerDigest(const Records &records,
                                                const std::function<std::vector<std::string>()> &ask) {
  std::string why, program = findWorker(why);
  auto digest = program.empty() ? std::nullopt : digestOfFile(records, program);
  if (!digest)
    return std::nullopt;
  // The same program may find other libraries elsewhere.
  const char *searched = getenv("LD_LIBRARY_PATH"), *preloaded = getenv("LD_PRELOAD");
  std::string name = pack({"compiler", program, digest->digest, searched ? searched : "", preloaded ? preloaded : ""});
  std::vector<std::string> paths;
  auto read = [&](const nlohmann::json &value) { value.get_to(paths); };
  if (auto record = records.get(name); record && unpack(*record, read))
    if (auto known = digestOfFiles(records, paths))
      return known;
  paths = ask();
  if (paths.empty())
    return std::nullopt;
  records.put(name, pack(paths));
  return digestOfFiles(records, paths);
}

Key::Key(const Records &records, const CompileOptions &options, std::string compiler)
    : records(records), options(options), compiler(std::move(compiler)) {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  start = now.tv_sec * 1000000000 + now.tv_nsec;
  if (options.modelPath.empty()) {
    model = FileDigest{digestOf(options.modelBytes), {}};
    folder = options.baseDirectory;
  } else {
    model = digestOfFile(records, options.modelPath);
    folder = std::filesystem::path(options.modelPath).parent_path();
  }
}

std::optional<std::vector<Key::External>> Key::read(const std::vector<std::string> &locations) const {
  std::vector<External> external;
  for (const std::string &location : locations) {
    auto file = folder.empty() ? std::nullopt : digestOfFile(records, folder + "/" + location);
    if (!file)
      return std::nullopt;
    external.push_back({location, *file});
  }
  return external;
}

std::string Key::text(const std::vector<External> &external) const {
  nlohmann::json beside = nlohmann::json::array();
  for (const External &file : external)
    beside.push_back({file.location, file.file.digest});
  std::map<std::string, int64_t> dims(options.dims.begin(), options.dims.end());
  return blake2b(
      pack({kForm, compiler, model->digest, beside, dims, options.target,
            options.cpu == "native" ? hostMachine() : "named " + options.cpu, options.optLevel, options.exposeValues,
            std::set<std::string>(options.allow.begin(), options.allow.end()), options.assemble}));
}

std::optional<std::string> Key::beforeCompiling() {
  std::vector<std::string> locations;
  auto record = model ? records.get("external " + model->digest) : std::nullopt;
  if (!record || !unpack(*record, [&](const nlohmann::json &value) { value.get_to(locations); }))
    return std::nullopt;
  known = read(locations);
  return known ? std::optional(text(*known)) : std::nullopt;
}

std::optional<std::string> Key::afterCompiling(const std::vector<std::string> &externalFiles) {
  if (!model)
    return std::nullopt;
  if (!options.modelPath.empty()) {
    auto now = stateOf(options.modelPath);
    if (!now || !(*now == model->state))
      return std::nullopt;
  }
  records.put("external " + model->digest, pack(externalFiles));
  auto external = read(externalFiles);
  for (size_t i = 0; external && i < external->size(); ++i) {
    const External &file = (*external)[i];
    bool seen = known && i < known->size() && (*known)[i].location == file.location &&
                (*known)[i].file.state == file.file.state;
    if (!seen && file.file.state.changed + kTick > start)
      return std::nullopt;
  }
  return external ? std::optional(text(*external)) : std::nullopt;
}

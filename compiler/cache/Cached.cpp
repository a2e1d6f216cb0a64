// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/cache/Cached.h"

#include "compiler/cache/Key.h"
#include "compiler/cache/Store.h"

#include <chrono>

using namespace adze;

namespace {

/// After this step of the compiler's, what fails is writing.
constexpr const char *kWritingStep = "link";

Diagnostic say(Severity severity, std::string message) {
  Diagnostic d;
  d.severity = severity;
  d.message = std::move(message);
  return d;
}

CompileResult answer(Entry entry, CompileResult result) {
  result.ok = true;
  result.descriptor = std::move(entry.code);
  result.weights = std::move(entry.weights);
  return result;
}

EntryInfo describe(const CompileOptions &options, const CompileResult &result) {
  EntryInfo info;
  info.model = options.modelPath;
  info.dims = options.dims;
  info.target = options.target;
  info.cpu = options.cpu;
  info.optLevel = options.optLevel;
  info.summary = result.summary;
  info.diagnostics = result.diagnostics;
  return info;
}

/// A compilation whose key the cache does not have.
class Miss {
public:
  Miss(const CompileOptions &options, const Callbacks &callbacks, const Compiler &compiler)
      : options(options), callbacks(callbacks), compiler(compiler) {}

  CompileResult run(Store &store, Key &key) {
    std::string why;
    auto staging = store.stage(why);
    if (!staging)
      return without(why);
    CompileResult result = into(*staging);
    if (!result.ok && !result.cancelled && writing) {
      why = result.diagnostics.empty() ? "" : toString(result.diagnostics[0]);
      staging.reset(); // its files may be what fills the disk
      return without(why);
    }
    if (!result.ok)
      return result;
    auto entry = store.publish(*staging, key.afterCompiling(result.externalFiles), describe(options, result));
    if (!entry)
      return without("what was written cannot be read");
    return answer(std::move(*entry), std::move(result));
  }

private:
  CompileResult into(const Staging &staging) {
    CompileOptions mine = options;
    mine.outputPath = staging.codePath();
    mine.weightsPath = staging.weightsPath();
    Callbacks watched = callbacks;
    watched.progress = [this](const CompileProgress &progress) {
      writing |= progress.stage == kWritingStep;
      if (callbacks.progress)
        callbacks.progress(progress);
    };
    return compiler.compile(mine, watched);
  }

  CompileResult without(const std::string &why) {
    CompileResult result = compiler.compile(options, callbacks);
    result.diagnostics.push_back(say(Severity::Remark, "compiled without the cache: " + why));
    return result;
  }

  const CompileOptions &options;
  const Callbacks &callbacks;
  const Compiler &compiler;
  bool writing = false;
};

} // namespace

bool adze::goesThroughCache(const CompileOptions &options) {
  return options.cache.use && !options.report && options.emit == Emit::Artifact && options.outputPath.empty() &&
         options.stopAfter.empty() && options.startAt.empty();
}

CompileResult adze::compileCached(const CompileOptions &options, const Callbacks &callbacks, const Compiler &compiler) {
  auto start = std::chrono::steady_clock::now();
  std::string why;
  auto store = Store::open(options.cache.folder, why);
  if (!store) {
    CompileResult result = compiler.compile(options, callbacks);
    if (!why.empty())
      result.diagnostics.push_back(say(Severity::Warning, "the cache is not used: " + why));
    return result;
  }
  auto build = compilerDigest(store->records(), compiler.files);
  if (!build)
    return compiler.compile(options, callbacks); // which says what is wrong with the compiler
  if (options.assemble && compiler.tools)
    build = *build + digestOfFiles(store->records(), compiler.tools()).value_or("");
  Key key(store->records(), options, *build);
  auto name = key.beforeCompiling();
  auto found = name ? store->find(*name) : std::nullopt;
  if (!found)
    return Miss(options, callbacks, compiler).run(*store, key);
  CompileResult result;
  result.cached = true;
  result.summary = found->info.summary;
  result.summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.diagnostics = std::move(found->info.diagnostics);
  return answer(std::move(*found), std::move(result));
}

bool adze::readCache(const CachePolicy &policy, CacheContents &contents, std::string &why) {
  auto store = Store::open(policy.folder, why);
  if (store)
    contents = store->contents();
  else if (why.empty())
    why = "there is no cache: ADZE_CACHE_SIZE is 0";
  return store != nullptr;
}

bool adze::clearCache(const CachePolicy &policy, std::string &why) {
  auto store = Store::open(policy.folder, why);
  if (store)
    store->clear();
  else if (why.empty())
    why = "there is no cache: ADZE_CACHE_SIZE is 0";
  return store != nullptr;
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adze cache: what is in the cache, how much, and no more of it.
#include "tools/adze/Commands.h"
#include "tools/adze/Terminal.h"

#include <ctime>
#include <nlohmann/json.hpp>

using namespace adze;
using namespace adze::tool;
using json = nlohmann::ordered_json;

namespace {

/// Reads the user's cache; false after a message.
bool read(CacheContents &contents) {
  std::string why;
  bool ok = readCache({}, contents, why);
  if (!ok)
    fail(why);
  return ok;
}

std::string dateText(int64_t seconds) {
  time_t time = static_cast<time_t>(seconds);
  tm local;
  char text[32];
  localtime_r(&time, &local);
  strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
  return text;
}

/// "batch=1, -O0, x86-64-v3": what differs from the default.
std::string optionsText(const CachedModel &model) {
  std::string text;
  auto add = [&](const std::string &part) { text += (text.empty() ? "" : ", ") + part; };
  for (const auto &[name, size] : model.dims)
    add(name + "=" + std::to_string(size));
  if (model.optLevel != 2)
    add("-O" + std::to_string(model.optLevel));
  if (model.cpu != "native")
    add(model.cpu);
  return text;
}

json toJson(const CacheContents &contents) {
  json models = json::array();
  for (const CachedModel &model : contents.models) {
    json dims = json::object();
    for (const auto &[name, size] : model.dims)
      dims[name] = size;
    models.push_back({{"model", model.model},
                      {"dims", dims},
                      {"target", model.target},
                      {"machine", model.cpu},
                      {"opt_level", model.optLevel},
                      {"code_bytes", model.codeBytes},
                      {"weight_bytes", model.weightBytes},
                      {"shares_weights", model.sharesWeights},
                      {"last_used", model.lastUsed}});
  }
  return {{"folder", contents.folder}, {"bytes", contents.bytes}, {"limit", contents.limit}, {"models", models}};
}

int list(bool asJson) {
  CacheContents contents;
  if (!read(contents))
    return 1;
  if (asJson) {
    printf("%s\n", toJson(contents).dump(2, ' ', false, json::error_handler_t::replace).c_str());
    return 0;
  }
  if (!contents.models.empty())
    printf("%-16s  %10s  %10s  %s\n", "last used", "code", "weights", "model (* shares its weights)");
  for (const CachedModel &model : contents.models) {
    std::string options = optionsText(model);
    std::string name = model.model.empty() ? "(given as bytes)" : model.model;
    printf("%-16s  %10s  %9s%s  %s%s\n", dateText(model.lastUsed).c_str(), bytesText(model.codeBytes).c_str(),
           bytesText(model.weightBytes).c_str(), model.sharesWeights ? "*" : " ", printable(name).c_str(),
           options.empty() ? "" : printable(" (" + options + ")").c_str());
  }
  printf("%zu models, %s of %s in %s\n", contents.models.size(), bytesText(contents.bytes).c_str(),
         bytesText(contents.limit).c_str(), contents.folder.c_str());
  return 0;
}

int size(bool asJson) {
  CacheContents contents;
  if (!read(contents))
    return 1;
  if (asJson) {
    json all = toJson(contents);
    all["models"] = contents.models.size();
    printf("%s\n", all.dump(2, ' ', false, json::error_handler_t::replace).c_str());
    return 0;
  }
  printf("%zu models, %s of %s in %s\n", contents.models.size(), bytesText(contents.bytes).c_str(),
         bytesText(contents.limit).c_str(), contents.folder.c_str());
  return 0;
}

int clear() {
  std::string why;
  return clearCache({}, why) ? 0 : fail(why);
}

} // namespace

void adze::tool::addCache(CLI::App &app, int &status) {
  CLI::App *command = app.add_subcommand("cache", "See or empty the cache of compiled models (ADZE_CACHE_DIR)");
  command->require_subcommand(1);
  auto json = std::make_shared<bool>(false);
  CLI::App *listing = command->add_subcommand("list", "List the models in it, the latest used first");
  CLI::App *sizing = command->add_subcommand("size", "Say how much is in it, and how much may be (ADZE_CACHE_SIZE)");
  for (CLI::App *one : {listing, sizing})
    one->add_flag("--json", *json, "Print it as JSON");
  listing->callback([json, &status] { status = list(*json); });
  sizing->callback([json, &status] { status = size(*json); });
  command->add_subcommand("clear", "Remove all models from it")->callback([&status] { status = clear(); });
}

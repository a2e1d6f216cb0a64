// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adze inspect: what an artifact says of itself. Nothing of it is loaded or executed.
#include "runtime/loader/loader.h"
#include "tools/adze/Commands.h"
#include "tools/adze/Terminal.h"

#include <nlohmann/json.hpp>

using namespace adze::tool;
using nlohmann::json;

namespace {

std::string scalarText(const json &value) {
  return value.is_string() ? printable(value.get<std::string>()) : value.dump();
}

/// The metadata's value; null for text that is no JSON, or that nests deeper than metadata do (a forger's would end in
/// a stack overflow, when it is printed).
json parse(const std::string &text) {
  constexpr int kMaxDepth = 64;
  bool tooDeep = false;
  auto keep = [&](int depth, json::parse_event_t, const json &) {
    tooDeep |= depth > kMaxDepth;
    return !tooDeep;
  };
  json parsed = json::parse(text, keep, /*allow_exceptions=*/false);
  return tooDeep ? json() : parsed;
}

/// "x: float32[batch,3,?]", as far as the entry says it.
std::string tensorText(const json &entry) {
  std::string shape;
  for (const json &size : entry.value("shape", json::array()))
    shape += (shape.empty() ? "" : ",") + (size.is_null() ? "?" : scalarText(size));
  return scalarText(entry.value("name", json("?"))) + ": " + scalarText(entry.value("dtype", json("?"))) + "[" + shape +
         "]";
}

/// "sm_80: 30.2 KB of ptx".
std::string codeObjectText(const json &entry) {
  json bytes = entry.value("bytes", json());
  return scalarText(entry.at("machine")) + ": " + (bytes.is_number_integer() ? bytesText(bytes) : "?") + " of " +
         scalarText(entry.value("form", json("?")));
}

/// "k0: device, 256 threads, 0 bytes shared: conv1;relu1", or "k1: host (why): sort1".
std::string kernelText(const json &entry) {
  std::string text = scalarText(entry.at("name")) + ": ";
  json device = entry.value("device", json()), reason = entry.value("host_reason", json());
  if (device.is_object())
    text += "device, " + scalarText(device.value("threads", json("?"))) + " threads, " +
            scalarText(device.value("shared_bytes", json("?"))) + " bytes shared: ";
  else if (reason.is_string())
    text += "host (" + scalarText(reason) + "): ";
  return text + scalarText(entry.at("nodes"));
}

std::string entryText(const json &entry) {
  if (!entry.is_object())
    return scalarText(entry);
  if (entry.contains("shape"))
    return tensorText(entry);
  if (entry.contains("machine") && entry.contains("form"))
    return codeObjectText(entry);
  if (entry.contains("name") && entry.contains("nodes") && (entry.contains("device") || entry.contains("host_reason")))
    return kernelText(entry);
  return scalarText(entry);
}

/// One value under its name; tables and lists one line an entry.
void show(const std::string &name, const json &value, const std::string &indent) {
  if (value.is_array()) {
    printf("%s%s (%zu):\n", indent.c_str(), name.c_str(), value.size());
    for (const json &entry : value)
      printf("%s  %s\n", indent.c_str(), entryText(entry).c_str());
  } else if (value.is_object()) {
    printf("%s%s:\n", indent.c_str(), name.c_str());
    for (const auto &[key, inner] : value.items())
      show(key, inner, indent + "  ");
  } else {
    printf("%s%s: %s\n", indent.c_str(), name.c_str(), scalarText(value).c_str());
  }
}

int inspect(const std::string &path, bool verify, bool asJson) {
  char *text = nullptr;
  adze_error error{};
  if (adze_read_metadata(path.c_str(), &text, nullptr, &error) != ADZE_OK)
    return fail(error.message);
  std::string metadata = text;
  adze_free_metadata(text);
  json parsed = parse(metadata);
  if (asJson)
    printf("%s\n", metadata.c_str());
  else if (!parsed.is_object())
    return fail("'" + path + "': its metadata is no JSON object");
  else
    for (const auto &[key, value] : parsed.items())
      show(key, value, "");
  if (verify && adze_verify_weights(path.c_str(), &error) != ADZE_OK)
    return fail(error.message);
  if (verify && !asJson)
    printf("verified: code, metadata and weights are as they were written\n");
  return 0;
}

} // namespace

void adze::tool::addInspect(CLI::App &app, int &status) {
  CLI::App *command = app.add_subcommand("inspect", "Print what an artifact says of itself");
  struct Flags {
    std::string path;
    bool verify = false, json = false;
  };
  auto flags = std::make_shared<Flags>();
  command->add_option("SO", flags->path, "What `adze compile` wrote")->required();
  command->add_flag("--verify", flags->verify, "Check the weights too (code and metadata always are)");
  command->add_flag("--json", flags->json, "Print the metadata as it stands in the file");
  command->callback([flags, &status] { status = inspect(flags->path, flags->verify, flags->json); });
}

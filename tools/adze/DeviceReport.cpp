// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/adze/DeviceReport.h"
#include "tools/adze/Files.h"
#include "tools/adze/Terminal.h"

#include <algorithm>
#include <nlohmann/json.hpp>

using namespace adze::tool;
using nlohmann::json;

namespace {

constexpr const char *kUnknown = "n/a";
constexpr size_t kNodesWidth = 40;

std::string textOf(const json &entry, const char *key) {
  auto found = entry.find(key);
  return found != entry.end() && found->is_string() ? printable(found->get<std::string>()) : "";
}

/// The number under `key` in `format`, divided by `unit`; "n/a" where it is not known.
std::string number(const json &entry, const char *key, const char *format, double unit = 1) {
  auto found = entry.find(key);
  if (found == entry.end() || !found->is_number())
    return kUnknown;
  char text[40];
  snprintf(text, sizeof text, format, found->get<double>() / unit);
  return text;
}

std::string bytes(const json &entry, const char *key) {
  auto found = entry.find(key);
  return found != entry.end() && found->is_number() ? bytesText(int64_t(found->get<double>())) : kUnknown;
}

std::string microseconds(const json &entry, const char *key) { return number(entry, key, "%.2f us", 1e-6); }

/// Spilled bytes that the code stores and loads.
std::string spills(const json &entry) {
  std::string stores = number(entry, "spill_store_bytes", "%.0f"), loads = number(entry, "spill_load_bytes", "%.0f");
  return stores == kUnknown ? stores : stores + "+" + loads;
}

std::string fittedNodes(const json &entry) {
  std::string nodes = textOf(entry, "nodes");
  return nodes.size() > kNodesWidth ? nodes.substr(0, kNodesWidth - 3) + "..." : nodes;
}

using Row = std::vector<std::string>;

Row rowOf(const json &entry) {
  std::string bound = microseconds(entry, "bound_seconds"), by = textOf(entry, "bound_by");
  return {textOf(entry, "name"),
          textOf(entry, "kind"),
          number(entry, "launches", "%.0f"),
          number(entry, "blocks", "%.0f"),
          number(entry, "threads", "%.0f"),
          number(entry, "registers", "%.0f"),
          bytes(entry, "shared_bytes"),
          spills(entry),
          number(entry, "occupancy", "%.0f%%", 0.01),
          bytes(entry, "bytes"),
          number(entry, "flops", "%.3g"),
          by.empty() ? bound : bound + " (" + by + ")",
          microseconds(entry, "predicted_seconds"),
          fittedNodes(entry)};
}

void printTable(const std::vector<Row> &rows) {
  std::vector<size_t> widths(rows[0].size(), 0);
  for (const Row &row : rows)
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  for (const Row &row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      bool left = i < 2 || i + 1 == row.size();
      std::string padding(widths[i] - row[i].size(), ' ');
      line += (i ? "  " : "") + (left ? row[i] + (i + 1 < row.size() ? padding : "") : padding + row[i]);
    }
    printf("%s\n", line.c_str());
  }
}

void printReport(const json &report) {
  const json &card = report.at("card");
  printf("\nKernels on %s (%s), code for %s. Predicted, not measured.\n", textOf(card, "title").c_str(),
         textOf(card, "machine").c_str(), textOf(report, "code_for").c_str());
  printf("Rates: %s\n", textOf(card, "source").c_str());
  if (!report.at("assembler").is_string())
    printf("No assembler was found: registers, spills and occupancy are not known.\n");
  std::vector<Row> rows{{"kernel", "kind", "launches", "blocks", "threads", "registers", "shared", "spills",
                         "occupancy", "bytes", "flops", "bound", "predicted", "nodes"}};
  for (const json &kernel : report.at("kernels"))
    if (textOf(kernel, "runs_on") == "device")
      rows.push_back(rowOf(kernel));
  printTable(rows);
  for (const json &kernel : report.at("kernels"))
    if (textOf(kernel, "runs_on") == "host")
      printf("on the host: %s (%s): %s\n", textOf(kernel, "name").c_str(), fittedNodes(kernel).c_str(),
             textOf(kernel, "reason").c_str());
  std::string left = number(report, "not_counted", "%.0f");
  if (left != "0") {
    printf("Of %s kernels sizes are known only when the model runs (--dim pins them).\n", left.c_str());
    return;
  }
  printf("All launches in the program's text, each once: bound %s, predicted %s\n",
         microseconds(report, "bound_seconds").c_str(), microseconds(report, "predicted_seconds").c_str());
}

} // namespace

void adze::tool::addReportFlags(CLI::App &command, CompileOptions &options, std::string &jsonPath) {
  auto ask = [&options](const std::string &card) {
    options.report = true;
    options.reportFor = card;
    return true;
  };
  command
      .add_option(
          "--report", [ask](const CLI::results_t &given) { return ask(given.empty() ? "" : given[0]); },
          "For a device: say what each kernel asks of a card (registers, bytes, operations ...), and predict its time")
      ->type_name("[CARD]")
      ->expected(0, 1);
  command.add_option("--report-json", jsonPath, "Write that report to a file instead")->type_name("FILE");
}

bool adze::tool::showReport(const std::string &report, const std::string &jsonPath) {
  if (!jsonPath.empty()) {
    std::string error;
    if (writeFile(jsonPath, {report, "\n"}, error))
      return true;
    fail("'" + jsonPath + "' " + error);
    return false;
  }
  json parsed = json::parse(report, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object())
    return false;
  printReport(parsed);
  return true;
}

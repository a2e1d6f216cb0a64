// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/adze/DiffReport.h"

#include "runtime/tensor.h"
#include "tools/adze/Terminal.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

using namespace adze::tool;
using json = nlohmann::ordered_json;

namespace {

/// "node 'conv1' (Conv, opset 13)".
std::string nodeText(const NamedValue &value) {
  std::string version = value.opset >= 0 ? ", opset " + std::to_string(value.opset) : "";
  return "node '" + value.node + "' (" + value.op + version + ")";
}

json number(double value) {
  if (std::isfinite(value))
    return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

json toJson(const ComparedValue &value) {
  const Difference &d = value.difference;
  json entry{{"name", value.what.name},
             {"node", value.what.node},
             {"op", value.what.op},
             {"opset", value.what.opset},
             {"dtype", adze_dtype_name(value.dtype)},
             {"shape", value.shape},
             {"rtol", value.tolerance.relative},
             {"differs", d.differs()}};
  if (!d.mismatch.empty()) {
    entry["mismatch"] = d.mismatch;
    return entry;
  }
  entry.update({{"elements", d.elements},
                {"outside", d.outside},
                {"atol", d.allowed},
                {"max_abs", number(d.maxAbsolute)},
                {"max_rel", number(d.maxRelative)},
                {"range", number(d.range)}});
  if (d.worst >= 0)
    entry["worst"] = {{"index", placeText(d.worst, value.shape)}, {"ours", d.ours}, {"theirs", d.theirs}};
  return entry;
}

void printFirst(const ComparedValue &value, const DiffReport &report) {
  const Difference &d = value.difference;
  printf("first difference: %s, output '%s', %s\n", printable(nodeText(value.what)).c_str(),
         printable(value.what.name).c_str(), typeText(value.dtype, value.shape).c_str());
  if (!d.mismatch.empty()) {
    printf("  types differ: %s\n", d.mismatch.c_str());
    return;
  }
  printf("  %lld of %lld elements differ by more than %g + %g * |reference|\n", static_cast<long long>(d.outside),
         static_cast<long long>(d.elements), d.allowed, value.tolerance.relative);
  printf("  at most by %g, or %g of the reference\n", d.maxAbsolute, d.maxRelative);
  printf("  worst at %s: %s (%s), %s (%s)\n", placeText(d.worst, value.shape).c_str(), d.ours.c_str(),
         report.ours.c_str(), d.theirs.c_str(), printable(report.theirs).c_str());
}

} // namespace

const ComparedValue *DiffReport::first() const {
  auto found = std::find_if(compared.begin(), compared.end(),
                            [](const ComparedValue &value) { return value.difference.differs(); });
  return found == compared.end() ? nullptr : &*found;
}

size_t DiffReport::differing() const {
  return static_cast<size_t>(std::count_if(compared.begin(), compared.end(),
                                           [](const ComparedValue &value) { return value.difference.differs(); }));
}

void DiffReport::print(int top) const {
  printf("%s: %s against %s: %zu values compared, %zu differ, %zu not compared\n", model.c_str(), ours.c_str(),
         printable(theirs).c_str(), compared.size(), differing(), others.size());
  if (const ComparedValue *value = first())
    printFirst(*value, *this);
  std::vector<const ComparedValue *> ranked;
  for (const ComparedValue &value : compared)
    if (value.difference.ofRange() > 0)
      ranked.push_back(&value);
  // Equal ones stay in the order of the graph, as they lie in `compared`.
  std::sort(ranked.begin(), ranked.end(), [](const ComparedValue *a, const ComparedValue *b) {
    double one = a->difference.ofRange(), other = b->difference.ofRange();
    return one != other ? one > other : a < b;
  });
  size_t shown = top > 0 ? std::min(ranked.size(), static_cast<size_t>(top)) : ranked.size();
  if (shown)
    printf("\n%10s %10s %10s  %s\n", "of range", "max abs", "outside", "value: type, node");
  for (size_t i = 0; i < shown; ++i) {
    const ComparedValue &value = *ranked[i];
    std::string text = value.what.name + ": " + typeText(value.dtype, value.shape) + ", " + nodeText(value.what);
    if (!value.difference.mismatch.empty())
      text = value.what.name + ": " + value.difference.mismatch + ", " + nodeText(value.what);
    printf("%10.3g %10.3g %10lld  %s\n", value.difference.ofRange(), value.difference.maxAbsolute,
           static_cast<long long>(value.difference.outside), fitted(printable(text), 34).c_str());
  }
  if (shown < ranked.size())
    printf("%zu more (--top 0 shows all)\n", ranked.size() - shown);
}

std::string DiffReport::json() const {
  ::json result{{"model", model}, {"ours", ours}, {"theirs", theirs}, {"differing", differing()}};
  const ComparedValue *value = first();
  result["first"] = value ? toJson(*value) : ::json();
  result["values"] = ::json::array();
  for (const ComparedValue &each : compared)
    result["values"].push_back(toJson(each));
  result["not_compared"] = ::json::array();
  for (const NamedValue &other : others)
    result["not_compared"].push_back(
        {{"name", other.name}, {"node", other.node}, {"op", other.op}, {"reason", other.reason}});
  return result.dump(1, ' ', false, ::json::error_handler_t::replace) + "\n";
}

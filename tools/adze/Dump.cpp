// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/adze/Dump.h"

#include "runtime/tensor.h"
#include "tools/adze/Files.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

using namespace adze::tool;
using json = nlohmann::ordered_json;

namespace {

constexpr char kFormat[] = "adze dump 1";

/// An entry's text or number, or the default where it has none of this type.
template <typename T> T field(const json &entry, const char *key, T otherwise) {
  auto found = entry.find(key);
  if (found == entry.end() || (std::is_same_v<T, std::string> ? !found->is_string() : !found->is_number_integer()))
    return otherwise;
  return found->get<T>();
}

NamedValue toNamed(const json &entry) {
  NamedValue value;
  value.name = field(entry, "name", std::string());
  value.node = field(entry, "node", std::string());
  value.op = field(entry, "op", std::string());
  value.opset = field(entry, "opset", int64_t(-1));
  value.output = field(entry, "output", int64_t(-1));
  value.exposed = entry.contains("exposed");
  value.reason = field(entry, "reason", std::string());
  return value;
}

json toJson(const DumpedValue &value) {
  json entry{{"name", value.what.name}};
  if (!value.what.node.empty())
    entry.update({{"node", value.what.node}, {"op", value.what.op}});
  if (value.what.opset >= 0)
    entry["opset"] = value.what.opset;
  if (value.file.empty())
    entry["reason"] = value.what.reason;
  else
    entry.update({{"dtype", adze_dtype_name(value.dtype)}, {"shape", value.shape}, {"file", value.file}});
  return entry;
}

/// A file of the folder, or "": an index may come from anywhere.
std::string inside(const std::string &folder, const std::string &name) {
  std::error_code wrong;
  bool plain =
      !name.empty() && name[0] != '.' && name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
  return plain && std::filesystem::is_regular_file(std::filesystem::symlink_status(folder + "/" + name, wrong))
             ? folder + "/" + name
             : "";
}

bool fromJson(const json &entry, const std::string &folder, DumpedValue &value, std::string &error) {
  error = "an entry of its index is no object with a name";
  if (!entry.is_object() || field(entry, "name", std::string()).empty())
    return false;
  value.what = toNamed(entry);
  if (!entry.contains("file"))
    return true;
  error = "value '" + value.what.name + "' has ";
  std::string name = field(entry, "file", std::string()), dtype = field(entry, "dtype", std::string());
  value.file = inside(folder, name);
  if (value.file.empty()) {
    error += "'" + name + "' as its file, expected the name of a file in the folder";
    return false;
  }
  if (!dtypeOfName(dtype, value.dtype)) {
    error += "'" + dtype + "' as its dtype, expected one such as 'float32'";
    return false;
  }
  return true;
}

} // namespace

std::vector<NamedValue> adze::tool::namedValues(const adze_model_info &info) {
  std::vector<NamedValue> values;
  json metadata = json::parse(info.metadata ? info.metadata : "", nullptr, /*allow_exceptions=*/false);
  if (!metadata.is_object() || !metadata.contains("values"))
    return values;
  for (const json &entry : metadata["values"])
    if (NamedValue value = toNamed(entry); value.output < info.num_outputs)
      values.push_back(std::move(value));
  return values;
}

bool DumpWriter::write(DumpedValue value, const Tensor &tensor, std::vector<DumpedValue> &to, std::string &error) {
  std::error_code wrong;
  std::filesystem::create_directories(folder, wrong);
  value.dtype = tensor.dtype;
  value.shape = tensor.shape;
  value.file = names.make(value.what.name) + ".npy";
  std::string why = wrong ? wrong.message() : "";
  if (wrong || !writeNpy(folder + "/" + value.file, tensor, why)) {
    error = "'" + folder + "/" + value.file + "': " + why;
    return false;
  }
  to.push_back(std::move(value));
  return true;
}

bool DumpWriter::addInput(const std::string &name, const Tensor &tensor, std::string &error) {
  DumpedValue input;
  input.what.name = name;
  return write(input, tensor, dump.inputs, error);
}

bool DumpWriter::addValue(const NamedValue &value, const Tensor &tensor, std::string &error) {
  return write({value, tensor.dtype, {}, ""}, tensor, dump.values, error);
}

bool DumpWriter::finish(std::string &error) {
  json index{{"format", kFormat}, {"producer", dump.producer}, {"inputs", json::array()}, {"values", json::array()}};
  for (const DumpedValue &value : dump.inputs)
    index["inputs"].push_back(toJson(value));
  for (const DumpedValue &value : dump.values)
    index["values"].push_back(toJson(value));
  std::error_code wrong;
  std::filesystem::create_directories(folder, wrong);
  std::string path = folder + "/index.json", why;
  if (writeFile(path, {index.dump(1, ' ', false, json::error_handler_t::replace), "\n"}, why))
    return true;
  error = "'" + path + "': " + why;
  return false;
}

bool adze::tool::writeDump(const std::string &folder, const std::string &producer, const adze_model_info &info,
                           const std::vector<Tensor> &inputs, const std::vector<Tensor> &outputs, std::string &error) {
  DumpWriter writer(folder, producer);
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!writer.addInput(info.inputs[i].name, inputs[i], error))
      return false;
  for (const NamedValue &value : namedValues(info)) {
    if (value.output < 0)
      writer.addMissing(value);
    else if (!writer.addValue(value, outputs[static_cast<size_t>(value.output)], error))
      return false;
  }
  return writer.finish(error);
}

bool adze::tool::readDump(const std::string &folder, Dump &dump, std::string &error) {
  std::ifstream file(folder + "/index.json");
  json index = json::parse(file, nullptr, /*allow_exceptions=*/false);
  error = "'" + folder + "' is no dump: ";
  std::string why = file.is_open() ? "its index.json is not JSON of the format '" + std::string(kFormat) + "'"
                                   : "there is no index.json in it";
  bool ok = index.is_object() && field(index, "format", std::string()) == kFormat;
  if (ok) {
    dump.producer = field(index, "producer", std::string("its producer"));
    for (auto [key, to] : {std::pair("inputs", &dump.inputs), std::pair("values", &dump.values)})
      for (const json &entry : index.value(key, json::array()))
        ok = ok && fromJson(entry, folder, to->emplace_back(), why);
  }
  error += why;
  return ok;
}

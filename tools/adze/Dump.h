// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A dump: a folder with the values of a model's named tensors, one .npy file each, and index.json, which names them.
// README.md says what stands in it.
#pragma once
#include "tools/adze/Model.h"
#include "tools/adze/Names.h"

#include <string>
#include <vector>

namespace adze::tool {

/// A named tensor of a model, and the node that makes it.
struct NamedValue {
  std::string name, node, op;
  int64_t opset = -1;   ///< -1: unknown
  int64_t output = -1;  ///< its index among the outputs of the compiled model; -1: it is none
  bool exposed = false; ///< an output only to be looked at
  std::string reason;   ///< why there is no value of it, or empty
};

/// The named values of a model that was compiled with CompileOptions::exposeValues, in the order of the graph; none
/// for any other.
std::vector<NamedValue> namedValues(const adze_model_info &info);

/// What a dump says of one tensor.
struct DumpedValue {
  NamedValue what;
  adze_dtype dtype = ADZE_F32;
  std::vector<int64_t> shape;
  std::string file; ///< its path; empty: there is none, and what.reason says why
};

struct Dump {
  std::string producer; ///< "adze 0.1.0, -O2"
  std::vector<DumpedValue> inputs, values;
};

/// Writes a dump: files first, index.json at the end, which therefore is there only if all else is.
class DumpWriter {
public:
  /// `folder` is made at the first file.
  DumpWriter(std::string folder, std::string producer) : folder(std::move(folder)) { dump.producer = producer; }

  /// Writes one tensor's file. False, with the reason in `error`.
  bool addInput(const std::string &name, const Tensor &tensor, std::string &error);
  bool addValue(const NamedValue &value, const Tensor &tensor, std::string &error);
  /// Notes a value that has none.
  void addMissing(const NamedValue &value) { dump.values.push_back({value, ADZE_F32, {}, ""}); }
  /// Writes the index. False, with the reason in `error`.
  bool finish(std::string &error);

private:
  bool write(DumpedValue value, const Tensor &tensor, std::vector<DumpedValue> &to, std::string &error);
  std::string folder;
  Dump dump;
  FileNames names;
};

/// Dumps a run of a model: its inputs and all named values, as far as they are outputs. False, with the reason in
/// `error`.
bool writeDump(const std::string &folder, const std::string &producer, const adze_model_info &info,
               const std::vector<Tensor> &inputs, const std::vector<Tensor> &outputs, std::string &error);

/// Reads the index of a dump, whoever wrote it; its files are those of the folder itself, never links out of it. False,
/// with the reason in `error`.
bool readDump(const std::string &folder, Dump &dump, std::string &error);

} // namespace adze::tool

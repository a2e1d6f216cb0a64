// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Real graphs with seeded damage: import answers, quickly, with a module or with an error.
#include "test/compiler/import/Models.h"
#include <chrono>
#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <sstream>

using namespace adze;
using namespace adze::test;

namespace {
std::string read(const std::string &name) {
  std::ifstream file(std::string(ADZE_TEST_MODELS) + "/" + name, std::ios::binary);
  std::stringstream out;
  out << file.rdbuf();
  return out.str();
}

class Mutation : public ::testing::TestWithParam<const char *> {};
} // namespace

TEST_P(Mutation, NeverCrashesOrHangs) {
  const std::string original = read(GetParam());
  ASSERT_GT(original.size(), 1000u);
  std::mt19937 random(20261123);
  auto below = [&](size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random); };
  size_t refused = 0, rounds = 100;
  for (size_t i = 0; i < rounds; ++i) {
    std::string bytes = original;
    switch (below(5)) {
    case 0:
      bytes.resize(below(bytes.size()));
      break;
    case 1: // a size that claims too much
      bytes.replace(below(bytes.size() - 10), 5, "\xff\xff\xff\xff\x0f");
      break;
    case 2: // a part twice or not at all
      bytes.insert(below(bytes.size()), bytes.substr(below(bytes.size()), below(300)));
      break;
    case 3:
      bytes.erase(below(bytes.size()), below(300));
      break;
    default:
      for (size_t flips = 1 + below(20); flips > 0; --flips)
        bytes[below(bytes.size())] ^= char(1 << below(8));
    }
    auto start = std::chrono::steady_clock::now();
    Imported imported(bytes);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2)) << "round " << i;
    EXPECT_NE(imported.ok(), imported.errors().empty() == false) << "round " << i << ": " << imported.errors();
    refused += !imported.ok();
  }
  EXPECT_GT(refused, rounds / 3);
}

INSTANTIATE_TEST_SUITE_P(RealGraphs, Mutation, ::testing::Values("minilm_l6.onnx", "resnet50.onnx", "gpt2.onnx"));

/// The flips above mostly hit names; here each byte of a small model takes each of a few values.
TEST(Mutation, EveryByteOfASmallModel) {
  pb::ModelProto model = reluModel({"n", "3"});
  *model.mutable_graph()->add_initializer() = rawTensor("w", pb::TensorProto::FLOAT, {2}, 8);
  pb::GraphProto &branch = addGraph(addNode(*model.mutable_graph(), "If", {"x"}, {"z"}), "then_branch");
  addNode(branch, "Add", {"x", "w"}, {"a"});
  addOutput(branch, "a");
  pb::FunctionProto &function = *model.add_functions();
  function.set_name("F");
  function.add_input("p");
  function.add_output("q");
  addNode(function, "Neg", {"p"}, {"q"});
  addNode(*model.mutable_graph(), "F", {"x"}, {"f"});
  const std::string original = model.SerializeAsString();
  for (size_t at = 0; at < original.size(); ++at)
    for (unsigned char value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      std::string bytes = original;
      bytes[at] = char(value);
      Imported imported(bytes);
      EXPECT_NE(imported.ok(), !imported.errors().empty()) << at << " " << imported.errors();
    }
}

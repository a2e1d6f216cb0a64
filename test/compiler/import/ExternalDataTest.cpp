// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weights in files beside the model, and all the ways out of the model's folder.
#include "test/compiler/import/Models.h"
#include <gtest/gtest.h>
#include <sys/stat.h>

using namespace adze;
using namespace adze::test;
namespace fs = std::filesystem;
using T = pb::TensorProto;

namespace {
void put(T &tensor, const std::string &key, const std::string &value) {
  auto &entry = *tensor.add_external_data();
  entry.set_key(key);
  entry.set_value(value);
}

/// A model whose one weight, 2000 floats or as asked for, lies in `location`.
pb::ModelProto externalModel(const std::string &location, int type = T::FLOAT, int64_t count = 2000) {
  T tensor = test::tensor("w", type, {count});
  tensor.set_data_location(T::EXTERNAL);
  put(tensor, "location", location);
  return tensorModel(tensor);
}

std::string weights(size_t bytes = 8000) { return rawTensor("", T::INT8, {}, bytes).raw_data(); }

/// The model, saved in a folder of its own that lies in another, with good weights inside and outside of it.
class External : public ::testing::Test {
protected:
  External() {
    folder.write("model/w.bin", weights());
    folder.write("model/sub/w.bin", weights());
    folder.write("w.bin", weights());
  }
  Imported imported(const pb::ModelProto &model) {
    return Imported(folder.write("model/m.onnx", model.SerializeAsString()));
  }
  fs::path at(const std::string &name) { return folder / ("model/" + name); }
  TempFolder folder;
};
} // namespace

TEST_F(External, Works) {
  for (std::string location : {"w.bin", "sub/w.bin", "./sub/./w.bin"}) {
    Imported result = imported(externalModel(location));
    ASSERT_TRUE(result.ok()) << result.errors();
    EXPECT_EQ(result.constant(), weights());
    EXPECT_NE(result.text().find("#core.blob<\"external:" + location + "\", 0, 8000, \"\">"), std::string::npos);
  }
}

TEST_F(External, OffsetAndLength) {
  pb::ModelProto model = externalModel("w.bin", T::FLOAT, 1500);
  put(*model.mutable_graph()->mutable_initializer(0), "offset", "1000");
  put(*model.mutable_graph()->mutable_initializer(0), "length", "6000");
  put(*model.mutable_graph()->mutable_initializer(0), "checksum", "0123");
  Imported result = imported(model);
  ASSERT_TRUE(result.ok()) << result.errors();
  EXPECT_EQ(result.constant(), weights().substr(1000, 6000));
}

TEST_F(External, SmallAndOddTypes) {
  Imported small = imported(externalModel("w.bin", T::FLOAT, 2));
  ASSERT_TRUE(small.ok()) << small.errors();
  EXPECT_EQ(small.constant(), weights().substr(0, 8));
  Imported packed = imported(externalModel("w.bin", T::UINT4, 16000));
  ASSERT_TRUE(packed.ok()) << packed.errors();
  EXPECT_EQ(packed.constant().substr(0, 6), std::string("\0\0\7\0\16\0", 6));
  Imported flags = imported(externalModel("w.bin", T::BOOL, 8000));
  ASSERT_TRUE(flags.ok()) << flags.errors();
  EXPECT_EQ(flags.constant().substr(0, 3), std::string("\0\1\1", 3));
}

TEST_F(External, BytesWithAndWithoutFolder) {
  std::string bytes = externalModel("w.bin").SerializeAsString();
  EXPECT_REFUSED(Imported(bytes), "the model is given as bytes without a folder");
  Imported result(bytes, at("").string());
  ASSERT_TRUE(result.ok()) << result.errors();
  EXPECT_EQ(result.constant(), weights());
}

TEST_F(External, Missing) {
  EXPECT_REFUSED(imported(externalModel("none.bin")),
                 "loc(\"w\"): tensor 'w': external data 'none.bin' cannot be opened: No such file");
  EXPECT_REFUSED(imported(externalModel("none/w.bin")), "external data 'none/w.bin' cannot be opened: No such file");
  EXPECT_REFUSED(imported(externalModel("w.bin/w.bin")),
                 "external data 'w.bin/w.bin' cannot be opened: Not a directory");
  EXPECT_REFUSED(imported(externalModel(std::string(5000, 'a'))), "cannot be opened: File name too long");
}

TEST_F(External, NoName) {
  EXPECT_REFUSED(imported(externalModel("")), "external data has no file name");
  EXPECT_REFUSED(imported(externalModel(std::string("w.bin\0x", 7))), "external data has no file name");
  pb::ModelProto model = externalModel("w.bin");
  model.mutable_graph()->mutable_initializer(0)->clear_external_data();
  EXPECT_REFUSED(imported(model), "external data has no file name");
}

TEST_F(External, TooShort) {
  EXPECT_REFUSED(imported(externalModel("w.bin", T::FLOAT, 2001)),
                 "external data 'w.bin' is too short: it has 8000 bytes, the tensor ends at 8004");
  folder.write("model/empty.bin", "");
  EXPECT_REFUSED(imported(externalModel("empty.bin")), "is too short: it has 0 bytes");
}

TEST_F(External, NonsenseRanges) {
  for (const char *key : {"offset", "length"})
    for (const char *bad : {"", "-1", "x", "1e3", "0x10", " 8", "9223372036854775808", "99999999999999999999999"}) {
      pb::ModelProto model = externalModel("w.bin");
      put(*model.mutable_graph()->mutable_initializer(0), key, bad);
      EXPECT_REFUSED(imported(model), std::string("external data has ") + key + " '" + bad + "'");
    }
  pb::ModelProto model = externalModel("w.bin");
  put(*model.mutable_graph()->mutable_initializer(0), "offset", "9223372036854775807");
  EXPECT_REFUSED(imported(model), "is too short: it has 8000 bytes, the tensor ends at 9223372036854783807");
  model = externalModel("w.bin");
  put(*model.mutable_graph()->mutable_initializer(0), "length", "7999");
  EXPECT_REFUSED(imported(model), "external data 'w.bin' has 7999 bytes for this tensor, expected 8000");
}

TEST_F(External, Absolute) { EXPECT_REFUSED(imported(externalModel(at("w.bin").string())), "has an absolute path"); }

TEST_F(External, DotDot) {
  for (std::string location : {"../w.bin", "sub/../../w.bin", "sub/../w.bin", "..", "sub/.."})
    EXPECT_REFUSED(imported(externalModel(location)),
                   "external data '" + location + "' leaves the model's folder by '..'");
}

TEST_F(External, SymbolicLink) {
  fs::create_symlink("../w.bin", at("out.bin"));
  fs::create_symlink("w.bin", at("in.bin"));
  fs::create_symlink("nowhere", at("broken.bin"));
  fs::create_symlink("../../w.bin", at("sub/out.bin"));
  for (std::string location : {"out.bin", "in.bin", "broken.bin", "sub/out.bin"})
    EXPECT_REFUSED(imported(externalModel(location)), "external data '" + location + "' is a symbolic link");
}

TEST_F(External, LinkedFolder) {
  fs::create_directory_symlink("..", at("up"));
  fs::create_directory_symlink("sub", at("same"));
  for (std::string location : {"up/w.bin", "same/w.bin", "./up/model/w.bin"})
    EXPECT_REFUSED(imported(externalModel(location)), "external data '" + location + "' leads through a symbolic link");
}

TEST_F(External, HardLink) {
  fs::create_hard_link(folder / "w.bin", at("hard.bin"));
  EXPECT_REFUSED(imported(externalModel("hard.bin")), "external data 'hard.bin' is a hard link");
}

TEST_F(External, FifoDoesNotWait) {
  ASSERT_EQ(mkfifo(at("fifo").c_str(), 0600), 0);
  EXPECT_REFUSED(imported(externalModel("fifo")), "'fifo': is not a regular file");
}

TEST_F(External, FolderAsFile) {
  for (std::string location : {"sub", ".", "sub/."})
    EXPECT_REFUSED(imported(externalModel(location)), "is not a regular file");
}

TEST_F(External, Strings) {
  EXPECT_REFUSED(imported(externalModel("w.bin", T::STRING)),
                 "tensor 'w': of type 'tensor<2000x!core.string>' cannot be external data");
}

TEST_F(External, ModelThroughALink) {
  folder.write("model/m.onnx", reluModel().SerializeAsString());
  fs::create_symlink("model/m.onnx", folder / "link.onnx");
  EXPECT_TRUE(Imported(folder / "link.onnx").ok());
  // The data lies beside the link.
  folder.write("model/m.onnx", externalModel("w.bin").SerializeAsString());
  Imported result(folder / "link.onnx");
  ASSERT_TRUE(result.ok()) << result.errors();
  EXPECT_EQ(result.constant(), weights());
}

/// As in the Hugging Face cache: snapshots/x/{model.onnx, model.onnx_data} are links into blobs/.
TEST_F(External, HuggingFaceCache) {
  folder.write("blobs/aaa", externalModel("model.onnx_data").SerializeAsString());
  folder.write("blobs/bbb", weights());
  fs::create_directories(folder / "snapshots/x");
  fs::create_symlink("../../blobs/aaa", folder / "snapshots/x/model.onnx");
  fs::create_symlink("../../blobs/bbb", folder / "snapshots/x/model.onnx_data");
  Imported result(folder / "snapshots/x/model.onnx");
  ASSERT_TRUE(result.ok()) << result.errors();
  EXPECT_EQ(result.constant(), weights());

  // A target in another folder, one that is a hard link, one that is a FIFO, one that is gone.
  auto relink = [&](const std::string &target) {
    fs::remove(folder / "snapshots/x/model.onnx_data");
    fs::create_symlink(target, folder / "snapshots/x/model.onnx_data");
  };
  relink("../../w.bin");
  EXPECT_REFUSED(Imported(folder / "snapshots/x/model.onnx"), "external data 'model.onnx_data' is a symbolic link");
  fs::create_hard_link(folder / "w.bin", folder / "blobs/hard");
  relink("../../blobs/hard");
  EXPECT_REFUSED(Imported(folder / "snapshots/x/model.onnx"), "external data 'model.onnx_data' is a hard link");
  ASSERT_EQ(mkfifo((folder / "blobs/fifo").c_str(), 0600), 0);
  relink("../../blobs/fifo");
  EXPECT_REFUSED(Imported(folder / "snapshots/x/model.onnx"), "is not a regular file");
  relink("../../blobs/gone");
  EXPECT_REFUSED(Imported(folder / "snapshots/x/model.onnx"), "external data 'model.onnx_data' is a symbolic link");
}

TEST_F(External, ManyTensorsOneFile) {
  pb::ModelProto model = externalModel("w.bin", T::FLOAT, 1100);
  T second = model.graph().initializer(0);
  second.set_name("v");
  put(second, "offset", "3000");
  *model.mutable_graph()->add_initializer() = second;
  Imported result = imported(model);
  ASSERT_TRUE(result.ok()) << result.errors();
  EXPECT_EQ(result.constant(1), weights().substr(3000, 4400));
}

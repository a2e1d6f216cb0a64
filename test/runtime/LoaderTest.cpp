// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The loader: a sealed artifact runs; files that are truncated, altered or no files at all are refused before dlopen.
// Also the symbols that an artifact exports and needs.
#include "runtime/loader/loader.h"
#include "runtime/artifact.h"
#include "test/runtime/Tensors.h"

#include <gtest/gtest.h>

#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace adze_test;

namespace {

using Bytes = std::vector<char>;

Bytes readFile(const fs::path &path) {
  std::ifstream in(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

void writeFile(const fs::path &path, const Bytes &bytes) {
  fs::remove(path); // a new inode: the old one may be loaded
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

class Loader : public testing::Test {
protected:
  fs::path folder, path;
  std::string metadata = "{\"name\": \"sample\"}";
  Bytes code, sealed;
  uint64_t weightsOffset = 0, weightsBytes = 10000;
  adze_artifact *artifact = nullptr;
  adze_error error{};

  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "adze-loader-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    path = folder / "model.so";
    code = readFile(ADZE_SAMPLE_LIBRARY);
    ASSERT_FALSE(code.empty());
    sealed = seal();
  }
  void TearDown() override {
    adze_unload(artifact);
    fs::remove_all(folder);
  }

  /// Packs the sample with weights and metadata, as the compiler does.
  Bytes seal() {
    Bytes bytes = code;
    weightsOffset = (code.size() + ADZE_WEIGHTS_ALIGNMENT - 1) / ADZE_WEIGHTS_ALIGNMENT * ADZE_WEIGHTS_ALIGNMENT;
    bytes.resize(weightsOffset);
    for (uint64_t i = 0; i < weightsBytes; ++i)
      bytes.push_back(static_cast<char>(i * 7));
    bytes.insert(bytes.end(), metadata.begin(), metadata.end());
    writeFile(path, bytes);
    EXPECT_EQ(adze_seal(path.c_str(), code.size(), weightsOffset, weightsBytes, &error), ADZE_OK) << error.message;
    return readFile(path);
  }
  adze_status load() { return adze_load(path.c_str(), &artifact, &error); }
  adze_status loadBytes(const Bytes &bytes) {
    writeFile(path, bytes);
    return load();
  }
  adze_trailer trailer() const {
    adze_trailer t;
    memcpy(&t, &sealed[sealed.size() - sizeof t], sizeof t);
    return t;
  }
  /// Loads the file with another trailer; digests are as they were.
  adze_status loadWith(const adze_trailer &t) {
    Bytes bytes = sealed;
    memcpy(&bytes[bytes.size() - sizeof t], &t, sizeof t);
    return loadBytes(bytes);
  }
};

TEST_F(Loader, LoadsAndRuns) {
  ASSERT_EQ(load(), ADZE_OK) << error.message;
  EXPECT_EQ(artifact->metadata, metadata);
  EXPECT_EQ(artifact->metadata_bytes, metadata.size());
  EXPECT_EQ(artifact->info()->num_inputs, 3);
  adze_options options{};
  options.struct_bytes = sizeof options;
  options.abi_version = ADZE_ABI_VERSION;
  options.pool = adze_shared_pool(2);
  adze_model *model = nullptr;
  ASSERT_EQ(artifact->create(&options, &model, &error), ADZE_OK) << error.message;
  SampleInputs inputs(10, 10, {99});
  Outputs outputs;
  auto views = inputs.views();
  std::vector<adze_tensor> none(2);
  ASSERT_EQ(artifact->run(model, views.data(), 3, none.data(), 2, Outputs::alloc, &outputs, &error), ADZE_OK);
  EXPECT_EQ(outputs.values<float>(1)[0], 99099.0f);
  EXPECT_GT(artifact->arena_bytes(model), 0);
  artifact->destroy(model);
}

TEST_F(Loader, LoadsWithoutWeightsAndWithoutMetadata) {
  weightsBytes = 0;
  metadata = "";
  sealed = seal();
  ASSERT_EQ(load(), ADZE_OK) << error.message;
  EXPECT_STREQ(artifact->metadata, "");
  EXPECT_EQ(adze_verify_weights(path.c_str(), &error), ADZE_OK);
}

TEST_F(Loader, ReadsMetadataWithoutLoading) {
  char *text = nullptr;
  size_t bytes = 0;
  ASSERT_EQ(adze_read_metadata(path.c_str(), &text, &bytes, &error), ADZE_OK) << error.message;
  EXPECT_EQ(std::string(text, bytes), metadata);
  adze_free_metadata(text);
  code = {'n', 'o', ' ', 'E', 'L', 'F'};
  seal();
  ASSERT_EQ(adze_read_metadata(path.c_str(), &text, nullptr, &error), ADZE_OK) << error.message;
  adze_free_metadata(text);
  EXPECT_EQ(load(), ADZE_BAD_ARTIFACT);
  EXPECT_NE(strstr(error.message, "cannot be loaded"), nullptr) << error.message;
}

TEST_F(Loader, RefusesEveryTruncation) {
  std::mt19937 random(5);
  std::vector<size_t> lengths = {
      0, 1, 127, 128, 129, code.size(), weightsOffset, sealed.size() - 1, sealed.size() - 127, sealed.size() - 128};
  for (int i = 0; i < 30; ++i)
    lengths.push_back(random() % sealed.size());
  for (size_t length : lengths)
    EXPECT_EQ(loadBytes(Bytes(sealed.begin(), sealed.begin() + static_cast<long>(length))), ADZE_BAD_ARTIFACT)
        << length;
  Bytes longer = sealed;
  longer.push_back(0);
  EXPECT_EQ(loadBytes(longer), ADZE_BAD_ARTIFACT);
}

TEST_F(Loader, RefusesAnyBitFlipOutsideTheWeights) {
  std::mt19937 random(6);
  std::vector<size_t> places;
  for (size_t at = sealed.size() - 128 - metadata.size(); at < sealed.size(); ++at) // metadata and trailer: all bytes
    places.push_back(at);
  for (size_t at = code.size(); at < weightsOffset; at += 97) // the gap
    places.push_back(at);
  for (int i = 0; i < 200; ++i)
    places.push_back(random() % code.size());
  for (size_t at : places) {
    Bytes flipped = sealed;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << random() % 8));
    adze_status status = loadBytes(flipped);
    EXPECT_TRUE(status == ADZE_BAD_ARTIFACT || status == ADZE_ABI_MISMATCH) << "byte " << at << ": " << status;
  }
}

TEST_F(Loader, FindsAlteredWeightsWhenAsked) {
  EXPECT_EQ(adze_verify_weights(path.c_str(), &error), ADZE_OK) << error.message;
  Bytes flipped = sealed;
  flipped[weightsOffset + 4321] ^= 1;
  EXPECT_EQ(loadBytes(flipped), ADZE_OK);
  EXPECT_EQ(adze_verify_weights(path.c_str(), &error), ADZE_BAD_ARTIFACT);
  EXPECT_NE(strstr(error.message, "weights have been altered"), nullptr) << error.message;
}

TEST_F(Loader, RefusesSizesThatDoNotFitOrOverflow) {
  for (uint64_t adze_trailer::*field :
       {&adze_trailer::file_bytes, &adze_trailer::code_bytes, &adze_trailer::weights_offset,
        &adze_trailer::weights_bytes, &adze_trailer::metadata_offset, &adze_trailer::metadata_bytes})
    for (uint64_t value : {uint64_t{0}, uint64_t{1}, UINT64_MAX, uint64_t{1} << 63, UINT64_MAX - 127}) {
      adze_trailer t = trailer();
      t.*field = value;
      EXPECT_EQ(loadWith(t), ADZE_BAD_ARTIFACT) << value;
    }
}

TEST_F(Loader, SaysWhichAbiVersion) {
  adze_trailer t = trailer();
  t.abi_version = 77;
  EXPECT_EQ(loadWith(t), ADZE_ABI_MISMATCH);
  EXPECT_EQ(std::string(error.message),
            "'" + path.string() + "': was made for ABI version 77, expected " + std::to_string(ADZE_ABI_VERSION));
}

TEST_F(Loader, RefusesWhatIsNoRegularFile) {
  EXPECT_EQ(adze_load((folder / "missing").c_str(), &artifact, &error), ADZE_IO_ERROR);
  EXPECT_NE(strstr(error.message, "No such file"), nullptr) << error.message;
  EXPECT_EQ(adze_load(folder.c_str(), &artifact, &error), ADZE_BAD_ARTIFACT);
  EXPECT_EQ(std::string(error.message), "'" + folder.string() + "': is not a regular file");
  fs::path fifo = folder / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(adze_load(fifo.c_str(), &artifact, &error), ADZE_BAD_ARTIFACT);
  EXPECT_EQ(adze_load("/dev/null", &artifact, &error), ADZE_BAD_ARTIFACT);
  EXPECT_EQ(adze_load(ADZE_SAMPLE_LIBRARY, &artifact, &error), ADZE_BAD_ARTIFACT) << "no trailer";
  EXPECT_EQ(adze_load("/dev/null", &artifact, nullptr), ADZE_BAD_ARTIFACT);
}

TEST_F(Loader, SealRefusesPiecesThatDoNotLieInOrder) {
  Bytes bytes(10000);
  for (auto [codeBytes, offset, weights] : {std::tuple<uint64_t, uint64_t, uint64_t>{0, 0, 0},
                                            {5000, 4096, 10},
                                            {100, 4097, 10},
                                            {100, 4096, 9000},
                                            {100, 4096, UINT64_MAX},
                                            {100, UINT64_MAX - 4095, 4096}}) {
    writeFile(path, bytes);
    EXPECT_EQ(adze_seal(path.c_str(), codeBytes, offset, weights, &error), ADZE_BAD_ARTIFACT);
    EXPECT_EQ(fs::file_size(path), bytes.size()) << "not touched";
  }
}

TEST_F(Loader, AReplacedFileIsLoadedAnew) {
  ASSERT_EQ(load(), ADZE_OK);
  adze_artifact *first = artifact, *again = nullptr;
  ASSERT_EQ(adze_load(path.c_str(), &again, &error), ADZE_OK) << "the same file twice";
  EXPECT_EQ(reinterpret_cast<void *>(again->run), reinterpret_cast<void *>(first->run));
  adze_unload(again); // its descriptor's number is free now, while the library stays loaded
  metadata = "{\"name\": \"another\"}";
  seal();
  ASSERT_EQ(load(), ADZE_OK) << error.message;
  EXPECT_EQ(artifact->metadata, metadata);
  EXPECT_NE(reinterpret_cast<void *>(artifact->run), reinterpret_cast<void *>(first->run));
  adze_unload(first);
}

TEST_F(Loader, ManyThreadsLoadAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        adze_artifact *own = nullptr;
        if (adze_load(path.c_str(), &own, nullptr) != ADZE_OK || own->info()->num_kernels != 3)
          ++failures;
        adze_unload(own);
      }
    });
  for (auto &thread : threads)
    thread.join();
  EXPECT_EQ(failures, 0);
}

/// The sample with its weights in a file of their own; a note's program header keeps their place, as in artifacts.
class Apart : public Loader {
protected:
  fs::path weightsPath;
  Bytes weights;
  uint64_t place = 0;
  int weightsFile = -1;

  void SetUp() override {
    Loader::SetUp();
    weightsPath = folder / "weights";
    for (uint64_t i = 0; i < weightsBytes; ++i)
      weights.push_back(static_cast<char>(i * 7));
    keepPlace(0);
    weightsBytes = 0;
    Bytes bytes = code;
    weightsOffset = (code.size() + ADZE_WEIGHTS_ALIGNMENT - 1) / ADZE_WEIGHTS_ALIGNMENT * ADZE_WEIGHTS_ALIGNMENT;
    bytes.resize(weightsOffset);
    bytes.insert(bytes.end(), metadata.begin(), metadata.end());
    writeFile(path, bytes);
    writeWeights(weights);
    ASSERT_EQ(adze_seal_apart(path.c_str(), code.size(), weightsOffset, weightsPath.c_str(), &error), ADZE_OK);
  }
  void TearDown() override {
    close(weightsFile);
    Loader::TearDown();
  }
  void writeWeights(const Bytes &bytes) {
    close(weightsFile);
    writeFile(weightsPath, bytes);
    weightsFile = open(weightsPath.c_str(), O_RDONLY);
  }
  /// Makes the sample's note header one that keeps the weights' place, with so many of them in the file.
  void keepPlace(uint64_t bytesInFile) {
    Elf64_Ehdr elf;
    memcpy(&elf, code.data(), sizeof elf);
    for (int i = 0; i < elf.e_phnum; ++i) {
      Elf64_Phdr header;
      char *at = &code[elf.e_phoff + static_cast<size_t>(i) * sizeof header];
      memcpy(&header, at, sizeof header);
      if (header.p_type == PT_LOAD)
        place = std::max<uint64_t>(place, header.p_vaddr + header.p_memsz);
      if (header.p_type != PT_NOTE)
        continue;
      place = (place + 65535) / 65536 * 65536;
      uint64_t offset = (code.size() + ADZE_WEIGHTS_ALIGNMENT - 1) / ADZE_WEIGHTS_ALIGNMENT * ADZE_WEIGHTS_ALIGNMENT;
      header = {PT_LOAD, PF_R, offset, place, place, bytesInFile, weights.size(), ADZE_WEIGHTS_ALIGNMENT};
      memcpy(at, &header, sizeof header);
      return;
    }
    FAIL() << "the sample has no note";
  }
  const char *inMemory() const {
    Dl_info info;
    dladdr(reinterpret_cast<void *>(artifact->info), &info);
    return static_cast<const char *>(info.dli_fbase) + place;
  }
};

TEST_F(Apart, WeightsAreWhereTheirPlaceIs) {
  ASSERT_EQ(adze_load_apart(path.c_str(), weightsFile, &artifact, &error), ADZE_OK) << error.message;
  EXPECT_EQ(memcmp(inMemory(), weights.data(), weights.size()), 0);
  EXPECT_EQ(artifact->metadata, metadata);
  adze_artifact *again = nullptr;
  ASSERT_EQ(adze_load_apart(path.c_str(), weightsFile, &again, &error), ADZE_OK) << "the same file twice";
  adze_unload(again);
  EXPECT_EQ(memcmp(inMemory(), weights.data(), weights.size()), 0);
}

TEST_F(Apart, WeightsMustBeGivenAndOfTheirSize) {
  EXPECT_EQ(load(), ADZE_BAD_ARTIFACT);
  EXPECT_NE(strstr(error.message, "its weights are in another file, which is not given"), nullptr) << error.message;
  Bytes fewer(weights.begin(), weights.end() - 1);
  writeWeights(fewer);
  EXPECT_EQ(adze_load_apart(path.c_str(), weightsFile, &artifact, &error), ADZE_BAD_ARTIFACT);
  EXPECT_NE(strstr(error.message, "the file of its weights has 9999 bytes, expected 10000"), nullptr) << error.message;
  EXPECT_EQ(adze_check(path.c_str(), weightsFile, nullptr, &error), ADZE_BAD_ARTIFACT);
  code = readFile(ADZE_SAMPLE_LIBRARY);
  weightsBytes = 10000;
  seal();
  EXPECT_EQ(adze_load_apart(path.c_str(), weightsFile, &artifact, &error), ADZE_BAD_ARTIFACT);
  EXPECT_NE(strstr(error.message, "has no weights in another file"), nullptr) << error.message;
}

TEST_F(Apart, AlteredWeightsAreFoundWhenAsked) {
  uint8_t digest[16];
  EXPECT_EQ(adze_check(path.c_str(), weightsFile, digest, &error), ADZE_OK) << error.message;
  EXPECT_EQ(adze_verify_apart(path.c_str(), weightsFile, &error), ADZE_OK) << error.message;
  weights[4321] ^= 1;
  writeWeights(weights);
  EXPECT_EQ(adze_check(path.c_str(), weightsFile, digest, &error), ADZE_OK) << error.message;
  EXPECT_EQ(adze_verify_apart(path.c_str(), weightsFile, &error), ADZE_BAD_ARTIFACT);
  writeFile(folder / "joined.so", {});
  EXPECT_EQ(adze_join(path.c_str(), weightsFile, (folder / "joined.so").c_str(), &error), ADZE_BAD_ARTIFACT);
}

TEST_F(Apart, JoinedItIsWhatWasNeverApart) {
  fs::path joined = folder / "joined.so";
  writeFile(joined, {});
  ASSERT_EQ(adze_join(path.c_str(), weightsFile, joined.c_str(), &error), ADZE_OK) << error.message;
  place = 0;
  code = readFile(ADZE_SAMPLE_LIBRARY);
  keepPlace(weights.size());
  weightsBytes = weights.size();
  EXPECT_EQ(readFile(joined), seal());
  ASSERT_EQ(load(), ADZE_OK) << error.message;
  EXPECT_EQ(memcmp(inMemory(), weights.data(), weights.size()), 0);
}

TEST_F(Apart, AHeaderThatKeepsNoPlaceIsAnError) {
  Bytes plain = readFile(ADZE_SAMPLE_LIBRARY);
  plain.resize(weightsOffset);
  writeFile(path, plain);
  ASSERT_EQ(adze_seal_apart(path.c_str(), code.size(), weightsOffset, weightsPath.c_str(), &error), ADZE_OK);
  EXPECT_EQ(adze_load_apart(path.c_str(), weightsFile, &artifact, &error), ADZE_BAD_ARTIFACT);
  EXPECT_NE(strstr(error.message, "has no place for its weights"), nullptr) << error.message;
}

TEST(SharedPool, IsOneForEachNumberOfThreads) {
  const adze_pool *two = adze_shared_pool(2);
  ASSERT_NE(two, nullptr);
  EXPECT_EQ(two->threads, 2);
  EXPECT_EQ(adze_shared_pool(2), two);
  EXPECT_NE(adze_shared_pool(3), two);
  EXPECT_GE(adze_shared_pool(0)->threads, 1);
  EXPECT_EQ(adze_shared_pool(-1), nullptr);
  EXPECT_EQ(adze_shared_pool(100000), nullptr);
}

// Sanitizers add symbols of their own.
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
/// Names in the dynamic symbol table of the sample library, by whether they are defined there.
std::set<std::string> dynamicSymbols(bool defined) {
  Bytes file = readFile(ADZE_SAMPLE_LIBRARY);
  Elf64_Ehdr header;
  memcpy(&header, file.data(), sizeof header);
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  memcpy(sections.data(), &file[header.e_shoff], sections.size() * sizeof(Elf64_Shdr));
  std::set<std::string> names;
  for (const Elf64_Shdr &section : sections)
    if (section.sh_type == SHT_DYNSYM)
      for (uint64_t at = 0; at < section.sh_size; at += sizeof(Elf64_Sym)) {
        Elf64_Sym symbol;
        memcpy(&symbol, &file[section.sh_offset + at], sizeof symbol);
        if (symbol.st_name != 0 && (symbol.st_shndx != SHN_UNDEF) == defined)
          names.insert(&file[sections[section.sh_link].sh_offset + symbol.st_name]);
      }
  return names;
}

TEST(Symbols, AnArtifactExportsTheContractOnly) {
  EXPECT_EQ(dynamicSymbols(true),
            (std::set<std::string>{"adze_info", "adze_abi_version", "adze_create", "adze_run", "adze_destroy",
                                   "adze_arena_bytes", "adze_describe_device", "adze_alloc_on_device",
                                   "adze_free_on_device", "adze_copy_on_device", "adze_wait_for_device"}));
}

TEST(Symbols, AnArtifactNeedsOnlyWhatIsAllowed) {
  std::set<std::string> allowed;
  std::ifstream list(ADZE_ALLOWED_SYMBOLS);
  for (std::string line; std::getline(list, line);) {
    std::string name, reason;
    std::istringstream words(line);
    if (words >> name && name[0] != '#') {
      EXPECT_TRUE(words >> reason) << name << " has no reason";
      allowed.insert(name);
    }
  }
  ASSERT_FALSE(allowed.empty());
  for (const std::string &name : dynamicSymbols(false))
    EXPECT_TRUE(allowed.count(name)) << name;
}
#endif

} // namespace

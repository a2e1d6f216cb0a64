// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which device is opened with which image, and what is said if there is none.
#include "runtime/cuda/choose.h"
#include "runtime/export.h"
#include "test/runtime/device/DeviceSample.h"
#include "test/runtime/device/Kernels.h"

using namespace adze_test;

namespace {

std::string chosen(const std::vector<std::pair<const char *, const char *>> &images, int major, int minor) {
  std::vector<adze_device_image> list;
  for (const auto &[machine, form] : images)
    list.push_back({machine, form, "", 0});
  const adze_device_image *image = adze_cuda_choose_image(list.data(), static_cast<int32_t>(list.size()), major, minor);
  return image ? std::string(image->machine) + " " + image->form : "none";
}

TEST(DeviceImages, SuitDevicesAsTheDriverSays) {
  const std::vector<std::pair<const char *, const char *>> images = {
      {"sm_75", "ptx"}, {"sm_80", "ptx"},    {"sm_80", "cubin"}, {"sm_86", "cubin"},
      {"sm_90", "ptx"}, {"sm_90a", "cubin"}, {"sm_100", "ptx"},  {"sm_100f", "ptx"}};
  EXPECT_EQ(chosen(images, 7, 0), "none");
  EXPECT_EQ(chosen(images, 7, 5), "sm_75 ptx");
  EXPECT_EQ(chosen(images, 8, 0), "sm_80 cubin");
  EXPECT_EQ(chosen(images, 8, 6), "sm_86 cubin");
  EXPECT_EQ(chosen(images, 8, 9), "sm_86 cubin") << "code for the same major version";
  EXPECT_EQ(chosen(images, 9, 0), "sm_90a cubin");
  EXPECT_EQ(chosen(images, 10, 0), "sm_100f ptx");
  EXPECT_EQ(chosen(images, 10, 3), "sm_100f ptx");
  EXPECT_EQ(chosen(images, 12, 0), "sm_100 ptx");
  EXPECT_EQ(chosen({{"sm_80", "cubin"}}, 9, 0), "none") << "code is not for another major version";
  EXPECT_EQ(chosen({{"sm_90a", "ptx"}}, 10, 0), "none");
  EXPECT_EQ(chosen({{"sm_90", "fatbin"}, {"gfx942", "ptx"}, {"sm_", "ptx"}, {"sm_80x", "ptx"}}, 9, 0), "none");
}

TEST(DeviceNames, AreNumbersOrParts) {
  int32_t number = -1;
  EXPECT_TRUE(adze_cuda_is_number("12", &number));
  EXPECT_EQ(number, 12);
  EXPECT_TRUE(adze_cuda_is_number("99999999999999999999", &number));
  EXPECT_EQ(number, INT32_MAX);
  for (const char *other : {"", "4090 Ti", "-1", "a"})
    EXPECT_FALSE(adze_cuda_is_number(other, &number)) << other;
  EXPECT_TRUE(adze_cuda_contains("NVIDIA GeForce RTX 4090", "rtx 40"));
  EXPECT_TRUE(adze_cuda_contains("abc", "c"));
  EXPECT_TRUE(adze_cuda_contains("abc", ""));
  EXPECT_FALSE(adze_cuda_contains("abc", "cd"));
}

class DeviceChoice : public DeviceTest {
protected:
  std::vector<std::string> said;

  void SetUp() override {
    DeviceTest::SetUp();
    if (!played())
      GTEST_SKIP() << "needs the played driver";
    options.log_user = this;
    options.log = [](void *user, int32_t, const char *message) {
      static_cast<DeviceChoice *>(user)->said.push_back(message);
    };
    reset("sm_75:Old card:1G,sm_86:NVIDIA RTX A4000:1G,sm_89:NVIDIA GeForce RTX 4090:1G,sm_89:NVIDIA L4:1G");
  }
  /// The device that `wanted` leads to, as the log says; else the error.
  std::string opened(const char *wanted) {
    DeviceProgram program;
    said.clear();
    adze_model *model = create(program, wanted);
    if (!model) {
      EXPECT_EQ(error.status, ADZE_NO_DEVICE);
      return error.message;
    }
    EXPECT_EQ(run(model, 64, {0}).status, ADZE_OK);
    adze_destroy(model);
    for (const std::string &line : said)
      if (line.find("kernels run on ") == 0)
        return line.substr(15);
    return "nothing";
  }
};

TEST_F(DeviceChoice, ByNumberNameOrNothing) {
  EXPECT_EQ(opened(nullptr), "device 1 'NVIDIA RTX A4000' with code for sm_80");
  EXPECT_EQ(opened("2"), "device 2 'NVIDIA GeForce RTX 4090' with code for sm_80");
  EXPECT_EQ(opened("l4"), "device 3 'NVIDIA L4' with code for sm_80");
  EXPECT_EQ(opened("RTX"), "device 1 'NVIDIA RTX A4000' with code for sm_80");
}

TEST_F(DeviceChoice, SaysWhatThereIs) {
  const std::string all = "there are: 0 'Old card' (sm_75), 1 'NVIDIA RTX A4000' (sm_86), 2 'NVIDIA GeForce RTX 4090' "
                          "(sm_89), 3 'NVIDIA L4' (sm_89)";
  EXPECT_EQ(opened("7"), "no device '7'; " + all);
  EXPECT_EQ(opened("H100"), "no device 'H100'; " + all);
  EXPECT_EQ(opened("0"), "the artifact has code for sm_80 (ptx), which does not run on device '0'; " + all);
  EXPECT_EQ(opened("old"), "the artifact has code for sm_80 (ptx), which does not run on device 'old'; " + all);
  reset("sm_75:Old card");
  EXPECT_EQ(opened(nullptr),
            "the artifact has code for sm_80 (ptx), which does not run on any device; there are: 0 'Old card' (sm_75)");
  reset("");
  EXPECT_EQ(opened(nullptr), "cuInit: no CUDA-capable device is detected (CUDA_ERROR_NO_DEVICE)");
}

TEST_F(DeviceChoice, SaysThatThereIsNoDriver) {
  setenv("ADZE_CUDA_DRIVER", "/nowhere/libcuda.so", 1);
  EXPECT_EQ(opened(nullptr).find("no driver: /nowhere/libcuda.so: "), 0u) << error.message;
  setenv("ADZE_CUDA_DRIVER", "libc.so.6", 1);
  EXPECT_EQ(opened(nullptr), "the driver 'libc.so.6' has no function cuInit: it is too old");
}

TEST_F(DeviceChoice, TellsWhatTheDriversCompilerSays) {
  const std::string text = std::string(kKernels) + "\nnonsense\n";
  const adze_device_image image = {"sm_80", "ptx", text.c_str(), static_cast<int64_t>(text.size())};
  DeviceProgram program;
  program.device.images = &image;
  EXPECT_EQ(create(program), nullptr);
  EXPECT_EQ(error.status, ADZE_DEVICE_ERROR);
  EXPECT_EQ(std::string(error.message)
                .find("the kernels for sm_80 (ptx) cannot be loaded: cuModuleLoadDataEx: a PTX JIT compilation failed "
                      "(CUDA_ERROR_INVALID_PTX): ptxas application ptx input, line "),
            0u)
      << error.message;
  ASSERT_EQ(said.size(), 1u) << "and the whole log";
  EXPECT_NE(said[0].find("\nptxas fatal"), std::string::npos) << said[0];
}

TEST_F(DeviceChoice, MissesKernels) {
  const adze_device_image image = {"sm_80", "ptx", ".version 7.0\n.target sm_80\n.address_size 64\n", 0};
  DeviceProgram program;
  program.device.images = &image;
  EXPECT_EQ(create(program), nullptr);
  EXPECT_EQ(error.status, ADZE_DEVICE_ERROR);
  EXPECT_STREQ(error.message, "kernel 'add': cuModuleGetFunction: named symbol not found (CUDA_ERROR_NOT_FOUND)");
}

} // namespace

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bytes and operations of kernels.
#include "codegen/common/gpu/Cost.h"
#include "compiler/InitAll.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace adze;

namespace {
struct CostTest : testing::Test {
  CostTest() {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
  }

  /// Of the kernel `signature { body }`.
  gpu::Cost cost(const std::string &text) {
    module = parseSourceString<ModuleOp>("kernel.func @k" + text, &context);
    EXPECT_TRUE(module);
    return module ? gpu::costOf(*(*module).getOps<kernel::FuncOp>().begin()) : gpu::Cost();
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};
} // namespace

TEST_F(CostTest, elementwise) {
  auto c = cost(R"((%x: tensor<4x8xf32>, %y: tensor<1x8xf32>) -> tensor<4x8xf32> {
    %0 = core.binary add %x, %y : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
    %1 = core.unary relu %0 : (tensor<4x8xf32>) -> tensor<4x8xf32>
    kernel.return %1 : tensor<4x8xf32>
  })");
  EXPECT_EQ(c.bytes, 4 * (32 + 8 + 32));
  EXPECT_EQ(c.flops, 2 * 32);
  EXPECT_TRUE(c.unit.isF32());
  EXPECT_FALSE(c.isProduct);
}

TEST_F(CostTest, product) {
  auto c = cost(R"((%x: tensor<2x16x64xf16>, %w: tensor<64x32xf16>) -> tensor<2x16x32xf16> {
    %0 = core.matmul %x, %w to f16 : (tensor<2x16x64xf16>, tensor<64x32xf16>) -> tensor<2x16x32xf16>
    %1 = core.unary relu %0 : (tensor<2x16x32xf16>) -> tensor<2x16x32xf16>
    kernel.return %1 : tensor<2x16x32xf16>
  })");
  EXPECT_EQ(c.flops, 2 * 2 * 16 * 32 * 64 + 2 * 16 * 32);
  EXPECT_EQ(c.bytes, 2 * (2 * 16 * 64 + 64 * 32 + 2 * 16 * 32));
  EXPECT_TRUE(c.unit.isF16());
  EXPECT_TRUE(c.isProduct);
}

TEST_F(CostTest, convolutionOfGroups) {
  auto c = cost(R"((%x: tensor<1x8x8x16xf32>, %w: tensor<3x3x4x32xf32>) -> tensor<1x6x6x32xf32> {
    %0 = core.conv %x, %w strides [1, 1] dilations [1, 1] groups 4 to f32 : (tensor<1x8x8x16xf32>, tensor<3x3x4x32xf32>) -> tensor<1x6x6x32xf32>
    kernel.return %0 : tensor<1x6x6x32xf32>
  })");
  EXPECT_EQ(c.flops, 2 * (6 * 6 * 32) * (3 * 3 * 4));
  EXPECT_EQ(c.bytes, 4 * (8 * 8 * 16 + 3 * 3 * 4 * 32 + 6 * 6 * 32));
}

TEST_F(CostTest, attention) {
  auto c = cost(
      R"((%q: tensor<1x12x128x32xf32>, %k: tensor<1x12x64x32xf32>, %v: tensor<1x12x64x16xf32>) -> tensor<1x12x128x16xf32> {
    %0 = core.attention %q, %k, %v scale 1.0 : (tensor<1x12x128x32xf32>, tensor<1x12x64x32xf32>, tensor<1x12x64x16xf32>) -> tensor<1x12x128x16xf32>
    kernel.return %0 : tensor<1x12x128x16xf32>
  })");
  EXPECT_EQ(c.flops, 2.0 * 12 * 128 * 64 * (32 + 16));
}

TEST_F(CostTest, onlyWhatIsPickedIsRead) {
  auto c = cost(R"((%t: tensor<30000x384xf32>, %i: tensor<1x128xi64>) -> tensor<1x128x384xf32> {
    %0 = core.gather %t, %i axis 0 : (tensor<30000x384xf32>, tensor<1x128xi64>) -> tensor<1x128x384xf32>
    kernel.return %0 : tensor<1x128x384xf32>
  })");
  EXPECT_EQ(c.bytes, 4 * 128 * 384 + 8 * 128 + 4 * 128 * 384);
  EXPECT_EQ(c.flops, 0);
  EXPECT_FALSE(c.unit);
}

TEST_F(CostTest, unknownSizes) {
  auto c = cost(
      R"((%n: index, %x: tensor<?x8xf32> {adze.dims = array<i64: 0, -1>}) -> (tensor<?x8xf32> {adze.dims = array<i64: 0, -1>}) {
    %0 = core.unary relu %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
    kernel.return %0 : tensor<?x8xf32>
  })");
  EXPECT_FALSE(c.bytes);
  EXPECT_FALSE(c.flops);
}

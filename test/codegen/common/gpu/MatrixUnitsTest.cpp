// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every entry of every table: its maps are one to one, a product by fragments is the product of the matrices, and an
// entry is the same after it was an attribute.
#include "codegen/nvptx/Chip.h"
#include "codegen/nvptx/MatrixTable.h"
#include "mlir/IR/MLIRContext.h"
#include <gtest/gtest.h>
#include <set>

using namespace adze;
using gpu::Fragment;
using gpu::MatrixUnit;

namespace {
constexpr int64_t kLanes = 32;

std::vector<MatrixUnit> allUnits(mlir::MLIRContext &context) {
  return nvptx::matrixUnits(/*capability=*/1000, context);
}

void expectBijection(const MatrixUnit &unit, const Fragment &fragment, int64_t rows, int64_t columns) {
  std::set<std::pair<int64_t, int64_t>> seen;
  for (int64_t lane = 0; lane < kLanes; ++lane)
    for (int64_t i = 0; i < fragment.elements; ++i) {
      auto place = gpu::placeOf(fragment, lane, i);
      EXPECT_TRUE(place.first >= 0 && place.first < rows && place.second >= 0 && place.second < columns) << unit.name;
      EXPECT_TRUE(seen.insert(place).second) << unit.name << ": lane " << lane << ", element " << i;
    }
  EXPECT_EQ(int64_t(seen.size()), rows * columns) << unit.name;
}

TEST(MatrixUnits, MapsAreBijections) {
  mlir::MLIRContext context;
  for (const MatrixUnit &unit : allUnits(context)) {
    expectBijection(unit, unit.a, unit.rows, unit.depth);
    expectBijection(unit, unit.b, unit.depth, unit.columns);
    expectBijection(unit, unit.c, unit.rows, unit.columns);
  }
}

TEST(MatrixUnits, InterleavedColumnsAlternate) {
  mlir::MLIRContext context;
  for (const MatrixUnit &unit : allUnits(context)) {
    Fragment both = gpu::interleaved(unit.c);
    expectBijection(unit, both, unit.rows, 2 * unit.columns);
    for (int64_t lane = 0; lane < kLanes; ++lane)
      for (int64_t i = 0; i < both.elements; ++i) {
        auto [row, column] = gpu::placeOf(both, lane, i);
        EXPECT_EQ(gpu::placeOf(unit.c, lane, i / 2), std::make_pair(row, column / 2)) << unit.name;
        EXPECT_EQ(column % 2, i % 2) << unit.name;
      }
  }
}

/// The matrix that lanes hold, where element i of lane l is l * elements + i.
std::vector<int64_t> numbered(const Fragment &fragment, int64_t rows, int64_t columns) {
  std::vector<int64_t> matrix(rows * columns);
  for (int64_t lane = 0; lane < kLanes; ++lane)
    for (int64_t i = 0; i < fragment.elements; ++i) {
      auto [row, column] = gpu::placeOf(fragment, lane, i);
      matrix[row * columns + column] = lane * fragment.elements + i;
    }
  return matrix;
}

TEST(MatrixUnits, FragmentsMultiplyAsMatrices) {
  mlir::MLIRContext context;
  for (const MatrixUnit &unit : allUnits(context)) {
    std::vector<int64_t> a = numbered(unit.a, unit.rows, unit.depth), b = numbered(unit.b, unit.depth, unit.columns);
    // By fragments: each element of C from those that the maps of A and B say belong to it.
    std::vector<int64_t> sums(kLanes * unit.c.elements);
    for (int64_t lane = 0; lane < kLanes; ++lane)
      for (int64_t i = 0; i < unit.c.elements; ++i) {
        auto [row, column] = gpu::placeOf(unit.c, lane, i);
        for (int64_t k = 0; k < unit.depth; ++k)
          sums[lane * unit.c.elements + i] += a[row * unit.depth + k] * b[k * unit.columns + column];
      }
    for (int64_t lane = 0; lane < kLanes; ++lane)
      for (int64_t i = 0; i < unit.c.elements; ++i) {
        auto [row, column] = gpu::placeOf(unit.c, lane, i);
        int64_t sum = 0;
        for (int64_t l = 0; l < kLanes; ++l)
          for (int64_t e = 0; e < unit.a.elements; ++e) {
            auto [r, k] = gpu::placeOf(unit.a, l, e);
            if (r != row)
              continue;
            for (int64_t m = 0; m < kLanes; ++m)
              for (int64_t f = 0; f < unit.b.elements; ++f)
                if (gpu::placeOf(unit.b, m, f) == std::make_pair(k, column))
                  sum += (l * unit.a.elements + e) * (m * unit.b.elements + f);
          }
        ASSERT_EQ(sum, sums[lane * unit.c.elements + i]) << unit.name;
      }
  }
}

TEST(MatrixUnits, LoadFragmentBringsWhatTheMapsSay) {
  mlir::MLIRContext context;
  for (const MatrixUnit &unit : allUnits(context)) {
    auto matrices = gpu::matricesOf(unit.a, kLanes, /*transposed=*/false);
    ASSERT_TRUE(matrices) << unit.name;
    EXPECT_EQ(int64_t(matrices->size()),
              unit.rows * unit.depth * gpu::memoryType(unit.a).getIntOrFloatBitWidth() / 1024);
    bool isShort = gpu::memoryType(unit.b).getIntOrFloatBitWidth() == 16;
    EXPECT_EQ(gpu::matricesOf(unit.b, kLanes, /*transposed=*/true).has_value(), isShort) << unit.name;
    EXPECT_FALSE(gpu::matricesOf(unit.b, kLanes, /*transposed=*/false)) << unit.name;
  }
}

TEST(MatrixUnits, LanesThatShareRows) {
  mlir::MLIRContext context;
  for (const MatrixUnit &unit : allUnits(context)) {
    auto shares = gpu::rowShares(unit.c, kLanes);
    ASSERT_TRUE(shares) << unit.name;
    EXPECT_EQ(shares->lanes, 3) << unit.name;
    EXPECT_EQ(shares->rowOf, (llvm::SmallVector<int64_t>{0, 0, 1, 1})) << unit.name;
    EXPECT_EQ(shares->firsts, (llvm::SmallVector<int64_t>{0, 2})) << unit.name;
  }
}

/// Maps of other machines' accumulators: 16 columns in neighbouring lanes.
TEST(MatrixUnits, LanesThatShareRowsElsewhere) {
  mlir::MLIRContext context;
  mlir::AffineExpr lane, element;
  mlir::bindDims(&context, lane, element);
  auto of = [&](int64_t elements, mlir::AffineExpr row, mlir::AffineExpr column) {
    return Fragment{mlir::Float32Type::get(&context), elements, mlir::AffineMap::get(2, 0, {row, column}, &context)};
  };
  auto blocks = gpu::rowShares(of(4, lane.floorDiv(16) * 4 + element, lane % 16), 64);
  ASSERT_TRUE(blocks);
  EXPECT_EQ(blocks->lanes, 15);
  EXPECT_EQ(blocks->firsts.size(), 4u);
  auto interleaved = gpu::rowShares(of(8, element * 2 + lane.floorDiv(16), lane % 16), 32);
  ASSERT_TRUE(interleaved);
  EXPECT_EQ(interleaved->lanes, 15);
  EXPECT_EQ(interleaved->firsts.size(), 8u);
  // Rows of one lane that are other lanes' rows too, in another element.
  EXPECT_FALSE(gpu::rowShares(of(2, (lane % 2) + element, lane.floorDiv(2)), 32));
  // Lanes of a row that differ in more than some bits.
  EXPECT_FALSE(gpu::rowShares(of(1, lane % 3, lane.floorDiv(3)), 32));
}

TEST(MatrixUnits, ResultsAreLeftSidesWhereTheMapsCompose) {
  mlir::MLIRContext context;
  for (const MatrixUnit &unit : allUnits(context)) {
    auto sources = gpu::sourcesOfA(unit, kLanes);
    bool isShort = gpu::memoryType(unit.a).getIntOrFloatBitWidth() == 16;
    ASSERT_EQ(sources.has_value(), isShort) << unit.name;
    for (int64_t i = 0; sources && i < unit.a.elements; ++i)
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        auto [row, column] = gpu::placeOf(unit.c, lane, (*sources)[i].element);
        EXPECT_EQ(gpu::placeOf(unit.a, lane, i), std::make_pair(row, column + (*sources)[i].fragment * unit.columns));
      }
  }
}

TEST(MatrixUnits, TransposedFragments) {
  mlir::MLIRContext context;
  for (const MatrixUnit &unit : allUnits(context)) {
    Fragment turned = gpu::transposed(unit.b);
    expectBijection(unit, turned, unit.columns, unit.depth);
    EXPECT_TRUE(gpu::matricesOf(turned, kLanes, /*transposed=*/false)) << unit.name;
    EXPECT_EQ(gpu::runFrom(turned, kLanes, 0, 16),
              std::max<int64_t>(32 / gpu::memoryType(unit.b).getIntOrFloatBitWidth(), 1));
  }
}

TEST(MatrixUnits, AreWhatTheyWereAsAttributes) {
  mlir::MLIRContext context;
  for (const MatrixUnit &unit : allUnits(context)) {
    auto again = MatrixUnit::read(unit.write(context));
    ASSERT_TRUE(again) << unit.name;
    EXPECT_EQ(again->write(context), unit.write(context));
  }
  EXPECT_FALSE(MatrixUnit::read({}));
}

TEST(MatrixUnits, AreThoseOfTheLeastChip) {
  mlir::MLIRContext context;
  auto namesFor = [&](llvm::StringRef chips) {
    std::string error;
    std::set<std::string> names;
    for (const MatrixUnit &unit : nvptx::factsOf(nvptx::parseChips(chips, error), context).units)
      names.insert(unit.name);
    return names;
  };
  EXPECT_EQ(namesFor("sm_75"), std::set<std::string>{"f16.m16n8k8"});
  EXPECT_EQ(namesFor("sm_90,sm_75"), namesFor("sm_75"));
  EXPECT_TRUE(namesFor("sm_80").count("bf16.m16n8k16"));
}
} // namespace

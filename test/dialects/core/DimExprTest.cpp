// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Symbolic sizes: what must be provably equal, as the shape chains of real models need it.
#include "dialects/core/DimExpr.h"
#include "gtest/gtest.h"

using adze::core::DimContext;
using adze::core::DimExpr;

namespace {

struct DimExprTest : testing::Test {
  DimContext dims;
  DimExpr batch = dims.named("batch"), seq = dims.named("seq"), past = dims.named("past");
};

TEST_F(DimExprTest, NamesAreSymbols) {
  EXPECT_EQ(dims.named("batch"), batch);
  EXPECT_NE(batch, seq);
  EXPECT_NE(dims.fresh({}, 0), dims.fresh({}, 0));
}

TEST_F(DimExprTest, NormalForm) {
  EXPECT_EQ(past + seq, seq + past);
  EXPECT_EQ(batch * (past + seq), seq * batch + past * batch);
  EXPECT_EQ(batch - batch, DimExpr(0));
  EXPECT_EQ((batch + DimExpr(1)) * (batch - DimExpr(1)), batch * batch - DimExpr(1));
  EXPECT_EQ((seq * DimExpr(0)).constant(), 0);
  EXPECT_EQ((seq + DimExpr(1) - seq).constant(), 1);
  EXPECT_FALSE(seq.constant());
}

TEST_F(DimExprTest, DivisionThatComesOut) {
  EXPECT_EQ(dims.floorDiv(batch * seq, batch), seq);
  EXPECT_EQ(dims.floorDiv(batch * seq * DimExpr(768), batch * DimExpr(12 * 64)), seq);
  EXPECT_EQ(dims.ceilDiv(batch * seq, seq), batch);
  EXPECT_EQ(dims.floorDiv(seq * DimExpr(4) + DimExpr(3), 4), seq);
  EXPECT_EQ(dims.floorDiv(seq * DimExpr(4) - DimExpr(1), 4), seq - DimExpr(1));
  EXPECT_EQ(dims.floorDiv(seq * DimExpr(3), 2), seq + dims.floorDiv(seq, 2));
  EXPECT_EQ(dims.mod(seq * DimExpr(4) + DimExpr(3), 4), DimExpr(3));
  EXPECT_EQ(dims.floorDiv(seq, 1), seq);
  EXPECT_EQ(dims.floorDiv(-7, 2).constant(), -4);
  EXPECT_EQ(dims.ceilDiv(7, 2).constant(), 4);
}

// Two convolutions with stride 2 and padding 1, computed in two ways.
TEST_F(DimExprTest, DivisionThatDoesNot) {
  DimExpr a = dims.floorDiv(seq + DimExpr(2) - DimExpr(3), 2) + DimExpr(1);
  DimExpr b = dims.floorDiv(seq - DimExpr(1), 2) + DimExpr(1);
  EXPECT_EQ(a, b);
  EXPECT_EQ(dims.floorDiv(seq + DimExpr(1), 2), b);
  EXPECT_NE(dims.floorDiv(seq, 2), b);
  EXPECT_NE(dims.floorDiv(seq, batch), dims.floorDiv(batch, seq));
  EXPECT_EQ(dims.ceilDiv(seq, 2), dims.floorDiv(seq + DimExpr(1), 2));
}

TEST_F(DimExprTest, MaxAndMin) {
  EXPECT_EQ(dims.max(seq, 0), seq);
  EXPECT_EQ(dims.max(seq + DimExpr(1), seq), seq + DimExpr(1));
  EXPECT_EQ(dims.min(seq + past, seq), seq);
  EXPECT_EQ(dims.max(seq, batch), dims.max(batch, seq));
  EXPECT_NE(dims.max(seq, batch), dims.min(batch, seq));
  EXPECT_EQ(dims.max(seq, batch), dims.max(seq, batch));
}

TEST_F(DimExprTest, Broadcast) {
  EXPECT_EQ(dims.broadcast(1, seq), seq);
  EXPECT_EQ(dims.broadcast(seq, 1), seq);
  EXPECT_EQ(dims.broadcast(seq, 4), DimExpr(4));
  EXPECT_EQ(dims.broadcast(seq, seq), seq);
  EXPECT_EQ(dims.broadcast(seq, batch), dims.broadcast(batch, seq));
  // A slice that is cut at 512 meets the whole: it is not cut then, or one of them is 1.
  EXPECT_EQ(dims.broadcast(seq, dims.min(seq, 512)), seq);
  EXPECT_EQ(dims.broadcast(dims.min(512, seq), seq), seq);
  EXPECT_NE(dims.broadcast(seq, dims.min(batch, 512)), seq);
  EXPECT_NE(dims.broadcast(seq, dims.min(seq, 0)), seq);
}

TEST_F(DimExprTest, Bounds) {
  EXPECT_EQ(dims.lowerBound(seq * batch + DimExpr(3)), 3);
  EXPECT_FALSE(dims.lowerBound(seq - batch));
  EXPECT_TRUE(dims.knownGreaterEqual(past + seq, seq));
  EXPECT_FALSE(dims.knownGreaterEqual(seq, past));
  EXPECT_EQ(dims.lowerBound(dims.max(seq, batch)), 0);
}

TEST_F(DimExprTest, Text) {
  EXPECT_EQ(dims.str(DimExpr(0)), "0");
  EXPECT_EQ(dims.str(seq * batch * DimExpr(2) + DimExpr(1)), "1 + 2*batch*seq");
  EXPECT_EQ(dims.str(dims.floorDiv(seq, 2)), "floordiv(seq, 2)");
}

// Sums that overflow wrap; they are caught where sizes are checked at run time.
TEST_F(DimExprTest, NoUndefinedOverflow) {
  DimExpr huge(INT64_MAX);
  EXPECT_EQ((huge + DimExpr(1)).constant(), INT64_MIN);
  EXPECT_EQ((huge * DimExpr(2)).constant(), -2);
  EXPECT_EQ(dims.floorDiv(DimExpr(INT64_MIN), -1).constant(), INT64_MIN);
  EXPECT_NE(dims.floorDiv(seq * DimExpr(INT64_MIN), batch * DimExpr(-1)), seq);
}

} // namespace

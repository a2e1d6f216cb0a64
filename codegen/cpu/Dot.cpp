// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/cpu/Dot.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace adze;

namespace {
/// Emits one kernel.dot.
class DotEmitter {
public:
  explicit DotEmitter(kernel::DotOp op)
      : b(op), loc(op.getLoc()), op(op), sums(op.getAcc().getType()), lanes(sums.getNumElements()) {}

  Value emit(StringRef instruction) {
    if (instruction == "vpdpbusd")
      return call("llvm.x86.avx512.vpdpbusd." + std::to_string(32 * lanes), sums,
                  {op.getAcc(), op.getLhs(), op.getRhs()});
    return instruction == "pmaddwd" ? byPairs() : byElements();
  }

private:
  Value call(const std::string &name, Type type, ValueRange operands) {
    return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr(name), operands)->getResult(0);
  }

  Value splat(VectorType type, int64_t v) {
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, b.getIntegerAttr(type.getElementType(), v)));
  }

  /// Even and odd bytes as 16-bit numbers: products of neighbours are exact and added in 32 bits.
  Value byPairs() {
    auto words = VectorType::get({2 * lanes}, b.getI16Type());
    Value left = vector::BitCastOp::create(b, loc, words, op.getLhs());
    Value right = vector::BitCastOp::create(b, loc, words, op.getRhs());
    Value eight = splat(words, 8);
    Value evenLeft = arith::AndIOp::create(b, loc, left, splat(words, 255));
    Value oddLeft = arith::ShRUIOp::create(b, loc, left, eight);
    Value evenRight = arith::ShRSIOp::create(b, loc, arith::ShLIOp::create(b, loc, right, eight), eight);
    Value oddRight = arith::ShRSIOp::create(b, loc, right, eight);
    std::string name = lanes == 16  ? "llvm.x86.avx512.pmaddw.d.512"
                       : lanes == 8 ? "llvm.x86.avx2.pmadd.wd"
                                    : "llvm.x86.sse2.pmadd.wd";
    Value both =
        arith::AddIOp::create(b, loc, call(name, sums, {evenLeft, evenRight}), call(name, sums, {oddLeft, oddRight}));
    return arith::AddIOp::create(b, loc, op.getAcc(), both);
  }

  Value byElements() {
    auto wide = VectorType::get({4 * lanes}, b.getI32Type());
    Value products = arith::MulIOp::create(b, loc, arith::ExtUIOp::create(b, loc, wide, op.getLhs()),
                                           arith::ExtSIOp::create(b, loc, wide, op.getRhs()));
    Value sum = op.getAcc();
    for (int64_t j = 0; j < 4; ++j) {
      SmallVector<int64_t> mask;
      for (int64_t i = 0; i < lanes; ++i)
        mask.push_back(4 * i + j);
      sum = arith::AddIOp::create(b, loc, sum, vector::ShuffleOp::create(b, loc, products, products, mask));
    }
    return sum;
  }

  OpBuilder b;
  Location loc;
  kernel::DotOp op;
  VectorType sums;
  int64_t lanes;
};
} // namespace

void adze::lowerDots(ModuleOp module, StringRef instruction) {
  SmallVector<kernel::DotOp> dots;
  module.walk([&](kernel::DotOp op) { dots.push_back(op); });
  for (kernel::DotOp op : dots) {
    op.replaceAllUsesWith(DotEmitter(op).emit(instruction));
    op.erase();
  }
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/nvptx/GpuToNvvm.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;

namespace {
/// The global that stands for a block's dynamic shared memory.
constexpr llvm::StringLiteral kShared = "shared";
/// More than a chip's shared memory: no access is known to be outside.
constexpr int64_t kSharedBytes = 1 << 20;

/// A special register, as an index.
template <typename Op, typename Register> struct ReadRegister : ConvertOpToLLVMPattern<Op> {
  using ConvertOpToLLVMPattern<Op>::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(Op op, typename Op::Adaptor, ConversionPatternRewriter &rewriter) const override {
    if (op.getDimension() != gpu::Dimension::x)
      return rewriter.notifyMatchFailure(op, "grids and blocks have one dimension");
    Location loc = op.getLoc();
    Type i32 = rewriter.getI32Type();
    LLVM::ConstantRangeAttr range;
    if (auto bound = op.getUpperBound())
      range = LLVM::ConstantRangeAttr::get(op.getContext(), APInt(32, 0), APInt(32, bound->getZExtValue()));
    Value read = Register::create(rewriter, loc, i32, range);
    rewriter.replaceOpWithNewOp<LLVM::ZExtOp>(op, this->getTypeConverter()->convertType(op.getType()), read);
    return success();
  }
};

struct ConvertBarrier : ConvertOpToLLVMPattern<gpu::BarrierOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(gpu::BarrierOp op, OpAdaptor, ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<NVVM::Barrier0Op>(op);
    return success();
  }
};

struct ConvertShuffle : ConvertOpToLLVMPattern<gpu::ShuffleOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(gpu::ShuffleOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    if (op.getMode() != gpu::ShuffleMode::XOR || !op.getValid().use_empty() ||
        op.getValue().getType().getIntOrFloatBitWidth() != 32)
      return rewriter.notifyMatchFailure(op,
                                         "only exchanges of 32 bits between lanes that differ in some bits are made");
    Location loc = op.getLoc();
    Type i32 = rewriter.getI32Type(), type = adaptor.getValue().getType();
    Value all = LLVM::ConstantOp::create(rewriter, loc, i32, -1),
          clamp = LLVM::ConstantOp::create(rewriter, loc, i32, 31);
    Value moved = NVVM::ShflOp::create(rewriter, loc, type, all, adaptor.getValue(), adaptor.getOffset(), clamp,
                                       NVVM::ShflKind::bfly, UnitAttr());
    Value valid = LLVM::ConstantOp::create(rewriter, loc, rewriter.getI1Type(), 1);
    rewriter.replaceOp(op, {moved, valid});
    return success();
  }
};

struct ConvertSharedMemory : ConvertOpToLLVMPattern<gpu::DynamicSharedMemoryOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(gpu::DynamicSharedMemoryOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto module = op->getParentOfType<ModuleOp>();
    unsigned space = unsigned(NVVM::NVVMMemorySpace::Shared);
    if (!module.lookupSymbol(kShared)) {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(module.getBody());
      auto type = LLVM::LLVMArrayType::get(rewriter.getI8Type(), 0);
      LLVM::GlobalOp::create(rewriter, loc, type, /*isConstant=*/false, LLVM::Linkage::External, kShared, Attribute(),
                             /*alignment=*/16, space);
    }
    Value base = LLVM::AddressOfOp::create(rewriter, loc, LLVM::LLVMPointerType::get(op.getContext(), space), kShared);
    auto descriptor = MemRefDescriptor::poison(rewriter, loc, getTypeConverter()->convertType(op.getType()));
    descriptor.setAllocatedPtr(rewriter, loc, base);
    descriptor.setAlignedPtr(rewriter, loc, base);
    descriptor.setConstantOffset(rewriter, loc, 0);
    descriptor.setConstantSize(rewriter, loc, 0, kSharedBytes);
    descriptor.setConstantStride(rewriter, loc, 0, 1);
    rewriter.replaceOp(op, Value(descriptor));
    return success();
  }
};
} // namespace

void adze::nvptx::addGpuConversions(const LLVMTypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<ReadRegister<gpu::ThreadIdOp, NVVM::ThreadIdXOp>, ReadRegister<gpu::BlockIdOp, NVVM::BlockIdXOp>,
               ConvertBarrier, ConvertShuffle, ConvertSharedMemory>(types);
}

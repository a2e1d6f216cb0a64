// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/nvptx/DeviceToNvvm.h"
#include "codegen/nvptx/MatrixTable.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace adze;

namespace {
/// The least capability that has cp.async; and ldmatrix.
constexpr int kAsyncCopy = 80, kLoadMatrix = 75;

template <typename Op> struct ForChip : ConvertOpToLLVMPattern<Op> {
  ForChip(const LLVMTypeConverter &types, int capability) : ConvertOpToLLVMPattern<Op>(types), capability(capability) {}
  int capability;

  /// The place of an element of a flat buffer, in this address space.
  Value pointer(OpBuilder &b, Location loc, Value buffer, Value descriptor, Value at,
                NVVM::NVVMMemorySpace space) const {
    auto type = cast<MemRefType>(buffer.getType());
    Value place = this->getStridedElementPtr(static_cast<ConversionPatternRewriter &>(b), loc, type, descriptor, {at});
    auto wanted = LLVM::LLVMPointerType::get(b.getContext(), unsigned(space));
    return place.getType() == wanted ? place : LLVM::AddrSpaceCastOp::create(b, loc, wanted, place).getResult();
  }
};

struct ConvertAsyncCopy : ForChip<kernel::AsyncCopyOp> {
  using ForChip::ForChip;
  LogicalResult matchAndRewrite(kernel::AsyncCopyOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    if (capability < kAsyncCopy)
      return rewriter.notifyMatchFailure(op, "chips before sm_80 copy nothing asynchronously");
    Location loc = op.getLoc();
    using NVVM::NVVMMemorySpace;
    Value from =
        pointer(rewriter, loc, op.getSource(), adaptor.getSource(), adaptor.getFrom(), NVVMMemorySpace::Global);
    Value to = pointer(rewriter, loc, op.getTile(), adaptor.getTile(), adaptor.getTo(), NVVMMemorySpace::Shared);
    // Past the first cache, which holds what a thread reads again: only whole chunks can.
    auto cache = op.getBytes() == 16 ? NVVM::LoadCacheModifierKind::CG : NVVM::LoadCacheModifierKind::CA;
    rewriter.replaceOpWithNewOp<NVVM::CpAsyncOp>(op, to, from, op.getBytes(), cache, adaptor.getRead());
    return success();
  }
};

struct ConvertAsyncCommit : ForChip<kernel::AsyncCommitOp> {
  using ForChip::ForChip;
  LogicalResult matchAndRewrite(kernel::AsyncCommitOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    if (capability < kAsyncCopy)
      return rewriter.notifyMatchFailure(op, "chips before sm_80 copy nothing asynchronously");
    rewriter.replaceOpWithNewOp<NVVM::CpAsyncCommitGroupOp>(op);
    return success();
  }
};

struct ConvertAsyncWait : ForChip<kernel::AsyncWaitOp> {
  using ForChip::ForChip;
  LogicalResult matchAndRewrite(kernel::AsyncWaitOp op, OpAdaptor, ConversionPatternRewriter &rewriter) const override {
    if (capability < kAsyncCopy)
      return rewriter.notifyMatchFailure(op, "chips before sm_80 copy nothing asynchronously");
    rewriter.replaceOpWithNewOp<NVVM::CpAsyncWaitGroupOp>(op, op.getPending());
    return success();
  }
};

/// `count` values of a struct, or the value itself if there is one.
SmallVector<Value> fieldsOf(OpBuilder &b, Location loc, Value from, int64_t count) {
  if (!isa<LLVM::LLVMStructType>(from.getType()))
    return {from};
  SmallVector<Value> fields;
  for (int64_t i = 0; i < count; ++i)
    fields.push_back(LLVM::ExtractValueOp::create(b, loc, from, i));
  return fields;
}

Value vectorOf(OpBuilder &b, Location loc, ArrayRef<Value> values) {
  Value out = LLVM::PoisonOp::create(b, loc, VectorType::get({int64_t(values.size())}, values[0].getType()));
  for (auto [i, v] : llvm::enumerate(values)) {
    Value at = LLVM::ConstantOp::create(b, loc, b.getI32Type(), int64_t(i));
    out = LLVM::InsertElementOp::create(b, loc, out, v, at);
  }
  return out;
}

/// A fragment as registers of 32 bits, in this type.
SmallVector<Value> registersOf(OpBuilder &b, Location loc, Value fragment, Type type) {
  auto vector = cast<VectorType>(fragment.getType());
  int64_t count = vector.getNumElements() * vector.getElementTypeBitWidth() / 32;
  Type i32 = b.getI32Type(), word = isa<VectorType>(type) ? i32 : type;
  auto words = VectorType::get({count}, word);
  if (words != vector)
    fragment = LLVM::BitcastOp::create(b, loc, words, fragment);
  SmallVector<Value> out;
  for (int64_t i = 0; i < count; ++i) {
    Value at = LLVM::ConstantOp::create(b, loc, i32, i);
    Value v = LLVM::ExtractElementOp::create(b, loc, fragment, at);
    out.push_back(word == type ? v : LLVM::BitcastOp::create(b, loc, type, v).getResult());
  }
  return out;
}

struct ConvertLoadFragment : ForChip<kernel::LoadFragmentOp> {
  using ForChip::ForChip;
  LogicalResult matchAndRewrite(kernel::LoadFragmentOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    if (capability < kLoadMatrix)
      return rewriter.notifyMatchFailure(op, "chips before sm_75 load no matrices");
    Location loc = op.getLoc();
    auto fragment = cast<VectorType>(op.getFragment().getType());
    int64_t count = fragment.getNumElements() * fragment.getElementTypeBitWidth() / 32;
    Value from =
        pointer(rewriter, loc, op.getTile(), adaptor.getTile(), adaptor.getFrom(), NVVM::NVVMMemorySpace::Shared);
    Type i32 = rewriter.getI32Type(), result = i32;
    if (count > 1)
      result = LLVM::LLVMStructType::getLiteral(op.getContext(), SmallVector<Type>(count, i32));
    auto layout = op.getTransposed() ? NVVM::MMALayout::col : NVVM::MMALayout::row;
    auto shape = NVVM::LdStMatrixShapeAttr::get(op.getContext(), 8, 8);
    Value loaded = NVVM::LdMatrixOp::create(rewriter, loc, result, from, uint32_t(count), layout, shape,
                                            NVVM::LdStMatrixEltType::B16);
    Value words = vectorOf(rewriter, loc, fieldsOf(rewriter, loc, loaded, count));
    if (words.getType() == fragment)
      rewriter.replaceOp(op, words);
    else
      rewriter.replaceOpWithNewOp<LLVM::BitcastOp>(op, fragment, words);
    return success();
  }
};

/// PTX's word for the elements of A or B.
NVVM::MMATypes ptxType(Type type) {
  if (type.isF16())
    return NVVM::MMATypes::f16;
  if (type.isBF16())
    return NVVM::MMATypes::bf16;
  if (type.isTF32())
    return NVVM::MMATypes::tf32;
  return type.isUnsignedInteger() ? NVVM::MMATypes::u8 : NVVM::MMATypes::s8;
}

struct ConvertMultiply : ForChip<kernel::MultiplyFragmentsOp> {
  using ForChip::ForChip;
  LogicalResult matchAndRewrite(kernel::MultiplyFragmentsOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto units = nvptx::matrixUnits(capability, *op.getContext());
    auto unit = llvm::find_if(units, [&](const adze::gpu::MatrixUnit &u) { return u.name == op.getUnit(); });
    if (unit == units.end())
      return rewriter.notifyMatchFailure(op, "the chip has no such unit");
    Type i32 = rewriter.getI32Type(), sum = unit->c.type;
    Type each = unit->a.type.isF16() ? Type(VectorType::get({2}, unit->a.type)) : i32;
    SmallVector<Value> a = registersOf(rewriter, loc, adaptor.getA(), each),
                       b = registersOf(rewriter, loc, adaptor.getB(), each),
                       c = registersOf(rewriter, loc, adaptor.getC(), sum);
    Type result = LLVM::LLVMStructType::getLiteral(op.getContext(), SmallVector<Type>(c.size(), sum));
    std::optional<NVVM::MMAIntOverflow> overflow;
    if (sum.isInteger())
      overflow = NVVM::MMAIntOverflow::wrapped;
    Value product = NVVM::MmaOp::create(
        rewriter, loc, result, a, b, c, ArrayRef<int64_t>{unit->rows, unit->columns, unit->depth}, std::nullopt,
        overflow, std::array<NVVM::MMATypes, 2>{ptxType(unit->a.type), ptxType(unit->b.type)},
        std::array<NVVM::MMALayout, 2>{NVVM::MMALayout::row, NVVM::MMALayout::col});
    rewriter.replaceOp(op, vectorOf(rewriter, loc, fieldsOf(rewriter, loc, product, c.size())));
    return success();
  }
};
/// The one that gives zero for results below the least normal number.
struct ConvertApproximateExp2 : ConvertOpToLLVMPattern<math::Exp2Op> {
  explicit ConvertApproximateExp2(const LLVMTypeConverter &types) : ConvertOpToLLVMPattern(types, /*benefit=*/2) {}
  LogicalResult matchAndRewrite(math::Exp2Op op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    if (!op.getType().isF32() || !arith::bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::afn))
      return rewriter.notifyMatchFailure(op, "exact, or not of f32: a function of the library");
    rewriter.replaceOpWithNewOp<LLVM::CallIntrinsicOp>(
        op, op.getType(), rewriter.getStringAttr("llvm.nvvm.ex2.approx.ftz.f32"), adaptor.getOperand());
    return success();
  }
};
} // namespace

void adze::nvptx::addDeviceConversions(const LLVMTypeConverter &types, int capability, RewritePatternSet &patterns) {
  patterns.add<ConvertAsyncCopy, ConvertAsyncCommit, ConvertAsyncWait, ConvertLoadFragment, ConvertMultiply>(
      types, capability);
  patterns.add<ConvertApproximateExp2>(types);
}

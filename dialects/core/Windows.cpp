// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Windows.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace adze::core;

bool adze::core::isDepthwise(ConvOp op) {
  auto filter = cast<RankedTensorType>(op.getFilter().getType());
  int64_t rank = filter.getRank();
  return getElementTypeOrSelf(op.getInput()).isF32() && filter.getElementType().isF32() && op.getTo().isF32() &&
         filter.hasStaticShape() && filter.getDimSize(rank - 2) == 1 &&
         int64_t(op.getGroups()) == filter.getDimSize(rank - 1) && op.getGroups() > 1;
}

/// The padding's value, where it is a constant.
static std::optional<APFloat> paddingValue(PadOp pad) {
  auto constant = pad.getValue().getDefiningOp<ConstantOp>();
  auto dense = constant ? dyn_cast<DenseFPElementsAttr>(constant.getValue()) : DenseFPElementsAttr();
  if (!dense || !dense.isSplat() || dense.empty())
    return std::nullopt;
  return dense.getSplatValue<APFloat>();
}

bool adze::core::isNeutralPadding(PadOp pad, Operation *window) {
  std::optional<APFloat> value = paddingValue(pad);
  if (pad.getMode() != PadMode::constant || !value)
    return false;
  auto from = cast<RankedTensorType>(pad.getInput().getType()), to = cast<RankedTensorType>(pad.getResult().getType());
  int64_t last = from.getRank() - 1;
  for (int64_t dim : {int64_t(0), last})
    if (!matchPattern(pad.getLow()[dim], m_Zero()))
      return false;
  // Channels of unknown number cannot be padded by a known one, but are not worth the doubt.
  if (ShapedType::isDynamic(from.getDimSize(last)) || from.getDimSize(last) != to.getDimSize(last))
    return false;
  auto pool = dyn_cast<PoolOp>(window);
  if (!pool || pool.getKind() == ReduceKind::sum)
    return value->isZero();
  bool least = value->isInfinity() && value->isNegative(), greatest = value->isInfinity() && !value->isNegative();
  return pool.getKind() == ReduceKind::max ? least : pool.getKind() == ReduceKind::min && greatest;
}

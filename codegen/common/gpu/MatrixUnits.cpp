// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/MatrixUnits.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace adze::gpu;

static DictionaryAttr writeFragment(Builder &b, const Fragment &fragment) {
  SmallVector<NamedAttribute> entries{b.getNamedAttr("type", TypeAttr::get(fragment.type)),
                                      b.getNamedAttr("elements", b.getI64IntegerAttr(fragment.elements)),
                                      b.getNamedAttr("places", AffineMapAttr::get(fragment.places))};
  if (fragment.memory)
    entries.push_back(b.getNamedAttr("memory", TypeAttr::get(fragment.memory)));
  return b.getDictionaryAttr(entries);
}

DictionaryAttr MatrixUnit::write(MLIRContext &context) const {
  Builder b(&context);
  SmallVector<NamedAttribute> entries{
      b.getNamedAttr("name", b.getStringAttr(name)),
      b.getNamedAttr("shape", b.getDenseI64ArrayAttr({rows, columns, depth})), b.getNamedAttr("a", writeFragment(b, a)),
      b.getNamedAttr("b", writeFragment(b, this->b)), b.getNamedAttr("c", writeFragment(b, c))};
  if (terms > 1)
    entries.push_back(b.getNamedAttr("terms", b.getI64IntegerAttr(terms)));
  if (!allow.empty())
    entries.push_back(b.getNamedAttr("allow", b.getStringAttr(allow)));
  return b.getDictionaryAttr(entries);
}

static std::optional<Fragment> readFragment(DictionaryAttr from) {
  auto type = from ? from.getAs<TypeAttr>("type") : TypeAttr();
  auto elements = from ? from.getAs<IntegerAttr>("elements") : IntegerAttr();
  auto places = from ? from.getAs<AffineMapAttr>("places") : AffineMapAttr();
  if (!type || !elements || !places || places.getValue().getNumDims() != 2 || places.getValue().getNumResults() != 2)
    return std::nullopt;
  auto memory = from.getAs<TypeAttr>("memory");
  return Fragment{type.getValue(), elements.getInt(), places.getValue(), memory ? memory.getValue() : Type()};
}

std::optional<MatrixUnit> MatrixUnit::read(DictionaryAttr from) {
  auto name = from ? from.getAs<StringAttr>("name") : StringAttr();
  auto shape = from ? from.getAs<DenseI64ArrayAttr>("shape") : DenseI64ArrayAttr();
  if (!name || !shape || shape.size() != 3)
    return std::nullopt;
  auto a = readFragment(from.getAs<DictionaryAttr>("a")), b = readFragment(from.getAs<DictionaryAttr>("b")),
       c = readFragment(from.getAs<DictionaryAttr>("c"));
  if (!a || !b || !c)
    return std::nullopt;
  auto terms = from.getAs<IntegerAttr>("terms");
  auto allow = from.getAs<StringAttr>("allow");
  return MatrixUnit{name.str(),
                    shape[0],
                    shape[1],
                    shape[2],
                    *a,
                    *b,
                    *c,
                    terms ? terms.getInt() : 1,
                    allow ? allow.str() : std::string()};
}

Type adze::gpu::memoryType(const Fragment &fragment) {
  if (fragment.memory)
    return fragment.memory;
  return fragment.type.isTF32() ? Type(Float32Type::get(fragment.type.getContext())) : fragment.type;
}

Fragment adze::gpu::transposed(const Fragment &fragment) {
  AffineMap places = fragment.places;
  return {fragment.type, fragment.elements,
          AffineMap::get(2, 0, {places.getResult(1), places.getResult(0)}, places.getContext())};
}

std::pair<int64_t, int64_t> adze::gpu::placeOf(const Fragment &fragment, int64_t lane, int64_t element) {
  SmallVector<int64_t> place = fragment.places.compose(ArrayRef<int64_t>{lane, element});
  return {place[0], place[1]};
}

std::optional<SmallVector<Origin>> adze::gpu::matricesOf(const Fragment &fragment, int64_t lanes, bool transposed) {
  constexpr int64_t kRows = 8, kRowBits = 128, kLaneBits = 32;
  int64_t bits = memoryType(fragment).getIntOrFloatBitWidth();
  int64_t each = kLaneBits / bits, lanesOfRow = kRowBits / kLaneBits;
  if (lanes != kRows * lanesOfRow || kLaneBits % bits || fragment.elements % each || (transposed && bits != 16))
    return std::nullopt;
  SmallVector<Origin> origins;
  for (int64_t first = 0; first < fragment.elements; first += each) {
    auto [row0, column0] = placeOf(fragment, 0, first);
    for (int64_t lane = 0; lane < lanes; ++lane)
      for (int64_t i = 0; i < each; ++i) {
        int64_t row = lane / lanesOfRow, column = each * (lane % lanesOfRow) + i;
        if (transposed)
          std::swap(row, column);
        if (placeOf(fragment, lane, first + i) != std::make_pair(row0 + row, column0 + column))
          return std::nullopt;
      }
    origins.push_back({row0, column0});
  }
  return origins;
}

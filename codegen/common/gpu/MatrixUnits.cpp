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
  Fragment turned = fragment;
  turned.places =
      AffineMap::get(places.getNumDims(), 0, {places.getResult(1), places.getResult(0)}, places.getContext());
  return turned;
}

std::pair<int64_t, int64_t> adze::gpu::placeOf(const Fragment &fragment, int64_t lane, int64_t element) {
  SmallVector<int64_t> place = fragment.places.compose(ArrayRef<int64_t>{lane, element});
  return {place[0], place[1]};
}

int64_t adze::gpu::runFrom(const Fragment &fragment, int64_t lanes, int64_t element, int64_t most) {
  auto areNeighbours = [&](int64_t run) {
    for (int64_t lane = 0; lane < lanes; ++lane) {
      auto [row, column] = placeOf(fragment, lane, element);
      if (column % run != 0)
        return false;
      for (int64_t i = 1; i < run; ++i)
        if (placeOf(fragment, lane, element + i) != std::make_pair(row, column + i))
          return false;
    }
    return true;
  };
  int64_t run = 1;
  while (2 * run <= most && element + 2 * run <= fragment.elements && areNeighbours(2 * run))
    run *= 2;
  return run;
}

Fragment adze::gpu::interleaved(const Fragment &fragment) {
  AffineExpr lane, element;
  bindDims(fragment.type.getContext(), lane, element);
  AffineMap half = fragment.places.replaceDimsAndSymbols({lane, element.floorDiv(2)}, {}, 2, 0);
  AffineMap places = AffineMap::get(2, 0, {half.getResult(0), half.getResult(1) * 2 + element % 2}, lane.getContext());
  return {fragment.type, 2 * fragment.elements, places, fragment.memory};
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

std::optional<RowShares> adze::gpu::rowShares(const Fragment &fragment, int64_t lanes) {
  RowShares shares;
  SmallVector<int64_t> rows;
  for (int64_t lane = 0; lane < lanes; ++lane)
    for (int64_t i = 0; i < fragment.elements; ++i)
      rows.push_back(placeOf(fragment, lane, i).first);
  auto rowAt = [&](int64_t lane, int64_t element) { return rows[lane * fragment.elements + element]; };
  for (int64_t i = 0; i < fragment.elements; ++i) {
    auto *found = llvm::find_if(shares.firsts, [&](int64_t first) { return rowAt(0, first) == rowAt(0, i); });
    shares.rowOf.push_back(found - shares.firsts.begin());
    if (found == shares.firsts.end())
      shares.firsts.push_back(i);
  }
  for (int64_t bit = 1; bit < lanes; bit *= 2)
    if (rowAt(0, 0) == rowAt(bit, 0))
      shares.lanes |= bit;
  for (int64_t x = 0; x < lanes; ++x)
    for (int64_t y = 0; y < lanes; ++y)
      for (int64_t i = 0; i < fragment.elements; ++i)
        for (int64_t j = 0; j < fragment.elements; ++j) {
          bool together = shares.rowOf[i] == shares.rowOf[j] && ((x ^ y) & ~shares.lanes) == 0;
          if (together != (rowAt(x, i) == rowAt(y, j)))
            return std::nullopt;
        }
  return shares;
}

std::optional<SmallVector<Source>> adze::gpu::sourcesOfA(const MatrixUnit &unit, int64_t lanes) {
  auto isAt = [&](Source from, int64_t element) {
    for (int64_t lane = 0; lane < lanes; ++lane) {
      auto [row, column] = placeOf(unit.c, lane, from.element);
      if (placeOf(unit.a, lane, element) != std::make_pair(row, column + from.fragment * unit.columns))
        return false;
    }
    return true;
  };
  auto find = [&](int64_t element) -> std::optional<Source> {
    for (int64_t i = 0; i < unit.depth / unit.columns; ++i)
      for (int64_t j = 0; j < unit.c.elements; ++j)
        if (isAt({i, j}, element))
          return Source{i, j};
    return std::nullopt;
  };
  SmallVector<Source> sources;
  for (int64_t i = 0; i < unit.a.elements; ++i) {
    auto source = find(i);
    if (!source)
      return std::nullopt;
    sources.push_back(*source);
  }
  return sources;
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Einsum, operand by operand: reductions, transposes and matrix products; and Det.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/ScalarCode.h"
#include "passes/onnx_to_core/Sizes.h"
#include "passes/onnx_to_core/Steps.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// A dimension's name: a letter, or kEllipsis + i for the i-th dimension from the end of an ellipsis.
using Label = int;
static constexpr Label kEllipsis = 1000;
using Labels = SmallVector<Label>;

namespace {
/// A tensor whose dimensions have names, all different.
struct Term {
  Value value;
  Labels labels;
};

class Einsum {
public:
  Einsum(CoreBuilder &b) : b(b) {}
  LogicalResult lower();

private:
  bool parse(StringRef equation);
  std::optional<Labels> parseTerm(StringRef text, int64_t rank);
  /// Takes the diagonal of dimensions with one name.
  Term unique(Value v, const Labels &labels);
  Term summedOver(Term t, function_ref<bool(Label)> drop);
  Term product(Term x, Term y, function_ref<bool(Label)> kept);
  /// `x` with its dimensions in this order; names that it lacks become dimensions of size 1.
  Value arranged(const Term &x, const Labels &order);

  CoreBuilder &b;
  SmallVector<Labels> inputs;
  Labels output;
};
} // namespace

std::optional<Labels> Einsum::parseTerm(StringRef text, int64_t rank) {
  Labels labels;
  size_t letters = llvm::count_if(text, [](char c) { return llvm::isAlpha(c); });
  for (size_t i = 0; i < text.size(); ++i) {
    if (llvm::isAlpha(text[i])) {
      labels.push_back(text[i]);
    } else if (text.substr(i).starts_with("...") && !llvm::is_contained(text.substr(i + 3), '.')) {
      i += 2;
      for (int64_t n = rank - int64_t(letters); n > 0; --n)
        labels.push_back(kEllipsis + int(n));
    } else {
      b.error() << "equation has the unexpected character '" << text.substr(i, 1) << "', expected letters, ... and ->";
      return std::nullopt;
    }
  }
  if (int64_t(labels.size()) == rank)
    return labels;
  b.error() << "the equation names " << labels.size() << " dimensions of an input of rank " << rank
            << ", expected as many";
  return std::nullopt;
}

bool Einsum::parse(StringRef equation) {
  std::string text;
  llvm::copy_if(equation, std::back_inserter(text), [](char c) { return c != ' '; });
  auto [left, right] = StringRef(text).split("->");
  bool explicitOutput = StringRef(text).contains("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  if (terms.size() != b.node.getNumPositions()) {
    b.error() << "the equation has " << terms.size() << " operands, the node " << b.node.getNumPositions()
              << ", expected as many";
    return false;
  }
  std::map<Label, int> seen;
  int64_t ellipsis = 0;
  for (auto [i, term] : llvm::enumerate(terms)) {
    Value v = b.in(i);
    auto labels = v ? parseTerm(term, b.rank(v)) : std::nullopt;
    if (!labels)
      return false;
    for (Label l : *labels) {
      ++seen[l];
      ellipsis = std::max<int64_t>(ellipsis, l - kEllipsis);
    }
    inputs.push_back(*labels);
  }
  if (!explicitOutput) { // the ellipsis, then the names that come once, in alphabetical order
    for (int64_t n = ellipsis; n > 0; --n)
      output.push_back(kEllipsis + int(n));
    for (auto [label, count] : seen)
      if (label < kEllipsis && count == 1)
        output.push_back(label);
    return true;
  }
  int64_t letters = llvm::count_if(right, [](char c) { return llvm::isAlpha(c); });
  auto labels = parseTerm(right, right.contains("...") ? letters + ellipsis : letters);
  if (!labels)
    return false;
  output = *labels;
  for (auto [i, label] : llvm::enumerate(output))
    if (!seen.count(label) || llvm::is_contained(ArrayRef(output).take_front(i), label)) {
      b.error() << "the equation's result names a dimension twice, or one that no operand has: '" << equation << "'";
      return false;
    }
  return true;
}

Term Einsum::unique(Value v, const Labels &labels) {
  Labels names;
  SmallVector<Value> sizes;
  for (auto [i, label] : llvm::enumerate(labels)) {
    auto *it = llvm::find(names, label);
    if (it == names.end()) {
      names.push_back(label);
      sizes.push_back(b.dim(v, i));
    } else if (failed(
                   requireEqual(b, b.dim(v, i), sizes[it - names.begin()], "dimensions of one name differ in size"))) {
      return {};
    }
  }
  if (names.size() == labels.size())
    return {v, names};
  Type element = b.element(v);
  Value diagonal = generate(b, v, element, sizes, [&](ScalarCode &s, ValueRange at) {
    SmallVector<Value> place;
    for (Label label : labels)
      place.push_back(at[llvm::find(names, label) - names.begin()]);
    return s.load(v, place);
  });
  return {diagonal, names};
}

Term Einsum::summedOver(Term t, function_ref<bool(Label)> drop) {
  SmallVector<int64_t> axes;
  Labels rest;
  for (auto [i, label] : llvm::enumerate(t.labels))
    if (drop(label))
      axes.push_back(i);
    else
      rest.push_back(label);
  return axes.empty() ? t : Term{b.reduce(ReduceKind::sum, t.value, axes, /*keepdims=*/false), rest};
}

Value Einsum::arranged(const Term &x, const Labels &order) {
  SmallVector<int64_t> permutation, missing;
  for (auto [i, label] : llvm::enumerate(order)) {
    const auto *it = llvm::find(x.labels, label);
    if (it == x.labels.end())
      missing.push_back(i);
    else
      permutation.push_back(it - x.labels.begin());
  }
  Value v = x.value ? b.transpose(x.value, permutation) : Value();
  return missing.empty() ? v : b.unsqueeze(v, missing);
}

/// x * y summed over the names that both have and nobody needs any more.
Term Einsum::product(Term x, Term y, function_ref<bool(Label)> kept) {
  x = summedOver(x, [&](Label l) { return !llvm::is_contained(y.labels, l) && !kept(l); });
  y = summedOver(y, [&](Label l) { return !llvm::is_contained(x.labels, l) && !kept(l); });
  if (!x.value || !y.value)
    return {};
  Labels batch, rows, columns, inner;
  bool mayBroadcast = false;
  for (auto [i, l] : llvm::enumerate(x.labels)) {
    const auto *it = llvm::find(y.labels, l);
    if (it == y.labels.end()) {
      rows.push_back(l);
      continue;
    }
    (kept(l) ? batch : inner).push_back(l);
    if (l < kEllipsis && failed(requireEqual(b, b.dim(x.value, i), b.dim(y.value, it - y.labels.begin()),
                                             "dimensions of one name differ in size")))
      return {};
    mayBroadcast |= !kept(l) && l >= kEllipsis;
  }
  for (Label l : y.labels)
    if (!llvm::is_contained(x.labels, l))
      columns.push_back(l);
  if (inner.empty() || mayBroadcast) {
    Labels all = batch;
    all.append(rows);
    all.append(columns);
    all.append(inner);
    Term t{b.mul(arranged(x, all), arranged(y, all)), all};
    return t.value ? summedOver(t, [&](Label l) { return llvm::is_contained(inner, l); }) : Term{};
  }
  // [batch..., rows, inner] x [batch..., inner, columns]
  auto sizesOf = [&](Value v, size_t first, size_t count) {
    SmallVector<Value> sizes;
    for (size_t i = first; i < first + count; ++i)
      sizes.push_back(b.dim(v, i));
    return sizes;
  };
  Labels left = batch, right = batch, out = batch;
  left.append(rows);
  left.append(inner);
  right.append(inner);
  right.append(columns);
  Value p = arranged(x, left), q = arranged(y, right);
  if (!p || !q)
    return {};
  size_t nb = batch.size(), nr = rows.size(), ni = inner.size();
  SmallVector<Value> rowSizes = sizesOf(p, nb, nr), columnSizes = sizesOf(q, nb + ni, columns.size());
  SmallVector<Value> pSizes = sizesOf(p, 0, nb), qSizes = sizesOf(q, 0, nb);
  Value length = adze::product(b, sizesOf(p, nb + nr, ni));
  pSizes.append({adze::product(b, rowSizes), length});
  qSizes.append({length, adze::product(b, columnSizes)});
  Value r = b.matmul(b.reshape(p, pSizes), b.reshape(q, qSizes));
  if (!r)
    return {};
  SmallVector<Value> sizes = sizesOf(r, 0, nb);
  sizes.append(rowSizes);
  sizes.append(columnSizes);
  out.append(rows);
  out.append(columns);
  return {b.reshape(r, sizes), out};
}

LogicalResult Einsum::lower() {
  if (!parse(b.stringAttr("equation", "")))
    return failure();
  Term all;
  for (auto [i, labels] : llvm::enumerate(inputs)) {
    Term next = unique(b.in(i), labels);
    auto later = ArrayRef(inputs).drop_front(i + 1);
    auto kept = [&](Label l) {
      return llvm::is_contained(output, l) ||
             llvm::any_of(later, [&](const Labels &t) { return llvm::is_contained(t, l); });
    };
    if (!next.value)
      return failure();
    all = i == 0 ? next : product(all, next, kept);
    if (!all.value)
      return failure();
  }
  all = summedOver(all, [&](Label l) { return !llvm::is_contained(output, l); });
  return b.done(all.value ? arranged(all, output) : Value());
}

static LogicalResult lowerEinsum(CoreBuilder &b) { return Einsum(b).lower(); }

/// The determinant of the last two dimensions, by elimination with the largest element of a column as its pivot.
static LogicalResult lowerDet(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x)
    return failure();
  if (b.rank(x) < 2)
    return b.error() << "input is " << x.getType() << ", expected rank 2 or more";
  CoreBuilder::Values sizes = b.dims(x), batch(sizes.begin(), sizes.end() - 2);
  Value n = sizes.back(), count = product(b, batch), one = b.index(1);
  if (failed(requireEqual(b, sizes[sizes.size() - 2], n, "the matrices are not square")))
    return failure();
  Type element = b.element(x), wide = wideFloat(element), i64 = b.i(64);
  Value matrices = b.reshape(b.cast(x, wide), {count, n, n}), ones = b.broadcast(b.scalar(wide, 1), {count, one, one});
  Stepped all = runSteps(b, n, false, {matrices, ones}, {}, {}, [&](Value k, ValueRange state) -> StepResult {
    Value m = state[0], row = b.reshape(b.iota(i64, 0, n), {one, n, one}), at = b.scalarOf(k, i64);
    Value below = b.compare(ComparePredicate::ge, row, at);
    Value magnitude = b.select(below, b.unary(UnaryKind::abs, b.sliceAxis(m, 2, k, one)), b.scalar(wide, -1));
    Value pivotRow = b.create<ArgReduceOp>(ReduceKind::max, magnitude, 1, /*keepdims=*/true, /*last=*/false);
    Value isPivot = b.compare(ComparePredicate::eq, row, pivotRow), isK = b.compare(ComparePredicate::eq, row, at);
    Value from = b.select(isK, pivotRow, b.select(isPivot, at, row)); // rows k and pivotRow change places
    Value swapped = b.create<GatherElementsOp>(m, b.broadcast(from, {count, n, n}), 1);
    Value pivots = b.sliceAxis(swapped, 1, k, one), pivot = b.sliceAxis(pivots, 2, k, one), zero = b.scalar(wide, 0);
    Value singular = b.compare(ComparePredicate::eq, pivot, zero);
    Value factor = b.div(b.sliceAxis(swapped, 2, k, one), b.select(singular, b.scalar(wide, 1), pivot));
    factor = b.select(b.compare(ComparePredicate::gt, row, at), factor, zero);
    Value sign = b.select(b.compare(ComparePredicate::eq, pivotRow, at), b.scalar(wide, 1), b.scalar(wide, -1));
    return {{b.sub(swapped, b.mul(factor, pivots)), b.mul(state[1], b.mul(pivot, sign))}, Value()};
  });
  if (all.state.empty())
    return failure();
  return b.done(b.cast(b.reshape(all.state[1], batch), element));
}

void adze::addEinsumOps(OpTable &table) {
  table.onOp("Einsum", 12, lowerEinsum);
  table.onOp("Det", 11, lowerDet);
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RNN, GRU and LSTM. The products with the input are one product over all steps; the steps are unrolled where their
// number is small and known, and a loop of the host program else.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/Sizes.h"
#include "passes/onnx_to_core/Steps.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

namespace {
/// A function of gates, with its parameters.
struct Activation {
  std::string name;
  double alpha, beta;
};

enum class Cell { Rnn, Gru, Lstm };

/// One node; and while a direction is lowered, that direction's weights.
class Recurrent {
public:
  Recurrent(CoreBuilder &b, Cell cell) : b(b), cell(cell), gates(cell == Cell::Rnn ? 1 : cell == Cell::Gru ? 3 : 4) {}
  LogicalResult lower();

private:
  using Values = CoreBuilder::Values;
  struct Direction {
    Value y, h, c; // [S, B, H], [B, H], [B, H]
  };

  bool readInputs();
  bool readActivations();
  Direction direction(int64_t number, bool reverse);
  Direction steps(Value gatesOfInput, Values state, bool reverse);
  /// The state after a step: {h} or {h, c}; `input` is [B, gates * H].
  Values step(Value input, ValueRange state);
  Values stepRnn(Value input, ValueRange state);
  Values stepGru(Value input, ValueRange state);
  Values stepLstm(Value input, ValueRange state);
  /// One step with the sequences' lengths taken into account; answers the new state and the step's output.
  StepResult maskedStep(Value gatesOfInput, Value t, ValueRange state);

  Value activate(unsigned which, Value x);
  Value part(Value x, int64_t gate) { return b.sliceAxis(x, 1, b.muli(hidden, b.index(gate)), hidden); }
  Value stateOf(unsigned input, int64_t number);
  /// Row `number` of the first dimension, without it.
  Value rowOf(Value x, int64_t number);

  CoreBuilder &b;
  Cell cell;
  int64_t gates;
  Value x, lengths;            // [S, B, I], i64 [B] or null
  Value length, batch, hidden; // index
  Type element;
  SmallVector<Activation> activations;
  unsigned firstActivation = 0;
  Value recurrence, recurrenceBias; // [H, gates * H], [gates * H] or null
  Value peepholes;                  // [3 * H] or null
};
} // namespace

Value Recurrent::rowOf(Value v, int64_t number) {
  if (!v)
    return {};
  Value row = b.sliceAxis(v, 0, b.index(number), b.index(1));
  return b.squeeze(row, {0});
}

bool Recurrent::readInputs() {
  x = b.in(0);
  if (!x || !b.in(1) || !b.in(2))
    return false;
  if (b.rank(x) != 3 || b.rank(b.in(1)) != 3 || b.rank(b.in(2)) != 3) {
    b.error() << "X, W and R have ranks " << b.rank(x) << ", " << b.rank(b.in(1)) << " and " << b.rank(b.in(2))
              << ", expected 3";
    return false;
  }
  if (b.intAttr("layout", 0))
    x = b.transpose(x, {1, 0, 2});
  length = b.dim(x, 0);
  batch = b.dim(x, 1);
  hidden = b.dim(b.in(2), 2);
  element = b.element(x);
  if (int64_t given = b.intAttr("hidden_size", 0))
    if (failed(requireEqual(b, hidden, b.index(given), "hidden_size and the size of R differ")))
      return false;
  Value rows = b.muli(hidden, b.index(gates));
  if (failed(requireEqual(b, b.dim(b.in(1), 1), rows, "W does not have a row for each gate")) ||
      failed(requireEqual(b, b.dim(b.in(2), 1), rows, "R does not have a row for each gate")) ||
      failed(requireEqual(b, b.dim(b.in(1), 2), b.dim(x, 2), "X and W differ in input size")))
    return false;
  static constexpr std::pair<unsigned, int64_t> ranks[] = {{3, 2}, {4, 1}, {5, 3}, {6, 3}, {7, 2}};
  for (auto [i, rank] : ranks)
    if (b.has(i) && (!b.in(i) || b.rank(b.in(i)) != rank)) {
      if (b.in(i))
        b.error() << "input " << i << " has rank " << b.rank(b.in(i)) << ", expected " << rank;
      return false;
    }
  if (b.has(4))
    lengths = b.cast(b.in(4), b.i(64));
  return !b.has(4) ||
         (lengths && succeeded(requireEqual(b, b.dim(lengths, 0), batch, "there is not one length for each sequence")));
}

/// Reads the functions and hands out alpha and beta in order to those that take them.
bool Recurrent::readActivations() {
  SmallVector<std::string> names;
  if (auto given = dyn_cast_or_null<ArrayAttr>(b.node.getNodeAttr("activations")))
    for (Attribute name : given)
      names.push_back(isa<StringAttr>(name) ? cast<StringAttr>(name).getValue().lower() : "");
  bool two = b.stringAttr("direction", "forward") == "bidirectional";
  static const char *const defaults[3][3] = {{"tanh"}, {"sigmoid", "tanh"}, {"sigmoid", "tanh", "tanh"}};
  size_t perDirection = cell == Cell::Rnn ? 1 : cell == Cell::Gru ? 2 : 3;
  if (names.empty())
    for (int64_t d = 0; d < (two ? 2 : 1); ++d)
      for (size_t i = 0; i < perDirection; ++i)
        names.push_back(defaults[int(cell)][i]);
  if (names.size() != perDirection * (two ? 2 : 1)) {
    b.error() << "activations has " << names.size() << " entries, expected " << perDirection * (two ? 2 : 1);
    return false;
  }
  SmallVector<double> alphas = b.floatsAttr("activation_alpha").value_or(SmallVector<double>());
  SmallVector<double> betas = b.floatsAttr("activation_beta").value_or(SmallVector<double>());
  size_t nextAlpha = 0, nextBeta = 0;
  for (const std::string &name : names) {
    struct Known {
      StringRef name;
      bool hasAlpha, hasBeta;
      double alpha, beta;
    };
    static constexpr Known known[] = {
        {"relu", false, false, 0, 0},       {"tanh", false, false, 0, 0},       {"sigmoid", false, false, 0, 0},
        {"softsign", false, false, 0, 0},   {"softplus", false, false, 0, 0},   {"affine", true, true, 1, 0},
        {"leakyrelu", true, false, .01, 0}, {"elu", true, false, 1, 0},         {"thresholdedrelu", true, false, 1, 0},
        {"scaledtanh", true, true, 1, 1},   {"hardsigmoid", true, true, .2, .5}};
    const auto *it = llvm::find_if(known, [&](const Known &k) { return k.name == name; });
    if (it == std::end(known)) {
      auto knownNames = llvm::map_range(known, [](const Known &k) { return k.name; });
      b.error() << "activation '" << name << "' is not supported, expected one of " << llvm::join(knownNames, ", ");
      return false;
    }
    Activation a{name, it->alpha, it->beta};
    if (it->hasAlpha && nextAlpha < alphas.size())
      a.alpha = alphas[nextAlpha++];
    if (it->hasBeta && nextBeta < betas.size())
      a.beta = betas[nextBeta++];
    activations.push_back(a);
  }
  return true;
}

Value Recurrent::activate(unsigned which, Value v) {
  if (!v)
    return {};
  if (double clip = b.floatAttr("clip", 0); clip > 0)
    v = b.max(b.min(v, b.like(v, clip)), b.like(v, -clip));
  const Activation &a = activations[firstActivation + which];
  Value alpha = b.like(v, a.alpha), beta = b.like(v, a.beta), zero = b.like(v, 0), one = b.like(v, 1);
  Value positive = b.compare(ComparePredicate::gt, v, zero);
  if (a.name == "relu")
    return b.unary(UnaryKind::relu, v);
  if (a.name == "tanh")
    return b.unary(UnaryKind::tanh, v);
  if (a.name == "sigmoid")
    return b.unary(UnaryKind::sigmoid, v);
  if (a.name == "softsign")
    return b.div(v, b.add(one, b.unary(UnaryKind::abs, v)));
  if (a.name == "softplus") { // log(1 + exp(v)) without overflow
    Value tail = b.unary(UnaryKind::exp, b.unary(UnaryKind::neg, b.unary(UnaryKind::abs, v)));
    return b.add(b.max(v, zero), b.unary(UnaryKind::log1p, tail));
  }
  if (a.name == "affine")
    return b.add(b.mul(alpha, v), beta);
  if (a.name == "leakyrelu")
    return b.select(positive, v, b.mul(alpha, v));
  if (a.name == "elu")
    return b.select(positive, v, b.mul(alpha, b.unary(UnaryKind::expm1, v)));
  if (a.name == "thresholdedrelu")
    return b.select(b.compare(ComparePredicate::gt, v, alpha), v, zero);
  if (a.name == "scaledtanh")
    return b.mul(alpha, b.unary(UnaryKind::tanh, b.mul(beta, v)));
  return b.max(b.min(b.add(b.mul(alpha, v), beta), one), zero); // hardsigmoid
}

CoreBuilder::Values Recurrent::stepRnn(Value input, ValueRange state) {
  Value sum = b.add(input, b.matmul(state[0], recurrence));
  return {activate(0, recurrenceBias ? b.add(sum, recurrenceBias) : sum)};
}

CoreBuilder::Values Recurrent::stepGru(Value input, ValueRange state) {
  Value h = state[0];
  auto columns = [&](int64_t first, int64_t count) {
    return b.sliceAxis(recurrence, 1, b.muli(hidden, b.index(first)), b.muli(hidden, b.index(count)));
  };
  auto bias = [&](Value v, int64_t first, int64_t count) {
    if (!recurrenceBias)
      return v;
    return b.add(v, b.sliceAxis(recurrenceBias, 0, b.muli(hidden, b.index(first)), b.muli(hidden, b.index(count))));
  };
  bool before = b.intAttr("linear_before_reset", 0);
  Value product = bias(b.matmul(h, before ? recurrence : columns(0, 2)), 0, before ? 3 : 2);
  Value z = activate(0, b.add(part(input, 0), part(product, 0)));
  Value r = activate(0, b.add(part(input, 1), part(product, 1)));
  Value candidate = before ? b.mul(r, part(product, 2)) : bias(b.matmul(b.mul(r, h), columns(2, 1)), 2, 1);
  Value fresh = activate(1, b.add(part(input, 2), candidate));
  return {b.add(b.mul(b.sub(b.like(z, 1), z), fresh), b.mul(z, h))};
}

CoreBuilder::Values Recurrent::stepLstm(Value input, ValueRange state) {
  Value h = state[0], c = state[1];
  Value sum = b.add(input, b.matmul(h, recurrence));
  if (recurrenceBias)
    sum = b.add(sum, recurrenceBias);
  auto peep = [&](Value gate, int64_t number, Value cellState) {
    if (!peepholes)
      return gate;
    return b.add(gate, b.mul(b.sliceAxis(peepholes, 0, b.muli(hidden, b.index(number)), hidden), cellState));
  };
  Value i = activate(0, peep(part(sum, 0), 0, c));
  Value f = b.intAttr("input_forget", 0) ? b.sub(b.like(i, 1), i) : activate(0, peep(part(sum, 2), 2, c));
  Value fresh = b.add(b.mul(f, c), b.mul(i, activate(1, part(sum, 3))));
  Value o = activate(0, peep(part(sum, 1), 1, fresh));
  // The cell is not clipped again before its function.
  const Activation &last = activations[firstActivation + 2];
  Value out = last.name == "tanh" ? b.unary(UnaryKind::tanh, fresh) : activate(2, fresh);
  return {b.mul(o, out), fresh};
}

CoreBuilder::Values Recurrent::step(Value input, ValueRange state) {
  return cell == Cell::Rnn ? stepRnn(input, state) : cell == Cell::Gru ? stepGru(input, state) : stepLstm(input, state);
}

StepResult Recurrent::maskedStep(Value gatesOfInput, Value t, ValueRange state) {
  Value row = b.reshape(b.sliceAxis(gatesOfInput, 0, t, b.index(1)), {batch, b.muli(hidden, b.index(gates))});
  Values next = step(row, state);
  Value out = next[0];
  if (lengths && out) { // beyond its end a sequence keeps its state and gives zeros
    Value active = b.unsqueeze(b.compare(ComparePredicate::lt, b.scalarOf(t, b.i(64)), lengths), {1});
    out = b.select(active, out, b.like(out, 0));
    for (auto [fresh, old] : llvm::zip(next, state))
      fresh = b.select(active, fresh, old);
  }
  return {next, out};
}

Recurrent::Direction Recurrent::steps(Value gatesOfInput, Values state, bool reverse) {
  Stepped all = runSteps(b, length, reverse, state, {batch, hidden}, element,
                         [&](Value t, ValueRange now) { return maskedStep(gatesOfInput, t, now); });
  if (all.state.empty())
    return {};
  return {all.outputs, all.state[0], all.state.size() > 1 ? all.state[1] : Value()};
}

/// The initial state of a direction, [B, H]; zeros where the model gives none.
Value Recurrent::stateOf(unsigned input, int64_t number) {
  if (!b.has(input))
    return b.broadcast(b.scalar(element, 0), {batch, hidden});
  Value v = b.in(input);
  if (v && b.intAttr("layout", 0))
    v = b.transpose(v, {1, 0, 2});
  if (!v || failed(requireEqual(b, b.dim(v, 1), batch, "an initial state does not fit the batch")) ||
      failed(requireEqual(b, b.dim(v, 2), hidden, "an initial state does not fit the hidden size")))
    return {};
  return b.reshape(rowOf(v, number), {batch, hidden});
}

Recurrent::Direction Recurrent::direction(int64_t number, bool reverse) {
  Value weights = b.transpose(rowOf(b.in(1), number), {1, 0}); // [I, gates * H]
  recurrence = b.transpose(rowOf(b.in(2), number), {1, 0});
  firstActivation = number * (activations.size() / (b.stringAttr("direction", "forward") == "bidirectional" ? 2 : 1));
  Value all = b.muli(hidden, b.index(gates));
  Value input = b.matmul(x, weights);
  recurrenceBias = Value();
  if (b.has(3)) {
    Value bias = rowOf(b.in(3), number);
    if (!bias || failed(requireEqual(b, b.dim(bias, 0), b.muli(all, b.index(2)), "B does not fit the gates")))
      return {};
    input = b.add(input, b.sliceAxis(bias, 0, b.index(0), all));
    recurrenceBias = b.sliceAxis(bias, 0, all, all);
  }
  peepholes = cell == Cell::Lstm && b.has(7) ? rowOf(b.in(7), number) : Value();
  if (peepholes && failed(requireEqual(b, b.dim(peepholes, 0), b.muli(hidden, b.index(3)), "P does not fit the gates")))
    return {};
  Values state{stateOf(5, number)};
  if (cell == Cell::Lstm)
    state.push_back(stateOf(6, number));
  if (!input || llvm::is_contained(state, Value()))
    return {};
  return steps(input, state, reverse);
}

LogicalResult Recurrent::lower() {
  if (!readInputs() || !readActivations())
    return failure();
  std::string name = b.stringAttr("direction", "forward");
  if (name != "forward" && name != "reverse" && name != "bidirectional")
    return b.error() << "direction is '" << name << "', expected forward, reverse or bidirectional";
  Values y, h, c;
  for (int64_t number = 0; number < (name == "bidirectional" ? 2 : 1); ++number) {
    Direction d = direction(number, name == "reverse" || number == 1);
    if (!d.y || !d.h)
      return failure();
    y.push_back(b.unsqueeze(d.y, {1}));
    h.push_back(b.unsqueeze(d.h, {0}));
    if (d.c)
      c.push_back(b.unsqueeze(d.c, {0}));
  }
  Values out{b.concat(1, y), b.concat(0, h)};
  if (!c.empty())
    out.push_back(b.concat(0, c));
  if (b.intAttr("layout", 0)) {
    out[0] = b.transpose(out[0], {2, 0, 1, 3});
    for (Value &v : MutableArrayRef(out).drop_front())
      v = b.transpose(v, {1, 0, 2});
  }
  return b.done(out);
}

template <Cell cell> static LogicalResult lowerRecurrent(CoreBuilder &b) { return Recurrent(b, cell).lower(); }

void adze::addRecurrentOps(OpTable &table) {
  table.onOp("RNN", 1, lowerRecurrent<Cell::Rnn>);
  table.onOp("GRU", 1, lowerRecurrent<Cell::Gru>);
  table.onOp("LSTM", 1, lowerRecurrent<Cell::Lstm>);
}

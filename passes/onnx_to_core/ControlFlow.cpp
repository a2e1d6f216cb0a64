// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// If, Loop and Scan as scf ops on tensors; README.md says in which form.
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using P = arith::CmpIPredicate;
using Values = CoreBuilder::Values;

/// The tensor type that both are: sizes that differ are unknown. Null, with an error, if ranks or elements differ.
static RankedTensorType common(CoreBuilder &b, Type x, Type y, StringRef what) {
  auto p = dyn_cast<RankedTensorType>(x), q = dyn_cast<RankedTensorType>(y);
  if (!p || !q || p.getRank() != q.getRank() || p.getElementType() != q.getElementType()) {
    b.error() << what << " are " << x << " and " << y << ", expected tensors of one rank and element type";
    return {};
  }
  SmallVector<int64_t> sizes;
  for (auto [s, t] : llvm::zip(p.getShape(), q.getShape()))
    sizes.push_back(s == t ? s : ShapedType::kDynamic);
  return RankedTensorType::get(sizes, p.getElementType());
}

static Value as(CoreBuilder &b, Value v, Type type) {
  return v.getType() == type ? v : tensor::CastOp::create(b.b, b.loc, type, v).getResult();
}

/// A tensor of one i1 as a host scalar.
static Value condition(CoreBuilder &b, Value tensor) {
  if (!tensor || !isa<RankedTensorType>(tensor.getType()) || !b.element(tensor).isInteger(1)) {
    if (tensor)
      b.error() << "the condition is " << tensor.getType() << ", expected one i1";
    return {};
  }
  Value scalar = asScalar(b, tensor);
  auto found = scalar ? b.indices(scalar) : std::nullopt;
  return found ? (*found)[0] : Value();
}

//===- If
//----------------------------------------------------------------------------------------------------------===//

/// A graph's block, lowered; null after an error.
static Block *branch(CoreBuilder &b, StringRef name) {
  Region *graph = b.node.getGraph(name);
  if (!graph || !graph->hasOneBlock()) {
    b.error() << "has no graph '" << name << "', expected an attribute of type GRAPH";
    return nullptr;
  }
  if (unsigned count = graph->front().getNumArguments()) {
    b.error() << "graph '" << name << "' takes " << count << " inputs, expected none";
    return nullptr;
  }
  return succeeded(lowerNodes(graph->front())) ? &graph->front() : nullptr;
}

/// Moves the ops of `from` to the end of `to`, which then yields `types`.
static void moveBranch(CoreBuilder &b, Block *from, Block *to, ArrayRef<Type> types) {
  OpBuilder::InsertionGuard guard(b.b);
  Operation *end = from->getTerminator();
  b.b.setInsertionPoint(end);
  Values values;
  for (auto [v, type] : llvm::zip(end->getOperands(), types))
    values.push_back(as(b, v, type));
  scf::YieldOp::create(b.b, b.loc, values);
  end->erase();
  to->getOperations().splice(to->end(), from->getOperations());
}

static LogicalResult lowerIf(CoreBuilder &b) {
  Value chosen = condition(b, b.in(0));
  Block *yes = branch(b, "then_branch"), *no = branch(b, "else_branch");
  if (!chosen || !yes || !no)
    return failure();
  auto yesValues = yes->getTerminator()->getOperands(), noValues = no->getTerminator()->getOperands();
  if (yesValues.size() != noValues.size())
    return b.error() << "the branches have " << yesValues.size() << " and " << noValues.size()
                     << " outputs, expected as many";
  SmallVector<Type> types;
  for (auto [x, y] : llvm::zip(yesValues, noValues)) {
    types.push_back(common(b, x.getType(), y.getType(), "an output of the two branches"));
    if (!types.back())
      return failure();
  }
  auto op = scf::IfOp::create(b.b, b.loc, types, chosen, /*addThenBlock=*/true, /*addElseBlock=*/true);
  moveBranch(b, yes, op.thenBlock(), types);
  moveBranch(b, no, op.elseBlock(), types);
  return b.done(op.getResults());
}

//===- Loop and Scan
//-----------------------------------------------------------------------------------------------===//

namespace {
/// A loop's body in a copy of its node, lowered with types of the state that hold for every iteration.
class Body {
public:
  Body(CoreBuilder &b) : b(b) {}
  ~Body() {
    if (copy)
      copy->erase();
  }
  /// Lowers the body with arguments `fixed`, then those of type `states`, then `slices`; output `first` is the first
  /// state's. Generalises `states` until the body gives back what it takes.
  LogicalResult lower(ArrayRef<Type> fixed, ArrayRef<Type> states, ArrayRef<Type> slices, unsigned first);

  Block &block() { return copy.getGraph("body")->front(); }
  Value output(unsigned i) { return block().getTerminator()->getOperand(i); }
  unsigned numOutputs() { return block().getTerminator()->getNumOperands(); }

  SmallVector<Type> states;

private:
  LogicalResult lowerOnce(ArrayRef<Type> arguments);

  CoreBuilder &b;
  onnx::NodeOp copy;
};
} // namespace

LogicalResult Body::lowerOnce(ArrayRef<Type> arguments) {
  if (copy)
    copy->erase();
  copy = cast<onnx::NodeOp>(b.b.clone(*b.node));
  Region *graph = copy.getGraph("body");
  if (!graph || !graph->hasOneBlock())
    return b.error() << "has no graph 'body', expected an attribute of type GRAPH";
  if (block().getNumArguments() != arguments.size())
    return b.error() << "the body takes " << block().getNumArguments() << " inputs, expected " << arguments.size();
  for (auto [argument, type] : llvm::zip(block().getArguments(), arguments))
    argument.setType(type);
  return lowerNodes(block());
}

LogicalResult Body::lower(ArrayRef<Type> fixed, ArrayRef<Type> given, ArrayRef<Type> slices, unsigned first) {
  states.assign(given.begin(), given.end());
  for (bool stable = false; !stable;) {
    SmallVector<Type> arguments(fixed);
    arguments.append(states);
    arguments.append(slices.begin(), slices.end());
    if (failed(lowerOnce(arguments)))
      return failure();
    if (numOutputs() < first + states.size())
      return b.error() << "the body has " << numOutputs() << " outputs, expected " << first + states.size()
                       << " or more";
    stable = true; // each round makes sizes unknown, so there are few
    for (auto [i, state] : llvm::enumerate(states)) {
      Type wider = common(b, state, output(first + i).getType(), "a loop's state before and after an iteration");
      if (!wider)
        return failure();
      stable &= wider == state;
      state = wider;
    }
  }
  for (unsigned i = 0; i < numOutputs(); ++i)
    if (!isa<RankedTensorType>(output(i).getType()))
      return b.error() << "output " << i << " of the body is " << output(i).getType() << ", expected a tensor";
  return success();
}

namespace {
/// What the iterations give, one after the other in a flat tensor, and the sizes of the last.
struct Collected {
  RankedTensorType type;
  bool backwards = false; ///< in the end the newest is to be the first
};
} // namespace

/// Values that `collected` begin with: an empty tensor and the sizes, 0 where unknown.
static void begin(CoreBuilder &b, const Collected &collected, Values &init) {
  init.push_back(b.broadcast(b.scalar(collected.type.getElementType(), 0), b.index(0)));
  init.back() = as(b, init.back(), RankedTensorType::get({ShapedType::kDynamic}, collected.type.getElementType()));
  for (int64_t size : collected.type.getShape())
    init.push_back(b.index(ShapedType::isDynamic(size) ? 0 : size));
}

/// Adds `v` to what is carried from `at` on, which moves to the next collected.
static void collect(CoreBuilder &b, const Collected &collected, Value v, ValueRange carried, unsigned &at,
                    Values &next) {
  Values sizes = b.dims(v);
  Value flat = as(b, b.reshape(v, product(b, sizes)), carried[at].getType());
  next.push_back(as(b, b.concat(0, {carried[at], flat}), carried[at].getType()));
  next.append(sizes);
  at += 1 + collected.type.getRank();
}

/// The collected tensor, [count, sizes...], from a loop's results.
static Value collectedTensor(CoreBuilder &b, const Collected &collected, Value count, ValueRange results,
                             unsigned &at) {
  Values sizes{count};
  for (auto [i, size] : llvm::enumerate(collected.type.getShape()))
    sizes.push_back(ShapedType::isDynamic(size) ? results[at + 1 + i] : b.index(size));
  if (failed(requireEqual(b, product(b, sizes), b.dim(results[at], 0), "an output of a loop's body changes its sizes")))
    return {};
  Value out = b.reshape(results[at], sizes);
  at += 1 + collected.type.getRank();
  return collected.backwards ? b.reverse(out, {0}) : out;
}

/// Moves the body before the builder's insertion point with `arguments` for its own.
static void inlineBody(CoreBuilder &b, Block &body, ValueRange arguments, Values &outputs) {
  for (auto [argument, v] : llvm::zip(body.getArguments(), arguments))
    argument.replaceAllUsesWith(v);
  outputs.assign(body.getTerminator()->operand_begin(), body.getTerminator()->operand_end());
  Block *to = b.b.getInsertionBlock();
  to->getOperations().splice(b.b.getInsertionPoint(), body.getOperations(), body.begin(), std::prev(body.end()));
}

static Value tensorOfScalar(CoreBuilder &b, Value scalar) {
  if (scalar.getType().isIndex())
    scalar = arith::IndexCastOp::create(b.b, b.loc, b.i(64), scalar);
  return tensor::FromElementsOp::create(b.b, b.loc, RankedTensorType::get({}, scalar.getType()), scalar);
}

/// scf.while of (iteration, whether to go on, state..., collected...).
static LogicalResult lowerLoop(CoreBuilder &b) {
  Value limit;
  if (b.has(0)) {
    Value most = asScalar(b, b.in(0));
    auto scalar = most ? b.indices(most) : std::nullopt;
    if (!scalar)
      return failure();
    limit = (*scalar)[0];
  }
  Value goesOn = b.has(1) ? condition(b, b.in(1)) : arith::ConstantIntOp::create(b.b, b.loc, 1, 1).getResult();
  if (!goesOn)
    return failure();
  Values init{b.index(0), goesOn};
  SmallVector<Type> states;
  for (unsigned i = 2; i < b.node.getNumPositions(); ++i) {
    init.push_back(b.in(i));
    if (!init.back())
      return failure();
    states.push_back(init.back().getType());
  }
  Body body(b);
  if (failed(body.lower({RankedTensorType::get({}, b.i(64)), RankedTensorType::get({}, b.i(1))}, states, {}, 1)))
    return failure();
  unsigned count = states.size();
  for (unsigned i = 0; i < count; ++i)
    init[2 + i] = as(b, init[2 + i], body.states[i]);
  SmallVector<Collected> scans;
  for (unsigned i = 1 + count; i < body.numOutputs(); ++i) {
    scans.push_back({cast<RankedTensorType>(body.output(i).getType())});
    begin(b, scans.back(), init);
  }
  SmallVector<Type> types = llvm::to_vector(ValueRange(init).getTypes());
  bool failedInside = false;
  auto loop = scf::WhileOp::create(
      b.b, b.loc, types, init,
      [&](OpBuilder &inner, Location loc, ValueRange v) {
        Value more = v[1];
        if (limit)
          more = arith::AndIOp::create(inner, loc, more, arith::CmpIOp::create(inner, loc, P::slt, v[0], limit));
        scf::ConditionOp::create(inner, loc, more, v);
      },
      [&](OpBuilder &inner, Location, ValueRange v) {
        OpBuilder::InsertionGuard guard(b.b);
        b.b.restoreInsertionPoint(inner.saveInsertionPoint());
        Values arguments{tensorOfScalar(b, v[0]), tensorOfScalar(b, v[1])}, outputs;
        arguments.append(v.begin() + 2, v.begin() + 2 + count);
        inlineBody(b, body.block(), arguments, outputs);
        Value again = condition(b, outputs[0]);
        failedInside |= !again;
        Values next{b.addi(v[0], b.index(1)), again ? again : v[1]};
        for (unsigned i = 0; i < count; ++i)
          next.push_back(as(b, outputs[1 + i], types[2 + i]));
        unsigned at = 2 + count;
        for (auto [i, scan] : llvm::enumerate(scans))
          collect(b, scan, outputs[1 + count + i], v, at, next);
        scf::YieldOp::create(b.b, b.loc, next);
      });
  if (failedInside)
    return failure();
  Values results(loop.getResults().begin() + 2, loop.getResults().begin() + 2 + count);
  unsigned at = 2 + count;
  for (const Collected &scan : scans)
    results.push_back(collectedTensor(b, scan, loop.getResult(0), loop.getResults(), at));
  return b.done(results);
}

namespace {
/// The attributes of a Scan.
struct ScanInfo {
  unsigned states, inputs;
  SmallVector<int64_t> axes, backwards, outputAxes, outputBackwards;
};
} // namespace

/// A list attribute with an entry for each of `count`, zeros if there is none.
static bool readList(CoreBuilder &b, StringRef name, size_t count, SmallVectorImpl<int64_t> &out) {
  auto list = b.intsAttr(name);
  if (list && list->size() != count) {
    b.error() << name << " has " << list->size() << " entries, expected " << count;
    return false;
  }
  out.assign(count, 0);
  if (list)
    out.assign(list->begin(), list->end());
  return true;
}

/// Slice `place` of a scan's input.
static Value sliceAt(CoreBuilder &b, Value x, int64_t axis, Value place) {
  return b.squeeze(b.sliceAxis(x, axis, place, b.index(1)), axis);
}

/// scf.for with (state..., collected...).
static LogicalResult lowerScan(CoreBuilder &b) {
  int64_t positions = b.node.getNumPositions(), scanned = b.intAttr("num_scan_inputs", 0);
  if (scanned < 1 || scanned > positions)
    return b.error() << "num_scan_inputs is " << scanned << " for " << positions
                     << " inputs, expected 1 or more and at most as many";
  ScanInfo info{unsigned(positions - scanned), unsigned(scanned), {}, {}, {}, {}};
  if (!readList(b, "scan_input_axes", scanned, info.axes) ||
      !readList(b, "scan_input_directions", scanned, info.backwards))
    return failure();
  Values init, inputs;
  SmallVector<Type> states, slices;
  for (unsigned i = 0; i < positions; ++i) {
    Value v = b.in(i);
    if (!v)
      return failure();
    (i < info.states ? init : inputs).push_back(v);
  }
  for (Value v : init)
    states.push_back(v.getType());
  Value trips;
  for (auto [v, axis] : llvm::zip(inputs, info.axes)) {
    auto checked = b.axis(axis, b.rank(v));
    if (!checked)
      return failure();
    axis = *checked;
    SmallVector<int64_t> sizes(b.type(v).getShape());
    sizes.erase(sizes.begin() + axis);
    slices.push_back(RankedTensorType::get(sizes, b.element(v)));
    if (!trips)
      trips = b.dim(v, axis);
    else if (failed(requireEqual(b, trips, b.dim(v, axis), "the scanned inputs differ in length")))
      return failure();
  }
  Body body(b);
  if (failed(body.lower({}, states, slices, 0)))
    return failure();
  unsigned count = info.states, scans = body.numOutputs() - count;
  if (!readList(b, "scan_output_axes", scans, info.outputAxes) ||
      !readList(b, "scan_output_directions", scans, info.outputBackwards))
    return failure();
  for (unsigned i = 0; i < count; ++i)
    init[i] = as(b, init[i], body.states[i]);
  SmallVector<Collected> collected;
  for (unsigned i = 0; i < scans; ++i) {
    collected.push_back({cast<RankedTensorType>(body.output(count + i).getType()), info.outputBackwards[i] != 0});
    begin(b, collected.back(), init);
  }
  auto loop = scf::ForOp::create(b.b, b.loc, b.index(0), trips, b.index(1), init,
                                 [&](OpBuilder &inner, Location, Value i, ValueRange v) {
                                   OpBuilder::InsertionGuard guard(b.b);
                                   b.b.restoreInsertionPoint(inner.saveInsertionPoint());
                                   Values arguments(v.begin(), v.begin() + count), outputs;
                                   for (unsigned k = 0; k < info.inputs; ++k) {
                                     Value place = info.backwards[k] ? b.subi(b.subi(trips, b.index(1)), i) : i;
                                     arguments.push_back(sliceAt(b, inputs[k], info.axes[k], place));
                                   }
                                   inlineBody(b, body.block(), arguments, outputs);
                                   Values next;
                                   for (unsigned k = 0; k < count; ++k)
                                     next.push_back(as(b, outputs[k], v[k].getType()));
                                   unsigned at = count;
                                   for (auto [k, scan] : llvm::enumerate(collected))
                                     collect(b, scan, outputs[count + k], v, at, next);
                                   scf::YieldOp::create(b.b, b.loc, next);
                                 });
  Values results(loop.getResults().begin(), loop.getResults().begin() + count);
  unsigned at = count;
  for (auto [scan, given] : llvm::zip(collected, info.outputAxes)) {
    auto axis = b.axis(given, scan.type.getRank() + 1);
    if (!axis)
      return failure();
    SmallVector<int64_t> permutation = range(1, scan.type.getRank() + 1);
    permutation.insert(permutation.begin() + *axis, 0);
    results.push_back(b.transpose(collectedTensor(b, scan, trips, loop.getResults(), at), permutation));
  }
  return b.done(results);
}

void adze::addControlFlowOps(OpTable &table) {
  table.onOp("If", 1, lowerIf);
  table.onOp("Loop", 1, lowerLoop);
  table.onOp("Scan", 9, lowerScan);
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/fusion/Groups.h"
#include "dialects/core/Windows.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

bool adze::isKernelOp(Operation *op) {
  return isa<CoreDialect>(op->getDialect()) && !isa<ConstantOp, ReshapeOp, RequireOp>(op) && op->getNumResults() > 0 &&
         isa<RankedTensorType>(op->getResult(0).getType());
}

static bool isElementwise(Operation *op) {
  return isa<UnaryOp, BinaryOp, CompareOp, SelectOp, CastOp, BitcastOp, BroadcastOp, IotaOp>(op);
}

/// Ops whose element costs a loop, or that are lowered by loops of their own: one of them a kernel.
static bool isAnchor(Operation *op) {
  return !isElementwise(op) && !isa<TransposeOp, SliceOp, PadOp, ConcatOp, GatherOp, GatherElementsOp, GatherNdOp>(op);
}

/// Elementwise ops that may be computed again for each element they are broadcast to.
static bool isCheap(Operation *op) {
  if (auto binary = dyn_cast<BinaryOp>(op))
    return llvm::is_contained(
        {BinaryKind::add, BinaryKind::sub, BinaryKind::mul, BinaryKind::bit_and, BinaryKind::bit_or}, binary.getKind());
  return isa<CastOp, BroadcastOp, IotaOp, CompareOp, SelectOp, BitcastOp>(op);
}

/// What attention reads its operands through, in place.
static bool isView(Operation *op) { return isa<TransposeOp, SliceOp>(op); }

/// True for a view of an operand of attention, directly or below a few others.
static bool feedsAttention(Operation *op, int steps = 8) {
  return isView(op) && steps > 0 && llvm::any_of(op->getUsers(), [&](Operation *user) {
           return isa<AttentionOp>(user) || feedsAttention(user, steps - 1);
         });
}

/// What a kernel computes is asked for op by op, each from within its users' code: so many ops, and ways to one of
/// them.
static constexpr size_t kMostOps = 256, kMostWays = 4096;

namespace {
class Grouper {
public:
  Grouper(DimAnalysis &dims, GroupOptions options) : dims(dims), options(options) {}

  SmallVector<Group> run(Block &block) {
    for (Operation &op : llvm::reverse(block))
      if (isKernelOp(&op))
        place(&op);
    if (options.fuse)
      for (State &state : states)
        narrowResult(state);
    SmallVector<Group> groups;
    for (State &state : llvm::reverse(states))
      groups.emplace_back(state.ops.rbegin(), state.ops.rend());
    return groups;
  }

private:
  struct State {
    SmallVector<Operation *> ops; ///< the root first
    bool hasAnchor = false;
    DenseSet<Operation *> identity;     ///< computed at the root's coordinates, through elementwise ops only
    DenseMap<Operation *, size_t> ways; ///< by which an op is reached from the root
  };

  void place(Operation *op) {
    if (options.fuse)
      if (auto group = onlyUserGroup(op); group && mayJoin(op, states[*group])) {
        State &state = states[*group];
        state.ways[op] = waysTo(op, state);
        state.ops.push_back(op);
        state.hasAnchor |= isAnchor(op);
        if (isElementwise(op) && usersAtSameElement(op, state))
          state.identity.insert(op);
        groupOf[op] = *group;
        return;
      }
    groupOf[op] = states.size();
    State state;
    state.ways[op] = 1;
    state.ops.push_back(op);
    state.hasAnchor = isAnchor(op);
    if (isElementwise(op))
      state.identity.insert(op);
    states.push_back(std::move(state));
  }

  std::optional<size_t> onlyUserGroup(Operation *op) {
    if (op->getNumResults() != 1)
      return std::nullopt;
    std::optional<size_t> group;
    for (Operation *user : op->getUsers()) {
      auto it = groupOf.find(user);
      if (it == groupOf.end() || (group && *group != it->second))
        return std::nullopt;
      group = it->second;
    }
    return group;
  }

  /// True if the loops of `window` leave out the padding rather than read it.
  bool isImplicitPadding(PadOp pad, Operation *window) {
    auto conv = dyn_cast<ConvOp>(window);
    if (!isNeutralPadding(pad, window) || (conv && pad.getResult() != conv.getInput()))
      return false;
    return !conv || isDepthwise(conv) || (options.readInPlace && conv.getGroups() == 1);
  }

  /// True for a transpose of matrices that their products read in place: neighbours stay neighbours along one of a
  /// matrix' dimensions. A left side that is many matrices stays one with all their rows for a right side that is one.
  bool isTransposedMatrix(Operation *op) {
    auto transpose = dyn_cast<TransposeOp>(op);
    int64_t rank = transpose ? int64_t(transpose.getPermutation().size()) : 0;
    if (!options.readInPlace || rank < 2 || !llvm::is_contained(transpose.getPermutation().take_back(2), rank - 1))
      return false;
    return llvm::all_of(op->getUsers(), [&](Operation *user) {
      auto matmul = dyn_cast<MatmulOp>(user);
      return matmul && (rank == 2 || matmul.getLhs() != transpose.getResult() ||
                        cast<RankedTensorType>(matmul.getRhs().getType()).getRank() > 2);
    });
  }

  /// True for what is left out or read in place by its users, which read memory.
  bool readsMemory(Operation *op) {
    auto pad = dyn_cast<PadOp>(op);
    return isTransposedMatrix(op) || (pad && llvm::all_of(op->getUsers(), [&](Operation *user) {
                                        return isa<ConvOp, PoolOp>(user) && isImplicitPadding(pad, user);
                                      }));
  }

  bool sameShape(Operation *op, Operation *user) { return dims.sameShape(op->getResult(0), user->getResult(0)); }

  /// Every user is computed at the root's coordinates and has this op's shape.
  bool usersAtSameElement(Operation *op, State &state) {
    return llvm::all_of(op->getUsers(),
                        [&](Operation *user) { return state.identity.contains(user) && sameShape(op, user); });
  }

  static size_t waysTo(Operation *op, const State &state) {
    size_t ways = 0;
    for (OpOperand &use : op->getUses())
      ways += state.ways.lookup(use.getOwner());
    return ways;
  }

  /// Ops whose results are not written element by element.
  static bool isNeverJoined(Operation *op) { return isa<ScatterElementsOp, ScatterNdOp, NonZeroIndicesOp>(op); }

  bool mayJoin(Operation *op, State &state) {
    if (state.ops.size() >= kMostOps || waysTo(op, state) > kMostWays)
      return false;
    if (isAnchor(op))
      return !state.hasAnchor && !isNeverJoined(op) && (usersAtSameElement(op, state) || isTransposedAsRoot(op, state));
    return (keepsVectors(op) || isTransposedMatrix(op)) &&
           llvm::all_of(op->getUsers(), [&](Operation *user) { return readsOnce(op, user); });
  }

  /// Attention whose rows are written where a transpose, the whole kernel so far, has them.
  static bool isTransposedAsRoot(Operation *op, State &state) {
    auto transpose = dyn_cast<TransposeOp>(state.ops[0]);
    return isa<AttentionOp>(op) && transpose && state.ops.size() == 1 && op->hasOneUse() &&
           transpose.getPermutation().back() == int64_t(transpose.getPermutation().size()) - 1;
  }

  /// Data movement along the last dimension would make the whole kernel scalar.
  bool keepsVectors(Operation *op) {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    int64_t last = type.getRank() - 1;
    if (auto concat = dyn_cast<ConcatOp>(op))
      return int64_t(concat.getAxis()) != last;
    if (auto pad = dyn_cast<PadOp>(op))
      return last >= 0 && dims.size(pad.getLow()[last]).isConstant(0) &&
             dims.dim(pad.getInput(), last) == dims.dim(pad.getResult(), last);
    if (auto slice = dyn_cast<SliceOp>(op))
      return last >= 0 && dims.size(slice.getSteps()[last]).isConstant(1);
    if (auto gather = dyn_cast<GatherOp>(op)) {
      int64_t rank = cast<RankedTensorType>(gather.getIndices().getType()).getRank();
      return int64_t(gather.getAxis()) + rank <= last;
    }
    if (auto transpose = dyn_cast<TransposeOp>(op))
      return last >= 0 && transpose.getPermutation()[last] == last;
    return !isa<GatherElementsOp, GatherNdOp>(op);
  }

  /// `user` asks for each element of `op` about once, or `op` is cheap.
  bool readsOnce(Operation *op, Operation *user) {
    if (readsMemory(user) || (feedsAttention(user) && !isView(op)))
      return false;
    if (isa<AttentionOp>(user))
      return isView(op);
    if (isa<MatmulOp>(user))
      return isTransposedMatrix(op);
    if (isElementwise(user))
      return sameShape(op, user) || isCheap(op);
    if (auto pad = dyn_cast<PadOp>(op); pad && isa<ConvOp, PoolOp>(user))
      return isImplicitPadding(pad, user);
    if (isa<TransposeOp, SliceOp, PadOp, ConcatOp, ReduceOp, ArgReduceOp, SoftmaxOp, NormOp, ScanOp, SortOp>(user))
      return true;
    if (auto gather = dyn_cast<GatherOp>(user))
      return isCheap(op) && gather.getInput() == op->getResult(0) && gather.getIndices() != op->getResult(0);
    return false;
  }

  /// Takes from another kernel what makes the result of a costly op narrower: where the op could not join the kernel of
  /// its user, the narrower numbers are what passes through memory.
  void narrowResult(State &state) {
    Operation *root = state.ops[0];
    if (!state.hasAnchor || isNeverJoined(root) || (!isAnchor(root) && !state.identity.contains(root)))
      return;
    SmallVector<Operation *> chain = elementwiseAfter(root);
    auto widthOf = [](Operation *op) { return getElementTypeOrSelf(op->getResult(0)).getIntOrFloatBitWidth(); };
    Operation **narrowest = llvm::min_element(chain, [&](auto *a, auto *b) { return widthOf(a) < widthOf(b); });
    if (narrowest == chain.end() || widthOf(*narrowest) >= widthOf(root))
      return;
    State &other = states[groupOf[chain[0]]];
    for (Operation *op : llvm::make_range(chain.begin(), narrowest + 1)) {
      llvm::erase(other.ops, op);
      state.ops.insert(state.ops.begin(), op);
      state.identity.insert(op);
      groupOf[op] = groupOf[root];
    }
  }

  /// The ops of one other kernel that follow `root` one after the other, at the same element, and need nothing else of
  /// that kernel; its root is not among them.
  SmallVector<Operation *> elementwiseAfter(Operation *root) {
    SmallVector<Operation *> chain;
    for (Operation *last = root; last->getNumResults() == 1 && last->hasOneUse(); last = chain.back()) {
      Operation *user = *last->user_begin();
      auto group = groupOf.find(user);
      if (group == groupOf.end() || group->second == groupOf[root] || user == states[group->second].ops[0] ||
          (!chain.empty() && group->second != groupOf[chain[0]]) || !isElementwise(user) || !sameShape(user, root))
        break;
      bool alone = llvm::all_of(user->getOperands(), [&](Value operand) {
        auto of = operand.getDefiningOp() ? groupOf.find(operand.getDefiningOp()) : groupOf.end();
        return operand.getDefiningOp() == last || of == groupOf.end() || of->second != group->second;
      });
      if (!alone)
        break;
      chain.push_back(user);
    }
    return chain;
  }

  DimAnalysis &dims;
  GroupOptions options;
  std::vector<State> states;
  DenseMap<Operation *, size_t> groupOf;
};
} // namespace

SmallVector<Group> adze::formGroups(Block &block, DimAnalysis &dims, GroupOptions options) {
  return Grouper(dims, options).run(block);
}

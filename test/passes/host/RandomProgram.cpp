// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/passes/host/RandomProgram.h"
#include <random>
#include <sstream>

using namespace adze::test;

namespace {
/// A tensor<?xi64> and the index that is its size, or a tensor<i64>, which has none.
struct Tensor {
  std::string name, size;
  bool isScalar() const { return size.empty(); }
  std::string type() const { return isScalar() ? "tensor<i64>" : "tensor<?xi64>"; }
};

class Generator {
public:
  Generator(unsigned seed, bool scheduled) : random(seed), scheduled(scheduled) {}

  std::string module() {
    for (const char *memory : {"h", "d"})
      kernels(memory);
    out << "func.func @main(%x: tensor<?xi64> {adze.name = \"x\"}, %s: tensor<i64> {adze.name = \"s\"})\n"
        << "    -> (tensor<?xi64> {adze.name = \"a\"}, tensor<?xi64> {adze.name = \"b\"}, tensor<?xi64> {adze.name = "
           "\"c\"}, tensor<i64> {adze.name = \"d\"}) {\n"
        << "  %c0 = arith.constant 0 : index\n  %c1 = arith.constant 1 : index\n  %c2 = arith.constant 2 : index\n"
        << "  %c3 = arith.constant 3 : index\n  %i0 = arith.constant 0 : i64\n  %i1 = arith.constant 1 : i64\n"
        << "  %i7 = arith.constant 7 : i64\n";
    tensors = {{"%x", sizeOf("%x")}, {"%s", ""}};
    for (int i = 0; i < 8; ++i)
      op();
    Tensor a = vector(), b = vector(), c = vector(), d = scalarTensor();
    out << "  return " << a.name << ", " << b.name << ", " << c.name << ", " << d.name
        << " : tensor<?xi64>, tensor<?xi64>, tensor<?xi64>, tensor<i64>\n}\n";
    return out.str();
  }

private:
  int below(int n) { return random() % n; }
  std::string fresh() { return "%v" + std::to_string(next++); }
  std::string memory() { return below(2) ? "_d" : "_h"; }
  std::string line(const std::string &text) {
    std::string name = fresh();
    out << "  " << name << " = " << text << "\n";
    return name;
  }
  std::string sizeOf(const std::string &tensor) { return line("tensor.dim " + tensor + ", %c0 : tensor<?xi64>"); }
  Tensor pick(bool scalar) {
    std::vector<Tensor> fitting;
    for (const Tensor &tensor : tensors)
      if (tensor.isScalar() == scalar)
        fitting.push_back(tensor);
    // The newest are read more often.
    size_t i = std::max(below(fitting.size()), below(fitting.size()));
    return fitting[i];
  }
  Tensor vector() { return pick(false); }
  Tensor scalarTensor() { return pick(true); }
  void add(const std::string &name, const std::string &size) { tensors.push_back({name, size}); }

  void kernels(const std::string &memory) {
    std::string schedule = scheduled && memory == "d" ? " attributes {schedule = {}}" : "", v = "tensor<?xi64>";
    auto kernel = [&](const std::string &name, const std::string &arguments, const std::string &result,
                      const std::string &body) {
      out << "kernel.func @" << name << "_" << memory << "(" << arguments << ") -> (" << result << ")" << schedule
          << " {\n  " << body << "\n}\n";
    };
    std::string two = "%n: index, %m: index, ", x = "%x: " + v + " {adze.dims = array<i64: 0>}",
                y = ", %y: " + v + " {adze.dims = array<i64: 1>}", likeX = v + " {adze.dims = array<i64: 0>}";
    kernel("mix", two + x + y, likeX, "kernel.return %x : " + v);
    kernel("cat", two + "%k: index, " + x + y, v + " {adze.dims = array<i64: 2>}",
           "%c = core.concat axis 0(%x, %y) {adze.dims = array<i64: 2>} : (" + v + ", " + v + ") -> " + v +
               "\n  kernel.return %c : " + v);
    std::string place = "tensor<1x1xi64>", update = "tensor<1xi64>";
    kernel("put", "%n: index, " + x + ", %i: " + place + ", %u: " + update, likeX,
           "%c = core.scatter_nd none %x, %i, %u {adze.site = 0 : i64} : (" + v + ", " + place + ", " + update +
               ") -> " + v + "\n  kernel.return %c : " + v);
    kernel("sum", "%n: index, " + x, "tensor<i64>",
           "%c = core.constant dense<0> : tensor<i64>\n  kernel.return %c : tensor<i64>");
    kernel("fill", "%n: index, %y: tensor<i64>", likeX,
           "%c = core.iota i64 axis 0 sizes(%n) : " + v + "\n  kernel.return %c : " + v);
    kernel("small", "%x: tensor<i64>, %y: tensor<i64>", "tensor<i64>", "kernel.return %x : tensor<i64>");
  }

  void mix() {
    Tensor x = vector(), y = vector();
    add(line("kernel.launch @mix" + memory() + "(" + x.size + ", " + y.size + ", " + x.name + ", " + y.name +
             ") {adze.result_dims = [array<i64: 0>]} : (index, index, tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>"),
        x.size);
  }
  void cat() { cat(vector(), constant()); }
  void cat(const Tensor &x, const Tensor &y) {
    std::string k = line("arith.addi " + x.size + ", " + y.size + " : index");
    add(line("kernel.launch @cat" + memory() + "(" + x.size + ", " + y.size + ", " + k + ", " + x.name + ", " + y.name +
             ") {adze.result_dims = [array<i64: 2>]} : (index, index, index, tensor<?xi64>, tensor<?xi64>) -> "
             "tensor<?xi64>"),
        k);
  }
  /// Puts a scalar at the place that another one says.
  void put() { put(vector()); }
  void put(const Tensor &x) {
    std::string at = line("core.reshape " + scalarTensor().name + " sizes(%c1, %c1) : tensor<i64> -> tensor<1x1xi64>"),
                value = line("core.reshape " + scalarTensor().name + " sizes(%c1) : tensor<i64> -> tensor<1xi64>");
    add(line("kernel.launch @put" + memory() + "(" + x.size + ", " + x.name + ", " + at + ", " + value +
             ") {adze.result_dims = [array<i64: 0>]} : (index, tensor<?xi64>, tensor<1x1xi64>, tensor<1xi64>) -> "
             "tensor<?xi64>"),
        x.size);
  }
  void sum() { sum(vector()); }
  void sum(const Tensor &x) {
    add(line("kernel.launch @sum" + memory() + "(" + x.size + ", " + x.name +
             ") : (index, tensor<?xi64>) -> tensor<i64>"),
        "");
  }
  void small() {
    Tensor x = scalarTensor(), y = scalarTensor();
    add(line("kernel.launch @small" + memory() + "(" + x.name + ", " + y.name +
             ") : (tensor<i64>, tensor<i64>) -> tensor<i64>"),
        "");
  }
  void fill() {
    Tensor y = scalarTensor();
    std::string n = line("arith.index_cast " + line("arith.andi " + element() + ", %i7 : i64") + " : i64 to index");
    add(line("kernel.launch @fill" + memory() + "(" + n + ", " + y.name +
             ") {adze.result_dims = [array<i64: 0>]} : (index, tensor<i64>) -> tensor<?xi64>"),
        n);
  }
  /// A constant of two or three elements, sometimes one that there was before.
  Tensor constant() {
    bool three = below(2);
    std::string from = three ? "tensor<3xi64>" : "tensor<2xi64>";
    std::string values = "[" + std::to_string(below(3)) + ", 5" + (three ? ", -7]" : "]");
    std::string c = line("core.constant dense<" + values + "> : " + from);
    tensors.push_back({line("tensor.cast " + c + " : " + from + " to tensor<?xi64>"), three ? "%c3" : "%c2"});
    return tensors.back();
  }
  std::string element() { return line("tensor.extract " + scalarTensor().name + "[] : tensor<i64>"); }
  void fromElements() {
    if (below(2))
      return add(line("tensor.from_elements " + element() + " : tensor<i64>"), "");
    std::string a = element(), b = element(), made = line("tensor.from_elements " + a + ", " + b + " : tensor<2xi64>");
    add(line("tensor.cast " + made + " : tensor<2xi64> to tensor<?xi64>"), "%c2");
  }
  void reshape() {
    Tensor x = vector();
    std::string wide =
        line("core.reshape " + x.name + " sizes(%c1, " + x.size + ") : tensor<?xi64> -> tensor<1x?xi64>");
    add(line("core.reshape " + wide + " sizes(" + x.size + ") : tensor<1x?xi64> -> tensor<?xi64>"), x.size);
  }
  std::string condition() {
    std::string odd = line("arith.andi " + element() + ", %i1 : i64");
    return line("arith.cmpi eq, " + odd + ", %i1 : i64");
  }
  void select() {
    bool scalar = below(3) == 0;
    std::string c = condition();
    Tensor x = pick(scalar), y = pick(scalar);
    std::string r = line("arith.select " + c + ", " + x.name + ", " + y.name + " : " + x.type());
    add(r, scalar ? "" : sizeOf(r));
  }
  void body(int ops) {
    ++depth;
    for (int i = 0; i < ops; ++i)
      op();
    --depth;
  }
  /// The results of a loop or a branch, one vector and one scalar tensor.
  void addResults(const std::string &name) {
    add(name + "#1", "");
    std::string vector = name + "#0";
    add(vector, sizeOf(vector));
  }
  void yield(const std::string &first = "", const std::string &type = "") { yieldVector(vector(), first, type); }
  void yieldVector(const Tensor &x, const std::string &first = "", const std::string &type = "") {
    Tensor y = scalarTensor();
    out << "  scf.yield " << first << x.name << ", " << y.name << " : " << type << "tensor<?xi64>, tensor<i64>\n";
  }
  /// Ends a loop's body, often with what becomes of `carried` when some elements change, or when it grows.
  void yieldChanged(const Tensor &carried, const std::string &first = "", const std::string &type = "") {
    if (below(3) == 0)
      return yield(first, type);
    if (below(2))
      put(carried);
    else
      cat(carried, below(2) ? constant() : vector());
    Tensor changed = tensors.back();
    body(below(2));
    if (below(3) == 0) // what it was before is read on
      sum(carried);
    yieldVector(changed, first, type);
  }
  void branch() {
    std::string c = condition(), name = fresh();
    out << "  " << name << ":2 = scf.if " << c << " -> (tensor<?xi64>, tensor<i64>) {\n";
    std::vector<Tensor> outside = tensors;
    body(below(4));
    yield();
    out << "  } else {\n";
    tensors = outside;
    body(below(4));
    yield();
    out << "  }\n";
    tensors = outside;
    addResults(name);
  }
  void forLoop() {
    // From a launch: MLIR takes a loop that begins with a cast from a known size for one that carries this size.
    mix();
    Tensor x = tensors.back(), y = scalarTensor();
    std::string name = fresh(), s = fresh(), t = fresh();
    out << "  " << name << ":2 = scf.for " << fresh() << " = %c0 to %c" << below(4) << " step %c1 iter_args(" << s
        << " = " << x.name << ", " << t << " = " << y.name << ") -> (tensor<?xi64>, tensor<i64>) {\n";
    std::vector<Tensor> outside = tensors;
    add(s, sizeOf(s));
    Tensor carried = tensors.back();
    add(t, "");
    body(below(4));
    yieldChanged(carried);
    out << "  }\n";
    tensors = outside;
    addResults(name);
  }
  /// At most three turns; the state says whether it ends before.
  void whileLoop() {
    Tensor x = vector(), y = scalarTensor();
    std::string name = fresh(), n = fresh(), s = fresh(), t = fresh();
    std::string types = "i64, tensor<?xi64>, tensor<i64>";
    out << "  " << name << ":3 = scf.while (" << n << " = %i0, " << s << " = " << x.name << ", " << t << " = " << y.name
        << ") : (" << types << ") -> (" << types << ") {\n";
    std::vector<Tensor> outside = tensors;
    add(s, sizeOf(s));
    add(t, "");
    bool isSimple = below(2); // it only asks whether to go on
    if (!isSimple)
      body(below(3));
    std::string few = line("arith.cmpi slt, " + n + ", " + line("arith.constant 3 : i64") + " : i64");
    std::string on = line("arith.andi " + few + ", " + condition() + " : i1");
    Tensor u = isSimple ? Tensor{s, "%c0"} : vector(), v = scalarTensor();
    out << "  scf.condition(" << on << ") " << n << ", " << u.name << ", " << v.name << " : " << types << "\n";
    std::string m = fresh(), p = fresh(), q = fresh();
    out << "  } do {\n  ^bb0(" << m << ": i64, " << p << ": tensor<?xi64>, " << q << ": tensor<i64>):\n";
    tensors = outside;
    add(p, sizeOf(p));
    Tensor carried = tensors.back();
    add(q, "");
    body(below(4));
    yieldChanged(carried, line("arith.addi " + m + ", %i1 : i64") + ", ", "i64, ");
    out << "  }\n";
    tensors = outside;
    add(name + "#2", "");
    add(name + "#1", sizeOf(name + "#1"));
  }

  void op() {
    switch (below(depth < 3 ? 20 : 16)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return mix();
    case 4:
      return cat();
    case 5:
    case 6:
      return sum();
    case 7:
    case 8:
      return small();
    case 9:
      return fill();
    case 10:
      constant();
      return;
    case 11:
      return fromElements();
    case 12:
      return reshape();
    case 13:
      return select();
    case 14:
    case 15:
      return put();
    case 16:
    case 17:
      return forLoop();
    case 18:
      return branch();
    default:
      return whileLoop();
    }
  }

  std::mt19937 random;
  bool scheduled;
  std::ostringstream out;
  std::vector<Tensor> tensors; ///< that can be read here
  int next = 0, depth = 0;
};
} // namespace

std::string adze::test::randomProgram(unsigned seed, bool scheduled) { return Generator(seed, scheduled).module(); }

FakeKernel adze::test::kernelOf(llvm::StringRef name) {
  using Sizes = llvm::ArrayRef<int64_t>;
  using Buffers = llvm::ArrayRef<int64_t *>;
  if (name.starts_with("mix_"))
    return {[](Sizes n, Buffers b) {
              for (int64_t i = 0; i < n[0]; ++i)
                b[2][i] = int64_t(3 * uint64_t(b[0][i]) + (n[1] ? uint64_t(b[1][i % n[1]]) : 1));
            },
            [](Sizes n) { return std::vector<int64_t>{8 * n[0], 8 * n[1], 8 * n[0]}; }};
  if (name.starts_with("cat_"))
    return {[](Sizes n, Buffers b) {
              for (int64_t i = 0; i < n[2]; ++i)
                b[2][i] = i < n[0] ? b[0][i] : b[1][i - n[0]];
            },
            [](Sizes n) { return std::vector<int64_t>{8 * n[0], 8 * n[1], 8 * n[2]}; }};
  if (name.starts_with("put_"))
    return {[](Sizes n, Buffers b) {
              for (int64_t i = 0; i < n[0]; ++i)
                b[3][i] = b[0][i];
              if (n[0])
                b[3][uint64_t(b[1][0]) % n[0]] = b[2][0];
            },
            [](Sizes n) { return std::vector<int64_t>{8 * n[0], 8, 8, 8 * n[0]}; }};
  if (name.starts_with("sum_"))
    return {[](Sizes n, Buffers b) {
              uint64_t sum = 1;
              for (int64_t i = 0; i < n[0]; ++i)
                sum += b[0][i];
              b[1][0] = sum;
            },
            [](Sizes n) { return std::vector<int64_t>{8 * n[0], 8}; }};
  if (name.starts_with("fill_"))
    return {[](Sizes n, Buffers b) {
              for (int64_t i = 0; i < n[0]; ++i)
                b[1][i] = int64_t(uint64_t(b[0][0]) + i);
            },
            [](Sizes n) { return std::vector<int64_t>{8, 8 * n[0]}; }};
  return {[](Sizes, Buffers b) { b[2][0] = int64_t(5 * uint64_t(b[0][0]) + uint64_t(b[1][0])); },
          [](Sizes) { return std::vector<int64_t>{8, 8, 8}; }};
}

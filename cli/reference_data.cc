#include "reference_data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <type_traits>
#include <utility>

#include "file_bytes.h"
#include "tensor_values.h"

namespace tandem::cli {
namespace {

using nlohmann::json;

// ---- .io files ----

// Reads little-endian numbers; after the end of the bytes, zeros, and ok() is false.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : rest_(bytes) {}

  template <class T>
  T number() {
    const std::span<const uint8_t> bytes = take(sizeof(T));
    return bytes.empty() ? T{} : load<T>(bytes, 0);
  }

  std::span<const uint8_t> take(size_t size) {
    ok_ = ok_ && size <= rest_.size();
    if (!ok_) return {};
    const std::span<const uint8_t> taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::span<const uint8_t> rest_;
  bool ok_ = true;
};

// ---- JSON lines ----

template <class T>
struct IsVector : std::false_type {};
template <class E>
struct IsVector<std::vector<E>> : std::true_type {};

// Strict where nlohmann's own conversions are not: no number from a truth value, none cut to fit.
template <class T>
bool convert(const json& from, T& to) {
  if constexpr (std::is_same_v<T, bool>) {
    if (!from.is_boolean()) return false;
    to = from.get<bool>();
  } else if constexpr (std::is_integral_v<T>) {
    if (from.is_number_unsigned()) {
      if (!std::in_range<T>(from.get<uint64_t>())) return false;
      to = static_cast<T>(from.get<uint64_t>());
    } else {
      if (!from.is_number_integer() || !std::in_range<T>(from.get<int64_t>())) return false;
      to = static_cast<T>(from.get<int64_t>());
    }
  } else if constexpr (std::is_same_v<T, double>) {
    if (!from.is_number()) return false;
    to = from.get<double>();
  } else if constexpr (std::is_same_v<T, Tolerance>) {
    return from.is_object() && from.contains("abs") && from.contains("rel") && convert(from["abs"], to.abs) &&
           convert(from["rel"], to.rel);
  } else if constexpr (IsVector<T>::value) {
    if (!from.is_array()) return false;
    to.resize(from.size());
    for (size_t i = 0; i < to.size(); ++i) {
      if (!convert(from[i], to[i])) return false;
    }
  } else if constexpr (std::is_same_v<T, std::map<std::string, uint32_t>>) {
    if (!from.is_object()) return false;
    for (const auto& [key, value] : from.items()) {
      if (!convert(value, to[key])) return false;
    }
  } else if constexpr (std::is_same_v<T, std::filesystem::path>) {
    if (!from.is_string()) return false;
    to = from.get<std::string>();
  } else {
    static_assert(std::is_same_v<T, std::string>);
    if (!from.is_string()) return false;
    to = from.get<std::string>();
  }
  return true;
}

// The fields of an object; remembers the first that is missing or of another type.
class Fields {
 public:
  explicit Fields(const json& object) : object_(object) {}

  template <class T>
  void required(const char* name, T& value) {
    if (!object_.contains(name)) return fail(name);
    optional(name, value);
  }
  template <class T>
  void optional(const char* name, T& value) {
    const auto field = object_.find(name);
    if (field != object_.end() && !convert(*field, value)) fail(name);
  }
  // A field whose value is one of `names`, the values of an enum in its order.
  template <class E>
  void choice(const char* name, E& value, std::initializer_list<const char*> names) {
    std::string text;
    optional(name, text);
    if (!object_.contains(name)) return;
    const auto* found = std::ranges::find(names, text);
    if (found == names.end()) return fail(name);
    value = static_cast<E>(found - names.begin());
  }
  void fail(const char* name) {
    if (bad_.empty()) bad_ = name;
  }
  [[nodiscard]] const std::string& bad() const { return bad_; }

 private:
  const json& object_;
  std::string bad_;
};

template <class T, class Read>
Outcome<std::vector<T>> read_json_lines(const std::filesystem::path& path, Read&& read) {
  const Outcome<std::vector<uint8_t>> file = read_file(path);
  if (!file.ok()) return file.problem();
  std::string_view text(reinterpret_cast<const char*>(file->data()), file->size());
  std::vector<T> objects;
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const json object = json::parse(line, nullptr, false);
    if (!object.is_object()) return problem("{}: line {} is not a JSON object.", path.string(), number);
    Fields fields(object);
    objects.push_back(read(fields));
    if (!fields.bad().empty()) {
      return problem("{}: line {}: \"{}\" is missing or is not what the README of the reference data says.",
                     path.string(), number, fields.bad());
    }
  }
  return objects;
}

// ---- comparison ----

std::vector<int32_t> index_of(size_t element, std::span<const int32_t> dims) {
  std::vector<int32_t> index(dims.size());
  for (size_t axis = dims.size(); axis-- > 0;) {
    const auto dim = static_cast<size_t>(dims[axis]);
    index[axis] = static_cast<int32_t>(element % dim);
    element /= dim;
  }
  return index;
}

template <class T>
double distance(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<double>(a > b ? static_cast<uint64_t>(a) - static_cast<uint64_t>(b)
                                     : static_cast<uint64_t>(b) - static_cast<uint64_t>(a));
  } else {
    const auto x = static_cast<double>(a), y = static_cast<double>(b);
    if (x == y || (std::isnan(x) && std::isnan(y))) return 0;
    const double between = std::fabs(x - y);
    return std::isnan(between) ? std::numeric_limits<double>::infinity() : between;
  }
}

template <class T>
bool matches(T got, T want, double between, Tolerance tolerance) {
  const bool bit_exact = tolerance.abs == 0 && tolerance.rel == 0;
  if constexpr (std::is_integral_v<T>) {
    if (bit_exact) return got == want;
  } else {
    const auto x = static_cast<double>(got), y = static_cast<double>(want);
    if (std::isnan(y)) return std::isnan(x);
    if (bit_exact) return x == y && std::signbit(x) == std::signbit(y);
    if (std::isinf(y)) return x == y;  // else anything finite would be within rel * infinity
  }
  return between <= tolerance.abs + tolerance.rel * std::fabs(static_cast<double>(want));
}

template <class T>
std::string number_text(T value) {
  if constexpr (std::is_same_v<T, Half>) {
    return fmt::format("{}", static_cast<double>(value));
  } else {
    return fmt::format("{}", value);
  }
}

}  // namespace

Outcome<IoFile> parse_io(std::span<const uint8_t> file) {
  Reader reader(file);
  const std::span<const uint8_t> magic = reader.take(4);
  const auto version = reader.number<uint32_t>();
  if (magic.size() != 4 || std::memcmp(magic.data(), "TMIO", 4) != 0 || version != 1) {
    return problem("is not a version 1 TMIO file.");
  }
  IoFile io;
  const auto status = reader.number<uint32_t>();
  if (status > 2) return problem("has status {}; 0 to 2 are known.", status);
  io.expected = static_cast<IoFile::Expected>(status);
  io.invocations = reader.number<uint32_t>();
  const auto record_count = reader.number<uint32_t>();
  if (status == 1 && record_count > 0) return problem("has records although preparing must fail.");
  for (uint32_t i = 0; i < record_count && reader.ok(); ++i) {
    Record record;
    const auto role = reader.number<uint8_t>();
    record.role = static_cast<Record::Role>(role);
    record.type = static_cast<Type>(reader.number<uint8_t>());
    const auto rank = reader.number<uint8_t>();
    reader.number<uint8_t>();
    record.invocation = reader.number<uint32_t>();
    record.index = reader.number<uint32_t>();
    for (int axis = 0; axis < rank; ++axis) record.dims.push_back(reader.number<int32_t>());
    const auto size = reader.number<uint32_t>();
    const std::span<const uint8_t> data = reader.take(size);
    reader.take((4 - size % 4) % 4);
    if (!reader.ok()) break;
    if (role > 2) return problem("has record {} of role {}; 0 to 2 are known.", i, role);
    if (record.invocation >= io.invocations) {
      return problem("has record {} of invocation {}, and there are {}.", i, record.invocation,
                     io.invocations);
    }
    const std::optional<uint64_t> count = element_count(record.dims);
    const uint32_t bits = type_bits(record.type);
    if (!count || std::strcmp(type_name(record.type), "?") == 0 ||
        (bits > 0 && (*count * bits + 7) / 8 != size)) {
      return problem("has record {} with {} bytes for {} {}.", i, size, type_name(record.type),
                     shape_text(record.dims));
    }
    record.bytes.assign(data.begin(), data.end());
    io.records.push_back(std::move(record));
  }
  if (!reader.ok()) return problem("ends within record {} of {}.", io.records.size(), record_count);
  if (!reader.at_end()) return problem("has bytes after its last record.");
  return io;
}

Outcome<IoFile> read_io(const std::filesystem::path& path) {
  const Outcome<std::vector<uint8_t>> file = read_file(path);
  if (!file.ok()) return file.problem();
  Outcome<IoFile> io = parse_io(*file);
  if (!io.ok()) return problem("{}: {}", path.string(), io.problem().sentence);
  return io;
}

Outcome<std::vector<Case>> read_manifest(const std::filesystem::path& path) {
  return read_json_lines<Case>(path, [&](Fields& fields) {
    Case c;
    fields.required("id", c.id);
    fields.required("op", c.op);
    fields.required("tflite", c.tflite);
    fields.required("io", c.io);
    c.tflite = (path.parent_path() / c.tflite).lexically_normal();
    c.io = (path.parent_path() / c.io).lexically_normal();
    fields.required("in", c.inputs);
    fields.required("out", c.outputs);
    fields.optional("const", c.constants);
    fields.optional("var", c.variables);
    fields.optional("shapes", c.shapes);
    fields.choice("kind", c.kind, {"ok", "expected-error"});
    if (std::string stage; c.kind == Case::Kind::kExpectedError) {
      fields.required("error_stage", stage);
      fields.choice("error_stage", c.error_stage, {"", "prepare", "invoke"});
    }
    fields.required("steps", c.steps);
    fields.required("tol", c.tolerance);
    fields.optional("source", c.source);
    fields.optional("libm", c.libm);
    fields.optional("unsupported", c.unsupported);
    fields.optional("stateful", c.stateful);
    fields.optional("abort_steps", c.abort_steps);
    fields.optional("variant_of", c.variant_of);
    fields.optional("sets", c.sets);
    fields.optional("note", c.note);
    return c;
  });
}

Outcome<std::vector<ModelInfo>> read_models(const std::filesystem::path& path) {
  return read_json_lines<ModelInfo>(path, [&](Fields& fields) {
    ModelInfo m;
    fields.required("model", m.model);
    fields.required("runs", m.runs);
    fields.optional("why", m.why);
    fields.optional("left_out", m.left_out);
    fields.optional("file", m.file);
    if (!m.file.empty()) m.file = (path.parent_path() / ".." / m.file).lexically_normal();
    fields.optional("sha256", m.sha256);
    fields.optional("bytes", m.bytes);
    fields.optional("stateful", m.stateful);
    fields.optional("arena_used_bytes", m.arena_used_bytes);
    fields.optional("arena_used_bytes_32bit", m.arena_used_bytes_32bit);
    fields.optional("macs", m.macs);
    fields.optional("n_ops", m.n_ops);
    fields.optional("inputs", m.inputs);
    fields.optional("outputs", m.outputs);
    fields.optional("sets", m.sets);
    fields.optional("op_histogram", m.op_histogram);
    fields.optional("ops", m.ops);
    return m;
  });
}

std::string describe(const Difference& difference) {
  switch (difference.what) {
    case Difference::What::kType:
      return fmt::format("type is {}, want {}", difference.got, difference.want);
    case Difference::What::kShape:
      return fmt::format("shape is {}, want {}", difference.got, difference.want);
    case Difference::What::kElements:
      break;
  }
  return fmt::format("{} = {}, want {}; {} of {} elements differ, by {:.6g} at most",
                     shape_text(difference.index), difference.got, difference.want, difference.differing,
                     difference.elements, difference.max_abs);
}

std::optional<Difference> compare(const Record& want, Type got_type, std::span<const int32_t> got_dims,
                                  std::span<const uint8_t> got_bytes, Tolerance tolerance) {
  if (got_type != want.type) {
    return Difference{.what = Difference::What::kType,
                      .got = type_name(got_type),
                      .want = type_name(want.type),
                      .index = {}};
  }
  const bool same_size = got_bytes.size() == want.bytes.size();
  if (!same_size || !std::ranges::equal(got_dims, want.dims)) {
    const auto text = [&](std::span<const int32_t> dims, size_t bytes) {
      return shape_text(dims) + (same_size ? "" : fmt::format(" ({} bytes)", bytes));
    };
    return Difference{.what = Difference::What::kShape,
                      .got = text(got_dims, got_bytes.size()),
                      .want = text(want.dims, want.bytes.size())};
  }
  const size_t count = element_count(want.dims).value_or(0);
  const WholeByteElements got = unpack(got_type, got_bytes, count);
  const WholeByteElements wanted = unpack(want.type, want.bytes, count);
  Difference difference;
  const auto compare_as = [&](auto element, std::span<const int32_t> dims) {
    using T = decltype(element);
    difference.elements = wanted.bytes.size() / sizeof(T);
    for (size_t i = 0; i < difference.elements; ++i) {
      const auto a = load<T>(got.bytes, i), b = load<T>(wanted.bytes, i);
      const double between = distance(a, b);
      difference.max_abs = std::max(difference.max_abs, between);
      if (matches(a, b, between, tolerance)) continue;
      if (difference.differing++ > 0) continue;
      difference.index = index_of(i, dims);
      difference.got = number_text(a);
      difference.want = number_text(b);
    }
  };
  const bool known = visit_type(wanted.type, [&](auto element) { compare_as(element, want.dims); });
  // Not single numbers: bytes.
  if (!known) compare_as(uint8_t{}, std::vector{static_cast<int32_t>(wanted.bytes.size())});
  return difference.differing > 0 ? std::optional(difference) : std::nullopt;
}

}  // namespace tandem::cli

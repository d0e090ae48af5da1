#include "reference_data.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "test_files.h"

namespace tandem::cli {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

template <class T>
std::vector<uint8_t> bytes_of(const std::vector<T>& values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(T));
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

// An int8 input [1,3], an output [] of one int32.
std::vector<uint8_t> small_io() {
  std::vector<uint8_t> file{'T', 'M', 'I', 'O'};
  const auto words = [&](const std::vector<uint32_t>& values) {
    const std::vector<uint8_t> bytes = bytes_of(values);
    file.insert(file.end(), bytes.begin(), bytes.end());
  };
  words({1, 0, 2, 2});
  words({0 | 9 << 8 | 2 << 16, 0, 0, 1, 3, 3, 0x00030201});
  words({1 | 2 << 8, 1, 0, 4, 0xfffffffe});
  return file;
}

TEST(parse_io, small_file) {
  const auto io = parse_io(small_io());
  ASSERT_TRUE(io.ok()) << io.problem().sentence;
  EXPECT_EQ(io->expected, IoFile::Expected::kOk);
  EXPECT_EQ(io->invocations, 2u);
  ASSERT_EQ(io->records.size(), 2u);
  EXPECT_EQ(io->records[0].role, Record::Role::kInput);
  EXPECT_EQ(io->records[0].type, Type::kInt8);
  EXPECT_EQ(io->records[0].dims, (std::vector<int32_t>{1, 3}));
  EXPECT_EQ(io->records[0].bytes, (std::vector<uint8_t>{1, 2, 3}));
  EXPECT_EQ(io->records[1].role, Record::Role::kOutput);
  EXPECT_EQ(io->records[1].invocation, 1u);
  EXPECT_TRUE(io->records[1].dims.empty());
  EXPECT_EQ(io->records[1].bytes.size(), 4u);
}

TEST(parse_io, broken_files_are_refused) {
  struct {
    const char* name;
    size_t at;
    uint8_t byte;
  } const cases[] = {
      {"magic", 0, 'X'},
      {"version", 4, 2},
      {"status", 8, 3},
      {"records_although_prepare_fails", 8, 1},
      {"invocation", 12, 1},
      {"fewer_records", 16, 1},
      {"more_records", 16, 3},
      {"four_billion_records", 19, 255},
      {"role", 20, 3},
      {"type", 21, 99},
      {"rank", 22, 255},
      {"dimension", 32, 2},
      {"negative_dimension", 35, 0xff},
      {"size", 40, 2},
      {"huge_size", 43, 0xff},
  };
  for (const auto& [name, at, byte] : cases) {
    std::vector<uint8_t> file = small_io();
    file[at] = byte;
    EXPECT_FALSE(parse_io(file).ok()) << name;
  }
  std::vector<uint8_t> longer = small_io();
  longer.push_back(0);
  EXPECT_FALSE(parse_io(longer).ok()) << "trailing byte";
}

TEST(parse_io, damaged_files_never_crash) {
  const std::vector<uint8_t> file = small_io();
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_FALSE(parse_io({file.data(), size}).ok()) << size;
  }
  for_damaged_copies(file, file.size(), [](std::span<const uint8_t> copy) { (void)parse_io(copy).ok(); });
}

TEST(read_manifest, fields) {
  const TemporaryFolder folder;
  const auto path =
      folder.add("manifest.jsonl",
                 R"({"id":"a","op":"ADD","tflite":"ops/a.tflite","io":"../a.io","in":["INT8","FLOAT32"],)"
                 R"("out":["BOOL"],"shapes":[[1,2],[]],"kind":"expected-error","error_stage":"invoke",)"
                 R"("steps":3,"tol":{"abs":0.5,"rel":1e-5},"libm":true,"note":"n","new":1})"
                 "\n\n"
                 R"({"id":"b","op":"A+B","tflite":"b","io":"b","in":[],"out":[],"kind":"ok","steps":1,)"
                 R"("tol":{"abs":0,"rel":0}})");
  const auto cases = read_manifest(path);
  ASSERT_TRUE(cases.ok()) << cases.problem().sentence;
  ASSERT_EQ(cases->size(), 2u);
  const Case& c = cases->front();
  EXPECT_EQ(c.tflite, folder.path() / "ops/a.tflite");
  EXPECT_EQ(c.io, folder.path().parent_path() / "a.io");
  EXPECT_EQ(c.inputs, (std::vector<std::string>{"INT8", "FLOAT32"}));
  EXPECT_EQ(c.shapes, (std::vector<std::vector<int32_t>>{{1, 2}, {}}));
  EXPECT_EQ(c.kind, Case::Kind::kExpectedError);
  EXPECT_EQ(c.error_stage, Case::ErrorStage::kInvoke);
  EXPECT_EQ(c.steps, 3u);
  EXPECT_EQ(c.tolerance.abs, 0.5);
  EXPECT_EQ(c.tolerance.rel, 1e-5);
  EXPECT_TRUE(c.libm);
  EXPECT_FALSE(c.stateful);
  EXPECT_EQ(cases->back().kind, Case::Kind::kOk);
}

TEST(read_manifest, broken_lines_are_named) {
  const TemporaryFolder folder;
  const std::string good =
      R"({"id":"a","op":"ADD","tflite":"t","io":"i","in":[],"out":[],"kind":"ok","steps":1,"tol":{"abs":0,"rel":0}})";
  ASSERT_TRUE(read_manifest(folder.add("m", good)).ok());
  struct {
    const char *from, *to, *field;
  } const cases[] = {
      {R"("id":"a",)", "", "\"id\""},
      {R"("id":"a")", R"("id":1)", "\"id\""},
      {R"("steps":1)", R"("steps":-1)", "\"steps\""},
      {R"("steps":1)", R"("steps":1.5)", "\"steps\""},
      {R"("steps":1)", R"("steps":true)", "\"steps\""},
      {R"("steps":1)", R"("steps":4294967296)", "\"steps\""},
      {R"("in":[])", R"("in":[1])", "\"in\""},
      {R"("kind":"ok")", R"("kind":"no")", "\"kind\""},
      {R"("kind":"ok")", R"("kind":"expected-error")", "\"error_stage\""},
      {R"({"abs":0,"rel":0})", R"({"abs":0})", "\"tol\""},
      {R"("steps":1)", R"("steps":1,"shapes":[["x"]])", "\"shapes\""},
      {"}}", "}", "not a JSON object"},
      {R"({"id")", R"([{"id")", "not a JSON object"},
  };
  for (const auto& [from, to, field] : cases) {
    std::string line = good;
    line.replace(line.find(from), std::strlen(from), to);
    const auto outcome = read_manifest(folder.add("m", fmt::format("{}\n{}", good, line)));
    ASSERT_FALSE(outcome.ok()) << line;
    EXPECT_NE(outcome.problem().sentence.find("line 2"), std::string::npos) << outcome.problem().sentence;
    EXPECT_NE(outcome.problem().sentence.find(field), std::string::npos) << outcome.problem().sentence;
  }
  EXPECT_FALSE(read_manifest(folder.path() / "missing").ok());
}

TEST(reference_data, everything_can_be_read) {
  const std::filesystem::path shared = reference_folder() / "conformance";
  if (!std::filesystem::exists(shared)) GTEST_SKIP() << "skipped: no reference data";
  const auto cases = read_manifest(shared / "manifest.jsonl");
  ASSERT_TRUE(cases.ok()) << cases.problem().sentence;
  EXPECT_GT(cases->size(), 1000u);
  for (const Case& c : *cases) {
    const auto io = read_io(c.io);
    ASSERT_TRUE(io.ok()) << io.problem().sentence;
    EXPECT_EQ(io->invocations, io->expected == IoFile::Expected::kPrepareFails ? io->invocations : c.steps)
        << c.id;
    EXPECT_EQ(io->expected == IoFile::Expected::kOk, c.kind == Case::Kind::kOk) << c.id;
    EXPECT_TRUE(std::filesystem::exists(c.tflite)) << c.tflite;
    for (const Record& record : io->records) {
      EXPECT_FALSE(compare(record, record.type, record.dims, record.bytes, {})) << c.id;
    }
  }
  const auto models = read_models(shared / "models.jsonl");
  ASSERT_TRUE(models.ok()) << models.problem().sentence;
  for (const ModelInfo& m : *models) {
    EXPECT_EQ(m.file.empty(), !m.why.empty() || !m.left_out.empty()) << m.model;
    if (m.file.empty()) continue;
    EXPECT_EQ(std::filesystem::file_size(m.file), m.bytes) << m.model;
  }
}

Record record(Type type, std::vector<int32_t> dims, std::vector<uint8_t> bytes) {
  Record r;
  r.type = type;
  r.dims = std::move(dims);
  r.bytes = std::move(bytes);
  return r;
}

std::optional<Difference> compare_floats(const std::vector<float>& want, const std::vector<float>& got,
                                         Tolerance tolerance) {
  const Record r = record(Type::kFloat32, {static_cast<int32_t>(want.size())}, bytes_of(want));
  return compare(r, r.type, r.dims, bytes_of(got), tolerance);
}

TEST(compare, first_difference_is_named) {
  const Record want = record(Type::kInt8, {1, 2, 3}, {1, 2, 3, 4, 5, 6});
  const std::vector<uint8_t> got{1, 2, 3, 4, 0xfb, 9};
  const auto difference = compare(want, Type::kInt8, want.dims, got, {});
  ASSERT_TRUE(difference);
  EXPECT_EQ(difference->index, (std::vector<int32_t>{0, 1, 1}));
  EXPECT_EQ(difference->differing, 2u);
  EXPECT_EQ(difference->max_abs, 10);
  EXPECT_EQ(describe(*difference), "[0,1,1] = -5, want 5; 2 of 6 elements differ, by 10 at most");
}

TEST(compare, type_and_shape) {
  const Record want = record(Type::kInt8, {2}, {1, 2});
  EXPECT_EQ(describe(*compare(want, Type::kUInt8, want.dims, want.bytes, {})), "type is UINT8, want INT8");
  const std::vector<int32_t> other{1, 2};
  EXPECT_EQ(describe(*compare(want, Type::kInt8, other, want.bytes, {})), "shape is [1,2], want [2]");
  const std::vector<uint8_t> shorter{1};
  EXPECT_EQ(describe(*compare(want, Type::kInt8, want.dims, shorter, {})),
            "shape is [2] (1 bytes), want [2] (2 bytes)");
}

TEST(compare, integers) {
  const Record want = record(Type::kInt64, {1}, bytes_of<int64_t>({9007199254740993}));
  const auto difference = compare(want, want.type, want.dims, bytes_of<int64_t>({9007199254740992}), {});
  ASSERT_TRUE(difference);
  EXPECT_EQ(difference->max_abs, 1) << "not through a double";
  EXPECT_FALSE(compare(want, want.type, want.dims, bytes_of<int64_t>({9007199254740994}), {.abs = 1}));
  const Record extreme = record(Type::kInt64, {1}, bytes_of<int64_t>({std::numeric_limits<int64_t>::min()}));
  EXPECT_EQ(compare(extreme, extreme.type, extreme.dims,
                    bytes_of<int64_t>({std::numeric_limits<int64_t>::max()}), {})
                ->max_abs,
            0x1p64);
}

TEST(compare, float_tolerance) {
  EXPECT_FALSE(compare_floats({1, 100}, {1.5, 101}, {.abs = 0.5, .rel = 0.005}));
  EXPECT_TRUE(compare_floats({1, 100}, {1.5, 101.5}, {.abs = 0.5, .rel = 0.005}));
  EXPECT_TRUE(compare_floats({1}, {std::nextafter(1.0f, 2.0f)}, {})) << "bit exact";
  EXPECT_TRUE(compare_floats({0.0f}, {-0.0f}, {})) << "bit exact";
  EXPECT_FALSE(compare_floats({0.0f}, {-0.0f}, {.abs = 1e-9}));
}

TEST(compare, nan_and_infinity) {
  for (const Tolerance tolerance : {Tolerance{}, Tolerance{.abs = 1, .rel = 1}}) {
    EXPECT_FALSE(compare_floats({kNan}, {-kNan}, tolerance)) << "NaN equals NaN";
    EXPECT_FALSE(compare_floats({kInf, -kInf}, {kInf, -kInf}, tolerance));
    EXPECT_TRUE(compare_floats({kInf}, {-kInf}, tolerance));
    EXPECT_TRUE(compare_floats({kInf}, {1e38f}, tolerance));
    EXPECT_TRUE(compare_floats({1e38f}, {kInf}, tolerance));
    EXPECT_TRUE(compare_floats({kNan}, {0}, tolerance));
    const auto difference = compare_floats({0}, {kNan}, tolerance);
    ASSERT_TRUE(difference);
    EXPECT_EQ(difference->max_abs, kInf);
    EXPECT_EQ(difference->got, "nan");
  }
}

TEST(compare, other_types) {
  const Record half = record(Type::kFloat16, {1}, {0x00, 0x3c});
  EXPECT_EQ(describe(*compare(half, half.type, half.dims, std::vector<uint8_t>{0x00, 0x3e}, {})),
            "[0] = 1.5, want 1; 1 of 1 elements differ, by 0.5 at most");
  const Record nibbles = record(Type::kInt4, {3}, {0x21, 0xf3});
  EXPECT_FALSE(compare(nibbles, nibbles.type, nibbles.dims, std::vector<uint8_t>{0x21, 0x03}, {}))
      << "padding";
  EXPECT_EQ(compare(nibbles, nibbles.type, nibbles.dims, std::vector<uint8_t>{0x81, 0x03}, {})->got, "-8");
  const Record complex = record(Type::kComplex64, {1}, std::vector<uint8_t>(8, 1));
  EXPECT_FALSE(compare(complex, complex.type, complex.dims, complex.bytes, {}));
  EXPECT_TRUE(compare(complex, complex.type, complex.dims, std::vector<uint8_t>(8, 2), {}));
  const Record empty = record(Type::kInt8, {0}, {});
  EXPECT_FALSE(compare(empty, empty.type, empty.dims, {}, {}));
}

}  // namespace
}  // namespace tandem::cli

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "outcome.h"
#include "tandem/tensor.h"

namespace tandem::cli {

/// A tensor of a .io file ("TMIO", version 1, of the reference data).
struct Record {
  enum class Role : uint8_t { kInput = 0, kOutput = 1, kVariable = 2 };
  Role role = Role::kInput;
  Type type = Type::kFloat32;
  uint32_t invocation = 0;
  uint32_t index = 0;  ///< among the model's inputs or outputs; of a variable: its tensor number
  std::vector<int32_t> dims;
  std::vector<uint8_t> bytes;  ///< as many as dims and type need
};

struct IoFile {
  enum class Expected : uint32_t { kOk = 0, kPrepareFails = 1, kLastInvocationFails = 2 };
  Expected expected = Expected::kOk;
  uint32_t invocations = 0;
  std::vector<Record> records;  ///< in the file's order
};

/// Total: any bytes give an IoFile or a Problem (without the file's name).
Outcome<IoFile> parse_io(std::span<const uint8_t> file);
Outcome<IoFile> read_io(const std::filesystem::path& path);

/// A result matches if |got - want| <= abs + rel * |want|; both 0: bit exact.
struct Tolerance {
  double abs = 0;
  double rel = 0;
};

/// A line of manifest.jsonl; see the README of the reference data. Missing fields have their value here.
struct Case {
  enum class Kind { kOk, kExpectedError };
  enum class ErrorStage { kNone, kPrepare, kInvoke };

  std::string id;
  std::string op;                ///< operator, GRAPH, MODEL or several operators "A+B"
  std::filesystem::path tflite;  ///< ready to open: relative paths are resolved against the manifest's folder
  std::filesystem::path io;
  std::vector<std::string> inputs;     ///< "in": types as type_name writes them
  std::vector<std::string> outputs;    ///< "out"
  std::vector<std::string> constants;  ///< "const"
  std::vector<std::string> variables;  ///< "var"
  std::vector<std::vector<int32_t>> shapes;
  Kind kind = Kind::kOk;
  ErrorStage error_stage = ErrorStage::kNone;
  uint32_t steps = 0;
  Tolerance tolerance;
  std::string source;
  bool libm = false;
  bool unsupported = false;
  bool stateful = false;
  bool abort_steps = false;
  std::string variant_of;
  std::vector<std::string> sets;
  std::string note;
};

Outcome<std::vector<Case>> read_manifest(const std::filesystem::path& path);

/// A line of models.jsonl. A model that TFLM cannot run has `why`; one that is not in the folder has
/// `left_out`.
struct ModelInfo {
  std::string model;
  bool runs = false;
  std::string why;
  std::string left_out;
  std::filesystem::path file;  ///< ready to open; empty if there is none
  std::string sha256;
  uint64_t bytes = 0;
  bool stateful = false;
  uint64_t arena_used_bytes = 0;        ///< TFLM's, 64-bit host
  uint64_t arena_used_bytes_32bit = 0;  ///< TFLM's, 32-bit host
  uint64_t macs = 0;
  uint32_t n_ops = 0;
  std::vector<std::string> inputs;  ///< "INT8[1,96,96,1]"
  std::vector<std::string> outputs;
  std::vector<std::string> sets;
  std::map<std::string, uint32_t> op_histogram;
  std::vector<std::string> ops;
};

/// The models' files are looked for in the parent of models.jsonl's folder, where the reference data has
/// them.
Outcome<std::vector<ModelInfo>> read_models(const std::filesystem::path& path);

/// How a result differs from its Record.
struct Difference {
  enum class What { kType, kShape, kElements };
  What what = What::kElements;
  std::string got{}, want{};     ///< types, shapes, or the first differing element's values
  std::vector<int32_t> index{};  ///< of the first differing element
  size_t differing = 0;          ///< elements
  size_t elements = 0;           ///< of the tensor
  double max_abs = 0;  ///< largest |got - want| of all elements; infinity if only one of the two is finite
};

/// "[0,1,1,0] = 12, want 13; 5 of 320 elements differ, by 3 at most"
std::string describe(const Difference& difference);

/// Compares type, shape and elements. NaN equals NaN, infinities must match. Integers are compared without
/// going through floating point; -0 is not 0 when bit exact.
std::optional<Difference> compare(const Record& want, Type got_type, std::span<const int32_t> got_dims,
                                  std::span<const uint8_t> got_bytes, Tolerance tolerance);

}  // namespace tandem::cli

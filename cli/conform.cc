#include "conform.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>

#include "reference_data.h"
#include "session.h"

namespace tandem::cli {
namespace {

enum class Verdict { kPassed, kFailed, kUnsupported };

struct CaseResult {
  Verdict verdict = Verdict::kPassed;
  std::string detail;       ///< why it failed, or what is unsupported
  bool off_by_one = false;  ///< differs by one unit where TFLM used libm
};

CaseResult failed(std::string detail) { return {.verdict = Verdict::kFailed, .detail = std::move(detail)}; }

// Tandem lacks the operator, or the type: not wrong, not there yet.
bool is_lack(const Status& status) {
  return status.code == Code::kOperatorUnknown || status.code == Code::kCustomOperatorUnknown ||
         status.code == Code::kInputType || status.code == Code::kOutputType;
}

class CaseRun {
 public:
  CaseRun(const Case& c, const IoFile& io, Session& session) : case_(c), io_(io), session_(session) {}

  CaseResult run(const Port& port) {
    const bool error_expected = io_.expected != IoFile::Expected::kOk;
    if (const Status status = session_.prepare(port); !status.ok()) {
      if (error_expected) return {};
      return {.verdict = is_lack(status) ? Verdict::kUnsupported : Verdict::kFailed,
              .detail = session_.describe(status)};
    }
    for (uint32_t i = 0; i < io_.invocations; ++i) {
      if (CaseResult result = invoke(i, error_expected); result.verdict != Verdict::kPassed) return result;
    }
    // An expected error that Tandem does not make is a superset; there is nothing to compare it with.
    return {.off_by_one = off_by_one_};
  }

 private:
  CaseResult invoke(uint32_t invocation, bool error_expected) {
    Interpreter& interpreter = session_.interpreter();
    bool any_output = false;
    for (const Record& record : io_.records) {
      if (record.invocation != invocation) continue;
      any_output |= record.role == Record::Role::kOutput;
      if (record.role != Record::Role::kInput) continue;
      const TensorView input = interpreter.input(record.index);
      if (input.bytes.size() != record.bytes.size()) {
        return failed(fmt::format("input {} has {} bytes, recorded {}", record.index, input.bytes.size(),
                                  record.bytes.size()));
      }
      std::ranges::copy(record.bytes, input.bytes.begin());
    }
    const tandem::Outcome outcome = interpreter.invoke();
    if (error_expected) return {};
    const bool early_end = case_.abort_steps && !any_output;
    const auto wanted = early_end ? tandem::Outcome::Kind::kNotYet : tandem::Outcome::Kind::kOk;
    if (outcome.kind != wanted) {
      return failed(fmt::format("invocation {} ended with outcome {} at op {}, want {}", invocation,
                                static_cast<int>(outcome.kind), outcome.op, static_cast<int>(wanted)));
    }
    for (const Record& record : io_.records) {
      if (record.invocation != invocation || record.role != Record::Role::kOutput) continue;
      if (CaseResult result = check(record); result.verdict != Verdict::kPassed) return result;
    }
    return {};
  }

  CaseResult check(const Record& want) {
    const TensorView got = session_.interpreter().output(want.index);
    std::optional<Difference> difference = compare(want, got.type, got.dims, got.bytes, case_.tolerance);
    if (difference && case_.libm && difference->what == Difference::What::kElements &&
        difference->max_abs <= 1) {
      off_by_one_ = true;
      difference.reset();
    }
    if (!difference) return {};
    return failed(
        fmt::format("invocation {} output {}{}", want.invocation, want.index, describe(*difference)));
  }

  const Case& case_;
  const IoFile& io_;
  Session& session_;
  bool off_by_one_ = false;
};

CaseResult run_case(const Case& c, const Port& port) {
  const Outcome<IoFile> io = read_io(c.io);
  if (!io.ok()) return failed(io.problem().sentence);
  Outcome<std::unique_ptr<Session>> session = Session::open(c.tflite);
  if (!session.ok()) {
    return io->expected == IoFile::Expected::kOk ? failed(session.problem().sentence) : CaseResult{};
  }
  return CaseRun(c, *io, **session).run(port);
}

struct Counts {
  unsigned passed = 0;
  unsigned failed = 0;
  unsigned unsupported = 0;

  void add(Verdict verdict) {
    ++(verdict == Verdict::kPassed ? passed : verdict == Verdict::kFailed ? failed : unsupported);
  }
  [[nodiscard]] nlohmann::json json() const {
    return {{"passed", passed}, {"failed", failed}, {"unsupported", unsupported}};
  }
};

std::string types_of(const Case& c) { return c.inputs.empty() ? "-" : c.inputs.front(); }

}  // namespace

int conform(const ConformOptions& options) {
  // Results must be the same whether constants are streamed or not.
  PosixPort port(options.workers, PosixPort::Streaming::kThread);
  Counts total;
  unsigned off_by_one = 0;
  std::map<std::string, Counts> by_op;
  std::map<std::string, std::map<std::string, Counts>> by_op_and_type;
  nlohmann::json problems = nlohmann::json::array();
  bool unreadable = false;
  for (const std::filesystem::path& folder : options.folders) {
    const Outcome<std::vector<Case>> cases = read_manifest(folder / "manifest.jsonl");
    if (!cases.ok()) {
      fmt::print(stderr, "tandem conform: {}\n", cases.problem().sentence);
      unreadable = true;
      continue;
    }
    for (const Case& c : *cases) {
      if (c.id.find(options.only) == std::string::npos && c.op.find(options.only) == std::string::npos)
        continue;
      const CaseResult result = run_case(c, port.port());
      total.add(result.verdict);
      by_op[c.op].add(result.verdict);
      by_op_and_type[c.op][types_of(c)].add(result.verdict);
      off_by_one += result.off_by_one ? 1 : 0;
      if (result.verdict == Verdict::kPassed) continue;
      const bool is_failure = result.verdict == Verdict::kFailed;
      problems.push_back({{"id", c.id}, {"failed", is_failure}, {"detail", result.detail}});
      if (!options.json && is_failure) fmt::print("FAILED {}: {}\n", c.id, result.detail);
      if (!options.json && !is_failure) fmt::print("unsupported {}: {}\n", c.id, result.detail);
    }
  }
  if (options.json) {
    nlohmann::json operators = nlohmann::json::object();
    for (const auto& [op, types] : by_op_and_type) {
      operators[op] = by_op[op].json();
      for (const auto& [type, counts] : types) operators[op]["types"][type] = counts.json();
    }
    nlohmann::json summary = total.json();
    summary["off_by_one_libm"] = off_by_one;
    summary["operators"] = operators;
    summary["problems"] = problems;
    fmt::print("{}\n", summary.dump(1));
  } else {
    fmt::print("{:<52} {:>7} {:>7} {:>12}\n", "operator", "passed", "failed", "unsupported");
    for (const auto& [op, counts] : by_op) {
      fmt::print("{:<52} {:>7} {:>7} {:>12}\n", op, counts.passed, counts.failed, counts.unsupported);
    }
    if (off_by_one > 0) fmt::print("{} cases differ by one unit where the reference used libm\n", off_by_one);
  }
  fmt::print("{} passed, {} failed, {} unsupported\n", total.passed, total.failed, total.unsupported);
  return total.failed > 0 || unreadable ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace tandem::cli

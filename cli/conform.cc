#include "conform.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>

#include "board_conformance.h"
#include "observed_case.h"
#include "port/posix/posix_port.h"
#include "progress_bar.h"

namespace tandem::cli {
namespace {

enum class Verdict { kPassed, kFailed, kUnsupported };

struct CaseResult {
  Verdict verdict = Verdict::kPassed;
  std::string detail;       ///< why it failed, or what is unsupported
  bool off_by_one = false;  ///< differs by one unit where TFLM used libm
};

CaseResult failed(std::string detail) { return {.verdict = Verdict::kFailed, .detail = std::move(detail)}; }

// Tandem lacks the operator, or the type: not wrong, not there yet. Or the board lacks the memory.
bool is_lack(Code code) {
  return code == Code::kOperatorUnknown || code == Code::kCustomOperatorUnknown || code == Code::kInputType ||
         code == Code::kOutputType || code == Code::kArenaTooSmall || code == Code::kWorkspaceTooSmall;
}

// Compares what was observed with what is recorded.
class Judge {
 public:
  Judge(const LoadedCase& c, const ObservedCase& observed) : case_(c.info), io_(c.io), observed_(observed) {}

  CaseResult judge() {
    const bool error_expected = io_.expected != IoFile::Expected::kOk;
    if (!observed_.wrong.empty()) return failed(observed_.wrong);
    if (observed_.refusal) {
      if (error_expected) return {};
      return {.verdict = is_lack(observed_.refusal->code) ? Verdict::kUnsupported : Verdict::kFailed,
              .detail = observed_.refusal->sentence};
    }
    // An expected error that Tandem does not make is a superset; there is nothing to compare it with.
    if (error_expected) return {};
    for (uint32_t i = 0; i < io_.invocations; ++i) {
      if (CaseResult result = judge(i); result.verdict != Verdict::kPassed) return result;
    }
    return {.off_by_one = off_by_one_};
  }

 private:
  CaseResult judge(uint32_t invocation) {
    if (invocation >= observed_.invocations.size()) {
      return failed(fmt::format("invocation {} did not happen", invocation));
    }
    const auto outputs = [&](const Record& record) {
      return record.invocation == invocation && record.role == Record::Role::kOutput;
    };
    const ObservedCase::Invocation& got = observed_.invocations[invocation];
    const bool early_end = case_.abort_steps && std::ranges::none_of(io_.records, outputs);
    const auto wanted = early_end ? tandem::Outcome::Kind::kNotYet : tandem::Outcome::Kind::kOk;
    if (got.outcome.kind != wanted) {
      return failed(fmt::format("invocation {} ended with outcome {} at op {}, want {}", invocation,
                                static_cast<int>(got.outcome.kind), got.outcome.op,
                                static_cast<int>(wanted)));
    }
    for (const Record& record : io_.records) {
      if (!outputs(record)) continue;
      if (record.index >= got.outputs.size())
        return failed(fmt::format("there is no output {}", record.index));
      if (CaseResult result = check(record, got.outputs[record.index]); result.verdict != Verdict::kPassed) {
        return result;
      }
    }
    return {};
  }

  CaseResult check(const Record& want, const ObservedCase::Output& got) {
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
  const ObservedCase& observed_;
  bool off_by_one_ = false;
};

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

// The cases of all folders that are wanted. Files that can't be read are told of.
std::vector<LoadedCase> load_cases(const ConformOptions& options, bool& unreadable) {
  std::vector<LoadedCase> loaded;
  const auto tell = [&](const Problem& problem) {
    fmt::print(stderr, "tandem conform: {}\n", problem.sentence);
    unreadable = true;
  };
  for (const std::filesystem::path& folder : options.folders) {
    const Outcome<std::vector<Case>> cases = read_manifest(folder / "manifest.jsonl");
    if (!cases.ok()) {
      tell(cases.problem());
      continue;
    }
    for (const Case& c : *cases) {
      if (c.id.find(options.only) == std::string::npos && c.op.find(options.only) == std::string::npos)
        continue;
      Outcome<IoFile> io = read_io(c.io);
      if (io.ok()) {
        loaded.push_back({.info = c, .io = std::move(*io)});
      } else {
        tell(io.problem());
      }
    }
  }
  return loaded;
}

Outcome<std::vector<ObservedCase>> observe(const ConformOptions& options, std::span<const LoadedCase> cases) {
  ProgressBar bar(cases.size());
  if (options.on_board) {
    return observe_on_board(cases, options.workers,
                            options.no_generated_code ? DeviceKernels::kNoGeneratedCode : DeviceKernels::kAll,
                            [&](size_t done) { bar.update(done); });
  }
  // Results must be the same whether constants are streamed or not.
  PosixPort port(options.workers, PosixPort::Streaming::kThread);
  std::vector<ObservedCase> observed;
  for (const LoadedCase& c : cases) {
    observed.push_back(observe_on_host(c, port.port()));
    bar.update(observed.size());
  }
  return observed;
}

}  // namespace

int conform(const ConformOptions& options) {
  bool unreadable = false;
  const std::vector<LoadedCase> cases = load_cases(options, unreadable);
  const Outcome<std::vector<ObservedCase>> observed = observe(options, cases);
  if (!observed.ok()) {
    fmt::print(stderr, "tandem conform: {}\n", observed.problem().sentence);
    return EXIT_FAILURE;
  }
  Counts total;
  unsigned off_by_one = 0;
  std::map<std::string, Counts> by_op;
  std::map<std::string, std::map<std::string, Counts>> by_op_and_type;
  nlohmann::json problems = nlohmann::json::array();
  for (size_t i = 0; i < cases.size(); ++i) {
    const Case& c = cases[i].info;
    const CaseResult result = Judge(cases[i], (*observed)[i]).judge();
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

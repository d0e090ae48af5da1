#include "observed_case.h"

#include <algorithm>

#include "session.h"

namespace tandem::cli {
namespace {

// Nothing, or what is wrong with the recorded inputs.
std::string write_inputs(const IoFile& io, uint32_t invocation, Interpreter& interpreter) {
  for (const Record& record : io.records) {
    if (record.invocation != invocation || record.role != Record::Role::kInput) continue;
    const TensorView input = interpreter.input(record.index);
    if (input.bytes.size() != record.bytes.size()) {
      return fmt::format("input {} has {} bytes, recorded {}", record.index, input.bytes.size(),
                         record.bytes.size());
    }
    std::ranges::copy(record.bytes, input.bytes.begin());
  }
  return {};
}

}  // namespace

ObservedCase observe_on_host(const LoadedCase& c, const Port& port) {
  ObservedCase observed;
  Outcome<std::unique_ptr<Session>> session = Session::open(c.info.tflite);
  if (!session.ok()) {
    observed.refusal = {.code = Code::kOk, .sentence = session.problem().sentence};
    return observed;
  }
  if (const Status status = (*session)->prepare(port); !status.ok()) {
    observed.refusal = {.code = status.code, .sentence = (*session)->describe(status)};
    return observed;
  }
  Interpreter& interpreter = (*session)->interpreter();
  for (uint32_t i = 0; i < c.io.invocations; ++i) {
    observed.wrong = write_inputs(c.io, i, interpreter);
    if (!observed.wrong.empty()) break;
    ObservedCase::Invocation& invocation = observed.invocations.emplace_back();
    invocation.outcome = interpreter.invoke();
    if (invocation.outcome.kind == tandem::Outcome::Kind::kDataError) break;
    if (!invocation.outcome.ok()) continue;
    for (uint32_t o = 0; o < interpreter.output_count(); ++o) {
      const TensorView output = interpreter.output(o);
      invocation.outputs.push_back({.type = output.type,
                                    .dims = {output.dims.begin(), output.dims.end()},
                                    .bytes = {output.bytes.begin(), output.bytes.end()}});
    }
  }
  return observed;
}

}  // namespace tandem::cli

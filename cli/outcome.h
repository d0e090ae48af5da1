#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>
#include <variant>

namespace tandem::cli {

/// A sentence for the user: what is wrong with what, and what to do about it.
struct Problem {
  std::string sentence;
};

template <class... Args>
Problem problem(fmt::format_string<Args...> format, Args&&... args) {
  return {fmt::format(format, std::forward<Args>(args)...)};
}

/// A value, or the Problem that says why there is none.
template <class T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : state_(std::move(value)) {}
  Outcome(Problem problem) : state_(std::move(problem)) {}

  [[nodiscard]] bool ok() const { return std::holds_alternative<T>(state_); }
  /// Only if !ok().
  [[nodiscard]] const Problem& problem() const { return std::get<Problem>(state_); }
  /// Only if ok().
  T& operator*() { return std::get<T>(state_); }
  const T& operator*() const { return std::get<T>(state_); }
  T* operator->() { return &**this; }
  const T* operator->() const { return &**this; }

 private:
  std::variant<T, Problem> state_;
};

}  // namespace tandem::cli

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tandem/interpreter.h"

namespace tandem::test {

/// A model in memory with its arena, for tests: loaded from bytes, prepared in exactly the memory it asks
/// for, with guard bytes around the arena that are checked after every run.
class LoadedModel {
 public:
  /// `tflite` is copied to a 16-aligned place. A refusal is in status().
  explicit LoadedModel(std::span<const uint8_t> tflite, uint32_t workers = 1);
  ~LoadedModel();
  LoadedModel(const LoadedModel&) = delete;
  LoadedModel& operator=(const LoadedModel&) = delete;

  [[nodiscard]] const Status& status() const { return status_; }
  /// The refusal as the user reads it; "" if there is none.
  [[nodiscard]] std::string refusal() const;
  [[nodiscard]] const Model& model() const { return model_; }
  [[nodiscard]] const ArenaNeed& need() const { return need_; }
  [[nodiscard]] Interpreter& interpreter() { return interpreter_; }

  template <class T>
  void set_input(uint32_t index, std::span<const T> values) {
    set_input_bytes(index, {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(T)});
  }
  template <class T>
  void set_input(uint32_t index, const std::vector<T>& values) {
    set_input(index, std::span<const T>(values));
  }
  /// Runs once; fails the test if the outcome is not ok or a guard byte has changed.
  void invoke();
  template <class T>
  [[nodiscard]] std::vector<T> output(uint32_t index) const {
    const std::span<T> data = interpreter_.output(index).data<T>();
    return {data.begin(), data.end()};
  }

 private:
  void set_input_bytes(uint32_t index, std::span<const uint8_t> bytes);

  struct Memory;
  Memory* memory_;
  Model model_;
  ArenaNeed need_;
  Interpreter interpreter_;
  Status status_;
};

/// The file's bytes, or empty if it cannot be read.
std::vector<uint8_t> read_file(const std::string& path);

/// The folder of the reference data ($TANDEM_SHARED, else the default beside the repository), "" where it is
/// missing: then tests GTEST_SKIP() << "skipped: no reference data".
std::string reference_data();

}  // namespace tandem::test

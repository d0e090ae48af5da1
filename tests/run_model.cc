#include "run_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "port/posix/posix_port.h"

namespace tandem::test {
namespace {

constexpr size_t kGuardBytes = 64;
constexpr uint8_t kGuard = 0xA5;
constexpr size_t kAlignment = 16;

// Bytes at a multiple of 16, with a guard on both sides.
class GuardedBytes {
 public:
  explicit GuardedBytes(size_t size) : storage_(size + 2 * kGuardBytes + kAlignment, kGuard), size_(size) {
    start_ = kGuardBytes;
    while (reinterpret_cast<uintptr_t>(storage_.data() + start_) % kAlignment != 0) ++start_;
  }
  std::span<uint8_t> bytes() { return std::span(storage_).subspan(start_, size_); }
  [[nodiscard]] bool intact() const {
    const auto untouched = [](uint8_t byte) { return byte == kGuard; };
    return std::all_of(storage_.begin(), storage_.begin() + static_cast<ptrdiff_t>(start_), untouched) &&
           std::all_of(storage_.begin() + static_cast<ptrdiff_t>(start_ + size_), storage_.end(), untouched);
  }

 private:
  std::vector<uint8_t> storage_;
  size_t size_;
  size_t start_ = 0;
};

}  // namespace

struct LoadedModel::Memory {
  Memory(size_t model_bytes, uint32_t workers) : model(model_bytes), arena(0), port(workers) {}
  GuardedBytes model;
  GuardedBytes arena;
  PosixPort port;
};

LoadedModel::LoadedModel(std::span<const uint8_t> tflite, uint32_t workers)
    : memory_(new Memory(tflite.size(), workers)) {
  std::ranges::copy(tflite, memory_->model.bytes().begin());
  const Result<Model> model = Model::load(memory_->model.bytes());
  status_ = model.status();
  if (!status_.ok()) return;
  model_ = *model;
  std::vector<uint8_t> workspace(workspace_bytes(model_).value());
  const Result<ArenaNeed> need = arena_need(model_, all_ops(), workspace, workers);
  status_ = need.status();
  if (!status_.ok()) return;
  need_ = *need;
  memory_->arena = GuardedBytes(need_.plan_bytes + need_.tensor_bytes);
  status_ = interpreter_.prepare(model_, all_ops(), memory_->arena.bytes(), memory_->port.port(), workspace);
}

LoadedModel::~LoadedModel() { delete memory_; }

std::string LoadedModel::refusal() const {
  if (status_.ok()) return "";
  std::vector<char> text(512);
  return {text.data(), describe(status_, &model_, text)};
}

void LoadedModel::set_input_bytes(uint32_t index, std::span<const uint8_t> bytes) {
  const TensorView input = interpreter_.input(index);
  ASSERT_EQ(input.bytes.size(), bytes.size()) << "input " << index;
  std::ranges::copy(bytes, input.bytes.begin());
}

void LoadedModel::invoke() {
  ASSERT_TRUE(status_.ok()) << refusal();
  const Outcome outcome = interpreter_.invoke();
  ASSERT_TRUE(outcome.ok()) << "outcome " << static_cast<int>(outcome.kind) << " at op " << outcome.op;
  ASSERT_TRUE(memory_->arena.intact()) << "written outside of the arena";
  ASSERT_TRUE(memory_->model.intact()) << "written outside of the model";
}

std::vector<uint8_t> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string reference_data() {
  const char* given = std::getenv("TANDEM_SHARED");
  const std::string folder = given != nullptr && *given != '\0' ? given : TANDEM_DEFAULT_SHARED;
  return std::filesystem::exists(folder + "/conformance/manifest.jsonl") ? folder : "";
}

}  // namespace tandem::test

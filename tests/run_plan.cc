// Runs a plan that another program made:
//   run_plan PLAN MODEL INPUT... > OUTPUT
// Each INPUT holds an input tensor's bytes; the outputs' bytes are written one after the other. Links
// tandem_exec only: no model reader, no operators, no planner. `plan_bytes_test` runs it.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "exec/executor.h"

// Those of other machines are not in the library: null.
namespace tandem {
#define TANDEM_KERNEL(name, Params) extern const Kernel<Params> name [[gnu::weak]];
#include "kernels/kernels.inc"
#undef TANDEM_KERNEL
}  // namespace tandem

namespace {

using tandem::AnyKernel;

constexpr const AnyKernel* kAllKernels[] = {
#define TANDEM_KERNEL(name, Params) &tandem::name,
#include "kernels/kernels.inc"
#undef TANDEM_KERNEL
};

// A file at a multiple of `alignment` bytes plus `offset`, in memory of its own.
class AlignedFile {
 public:
  AlignedFile(const char* path, size_t alignment, size_t offset) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    storage_.resize(bytes.size() + 2 * alignment);
    size_t start = 0;
    while (reinterpret_cast<uintptr_t>(storage_.data() + start) % alignment != offset) ++start;
    std::ranges::copy(bytes, storage_.begin() + static_cast<ptrdiff_t>(start));
    bytes_ = std::span(storage_).subspan(start, bytes.size());
  }
  [[nodiscard]] std::span<uint8_t> bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> storage_;
  std::span<uint8_t> bytes_;
};

int refuse(const char* what, const tandem::Status& status) {
  std::fprintf(stderr, "run_plan: %s: code %d (%d, %d)\n", what, static_cast<int>(status.code), status.a,
               status.b);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  // An address modulo 64 that no allocator gives by itself: the plan cannot have kept where it was made.
  constexpr size_t kPlanOffset = 24;
  const AlignedFile plan_file(argv[1], 64, kPlanOffset);
  if (plan_file.bytes().size() < sizeof(tandem::PlanHeader)) return refuse("plan too short", {});
  const tandem::PlanView plan(plan_file.bytes().data());
  const AlignedFile model(argv[2], tandem::kConstantsAlignment, plan.header().constants_remainder);

  std::vector<const AnyKernel*> kernels;
  for (const tandem::KernelId id : plan.kernels()) kernels.push_back(kAllKernels[static_cast<size_t>(id)]);
  std::vector<uint64_t> arena(plan.header().arena_bytes / 8 + 1, 0xA5A5A5A5A5A5A5A5);
  const std::span<uint8_t> arena_bytes(reinterpret_cast<uint8_t*>(arena.data()), arena.size() * 8);
  const tandem::Status status = tandem::check_plan(plan_file.bytes(), model.bytes(), arena_bytes, kernels);
  if (!status.ok()) return refuse("check_plan", status);

  const tandem::BoundPlan bound{
      .plan = plan,
      .kernels = kernels.data(),
      .bases = {
          .arena = arena_bytes.data(), .constants = model.bytes().data(), .plan = plan_file.bytes().data()}};
  tandem::fill_persistent(bound);
  for (size_t i = 0; i < plan.inputs().size() && i + 3 < static_cast<size_t>(argc); ++i) {
    const AlignedFile input(argv[i + 3], 16, 0);
    const std::span<uint8_t> tensor = tandem::view(bound, plan.inputs()[i]).bytes;
    std::copy_n(input.bytes().begin(), std::min(tensor.size(), input.bytes().size()), tensor.begin());
  }
  if (!tandem::run(bound, tandem::Port{}).ok()) return 1;
  for (const tandem::PlanTensor& output : plan.outputs()) {
    const std::span<uint8_t> bytes = tandem::view(bound, output).bytes;
    std::fwrite(bytes.data(), 1, bytes.size(), stdout);
  }
  return 0;
}

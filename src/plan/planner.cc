#include "plan/planner.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace tandem {
namespace {

// Until alignment is taken into account, where `memory` starts is anybody's guess.
constexpr size_t kAlignmentSlack = alignof(Buffer) - 1;

}  // namespace

Planner::Planner(const Model& model, OpSet ops, const PlanTarget& target)
    : model_(model), subgraph_(model, 0), ops_(ops), target_(target) {}

// Of tensors, of operators' scratch, and of all their state.
size_t Planner::buffer_count() const {
  return subgraph_.tensor_count() + size_t{subgraph_.operator_count()} + 1;
}

size_t Planner::workspace_bytes() const {
  return kAlignmentSlack + size_t{kLayoutBytesPerBuffer} * buffer_count() +
         sizeof(uint32_t) * subgraph_.operator_count();
}

// Fills the tensors' records: sizes, when each is written first and read last. Refuses graphs that are not in
// order.
Status Planner::find_lifetimes() {
  const uint32_t tensors = subgraph_.tensor_count();
  const uint32_t operators = subgraph_.operator_count();
  for (uint32_t i = 0; i < buffers_.size(); ++i) {
    buffers_[i] = Buffer{.root = static_cast<uint16_t>(i)};
    if (i == tensors + operators) {
      buffers_[i].variable = 1;
      continue;
    }
    if (i >= tensors) {  // an operator's scratch
      buffers_[i].first = buffers_[i].last = static_cast<int16_t>(i - tensors);
      continue;
    }
    const TensorInfo tensor = subgraph_.tensor(static_cast<int32_t>(i));
    buffers_[i].bytes = align_up(tensor.bytes, kBufferAlignment);
    buffers_[i].constant = tensor.constant() ? Buffer::kInFile : 0;
    buffers_[i].variable = tensor.variable ? 1 : 0;
  }
  const auto ready = [&](const Buffer& buffer) {
    return buffer.first != Buffer::kUnwritten || buffer.constant != 0 || buffer.variable != 0 ||
           buffer.bytes == 0;
  };
  const flat::Vector inputs = subgraph_.inputs();
  for (uint32_t i = 0; i < inputs.count; ++i) {
    const auto tensor = inputs.get<int32_t>(i);
    Buffer& buffer = buffers_[static_cast<uint32_t>(tensor)];
    if (buffer.constant != 0 || buffer.variable != 0) {
      return {.code = Code::kWrittenTwice, .tensor = static_cast<int16_t>(tensor), .a = tensor};
    }
    buffer.first = -1;
  }
  for (uint32_t i = 0; i < operators; ++i) {
    const OperatorInfo op = subgraph_.op(i);
    for (uint32_t k = 0; k < op.inputs.count; ++k) {
      const auto tensor = op.inputs.get<int32_t>(k);
      if (tensor < 0) continue;
      Buffer& buffer = buffers_[static_cast<uint32_t>(tensor)];
      if (!ready(buffer)) return {.code = Code::kUseBeforeWrite, .op = op.index, .a = tensor};
      buffer.last = op.index;
    }
    for (uint32_t k = 0; k < op.outputs.count; ++k) {
      const auto tensor = op.outputs.get<int32_t>(k);
      Buffer& buffer = buffers_[static_cast<uint32_t>(tensor)];
      if (buffer.variable != 0) continue;  // an operator may keep its state there
      if (buffer.first != Buffer::kUnwritten || buffer.constant != 0) {
        return {.code = Code::kWrittenTwice, .op = op.index, .a = tensor};
      }
      buffer.first = buffer.last = op.index;
    }
  }
  const flat::Vector outputs = subgraph_.outputs();
  for (uint32_t i = 0; i < outputs.count; ++i) {
    const auto tensor = outputs.get<int32_t>(i);
    Buffer& buffer = buffers_[static_cast<uint32_t>(tensor)];
    if (!ready(buffer)) {
      return {.code = Code::kOutputNotWritten,
              .tensor = static_cast<int16_t>(tensor),
              .a = static_cast<int32_t>(i),
              .b = tensor};
    }
    buffer.last = static_cast<int16_t>(operators);
  }
  // What nobody ever touches needs no memory.
  for (uint32_t i = 0; i < tensors; ++i) {
    Buffer& buffer = buffers_[i];
    if (buffer.first == Buffer::kUnwritten && buffer.variable == 0) buffer.bytes = 0;
  }
  return {};
}

Status Planner::measure(std::span<uint8_t> workspace, const PlanListener& listener) {
  const size_t count = buffer_count();
  need_.workspace_bytes = workspace_bytes();
  void* memory = workspace.data();
  size_t space = workspace.size();
  const size_t needed = count * kLayoutBytesPerBuffer + sizeof(uint32_t) * subgraph_.operator_count();
  if (std::align(alignof(Buffer), needed, memory, space) == nullptr) {
    return {.code = Code::kWorkspaceTooSmall,
            .a = static_cast<int32_t>(need_.workspace_bytes),
            .b = static_cast<int32_t>(workspace.size())};
  }
  buffers_ = {static_cast<Buffer*>(memory), count};
  times_ = {reinterpret_cast<uint32_t*>(buffers_.data() + count), subgraph_.operator_count()};
  const std::span<uint16_t> orders(reinterpret_cast<uint16_t*>(times_.data() + times_.size()), 2 * count);
  order_ = orders.first(count);
  placed_ = orders.last(count);

  TANDEM_TRY(find_lifetimes());
  const std::span<const Buffer> tensors = buffers_.first(subgraph_.tensor_count());
  const uint64_t bound = lower_bound_bytes(tensors, static_cast<int16_t>(subgraph_.operator_count()));
  PlanPass pass(model_, buffers_, subgraph_.tensor_count(), target_);
  std::fill(times_.begin(), times_.end(), 0);
  pass.estimate_into(times_);
  TANDEM_TRY(pass.run(subgraph_, ops_, listener));
  takes_memory_ = pass.takes_memory();
  buffers_.back().bytes = pass.state_bytes();
  start_times();
  laid_out_ = lay_out(buffers_, order_, placed_);

  header_ = pass.counts();
  header_.workers = static_cast<uint8_t>(target_.workers);
  header_.constants_bytes = static_cast<uint32_t>(model_.bytes().size());
  header_.constants_remainder =
      static_cast<uint8_t>(reinterpret_cast<uintptr_t>(model_.bytes().data()) % kConstantsAlignment);
  header_.persistent_bytes = persistent_bytes(buffers_);
  const uint64_t plan =
      uint64_t{header_.plan_bytes} + PlanView(reinterpret_cast<const uint8_t*>(&header_)).data_at();
  if (laid_out_ > kMaxTensorBytes || plan > kMaxTensorBytes) return {.code = Code::kPlanTooLarge};
  header_.plan_bytes = static_cast<uint32_t>(plan);

  need_.persistent_bytes = header_.persistent_bytes;
  need_.lower_bound = static_cast<size_t>(bound) + pass.state_bytes();
  need_.plan_bytes = align_up(header_.plan_bytes + header_.kernels * uint32_t{sizeof(void*)}, kPlanAlignment);
  stream_within(kMaxTensorBytes);
  need_.fast_arena_bytes = need_.plan_bytes + std::max(need_.tensor_bytes, need_.workspace_bytes);
  stream_within(laid_out_);
  need_.arena_bytes = need_.plan_bytes + std::max(need_.tensor_bytes, need_.workspace_bytes);
  return {};
}

// From how long each operator takes to when it starts.
void Planner::start_times() {
  uint32_t now = 0;
  for (uint32_t& time : times_) {
    const uint32_t cycles = time;
    time = now;
    now = cycles < UINT32_MAX - now ? now + cycles : UINT32_MAX;
  }
}

void Planner::stream_within(uint64_t tensor_bytes) {
  const uint64_t limit = std::min<uint64_t>(tensor_bytes, kMaxTensorBytes);
  const StreamedLayout layout = header_.streams == 0
                                    ? StreamedLayout{.end = laid_out_}
                                    : place_streams(buffers_, order_, placed_, times_, laid_out_, limit);
  header_.arena_bytes = static_cast<uint32_t>(layout.end);
  need_.tensor_bytes = header_.arena_bytes;
}

Status Planner::write(uint8_t* plan, const AnyKernel** kernels) {
  std::memset(plan, 0, header_.plan_bytes);  // padding too: the same model gives the same bytes
  std::memcpy(plan, &header_, sizeof header_);
  PlanPass pass(model_, buffers_, subgraph_.tensor_count(), target_);
  pass.start_writing(plan, kernels);
  TANDEM_TRY(pass.run(subgraph_, ops_, {}));
  pass.write_streams(subgraph_, order_.first(header_.streams));
  // Both passes ask the same questions; should an operator ever answer differently, that is caught here.
  const PlanHeader& written = pass.counts();
  if (written.plan_bytes != header_.plan_bytes || written.steps != header_.steps ||
      written.kernels != header_.kernels || written.streams != header_.streams ||
      written.variables != header_.variables || pass.state_bytes() != buffers_.back().bytes) {
    return {.code = Code::kPlanCorrupt, .a = 6};
  }
  return {};
}

}  // namespace tandem

#include "plan/planner.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <numeric>

namespace tandem {
namespace {

// Until alignment is taken into account, where `memory` starts is anybody's guess.
constexpr size_t kWorkspaceAlignment = std::max(alignof(PlannedSubgraph), alignof(ResourceVariable));
// The main subgraph's buffers that are neither tensors nor scratch: see PlannedSubgraph.
constexpr uint32_t kOtherBuffers = 2;
constexpr size_t kAlignmentSlack = kWorkspaceAlignment - 1;

}  // namespace

Planner::Counts::Counts(const Model& model) : subgraphs(subgraph_count(model)) {
  for (uint32_t s = 0; s < subgraphs; ++s) {
    const Subgraph subgraph(model, s);
    const uint32_t operators = subgraph.operator_count();
    const uint32_t own = subgraph.tensor_count() + operators + (s == 0 ? kOtherBuffers : 0);
    if (s == 0) main_operators = operators;
    buffers += own;
    most_buffers = std::max(most_buffers, own);
    for (uint32_t i = 0; i < operators && resources < kMaxResources; ++i) {
      if (subgraph.op(i).builtin == static_cast<int32_t>(Builtin::VAR_HANDLE)) ++resources;
    }
  }
}

size_t Planner::Counts::bytes() const {
  return sizeof(PlannedSubgraph) * subgraphs + sizeof(ResourceVariable) * resources +
         sizeof(Buffer) * buffers + sizeof(uint32_t) * main_operators + 2 * sizeof(uint16_t) * most_buffers;
}

Planner::Planner(const Model& model, OpSet ops, const PlanTarget& target)
    : model_(model), ops_(ops), target_(target), counts_(model) {}

size_t Planner::workspace_bytes() const { return kAlignmentSlack + counts_.bytes(); }

Status Planner::take_workspace(std::span<uint8_t> workspace) {
  need_.workspace_bytes = workspace_bytes();
  void* memory = workspace.data();
  size_t space = workspace.size();
  if (std::align(kWorkspaceAlignment, counts_.bytes(), memory, space) == nullptr) {
    return {.code = Code::kWorkspaceTooSmall,
            .a = static_cast<int32_t>(need_.workspace_bytes),
            .b = static_cast<int32_t>(workspace.size())};
  }
  // Largest alignment first, so that no gaps are between them.
  const auto take = [&]<class T>(std::span<T>& span, size_t count) {
    span = {static_cast<T*>(memory), count};
    std::uninitialized_default_construct(span.begin(), span.end());
    memory = span.data() + count;
  };
  std::span<Buffer> buffers;
  take(planned_.subgraphs, counts_.subgraphs);
  take(planned_.resources, counts_.resources);
  take(buffers, counts_.buffers);
  take(times_, counts_.main_operators);
  take(order_, counts_.most_buffers);
  take(placed_, counts_.most_buffers);
  planned_.resource_count = 0;
  std::ranges::fill(times_, 0);
  for (uint32_t s = 0; s < counts_.subgraphs; ++s) {
    const Subgraph subgraph(model_, s);
    PlannedSubgraph& planned = planned_.subgraphs[s];
    planned.tensor_count = subgraph.tensor_count();
    planned.operator_count = subgraph.operator_count();
    const uint32_t count = planned.tensor_count + planned.operator_count + (s == 0 ? kOtherBuffers : 0);
    planned.buffers = buffers.first(count);
    buffers = buffers.subspan(count);
  }
  return {};
}

// Which subgraphs are called, and how deep. Whoever calls itself gets deeper and deeper. Each round looks at
// a subgraph's operators once.
Status Planner::find_depths() {
  const std::span<PlannedSubgraph> planned = planned_.subgraphs;
  planned[0].depth = 0;
  if (planned.size() == 1) return {};
  for (uint8_t depth = 0; depth <= kMaxCallDepth; ++depth) {
    for (uint32_t s = 0; s < planned.size(); ++s) {
      if (planned[s].depth != depth) continue;
      const Subgraph subgraph(model_, s);
      for (uint32_t i = 0; i < subgraph.operator_count(); ++i) {
        const CalledSubgraphs called = called_subgraphs(subgraph.op(i));
        for (uint32_t k = 0; k < called.count; ++k) {
          const auto index = static_cast<uint32_t>(called.subgraphs[k]);
          if (index >= planned.size()) continue;  // its operator will be refused
          if (depth == kMaxCallDepth || index == 0) {
            return {.code = Code::kCallDepth,
                    .subgraph = static_cast<int16_t>(s),
                    .op = static_cast<int16_t>(i),
                    .a = called.subgraphs[k],
                    .b = kMaxCallDepth};
          }
          planned[index].depth = static_cast<uint8_t>(depth + 1);
        }
      }
    }
  }
  return {};
}

// Fills the records of a subgraph's buffers: sizes, when each is written first and read last. Refuses graphs
// that are not in order.
Status Planner::find_lifetimes(uint32_t index) {
  const Subgraph subgraph(model_, index);
  const std::span<Buffer> buffers = planned_.subgraphs[index].buffers;
  const uint32_t tensors = subgraph.tensor_count();
  const uint32_t operators = subgraph.operator_count();
  const auto refuse = [&](Status status) {
    status.subgraph = static_cast<int16_t>(index);
    return status;
  };
  for (uint32_t i = 0; i < buffers.size(); ++i) {
    buffers[i] = Buffer{.root = static_cast<uint16_t>(i)};
    if (i >= tensors) {  // an operator's scratch
      if (i - tensors < operators) buffers[i].first = buffers[i].last = static_cast<int16_t>(i - tensors);
      continue;
    }
    const TensorInfo tensor = subgraph.tensor(static_cast<int32_t>(i));
    buffers[i].bytes = align_up(tensor.bytes, kBufferAlignment);
    buffers[i].constant = tensor.constant() ? Buffer::kInFile : 0;
    buffers[i].variable = tensor.variable ? 1 : 0;
  }
  const auto ready = [&](const Buffer& buffer) {
    return buffer.first != Buffer::kUnwritten || buffer.constant != 0 || buffer.variable != 0 ||
           buffer.bytes == 0;
  };
  const flat::Vector inputs = subgraph.inputs();
  for (uint32_t i = 0; i < inputs.count; ++i) {
    const auto tensor = inputs.get<int32_t>(i);
    Buffer& buffer = buffers[static_cast<uint32_t>(tensor)];
    if (buffer.constant != 0 || buffer.variable != 0) {
      return refuse({.code = Code::kWrittenTwice, .tensor = static_cast<int16_t>(tensor), .a = tensor});
    }
    buffer.first = -1;
  }
  for (uint32_t i = 0; i < operators; ++i) {
    const OperatorInfo op = subgraph.op(i);
    for (uint32_t k = 0; k < op.inputs.count; ++k) {
      const auto tensor = op.inputs.get<int32_t>(k);
      if (tensor < 0) continue;
      Buffer& buffer = buffers[static_cast<uint32_t>(tensor)];
      if (!ready(buffer)) return refuse({.code = Code::kUseBeforeWrite, .op = op.index, .a = tensor});
      buffer.last = op.index;
    }
    for (uint32_t k = 0; k < op.outputs.count; ++k) {
      const auto tensor = op.outputs.get<int32_t>(k);
      Buffer& buffer = buffers[static_cast<uint32_t>(tensor)];
      if (buffer.variable != 0) continue;  // an operator may keep its state there
      if (buffer.first != Buffer::kUnwritten || buffer.constant != 0) {
        return refuse({.code = Code::kWrittenTwice, .op = op.index, .a = tensor});
      }
      buffer.first = buffer.last = op.index;
    }
    if (index == 0 && called_subgraphs(op).count > 0) {
      Buffer& called = buffers.back();
      called.first = std::min(called.first, op.index);
      called.last = op.index;
    }
  }
  const flat::Vector outputs = subgraph.outputs();
  for (uint32_t i = 0; i < outputs.count; ++i) {
    const auto tensor = outputs.get<int32_t>(i);
    Buffer& buffer = buffers[static_cast<uint32_t>(tensor)];
    if (!ready(buffer)) {
      return refuse({.code = Code::kOutputNotWritten,
                     .tensor = static_cast<int16_t>(tensor),
                     .a = static_cast<int32_t>(i),
                     .b = tensor});
    }
    buffer.last = static_cast<int16_t>(operators);
  }
  if (index == 0) planned_.state().variable = 1;
  // What nobody ever touches needs no memory.
  for (uint32_t i = 0; i < tensors; ++i) {
    Buffer& buffer = buffers[i];
    if (buffer.first == Buffer::kUnwritten && buffer.variable == 0) buffer.bytes = 0;
  }
  return {};
}

// Gives everything its place: what is kept between invocations first, then the main subgraph's tensors, among
// them one block for all subgraphs that are called. In it those of the same depth, of which one runs at a
// time, share memory, and the deeper ones lie behind their callers.
Status Planner::lay_out_all() {
  const std::span<PlannedSubgraph> subgraphs = planned_.subgraphs;
  const auto is_called = [](const PlannedSubgraph& s) {
    return s.depth != 0 && s.depth != PlannedSubgraph::kNotCalled;
  };
  uint64_t end = 0;
  for (const PlannedSubgraph& subgraph : subgraphs) {
    if (subgraph.depth != PlannedSubgraph::kNotCalled) end = place_variables(subgraph.buffers, end);
  }
  for (ResourceVariable& resource : planned_.resources.first(planned_.resource_count)) {
    resource.offset = static_cast<uint32_t>(end);
    end += align_up(resource.bytes, kBufferAlignment);
  }
  if (end > kMaxTensorBytes) return {.code = Code::kPlanTooLarge};
  persistent_bytes_ = static_cast<uint32_t>(end);

  uint64_t most_bytes[kMaxCallDepth + 1] = {};
  for (PlannedSubgraph& subgraph : subgraphs) {
    if (!is_called(subgraph)) continue;
    const uint64_t bytes = lay_out(subgraph.buffers, order_, placed_, 0);
    most_bytes[subgraph.depth] = std::max(most_bytes[subgraph.depth], bytes);
  }
  const uint64_t called_bytes = std::accumulate(std::begin(most_bytes), std::end(most_bytes), uint64_t{0});
  if (called_bytes > kMaxTensorBytes) return {.code = Code::kPlanTooLarge};
  const std::span<Buffer> main = subgraphs[0].buffers;
  main.back().bytes = static_cast<uint32_t>(called_bytes);
  laid_out_ = lay_out(main, order_, placed_, end);
  if (laid_out_ > kMaxTensorBytes) return {.code = Code::kPlanTooLarge};

  uint32_t start[kMaxCallDepth + 1] = {0, main.back().offset};
  for (uint32_t depth = 2; depth <= kMaxCallDepth; ++depth) {
    start[depth] = start[depth - 1] + static_cast<uint32_t>(most_bytes[depth - 1]);
  }
  for (const PlannedSubgraph& subgraph : subgraphs) {
    if (!is_called(subgraph)) continue;
    for (Buffer& buffer : subgraph.buffers) {
      if (buffer.variable == 0) buffer.offset += start[subgraph.depth];
    }
  }
  return {};
}

Status Planner::measure(std::span<uint8_t> workspace, const PlanListener& listener) {
  TANDEM_TRY(take_workspace(workspace));
  TANDEM_TRY(find_depths());
  for (uint32_t s = 0; s < counts_.subgraphs; ++s) {
    if (planned_.subgraphs[s].depth != PlannedSubgraph::kNotCalled) TANDEM_TRY(find_lifetimes(s));
  }
  const PlannedSubgraph& main = planned_.subgraphs[0];
  const uint64_t bound =
      lower_bound_bytes(main.buffers.first(main.tensor_count), static_cast<int16_t>(counts_.main_operators));
  PlanPass pass(model_, planned_, target_);
  pass.estimate_into(times_);
  TANDEM_TRY(pass.run(ops_, listener));
  large_work_ = pass.large_work();
  planned_.state().bytes = pass.state_bytes();
  start_times();
  TANDEM_TRY(lay_out_all());

  header_ = pass.counts();
  header_.workers = static_cast<uint8_t>(target_.workers);
  header_.constants_bytes = static_cast<uint32_t>(model_.bytes().size());
  header_.constants_remainder =
      static_cast<uint8_t>(reinterpret_cast<uintptr_t>(model_.bytes().data()) % kConstantsAlignment);
  header_.persistent_bytes = persistent_bytes_;
  const uint64_t plan =
      uint64_t{header_.plan_bytes} + PlanView(reinterpret_cast<const uint8_t*>(&header_)).data_at();
  if (plan > kMaxTensorBytes) return {.code = Code::kPlanTooLarge};
  data_bytes_ = header_.plan_bytes;
  streams_ = header_.streams;

  need_.persistent_bytes = header_.persistent_bytes;
  need_.lower_bound = static_cast<size_t>(bound) + pass.state_bytes();
  take(stream_constants(constant_task(), kMaxTensorBytes));
  need_.fast_arena_bytes = need_.plan_bytes + std::max(need_.tensor_bytes, need_.workspace_bytes);
  take(stream_constants(constant_task(), laid_out_));
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
  run_end_ = now;
}

ConstantTask Planner::constant_task() {
  return {.buffers = planned_.subgraphs[0].buffers,
          .order = order_,
          .placed = placed_,
          .times = times_,
          .run_end = run_end_,
          .start = persistent_bytes_,
          .laid_out = laid_out_};
}

void Planner::use_arena(uint64_t tensor_bytes) {
  const uint64_t limit = std::min<uint64_t>(tensor_bytes, kMaxTensorBytes);
  // One that is split takes an entry more in the plan, which must not reach the planner's records for it.
  constexpr uint32_t kEntryBytes = align_up(sizeof(PlanStream), kPlanAlignment);
  const bool room = limit >= need_.workspace_bytes + kEntryBytes && streams_ < UINT16_MAX;
  take(room ? keep_constants(constant_task(), limit,
                             {.limit = limit - kEntryBytes, .most_bytes = kMostResidentBytes})
            : stream_constants(constant_task(), limit));
}

void Planner::take(const ConstantLayout& layout) {
  header_.streams = static_cast<uint16_t>(streams_ + (layout.split ? 1 : 0));
  header_.arena_bytes = static_cast<uint32_t>(layout.end);
  resident_at_ = static_cast<uint32_t>(layout.resident_at);
  header_.plan_bytes = PlanView(reinterpret_cast<const uint8_t*>(&header_)).data_at() + data_bytes_;
  need_.plan_bytes = align_up(header_.plan_bytes + header_.kernels * uint32_t{sizeof(void*)}, kPlanAlignment);
  need_.tensor_bytes = header_.arena_bytes;
}

Status Planner::write(uint8_t* plan, const AnyKernel** kernels) {
  std::memset(plan, 0, header_.plan_bytes);  // padding too: the same model gives the same bytes
  std::memcpy(plan, &header_, sizeof header_);
  PlanPass pass(model_, planned_, target_);
  const std::span<const Buffer> buffers = planned_.subgraphs[0].buffers;
  const auto streamed =
      std::count_if(buffers.begin(), buffers.end(), [](const Buffer& b) { return b.wants_stream(); });
  pass.start_writing(plan, kernels, order_.first(static_cast<size_t>(streamed)), resident_at_);
  TANDEM_TRY(pass.run(ops_, {}));
  pass.write_streams();
  // Both passes ask the same questions; should an operator ever answer differently, that is caught here.
  const PlanHeader& written = pass.counts();
  if (written.plan_bytes != header_.plan_bytes || written.steps != header_.steps ||
      written.kernels != header_.kernels || written.streams != header_.streams ||
      written.variables != header_.variables || pass.state_bytes() != planned_.state().bytes) {
    return {.code = Code::kPlanCorrupt, .a = 6};
  }
  return {};
}

}  // namespace tandem

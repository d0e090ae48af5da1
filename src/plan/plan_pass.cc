#include "plan/plan_pass.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace tandem {
namespace {

uint32_t element_alignment(Type type) {
  const uint32_t bytes = type_bits(type) / 8;
  return bytes < 1 ? 1 : bytes > kPlanAlignment ? kPlanAlignment : bytes;
}

const OpDef* find_op(std::span<const OpDef* const> ops, const OperatorInfo& op) {
  for (const OpDef* def : ops) {
    if (serves(*def, op)) return def;
  }
  return nullptr;
}

// Why no OpDef was found: the program left it out of its OpSet, or Tandem does not have it.
Status missing(const OperatorInfo& op) {
  static constexpr std::string_view kCustomCodes[] = {
      "",  // nobody's
#define TANDEM_OP(builtin, name)
#define TANDEM_NARROW_OP(builtin, name)
#define TANDEM_CUSTOM_OP(code, name) code,
#include "tandem/ops.inc"
#undef TANDEM_NARROW_OP
#undef TANDEM_OP
  };
  if (op.builtin == OpDef::kCustom) {
    if (op.custom_code == "ethos-u") return {.code = Code::kEthosU};
    return {.code = std::ranges::find(kCustomCodes, op.custom_code) != std::end(kCustomCodes)
                        ? Code::kOperatorNotRegistered
                        : Code::kCustomOperatorUnknown};
  }
  switch (static_cast<Builtin>(op.builtin)) {
#define TANDEM_OP(builtin, name) case Builtin::builtin:
#define TANDEM_NARROW_OP(builtin, name)
#define TANDEM_CUSTOM_OP(code, name)
#include "tandem/ops.inc"
#undef TANDEM_NARROW_OP
#undef TANDEM_OP
    return {.code = Code::kOperatorNotRegistered, .a = op.builtin};
    default:
      return {.code = Code::kOperatorUnknown, .a = op.builtin};
  }
}

// Real zero: int8 state starts at its zero point, every other type as zero bytes (as in TensorFlow Lite
// Micro).
uint8_t zero_byte(const TensorInfo& tensor) {
  return tensor.type == Type::kInt8 ? static_cast<uint8_t>(tensor.quantization.zero_point()) : 0;
}

// A streamed constant is copied as a whole, or in parts of which its buffer holds two at a time.
struct StreamParts {
  StreamParts(const Buffer& buffer, uint32_t bytes)
      : part_bytes(bytes <= buffer.bytes ? bytes : buffer.bytes / 2),
        count((bytes + part_bytes - 1) / part_bytes) {}

  uint32_t part_bytes;
  uint32_t count;
};

}  // namespace

PlanTarget::PlanTarget(const Port& port) : workers(port.workers) {
  if (port.stream.start == nullptr) return;
  reach_begin = port.stream.reach_begin;
  reach_end = port.stream.reach_end;
}

void PlanPass::start_writing(uint8_t* plan, const AnyKernel** kernels, std::span<const uint16_t> streams,
                             uint32_t resident_at) {
  streams_ = streams;
  resident_at_ = resident_at;
  plan_ = plan;
  kernels_ = kernels;
  counts_ = {};
  state_bytes_ = 0;
  data_bytes_ = PlanView(plan).data_at();
  counts_.plan_bytes = data_bytes_;
  write_resource_table();
}

Status PlanPass::run(std::span<const OpDef* const> ops, const PlanListener& listener) {
  listener_ = &listener;
  ops_ = ops;
  Status first_refusal;
  for (subgraph_ = 0; subgraph_ < planned_.subgraphs.size(); ++subgraph_) {
    if (current().depth == PlannedSubgraph::kNotCalled) continue;
    const uint32_t first_step = counts_.steps;
    TANDEM_TRY(run_subgraph(first_refusal));
    current().section = {.first_step = static_cast<uint16_t>(first_step),
                         .steps = static_cast<uint16_t>(counts_.steps - first_step)};
  }
  TANDEM_TRY(first_refusal);
  subgraph_ = 0;
  counts_.main_steps = current().section.steps;
  write_tensors(Subgraph(model_, 0));
  write_variables();
  if (!writing()) write_resource_table();
  return too_large_ ? Status{.code = Code::kPlanTooLarge} : Status{};
}

// Refusals go to the listener, if it wants them, and the first to `first_refusal`.
Status PlanPass::run_subgraph(Status& first_refusal) {
  const Subgraph subgraph(model_, subgraph_);
  for (uint32_t i = 0; i < subgraph.operator_count(); ++i) {
    op_ = static_cast<int16_t>(i);
    const OperatorInfo op = subgraph.op(i);
    OpContext context(*this, subgraph, op);
    const OpDef* def = find_op(ops_, op);
    missing_kernel_ = KernelId::kCount;
    Status status = def != nullptr ? def->plan(context) : missing(op);
    keep_silent_channels(op);
    if (status.ok() && missing_kernel_ != KernelId::kCount) {
      status = {.code = op.builtin == OpDef::kCustom ? Code::kCustomKernelNotRegistered
                                                     : Code::kKernelNotRegistered,
                .a = static_cast<int32_t>(missing_kernel_),
                .b = op.builtin};
    }
    if (status.ok() && shared_number_ != KernelId::kCount) {
      status = {.code = Code::kKernelNumber,
                .a = static_cast<int32_t>(shared_number_) - static_cast<int32_t>(user_kernel_id(0))};
    }
    if (status.ok()) continue;
    status.subgraph = static_cast<int16_t>(subgraph_);
    status.op = op_;
    if (listener_->on_refused == nullptr) return status;
    listener_->on_refused(listener_->context, status);
    if (first_refusal.ok()) first_refusal = status;
  }
  return {};
}

// What has been found out about an operator's output is for the next ones, until another writes that tensor.
void PlanPass::keep_silent_channels(const OperatorInfo& op) {
  bool written = silent_.subgraph != subgraph_;
  for (uint32_t i = 0; i < op.outputs.count; ++i) written |= op.outputs.get<int32_t>(i) == silent_.tensor;
  if (written || found_silent_.tensor >= 0) silent_ = found_silent_;
  found_silent_ = {};
}

uint32_t PlanPass::reserve(uint64_t bytes, uint32_t alignment) {
  const uint32_t offset = align_up(data_bytes_, alignment);
  const uint64_t end = offset + bytes;
  if (end > kMaxTensorBytes) {
    too_large_ = true;
    return 0;
  }
  data_bytes_ = static_cast<uint32_t>(end);
  counts_.plan_bytes = align_up(data_bytes_, kPlanAlignment);
  return offset;
}

const AnyKernel* PlanPass::find_kernel(const OperatorInfo& op, KernelId kernel) const {
  for (const OpDef* def : ops_) {
    if (!serves(*def, op)) continue;
    for (const AnyKernel* candidate : def->kernels) {
      if (candidate->id == kernel) return candidate;
    }
  }
  return nullptr;
}

uint16_t PlanPass::kernel_index(const AnyKernel& kernel) {
  auto id = static_cast<uint32_t>(kernel.id);
  if (id >= kFirstUserKernel) id += static_cast<uint32_t>(KernelId::kCount) - kFirstUserKernel;
  uint32_t& word = kernels_seen_[id / 32];
  const uint32_t bit = 1U << (id % 32);
  if (!writing()) {
    if ((word & bit) == 0) ++counts_.kernels;
    word |= bit;
    return 0;
  }
  for (uint16_t i = 0; i < counts_.kernels; ++i) {
    if (kernels_[i]->id != kernel.id) continue;
    if (kernels_[i] != &kernel) shared_number_ = kernel.id;
    return i;
  }
  kernels_[counts_.kernels] = &kernel;
  const_cast<KernelId*>(PlanView(plan_).kernels().data())[counts_.kernels] = kernel.id;
  return counts_.kernels++;
}

// What fast loops take, because copies that start too early cost memory only, too late ones time.
void PlanPass::estimate(const Work& work, uint64_t elements) {
  if (op_cycles_.empty() || subgraph_ != 0) return;
  constexpr uint64_t kCyclesPerElement = 8;
  uint32_t& cycles = op_cycles_[static_cast<uint32_t>(op_)];
  const uint64_t more = (std::min<uint64_t>(work.macs, UINT32_MAX) * work.cycles_of_mac +
                         std::min<uint64_t>(elements, UINT32_MAX) * kCyclesPerElement) /
                        target_.workers;
  cycles = static_cast<uint32_t>(std::min<uint64_t>(cycles + more, UINT32_MAX));
}

void PlanPass::emit(const AnyKernel& kernel, const void* params, uint32_t params_bytes, Work work) {
  if (listener_->on_step != nullptr) {
    listener_->on_step(
        listener_->context,
        {.subgraph = static_cast<int16_t>(subgraph_), .op = op_, .kernel = kernel.id, .work = work});
  }
  const uint32_t units = work.units == 0 ? 1 : work.units;
  if (counts_.steps == PlanStream::kOnce || units > UINT16_MAX) {
    too_large_ = true;
    return;
  }
  const uint16_t kernel_position = kernel_index(kernel);
  if (params != nullptr) params_at_ = reserve(params_bytes, kPlanAlignment);
  if (writing()) {
    if (params != nullptr) std::memcpy(plan_ + params_at_, params, params_bytes);
    const_cast<Step&>(PlanView(plan_).steps()[counts_.steps]) = {.kernel = kernel_position,
                                                                 .op = op_,
                                                                 .units = static_cast<uint16_t>(units),
                                                                 .subgraph = static_cast<uint16_t>(subgraph_),
                                                                 .params = params_at_};
  }
  ++counts_.steps;
}

Ref PlanPass::tensor_ref(const PlannedSubgraph& subgraph, const TensorInfo& tensor) {
  if (!tensor.present()) return {};
  if (!tensor.constant()) {
    return Ref::make(Ref::kArena, subgraph.buffers[static_cast<uint32_t>(tensor.index)].offset);
  }
  const uint32_t alignment = element_alignment(tensor.type);
  if (reinterpret_cast<uintptr_t>(tensor.data) % alignment == 0) {
    return Ref::make(Ref::kConstants, static_cast<uint32_t>(tensor.data - model_.bytes().data()));
  }
  // The kernels read elements whole, and a Cortex-M0+ faults on an unaligned one.
  const uint32_t offset = reserve(tensor.bytes, alignment);
  if (writing()) std::memcpy(plan_ + offset, tensor.data, tensor.bytes);
  return Ref::make(Ref::kPlan, offset);
}

bool PlanPass::streamable(const TensorInfo& tensor) const {
  constexpr uint32_t kWordAlignment = 4;
  constexpr uint32_t kLeastBytes = 512;  // less is not worth an entry in the plan
  const auto address = reinterpret_cast<uintptr_t>(tensor.data);
  return tensor.present() && tensor.constant() && tensor.bytes >= kLeastBytes &&
         address % std::max(kWordAlignment, element_alignment(tensor.type)) == 0 &&
         address >= target_.reach_begin && address < target_.reach_end &&
         tensor.bytes <= target_.reach_end - address;
}

Ref PlanPass::streamed_ref(const TensorInfo& tensor, uint32_t unit_bytes) {
  // A called subgraph's constants have no time at which they are needed.
  if (subgraph_ != 0 || !streamable(tensor)) return tensor_ref(tensor);
  Buffer& buffer = buffers()[static_cast<uint32_t>(tensor.index)];
  if (writing()) {
    if (!buffer.streamed() && !buffer.resident()) return tensor_ref(tensor);
    if (buffer.streamed() && buffer.by_units()) {
      stream_of(static_cast<uint16_t>(tensor.index)).unit_bytes = unit_bytes;
    }
    return Ref::make(Ref::kArena, buffer.offset);
  }
  if (!buffer.wants_stream()) {
    if (counts_.streams == UINT16_MAX) {
      too_large_ = true;
      return {};
    }
    ++counts_.streams;
    buffer.constant = Buffer::kStreamWanted | (unit_bytes != 0 ? Buffer::kByUnits : 0);
    buffer.bytes = align_up(tensor.bytes, kBufferAlignment);
    buffer.first = op_;
  } else {
    // Several read it: who is first waits for all of it.
    buffer.constant = Buffer::kStreamWanted;
    if (buffer.first != op_) {
      counts_.streams = static_cast<uint16_t>(counts_.streams - StreamParts(buffer, tensor.bytes).count + 1);
      buffer.bytes = align_up(tensor.bytes, kBufferAlignment);
    }
  }
  buffer.last = op_;
  return tensor_ref(tensor);
}

PlanStream& PlanPass::stream_of(uint16_t tensor) {
  const Subgraph subgraph(model_, 0);
  uint32_t at = 0;
  for (const uint16_t before : streams_) {
    if (before == tensor) break;
    at += StreamParts(buffers()[before], subgraph.tensor(before).bytes).count;
  }
  return const_cast<PlanStream&>(PlanView(plan_).streams()[at]);
}

Ref PlanPass::streamed_part_ref(const TensorInfo& tensor, uint32_t part, uint32_t part_bytes) {
  const Ref whole = streamed_ref(tensor, 0);
  uint32_t at = part * part_bytes;
  if (subgraph_ == 0 && streamable(tensor) && part_bytes % kBufferAlignment == 0 &&
      tensor.bytes > 2 * part_bytes) {
    Buffer& buffer = buffers()[static_cast<uint32_t>(tensor.index)];
    if (!writing() && buffer.first == op_ && buffer.bytes >= tensor.bytes) {
      buffer.bytes = 2 * part_bytes;
      buffer.constant |= Buffer::kInParts;
      const uint32_t more = StreamParts(buffer, tensor.bytes).count - 1;
      too_large_ |= counts_.streams + more > UINT16_MAX;
      counts_.streams = static_cast<uint16_t>(counts_.streams + more);
    }
    if (writing() && buffer.streamed() && buffer.bytes < tensor.bytes) at = part % 2 * part_bytes;
  }
  return Ref::make(static_cast<Ref::Region>(whole.region()), whole.offset() + at);
}

PlanTensor PlanPass::describe_tensor(const TensorInfo& tensor) {
  const uint32_t rank = tensor.shape.rank;
  PlanTensor description{.data = tensor_ref(tensor),
                         .bytes = tensor.bytes,
                         .scale = tensor.quantization.present() ? tensor.quantization.scale() : 0.0F,
                         .zero_point = tensor.quantization.zero_point(),
                         .dims = reserve(uint64_t{rank} * sizeof(int32_t), sizeof(int32_t)),
                         .tensor = tensor.index,
                         .type = tensor.type,
                         .rank = static_cast<uint8_t>(rank)};
  if (writing()) std::memcpy(plan_ + description.dims, tensor.shape.dims, rank * sizeof(int32_t));
  return description;
}

void PlanPass::write_tensors(const Subgraph& subgraph) {
  const flat::Vector inputs = subgraph.inputs();
  const flat::Vector outputs = subgraph.outputs();
  if (inputs.count > UINT16_MAX || outputs.count > UINT16_MAX) {
    too_large_ = true;
    return;
  }
  const PlanView view(plan_);
  for (uint32_t i = 0; i < inputs.count; ++i) {
    const PlanTensor tensor = describe_tensor(subgraph.tensor(inputs.get<int32_t>(i)));
    if (writing()) const_cast<PlanTensor&>(view.inputs()[i]) = tensor;
    ++counts_.inputs;
  }
  for (uint32_t i = 0; i < outputs.count; ++i) {
    const PlanTensor tensor = describe_tensor(subgraph.tensor(outputs.get<int32_t>(i)));
    if (writing()) const_cast<PlanTensor&>(view.outputs()[i]) = tensor;
    ++counts_.outputs;
  }
}

void PlanPass::write_variables() {
  for (uint32_t s = 0; s < planned_.subgraphs.size(); ++s) {
    const PlannedSubgraph& planned = planned_.subgraphs[s];
    if (planned.depth == PlannedSubgraph::kNotCalled) continue;
    const Subgraph subgraph(model_, s);
    for (uint32_t i = 0; i < planned.tensor_count; ++i) {
      if (planned.buffers[i].variable == 0) continue;
      const TensorInfo tensor = subgraph.tensor(static_cast<int32_t>(i));
      add_variable({.data = Ref::make(Ref::kArena, planned.buffers[i].offset),
                    .bytes = tensor.bytes,
                    .fill = zero_byte(tensor)});
    }
  }
  for (const ResourceVariable& resource : planned_.resources.first(planned_.resource_count)) {
    add_variable(
        {.data = Ref::make(Ref::kArena, resource.offset), .bytes = resource.bytes, .fill = resource.fill});
  }
}

void PlanPass::add_variable(const PlanVariable& variable) {
  if (counts_.variables == UINT16_MAX) {
    too_large_ = true;
    return;
  }
  if (writing()) const_cast<PlanVariable&>(PlanView(plan_).variables()[counts_.variables]) = variable;
  ++counts_.variables;
}

Ref PlanPass::state(uint32_t bytes, uint8_t fill) {
  const Ref ref = Ref::make(Ref::kArena, planned_.state().offset + state_bytes_);
  if (bytes > kMaxTensorBytes - state_bytes_) {
    too_large_ = true;
    return ref;
  }
  state_bytes_ += align_up(bytes, kBufferAlignment);
  add_variable({.data = ref, .bytes = bytes, .fill = fill});
  return ref;
}

// Measuring does this at the end, when it knows how many there are, writing at the start, when it has to know
// where they are: what lies between is as long either way, because the table is a multiple of kPlanAlignment.
void PlanPass::write_resource_table() {
  static_assert(sizeof(ResourcePlace) % kPlanAlignment == 0);
  const uint32_t count = planned_.resource_count;
  const uint32_t table = reserve(uint64_t{count} * sizeof(ResourcePlace), kPlanAlignment);
  resource_table_ = {.places = Ref::make(Ref::kPlan, table), .count = count};
  if (!writing()) return;
  auto* const places = reinterpret_cast<ResourcePlace*>(plan_ + table);
  for (uint32_t i = 0; i < count; ++i) {
    const ResourceVariable& resource = planned_.resources[i];
    places[i] = {.data = Ref::make(Ref::kArena, resource.offset), .bytes = resource.bytes};
  }
}

void PlanPass::write_streams() {
  const PlanView view(plan_);
  const Subgraph subgraph(model_, 0);
  const auto first_step = [&](int32_t op) {
    const std::span<const Step> steps = view.steps().first(counts_.main_steps);
    const auto step = std::lower_bound(steps.begin(), steps.end(), op,
                                       [](const Step& a, int32_t wanted) { return a.op < wanted; });
    return static_cast<uint16_t>(step - steps.begin());
  };
  const auto add = [&](const TensorInfo& tensor, uint32_t at, PlanStream stream) {
    auto& written = const_cast<PlanStream&>(view.streams()[counts_.streams++]);
    stream.source = static_cast<uint32_t>(tensor.data - model_.bytes().data()) + at;
    stream.unit_bytes = written.unit_bytes;
    written = stream;
  };
  const auto add_resident = [&](const TensorInfo& tensor, uint32_t at, uint32_t destination) {
    add(tensor, at,
        {.destination = destination,
         .bytes = tensor.bytes - at,
         .start_step = PlanStream::kOnce,
         .needed_step = PlanStream::kOnce});
  };
  TensorInfo split;
  uint32_t split_at = 0;
  for (const uint16_t index : streams_) {
    const Buffer& buffer = planned_.subgraphs[0].buffers[index];
    const TensorInfo tensor = subgraph.tensor(index);
    if (buffer.resident()) {
      add_resident(tensor, 0, buffer.offset);
      continue;
    }
    const StreamParts parts(buffer, tensor.bytes);
    const uint32_t needed = first_step(buffer.needed());
    const uint32_t steps_of_part = (first_step(buffer.needed() + 1) - needed) / parts.count;
    for (uint32_t part = 0; part < parts.count; ++part) {
      const uint32_t at = part * parts.part_bytes;
      PlanStream stream{.destination = buffer.offset + part % 2 * parts.part_bytes,
                        .bytes = std::min(parts.part_bytes, tensor.bytes - at)};
      if (buffer.streamed()) {
        // The third takes the first one's place, once the step that reads that is over.
        stream.start_step = part < 2 ? first_step(buffer.first)
                                     : static_cast<uint16_t>(needed + (part - 2) * steps_of_part + 1);
        stream.needed_step = static_cast<uint16_t>(needed + part * steps_of_part);
        if (stream.destination + stream.bytes > resident_at_) {
          split = tensor;
          split_at = stream.bytes = resident_at_ - stream.destination;
        }
      }
      add(tensor, at, stream);
    }
  }
  if (split.present()) add_resident(split, split_at, resident_at_);
}

// ---- what operators see

Status OpContext::expect_operands(uint32_t inputs_min, uint32_t inputs_max, uint32_t outputs) const {
  if (input_count() < inputs_min || input_count() > inputs_max) {
    return error(Code::kOperandCount, static_cast<int32_t>(input_count()), 0);
  }
  if (output_count() != outputs) return error(Code::kOperandCount, static_cast<int32_t>(output_count()), 1);
  for (uint32_t i = 0; i < inputs_min; ++i) {
    if (index(op_.inputs, i) < 0) return error(Code::kOperandMissing, static_cast<int32_t>(i));
  }
  return {};
}

Status OpContext::expect_input_type(uint32_t i, std::initializer_list<Type> types) const {
  const Type type = input(i).type;
  for (const Type allowed : types) {
    if (type == allowed) return {};
  }
  return error(Code::kInputType, static_cast<int32_t>(i), static_cast<int32_t>(type));
}

Status OpContext::expect_output_type(uint32_t i, Type type) const {
  if (output(i).type == type) return {};
  return error(Code::kOutputType, static_cast<int32_t>(i), static_cast<int32_t>(output(i).type));
}

Status OpContext::expect_output_shape(uint32_t i, const Shape& shape) const {
  const Shape actual = output(i).shape;
  if (actual.rank != shape.rank) return error(Code::kOutputShape, static_cast<int32_t>(i), -1);
  for (uint32_t d = 0; d < shape.rank; ++d) {
    if (actual[d] != shape[d])
      return error(Code::kOutputShape, static_cast<int32_t>(i), static_cast<int32_t>(d));
  }
  return {};
}

Status OpContext::expect_input_quantized(uint32_t i) const {
  const TensorInfo tensor = input(i);
  return tensor.quantization.per_tensor(tensor.type)
             ? Status{}
             : error(Code::kInputQuantization, static_cast<int32_t>(i));
}

Status OpContext::expect_output_quantized(uint32_t i) const {
  const TensorInfo tensor = output(i);
  return tensor.quantization.per_tensor(tensor.type)
             ? Status{}
             : error(Code::kOutputQuantization, static_cast<int32_t>(i));
}

Status OpContext::expect_same_quantization(uint32_t i) const {
  TANDEM_TRY(expect_input_quantized(i));
  TANDEM_TRY(expect_output_quantized(0));
  const Quantization from = input(i).quantization;
  const Quantization to = output(0).quantization;
  // Converters round scales; TensorFlow Lite Micro lets differences up to 1e-6 pass.
  const float difference = from.scale() - to.scale();
  if (difference > 1e-6F || difference < -1e-6F || from.zero_point() != to.zero_point()) {
    return error(Code::kSameQuantization, static_cast<int32_t>(i));
  }
  return {};
}

Bytes OpContext::custom_option_bytes() const {
  const flat::Vector& options = op_.custom_options;
  return options.file.bytes.subspan(options.at, options.count);
}

Ref OpContext::state(uint32_t bytes, uint8_t fill) { return pass_.state(bytes, fill); }

Ref OpContext::ref(const TensorInfo& tensor) { return pass_.tensor_ref(tensor); }

Ref OpContext::streamed(const TensorInfo& tensor) { return pass_.streamed_ref(tensor, 0); }

Ref OpContext::streamed_by_units(const TensorInfo& tensor, uint32_t unit_bytes) {
  return pass_.streamed_ref(tensor, unit_bytes);
}

Ref OpContext::streamed_part(const TensorInfo& tensor, uint32_t part, uint32_t part_bytes) {
  return pass_.streamed_part_ref(tensor, part, part_bytes);
}

bool OpContext::try_in_place(uint32_t i) {
  const int32_t source = index(op_.inputs, i);
  const int32_t target = index(op_.outputs, 0);
  if (source < 0 || target < 0 || source == target) return false;  // an operator may overwrite its variable
  const std::span<Buffer> buffers = pass_.buffers();
  Buffer& from = buffers[static_cast<uint32_t>(source)];
  Buffer& to = buffers[static_cast<uint32_t>(target)];
  if (pass_.writing()) return to.root == from.root && to.bytes != 0;
  if (from.constant != 0 || from.variable != 0 || to.variable != 0 || from.bytes == 0 ||
      from.bytes != to.bytes)
    return false;
  Buffer& root = buffers[from.root];
  if (root.last != pass_.op_) return false;
  to.root = from.root;
  root.last = to.last > root.last ? to.last : root.last;
  return true;
}

const SilentChannels* OpContext::silent_input(uint32_t i) const {
  const PlanPass::Silent& known = pass_.silent_;
  const bool of_input =
      known.tensor >= 0 && known.subgraph == pass_.subgraph_ && known.tensor == index(op_.inputs, i);
  return of_input ? &known.channels : nullptr;
}

void OpContext::set_output_silent(uint32_t channel) {
  const int32_t tensor = index(op_.outputs, 0);
  // A variable has other values before.
  if (tensor < 0 || channel >= SilentChannels::kMost || subgraph_.tensor(tensor).variable) return;
  PlanPass::Silent& found = pass_.found_silent_;
  found.subgraph = pass_.subgraph_;
  found.tensor = tensor;
  found.channels.bits[channel / 32] |= 1U << (channel % 32);
}

bool OpContext::output_silent(uint32_t channel) const { return pass_.found_silent_.channels.has(channel); }

uint32_t OpContext::workers() const { return pass_.target_.workers; }

Scratch OpContext::scratch(uint32_t bytes_per_worker) {
  Ref shared;
  return scratch(bytes_per_worker, 0, shared);
}

Scratch OpContext::scratch(uint32_t bytes_per_worker, uint32_t shared_bytes, Ref& shared) {
  const uint32_t stride = align_up(bytes_per_worker, kBufferAlignment);
  const uint64_t own = uint64_t{stride} * pass_.target_.workers;
  if (own + shared_bytes > kMaxTensorBytes) {
    pass_.too_large_ = true;
    return {};
  }
  const Ref base = shared_scratch(static_cast<uint32_t>(own + shared_bytes));
  shared = Ref::make(Ref::kArena, base.offset() + static_cast<uint32_t>(own));
  return {.base = base, .stride = stride};
}

int32_t OpContext::subgraph_index() const { return static_cast<int32_t>(pass_.subgraph_); }

Status OpContext::expect_subgraph(int32_t index) const {
  const uint32_t count = subgraph_count(pass_.model_);
  if (index >= 0 && static_cast<uint32_t>(index) < count) return {};
  return error(Code::kSubgraphIndex, index, static_cast<int32_t>(count));
}

Subgraph OpContext::subgraph(int32_t index) const { return {pass_.model_, static_cast<uint32_t>(index)}; }

Section OpContext::section(int32_t index) const {
  return pass_.planned_.subgraphs[static_cast<uint32_t>(index)].section;
}

Ref OpContext::ref(int32_t subgraph, const TensorInfo& tensor) {
  return pass_.tensor_ref(pass_.planned_.subgraphs[static_cast<uint32_t>(subgraph)], tensor);
}

OperatorInfo OpContext::writer(const TensorInfo& tensor) const {
  const int16_t op = tensor.present() ? pass_.buffers()[static_cast<uint32_t>(tensor.index)].first : -1;
  return op >= 0 && op < static_cast<int32_t>(subgraph_.operator_count())
             ? subgraph_.op(static_cast<uint32_t>(op))
             : OperatorInfo{};
}

Result<uint32_t> OpContext::resource(std::string_view container, std::string_view shared_name) {
  PlannedModel& planned = pass_.planned_;
  for (uint32_t i = 0; i < planned.resource_count; ++i) {
    const ResourceVariable& resource = planned.resources[i];
    if (resource.container == container && resource.shared_name == shared_name) return i;
  }
  if (container.size() > kMaxResourceName || shared_name.size() > kMaxResourceName) {
    return error(Code::kResourceName, kMaxResourceName);
  }
  if (planned.resource_count == planned.resources.size()) {
    return error(Code::kTooManyResources, static_cast<int32_t>(planned.resources.size()));
  }
  planned.resources[planned.resource_count] = {.container = container, .shared_name = shared_name};
  return planned.resource_count++;
}

Status OpContext::keep_in_resource(uint32_t resource, const TensorInfo& value, bool assigned) {
  ResourceVariable& variable = pass_.planned_.resources[resource];
  if (!variable.used) {
    variable.bytes = value.bytes;
    variable.used = true;
  }
  if (value.bytes != variable.bytes) {
    return error(Code::kResourceSize, static_cast<int32_t>(value.bytes),
                 static_cast<int32_t>(variable.bytes));
  }
  if (assigned && !variable.assigned) variable.fill = zero_byte(value);
  variable.assigned |= assigned;
  return {};
}

ResourceTable OpContext::resources() const { return pass_.resource_table_; }

Ref OpContext::shared_scratch(uint32_t bytes) {
  Buffer& buffer = pass_.scratch();
  if (!pass_.writing()) buffer.bytes = align_up(bytes, kBufferAlignment);
  return Ref::make(Ref::kArena, buffer.offset);
}

uint8_t* OpContext::reserve(uint64_t bytes, uint32_t alignment, Ref& ref) {
  const uint32_t offset = pass_.reserve(bytes, alignment);
  ref = Ref::make(Ref::kPlan, offset);
  return pass_.writing() ? pass_.plan_ + offset : nullptr;
}

bool OpContext::has(KernelId kernel) const {
  const AnyKernel* found = pass_.find_kernel(op_, kernel);
  if (found == nullptr || !found->takes_memory) return found != nullptr;
  const OperatorRange& large = pass_.target_.large;
  return large.all() || (pass_.subgraph_ == 0 && large.has(static_cast<uint32_t>(op_.index)));
}

bool OpContext::may_copy() {
  if (!pass_.target_.copies) return false;
  ++pass_.large_work_;
  return true;
}

void OpContext::run(KernelId kernel, const void* params, uint8_t* arena) const {
  const Bases bases{.arena = arena};
  static_cast<void>(pass_.find_kernel(op_, kernel)->run(params, {.bases = bases, .begin = 0, .end = 1}));
}

void OpContext::emit(const AnyKernel& kernel, const void* params, uint32_t params_bytes, Work work) {
  const AnyKernel* found = pass_.find_kernel(op_, kernel.id);
  if (found != nullptr && found != &kernel) pass_.shared_number_ = kernel.id;
  emit(kernel.id, params, params_bytes, work);
}

void OpContext::emit(KernelId kernel, const void* params, uint32_t params_bytes, Work work) {
  // Where nothing comes out there is nothing to do, and loops over the other dimensions could take for ever.
  bool writes = op_.outputs.count == 0;
  uint64_t elements = 0;
  for (uint32_t i = 0; i < op_.outputs.count; ++i) {
    elements += output(i).elements;
    writes |= output(i).elements > 0;
  }
  if (!writes) return;
  const AnyKernel* found = pass_.find_kernel(op_, kernel);
  if (found == nullptr) {
    pass_.missing_kernel_ = kernel;
    return;
  }
  if (found->takes_memory) pass_.large_work_ += 1 + work.macs;
  pass_.emit(*found, params, params_bytes, work);
  pass_.estimate(work, elements);
}

}  // namespace tandem

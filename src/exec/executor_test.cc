#include "exec/executor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "models/model_builder.h"
#include "models/random.h"
#include "port/posix/posix_port.h"
#include "run_model.h"
#include "tandem/op_def.h"

namespace tandem {
namespace {

// A port that keeps the rules of Port::Stream and notes what is asked of it. A copy that is started spoils
// its destination at once, and its bytes are there when the executor waits for them, not before: a kernel
// that runs too early reads nonsense.
struct LatePort {
  struct Copy {
    uint8_t* to = nullptr;
    const uint8_t* from = nullptr;
    uint32_t bytes = 0;
    uint32_t done = 0;
  };
  Copy running;
  uint32_t started = 0;
  uint32_t waited = 0;
  uint32_t asked = 0;   // how much is left
  bool prompt = false;  // copies end as soon as somebody asks

  Port port{.context = this,
            .stream = {
                .reach_begin = 0,
                .reach_end = UINTPTR_MAX,
                .start =
                    [](void* context, void* to, const void* from, uint32_t bytes) {
                      auto& self = *static_cast<LatePort*>(context);
                      EXPECT_EQ(self.running.to, nullptr) << "one at a time";
                      self.running = {static_cast<uint8_t*>(to), static_cast<const uint8_t*>(from), bytes, 0};
                      std::memset(to, 0x5a, bytes);
                      ++self.started;
                    },
                .ended =
                    [](void* context, bool wait) {
                      auto& self = *static_cast<LatePort*>(context);
                      EXPECT_NE(self.running.to, nullptr) << "nothing was started";
                      if (!wait && !self.prompt) return false;
                      self.waited += wait ? 1 : 0;
                      std::memcpy(self.running.to, self.running.from, self.running.bytes);
                      self.running = {};
                      return true;
                    },
                // Who asks gets a little more.
                .left =
                    [](void* context) {
                      auto& self = *static_cast<LatePort*>(context);
                      EXPECT_NE(self.running.to, nullptr) << "nothing was started";
                      ++self.asked;
                      Copy& copy = self.running;
                      const uint32_t more = std::min(copy.bytes - copy.done, uint32_t{50});
                      std::memcpy(copy.to + copy.done, copy.from + copy.done, more);
                      copy.done += more;
                      return copy.bytes - copy.done;
                    }}};
};

// Fully connected layers with little to do beside their weights, of which the first has no time before it.
// They are more than may be resident: the small ones are, and the end of another, as far as there is room.
std::vector<uint8_t> fully_connected_model() {
  models::ModelBuilder b;
  models::SplitMix64 random(1);
  const int32_t sizes[] = {300, 400, 350, 9, 300};
  int x = b.tensor({.name = "in", .type = schema::TensorType::INT8, .shape = {1, sizes[0]}, .scale = {1}});
  b.inputs({x});
  for (size_t i = 1; i < std::size(sizes); ++i) {
    std::vector<int8_t> weights(static_cast<size_t>(sizes[i - 1] * sizes[i]));
    for (int8_t& weight : weights) weight = static_cast<int8_t>(random.next());
    const std::string name = "layer" + std::to_string(i);
    const int w = b.constant({.name = name + "/weights",
                              .type = schema::TensorType::INT8,
                              .shape = {sizes[i], sizes[i - 1]},
                              .scale = {0.01F}},
                             weights);
    const int y =
        b.tensor({.name = name, .type = schema::TensorType::INT8, .shape = {1, sizes[i]}, .scale = {10}});
    b.op(schema::BuiltinOperator::FULLY_CONNECTED, {x, w, -1}, {y}, schema::FullyConnectedOptionsT{});
    x = y;
  }
  b.outputs({x});
  return b.finish();
}

class Streams : public testing::Test {
 protected:
  void SetUp() override { load(test::read_file(TANDEM_MODELS "/person_shaped.tflite")); }

  void load(std::vector<uint8_t> tflite) {
    tflite_ = std::move(tflite);
    storage_.resize(tflite_.size() / 8 + 2);
    std::memcpy(aligned(storage_), tflite_.data(), tflite_.size());
    const Result<Model> model = Model::load({aligned(storage_), tflite_.size()});
    ASSERT_TRUE(model.ok());
    model_ = *model;
  }

  static uint8_t* aligned(std::vector<uint64_t>& words) {
    return reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(words.data()) + 15) / 16 * 16);
  }

  [[nodiscard]] ArenaNeed need(const Port& port) const {
    std::vector<uint8_t> workspace(*workspace_bytes(model_));
    return *arena_need(model_, all_ops(), workspace, port);
  }

  std::vector<uint8_t> run(const Port& port, size_t arena_bytes, uint32_t times = 2) {
    arena_.assign(arena_bytes / 8 + 1, 0);
    const std::span<uint8_t> arena(reinterpret_cast<uint8_t*>(arena_.data()), arena_bytes);
    EXPECT_TRUE(interpreter_.prepare(model_, all_ops(), arena, port).ok());
    for (uint32_t i = 0; i < times; ++i) {
      std::ranges::fill(interpreter_.scratch_memory(), uint8_t{0xa5});
      uint8_t value = 0;
      for (uint8_t& byte : interpreter_.input(0).bytes) byte = value += 37;
      EXPECT_TRUE(interpreter_.invoke().ok());
    }
    const std::span<uint8_t> output = interpreter_.output(0).bytes;
    return {output.begin(), output.end()};
  }

  [[nodiscard]] std::vector<PlanStream> placed_streams() const {
    std::vector<PlanStream> placed;
    for (const PlanStream& stream : PlanView(interpreter_.plan_bytes().data()).streams()) {
      if (stream.start_step < PlanStream::kOnce) placed.push_back(stream);
    }
    return placed;
  }

  [[nodiscard]] std::vector<PlanStream> resident_constants() const {
    std::vector<PlanStream> resident;
    for (const PlanStream& stream : PlanView(interpreter_.plan_bytes().data()).streams()) {
      if (stream.resident()) resident.push_back(stream);
    }
    return resident;
  }

  std::vector<uint8_t> tflite_;
  std::vector<uint64_t> storage_;
  std::vector<uint64_t> arena_;
  Model model_;
  Interpreter interpreter_;
};

constexpr size_t kPlenty = 1 << 20;

TEST_F(Streams, WhatArrivesAtTheLastMomentIsWaitedFor) {
  const std::vector<uint8_t> want = run(Port{.workers = 1}, kPlenty);
  for (const bool prompt : {false, true}) {
    LatePort late{.prompt = prompt};
    EXPECT_EQ(run(late.port, kPlenty), want);
    EXPECT_GE(placed_streams().size(), 5U);
    EXPECT_EQ(late.started, 2 * placed_streams().size());
    EXPECT_EQ(late.running.to, nullptr) << "invoke() leaves nothing running";
  }
}

TEST_F(Streams, AreInTheOrderOfNeedAndStartBeforeIt) {
  LatePort late;
  run(late.port, kPlenty, 1);
  const std::vector<PlanStream> streams = placed_streams();
  uint16_t needed = 0;
  for (const PlanStream& stream : streams) {
    EXPECT_GE(stream.needed_step, needed);
    EXPECT_LT(stream.start_step, stream.needed_step);
    needed = stream.needed_step;
  }
}

TEST_F(Streams, TakeNoArenaThatIsNotGiven) {
  const ArenaNeed without = need(Port{});
  LatePort late;
  const ArenaNeed with = need(late.port);
  EXPECT_EQ(with.tensor_bytes, without.tensor_bytes);
  EXPECT_GT(with.fast_arena_bytes, with.arena_bytes);
  const std::vector<uint8_t> want = run(Port{.workers = 1}, kPlenty);
  size_t streamed = 0;
  for (const size_t bytes : {with.arena_bytes, (with.arena_bytes + with.fast_arena_bytes) / 2,
                             with.fast_arena_bytes, with.fast_arena_bytes + 10'000}) {
    EXPECT_EQ(run(late.port, bytes), want) << bytes;
    EXPECT_LE(interpreter_.arena_used_bytes(), bytes);
    EXPECT_LE(interpreter_.arena_used_bytes(), with.fast_arena_bytes + with.resident_bytes);
    const size_t copied = placed_streams().size() + resident_constants().size();
    EXPECT_GE(copied, streamed) << bytes;
    streamed = copied;
  }
}

TEST_F(Streams, ThreadsThatCopyBesideWorkersChangeNothing) {
  const std::vector<uint8_t> want = run(Port{.workers = 1}, kPlenty);
  for (const uint32_t workers : {1U, 2U, 4U}) {
    for (const auto streaming : {PosixPort::Streaming::kThread, PosixPort::Streaming::kLate}) {
      const PosixPort port(workers, streaming);
      EXPECT_EQ(run(port.port(), kPlenty), want) << workers << " workers";
      EXPECT_FALSE(placed_streams().empty());
    }
  }
}

TEST_F(Streams, StepsRunWhileTheirWeightsArrive) {
  load(fully_connected_model());
  const std::vector<uint8_t> want = run(Port{.workers = 1}, kPlenty);
  LatePort late;
  EXPECT_EQ(run(late.port, kPlenty), want);
  const std::vector<PlanStream> streams = placed_streams();
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams[0].start_step, 0);
  for (const PlanStream& stream : streams) EXPECT_GT(stream.unit_bytes, 0U);
  EXPECT_GT(late.asked, 2 * streams[0].bytes / 100);
  EXPECT_EQ(late.running.to, nullptr) << "invoke() leaves nothing running";

  LatePort cannot_tell;
  cannot_tell.port.stream.left = nullptr;
  EXPECT_EQ(run(cannot_tell.port, kPlenty), want);
  EXPECT_GE(cannot_tell.waited, streams.size());
  for (const uint32_t workers : {1U, 2U, 4U}) {
    for (const auto streaming : {PosixPort::Streaming::kThread, PosixPort::Streaming::kLate}) {
      const PosixPort port(workers, streaming);
      EXPECT_EQ(run(port.port(), kPlenty), want) << workers << " workers";
    }
  }
}

TEST_F(Streams, WhatIsResidentIsCopiedOnceAndStays) {
  load(fully_connected_model());
  const ArenaNeed need = this->need(LatePort().port);
  EXPECT_GT(need.resident_bytes, 90'000U);
  EXPECT_EQ(this->need(Port{}).resident_bytes, 0U);
  const std::vector<uint8_t> want = run(Port{}, kPlenty);
  EXPECT_EQ(interpreter_.resident_bytes(), 0U);

  LatePort late;
  EXPECT_EQ(run(late.port, kPlenty), want);
  const std::vector<PlanStream> streams = placed_streams();
  const std::vector<PlanStream> resident = resident_constants();
  EXPECT_EQ(late.started, 2 * streams.size()) << "those that are resident are not streamed";
  ASSERT_EQ(resident.size(), 3U);
  // Everything in memory that the program may not write, and after two runs as it is in the file.
  const PlanView plan(interpreter_.plan_bytes().data());
  const std::span<uint8_t> scratch = interpreter_.scratch_memory();
  EXPECT_EQ(scratch.size(), plan.resident_at());
  EXPECT_EQ(interpreter_.resident_bytes(), plan.header().arena_bytes - plan.resident_at());
  EXPECT_EQ(scratch.data() + plan.header().arena_bytes,
            reinterpret_cast<uint8_t*>(arena_.data()) + interpreter_.arena_used_bytes());
  for (const PlanStream& stream : resident) {
    EXPECT_GE(stream.destination, plan.resident_at());
    EXPECT_EQ(
        std::memcmp(scratch.data() + stream.destination, aligned(storage_) + stream.source, stream.bytes), 0);
  }
  // One has its beginning streamed to just before its end.
  const PlanStream& tail = resident.back();
  EXPECT_EQ(tail.destination, plan.resident_at());
  EXPECT_TRUE(std::ranges::any_of(streams, [&](const PlanStream& head) {
    return head.source + head.bytes == tail.source && head.destination + head.bytes == tail.destination;
  }));
}

TEST_F(Streams, ResidentConstantsTakeNoArenaThatIsNotGiven) {
  load(fully_connected_model());
  const std::vector<uint8_t> want = run(Port{}, kPlenty);
  LatePort late;
  const ArenaNeed with = need(late.port);
  const ArenaNeed without = need(Port{});
  EXPECT_EQ(with.tensor_bytes, without.tensor_bytes);
  EXPECT_LE(with.arena_bytes, without.arena_bytes + 4 * sizeof(PlanStream));
  const size_t most = with.fast_arena_bytes + with.resident_bytes;
  for (size_t bytes = with.arena_bytes; bytes < most; bytes += 5 * (most - with.arena_bytes) / 97 + 1) {
    EXPECT_EQ(run(late.port, bytes), want) << bytes;
    EXPECT_LE(interpreter_.arena_used_bytes(), bytes);
  }
  EXPECT_EQ(run(late.port, most), want);
  EXPECT_EQ(interpreter_.resident_bytes(), with.resident_bytes);
}

// A plan with resident constants is a plan like any other: it runs in another arena, once that is filled.
TEST_F(Streams, ResidentConstantsGoWithThePlan) {
  load(fully_connected_model());
  LatePort late;
  const std::vector<uint8_t> want = run(late.port, kPlenty);
  ASSERT_GT(interpreter_.resident_bytes(), 0U);
  const std::span<const uint8_t> bytes = interpreter_.plan_bytes();
  std::vector<uint64_t> plan(bytes.size() / 8 + 1);
  std::memcpy(plan.data(), bytes.data(), bytes.size());
  const PlanView view(reinterpret_cast<const uint8_t*>(plan.data()));
  std::vector<uint64_t> arena(view.header().arena_bytes / 8 + 1, 0xa5a5a5a5a5a5a5a5);
  std::vector<const AnyKernel*> kernels;
  for (const KernelId id : view.kernels()) {
    for (const OpDef* op : all_ops()) {
      const auto kernel = std::ranges::find(op->kernels, id, &AnyKernel::id);
      if (kernel == op->kernels.end()) continue;
      kernels.push_back(*kernel);
      break;
    }
  }
  const BoundPlan bound{.plan = view,
                        .kernels = kernels.data(),
                        .bases = {.arena = reinterpret_cast<uint8_t*>(arena.data()),
                                  .constants = aligned(storage_),
                                  .plan = reinterpret_cast<const uint8_t*>(plan.data())}};
  fill_persistent(bound);
  uint8_t value = 0;
  for (uint8_t& byte : tandem::view(bound, view.inputs()[0]).bytes) byte = value += 37;
  EXPECT_TRUE(tandem::run(bound, late.port).ok());
  EXPECT_TRUE(std::ranges::equal(tandem::view(bound, view.outputs()[0]).bytes, want));
}

// A plan made where constants are streamed runs on a machine that cannot.
TEST_F(Streams, WithoutAStreamTheCoreCopies) {
  LatePort late;
  const std::vector<uint8_t> want = run(late.port, kPlenty);
  ASSERT_FALSE(placed_streams().empty());
  late.port.stream = {};
  std::ranges::fill(interpreter_.scratch_memory(), uint8_t{0xa5});
  uint8_t value = 0;
  for (uint8_t& byte : interpreter_.input(0).bytes) byte = value += 37;
  EXPECT_TRUE(interpreter_.invoke().ok());
  EXPECT_TRUE(std::ranges::equal(interpreter_.output(0).bytes, want));
}

}  // namespace
}  // namespace tandem

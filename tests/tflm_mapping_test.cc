// The right column of docs/tflm_mapping.md, line by line. What counts is that it compiles; that it runs is a
// bonus.
#include <gtest/gtest.h>

#include "run_model.h"
#include "tandem/custom_op.h"
#include "tandem/interpreter.h"

namespace {

constexpr const tandem::OpDef* kOps[] = {&tandem::op::average_pool_2d, &tandem::op::conv_2d,
                                         &tandem::op::depthwise_conv_2d, &tandem::op::reshape,
                                         &tandem::op::softmax};
constexpr const tandem::OpDef* kNarrowOps[] = {
    &tandem::op::average_pool_2d_s8,   &tandem::op::conv_2d_s8,         &tandem::op::conv_2d_s8_w4,
    &tandem::op::depthwise_conv_2d_s8, &tandem::op::fully_connected_s8, &tandem::op::reshape,
    &tandem::op::softmax_s8,           &tandem::op::softmax_s8_s16};

// A custom operator, and those of the signal library.
struct NoParams {};
TANDEM_DEFINE_USER_KERNEL(no_kernel, 0, NoParams,
                          [](const NoParams&, const tandem::Task&) { return tandem::KernelResult::kOk; })
tandem::Status plan(tandem::CustomOpContext& c) {
  c.emit(no_kernel, {});
  return c.state(8).present() && c.scratch(8).base.present() ? tandem::Status{} : c.refuse(1);
}
TANDEM_DEFINE_USER_OP(peak_hold, "PeakHold", plan, no_kernel)
constexpr const tandem::OpDef* kCustomOps[] = {&peak_hold, &tandem::op::signal_window,
                                               &tandem::op::signal_rfft, &tandem::op::signal_rfft_s16,
                                               &tandem::op::circular_buffer};

struct Log {
  const tandem::Model* model;
  std::string tags;
  uint64_t ticks = 0;
};

void on_step(void* context, const tandem::StepProfile& step) {
  auto& log = *static_cast<Log*>(context);
  log.tags += std::string(log.model->operator_name(step.op)) + " ";
  log.ticks += step.end - step.begin;
}

TEST(TflmMapping, EveryLineCompilesAndRuns) {
  const std::vector<uint8_t> file = tandem::test::read_file(TANDEM_MODELS "/person_shaped.tflite");
  const uint8_t* bytes = file.data();
  const size_t size = file.size();

  const tandem::Result<tandem::Model> model = tandem::Model::load({bytes, size});
  ASSERT_TRUE(model.ok());

  std::vector<uint8_t> workspace(tandem::workspace_bytes(*model).value());
  const tandem::Result<tandem::ArenaNeed> need = tandem::arena_need(*model, kOps, workspace);
  ASSERT_TRUE(need.ok());
  std::vector<uint8_t> arena(need->arena_bytes + 16);

  tandem::Interpreter i;
  const tandem::Status status = i.prepare(*model, kOps, arena);
  char text[200];
  ASSERT_TRUE(status.ok()) << (tandem::describe(status, &*model, text), text);
  EXPECT_GE(arena.size(), i.arena_used_bytes());
  ASSERT_TRUE(i.prepare(*model, kNarrowOps, arena).ok());
  EXPECT_NE(status.code, tandem::Code::kOperatorNotRegistered);
  EXPECT_NE(status.code, tandem::Code::kOperatorUnknown);
  EXPECT_NE(status.code, tandem::Code::kKernelNotRegistered);
  EXPECT_EQ(i.prepare(*model, kCustomOps, arena).code, tandem::Code::kOperatorNotRegistered);
  const tandem::Port one_worker;
  ASSERT_TRUE(i.prepare(*model, tandem::all_ops(), arena, one_worker, workspace).ok());

  EXPECT_EQ(i.input_count(), 1U);
  EXPECT_EQ(i.output_count(), 1U);
  const tandem::TensorView t = i.input(0);
  EXPECT_EQ(t.type, tandem::Type::kInt8);
  EXPECT_STREQ(tandem::type_name(t.type), "INT8");
  EXPECT_EQ(t.dims.size(), 4U);
  EXPECT_EQ(t.dims[1], 96);
  EXPECT_EQ(t.bytes.size(), t.data<int8_t>().size());
  EXPECT_GT(t.scale, 0.0F);
  EXPECT_EQ(t.zero_point, -1);
  EXPECT_FALSE(model->tensor_name(t.tensor).empty());

  Log log{.model = &*model};
  const tandem::Profiler profiler{.context = &log, .on_step = on_step};
  i.set_profiler(&profiler);
  const tandem::Outcome outcome = i.invoke();
  EXPECT_TRUE(outcome.ok());
  EXPECT_NE(outcome.kind, tandem::Outcome::Kind::kNotYet);
  EXPECT_TRUE(log.tags.starts_with("DEPTHWISE_CONV_2D DEPTHWISE_CONV_2D CONV_2D ")) << log.tags;
  i.reset_variables();
}

}  // namespace

#include <numeric>

#include "operator_model.h"

namespace tandem {
namespace {

using schema::BuiltinOperator;
using schema::TensorType;
using test::operator_model;
using test::refusal_of;
using test::run;
using test::TensorOf;
using Floats = std::vector<float>;

struct Adjoint {
  bool x = false;
  bool y = false;
};

std::vector<uint8_t> matmul(const TensorOf& a, const TensorOf& b, const TensorOf& y, Adjoint adjoint = {}) {
  schema::BatchMatMulOptionsT options;
  options.adj_x = adjoint.x;
  options.adj_y = adjoint.y;
  return operator_model(BuiltinOperator::BATCH_MATMUL, {a, b}, y, options);
}

TEST(BatchMatmul, EitherSideMayBeTransposed) {
  const Floats a = {1, 2, 3, 4, 5, 6};
  const Floats a_transposed = {1, 4, 2, 5, 3, 6};
  const Floats b = {7, 8, 9, 10, 11, 12};
  const Floats b_transposed = {7, 9, 11, 8, 10, 12};
  for (const bool x : {false, true}) {
    for (const bool y : {false, true}) {
      const TensorOf a_of{.shape = x ? std::vector{3, 2} : std::vector{2, 3}};
      const TensorOf b_of{.shape = y ? std::vector{2, 3} : std::vector{3, 2}};
      EXPECT_EQ(run<float>(matmul(a_of, b_of, {.shape = {2, 2}}, {.x = x, .y = y}), x ? a_transposed : a,
                           y ? b_transposed : b),
                (Floats{58, 64, 139, 154}))
          << x << y;
    }
  }
}

TEST(BatchMatmul, LeadingDimensionsBroadcast) {
  EXPECT_EQ(run<float>(matmul({.shape = {2, 1, 1, 2}}, {.shape = {3, 2, 1}}, {.shape = {2, 3, 1, 1}}),
                       Floats{1, 2, 3, 4}, Floats{1, 10, 2, 20, 3, 30}),
            (Floats{21, 42, 63, 43, 86, 129}));
  EXPECT_EQ(run<float>(matmul({.shape = {1, 2}}, {.shape = {2, 1, 1, 2, 1}}, {.shape = {2, 1, 1, 1, 1}}),
                       Floats{1, 2}, Floats{1, 10, 2, 20}),
            (Floats{21, 42}));
}

TEST(BatchMatmul, WorkersShareTheOutput) {
  // Rows of ones and columns of 1, 2, 3, …: y[b, r, c] = Σ_k b[b, k, c].
  constexpr int32_t kBatches = 3, kRows = 5, kDepth = 40, kColumns = 7;
  Floats b(kBatches * kDepth * kColumns);
  std::iota(b.begin(), b.end(), 1.0F);
  Floats want;
  for (int32_t batch = 0; batch < kBatches; ++batch) {
    for (int32_t i = 0; i < kRows * kColumns; ++i) {
      float sum = 0;
      for (int32_t k = 0; k < kDepth; ++k) {
        sum += b[static_cast<size_t>((batch * kDepth + k) * kColumns + i % kColumns)];
      }
      want.push_back(sum);
    }
  }
  test::LoadedModel model(matmul({.shape = {kRows, kDepth}}, {.shape = {kBatches, kDepth, kColumns}},
                                 {.shape = {kBatches, kRows, kColumns}}),
                          3);
  model.set_input(0, Floats(kRows * kDepth, 1));
  model.set_input(1, b);
  model.invoke();
  EXPECT_EQ(model.output<float>(0), want);
}

TEST(BatchMatmul, NoDepthGivesZeros) {
  EXPECT_EQ(run<float>(matmul({.shape = {2, 0}}, {.shape = {0, 2}}, {.shape = {2, 2}}), Floats{}, Floats{}),
            (Floats{0, 0, 0, 0}));
}

TEST(BatchMatmulS8, BothSidesHaveZeroPoints) {
  // 1·3 + 2·4 = 11
  EXPECT_EQ(run<int8_t>(matmul({.type = TensorType::INT8, .shape = {1, 2}, .scale = 0.5F, .zero_point = 1},
                               {.type = TensorType::INT8, .shape = {2, 1}, .scale = 0.5F, .zero_point = -1},
                               {.type = TensorType::INT8, .shape = {1, 1}, .scale = 0.25F, .zero_point = -3}),
                        std::vector<int8_t>{2, 3}, std::vector<int8_t>{2, 3}),
            std::vector<int8_t>{8});
}

TEST(BatchMatmulS16, SumsIn64Bits) {
  // 70000 · -2^25 needs 43 bits; the scales make 70000 / -8 of it.
  constexpr int32_t kDepth = 70000;
  const auto side = [](std::vector<int32_t> shape) {
    return TensorOf{.type = TensorType::INT16, .shape = std::move(shape), .scale = 0x1p-12F};
  };
  const TensorOf y{.type = TensorType::INT16, .shape = {1, 1}, .scale = 16};
  EXPECT_EQ(run<int16_t>(matmul(side({1, kDepth}), side({kDepth, 1}), y),
                         std::vector<int16_t>(kDepth, -32768), std::vector<int16_t>(kDepth, 1024)),
            std::vector<int16_t>{-8750});
}

TEST(BatchMatmul, Refuses) {
  const auto s16 = [](int64_t zero_point, float scale = 1) {
    return TensorOf{.type = TensorType::INT16, .shape = {1, 1}, .scale = scale, .zero_point = zero_point};
  };
  const TensorOf s8{.type = TensorType::INT8, .shape = {1, 1}, .scale = 1};
  const TensorOf real{.shape = {1, 1}};
  EXPECT_EQ(refusal_of(matmul({.shape = {1}}, real, real)), Code::kInputRank);
  EXPECT_EQ(refusal_of(matmul(real, {.shape = {1, 1, 1, 1, 1, 1}}, real)), Code::kInputRank);
  EXPECT_EQ(refusal_of(matmul({.shape = {2, 3}}, {.shape = {2, 3}}, {.shape = {2, 3}})), Code::kInputShape)
      << "depth";
  EXPECT_EQ(refusal_of(matmul({.shape = {2, 1, 1}}, {.shape = {3, 1, 1}}, {.shape = {3, 1, 1}})),
            Code::kInputShape)
      << "batches";
  EXPECT_EQ(refusal_of(matmul({.shape = {2, 3}}, {.shape = {3, 2}}, {.shape = {2, 3}})), Code::kOutputShape);
  EXPECT_EQ(refusal_of(matmul({.shape = {1, 1, 1}}, real, real)), Code::kOutputShape) << "rank";
  EXPECT_EQ(refusal_of(matmul(real, s8, real)), Code::kInputType) << "hybrid";
  EXPECT_EQ(refusal_of(matmul(s8, s8, real)), Code::kOutputType);
  EXPECT_EQ(refusal_of(matmul(s16(0), s16(1), s16(0))), Code::kInputZeroPoint);
  EXPECT_EQ(refusal_of(matmul(s16(0), s16(0), s16(1))), Code::kOutputZeroPoint);
  EXPECT_EQ(refusal_of(matmul(s16(0), s16(0), s16(0, 0x1p-15F))), Code::kScaleRatio);
}

}  // namespace
}  // namespace tandem

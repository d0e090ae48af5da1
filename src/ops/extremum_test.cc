#include <cmath>
#include <limits>

#include "operator_model.h"

namespace tandem {
namespace {

using schema::BuiltinOperator;
using schema::TensorType;
using test::operator_model;
using test::refusal_of;
using test::run;
using test::TensorOf;

// Runs MAXIMUM and MINIMUM on vectors of `type` and expects these.
template <class Element>
void expect_extrema(TensorType type, const std::vector<Element>& a, const std::vector<Element>& b,
                    const std::vector<Element>& largest, const std::vector<Element>& smallest) {
  const TensorOf x{.type = type, .shape = {static_cast<int32_t>(a.size())}};
  EXPECT_EQ(run<Element>(operator_model(BuiltinOperator::MAXIMUM, {x, x}, x), a, b), largest);
  EXPECT_EQ(run<Element>(operator_model(BuiltinOperator::MINIMUM, {x, x}, x), a, b), smallest);
}

TEST(Extremum, OfEveryType) {
  constexpr int64_t kFar = int64_t{1} << 40;
  expect_extrema<int8_t>(TensorType::INT8, {-128, 5}, {127, 4}, {127, 5}, {-128, 4});
  expect_extrema<int16_t>(TensorType::INT16, {-32768, 5}, {32767, 4}, {32767, 5}, {-32768, 4});
  expect_extrema<int32_t>(TensorType::INT32, {INT32_MIN, 5}, {INT32_MAX, 4}, {INT32_MAX, 5}, {INT32_MIN, 4});
  expect_extrema<int64_t>(TensorType::INT64, {-kFar, 5}, {kFar, 4}, {kFar, 5}, {-kFar, 4});
  expect_extrema<float>(TensorType::FLOAT32, {-1.5F, 5}, {1.5F, 4}, {1.5F, 5}, {-1.5F, 4});
}

TEST(Extremum, TakesTheSecondWhereOneIsNan) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const TensorOf x{.shape = {2}};
  for (const BuiltinOperator op : {BuiltinOperator::MAXIMUM, BuiltinOperator::MINIMUM}) {
    const std::vector<float> y =
        run<float>(operator_model(op, {x, x}, x), std::vector<float>{kNan, 1}, std::vector<float>{1, kNan});
    EXPECT_EQ(y.at(0), 1);
    EXPECT_TRUE(std::isnan(y.at(1)));
  }
}

TEST(Extremum, ComparesWhatIsStoredWhateverTheScales) {
  const TensorOf coarse{.type = TensorType::INT8, .shape = {1}, .scale = 4};
  const TensorOf fine{.type = TensorType::INT8, .shape = {1}, .scale = 0.5F, .zero_point = 3};
  EXPECT_EQ(run<int8_t>(operator_model(BuiltinOperator::MAXIMUM, {coarse, fine}, fine),
                        std::vector<int8_t>{9}, std::vector<int8_t>{10}),
            std::vector<int8_t>{10});
}

TEST(Extremum, Broadcasts) {
  const auto tflite =
      operator_model(BuiltinOperator::MINIMUM, {{.shape = {2, 2}}, {.shape = {1}}}, {.shape = {2, 2}});
  EXPECT_EQ(run<float>(tflite, std::vector<float>{1, 2, 3, 4}, std::vector<float>{3}),
            (std::vector<float>{1, 2, 3, 3}));
}

TEST(Extremum, RefusesOtherTypes) {
  const TensorOf boolean{.type = TensorType::BOOL, .shape = {1}};
  const TensorOf real{.shape = {1}};
  const TensorOf int32{.type = TensorType::INT32, .shape = {1}};
  EXPECT_EQ(refusal_of(operator_model(BuiltinOperator::MAXIMUM, {boolean, boolean}, boolean)),
            Code::kInputType);
  EXPECT_EQ(refusal_of(operator_model(BuiltinOperator::MINIMUM, {real, int32}, real)), Code::kInputType);
  EXPECT_EQ(refusal_of(operator_model(BuiltinOperator::MINIMUM, {real, real}, int32)), Code::kOutputType);
}

}  // namespace
}  // namespace tandem

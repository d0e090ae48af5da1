#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <random>

#include "custom_op_model.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::TensorSpec;
using schema::TensorType;
using test::CustomOpModel;

template <class T>
constexpr TensorType kType = std::is_same_v<T, float>     ? TensorType::FLOAT32
                             : std::is_same_v<T, int16_t> ? TensorType::INT16
                                                          : TensorType::INT32;

TensorSpec tensor(TensorType type, std::vector<int32_t> shape) {
  return {.name = "samples", .type = type, .shape = std::move(shape)};
}

template <class T>
std::vector<uint8_t> rfft(int32_t length, std::vector<int32_t> in_shape) {
  std::vector<int32_t> out_shape = in_shape;
  out_shape.back() = length + 2;
  return CustomOpModel{"SignalRfft",
                       {tensor(kType<T>, in_shape)},
                       {tensor(kType<T>, out_shape)},
                       {{"T", static_cast<double>(kType<T>)}, {"fft_length", length}}}
      .build();
}

template <class T>
std::vector<uint8_t> irfft(int32_t length) {
  return CustomOpModel{"SignalIrfft",
                       {tensor(kType<T>, {length + 2})},
                       {tensor(kType<T>, {length})},
                       {{"T", static_cast<double>(kType<T>)}, {"fft_length", length}}}
      .build();
}

template <class T>
std::vector<T> run(const std::vector<uint8_t>& tflite, const std::vector<T>& x) {
  test::LoadedModel model(tflite);
  EXPECT_EQ(model.refusal(), "");
  if (!model.status().ok()) return {};
  model.set_input<T>(0, x);
  model.invoke();
  return model.output<T>(0);
}

// By the definition, for any length.
std::vector<double> transform(const std::vector<double>& x) {
  std::vector<double> bins;
  for (size_t k = 0; k <= x.size() / 2; ++k) {
    std::complex<double> sum = 0;
    for (size_t j = 0; j < x.size(); ++j) {
      const auto turn = static_cast<double>(j * k % x.size()) / static_cast<double>(x.size());
      sum += x[j] * std::polar(1.0, -2 * std::numbers::pi * turn);
    }
    bins.push_back(sum.real());
    bins.push_back(sum.imag());
  }
  return bins;
}

// Every radix: 1, 2, 4, powers of them, 3, 5, primes above.
constexpr int32_t kLengths[] = {2, 4, 6, 8, 10, 12, 14, 16, 22, 30, 32, 60, 64, 98, 120, 128, 240, 512};

template <class T>
std::vector<T> noise(size_t count, double amplitude) {
  constexpr uint32_t kSeed = 7;
  std::mt19937 random(kSeed);
  std::uniform_real_distribution<double> uniform(-amplitude, amplitude);
  std::vector<T> values(count);
  for (T& value : values) value = static_cast<T>(uniform(random));
  return values;
}

TEST(SignalRfft, OfFloatIsTheTransform) {
  for (const int32_t length : kLengths) {
    const auto x = noise<float>(static_cast<size_t>(length), 1);
    const std::vector<float> y = run(rfft<float>(length, {length}), x);
    const std::vector<double> want = transform({x.begin(), x.end()});
    ASSERT_EQ(y.size(), want.size()) << length;
    for (size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], want[i], 1e-6 * length) << length << " at " << i;
  }
}

// Rounding before each stage costs a little of the last bits, the more the larger the radix.
TEST(SignalRfft, OfIntegersIsTheTransformOverItsLength) {
  for (const int32_t length : kLengths) {
    const auto x = noise<int32_t>(static_cast<size_t>(length), 2e9);
    const std::vector<int32_t> y = run(rfft<int32_t>(length, {length}), x);
    const std::vector<double> want = transform({x.begin(), x.end()});
    ASSERT_EQ(y.size(), want.size()) << length;
    for (size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], want[i] / length, 64) << length << " at " << i;
  }
}

TEST(SignalRfft, OfAnImpulseIsFlat) {
  std::vector<int16_t> x(8);
  x[0] = 16384;
  EXPECT_EQ(run(rfft<int16_t>(8, {8}), x),
            (std::vector<int16_t>{2048, 0, 2048, 0, 2048, 0, 2048, 0, 2048, 0}));
}

TEST(SignalRfft, PadsShortRowsWithZeros) {
  const std::vector<int16_t> rows = {1000, -2000, 3000, 4000, 5000, -6000};
  const std::vector<int16_t> both = run(rfft<int16_t>(8, {2, 3}), rows);
  std::vector<int16_t> apart;
  for (const size_t row : {0U, 1U}) {
    std::vector<int16_t> padded(rows.begin() + static_cast<ptrdiff_t>(3 * row),
                                rows.begin() + static_cast<ptrdiff_t>(3 * row + 3));
    padded.resize(8);
    const std::vector<int16_t> y = run(rfft<int16_t>(8, {8}), padded);
    apart.insert(apart.end(), y.begin(), y.end());
  }
  EXPECT_EQ(both, apart);
}

TEST(SignalIrfft, TakesTheTransformBack) {
  for (const int32_t length : kLengths) {
    const auto x = noise<float>(static_cast<size_t>(length), 1);
    const std::vector<float> y = run(irfft<float>(length), run(rfft<float>(length, {length}), x));
    ASSERT_EQ(y.size(), x.size());
    for (size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], x[i], 1e-5) << length << " at " << i;
  }
}

// Both ways divide by the length.
TEST(SignalIrfft, OfIntegersDividesByTheLength) {
  for (const int32_t length : kLengths) {
    const auto x = noise<int32_t>(static_cast<size_t>(length), 2e9);
    const std::vector<int32_t> y = run(irfft<int32_t>(length), run(rfft<int32_t>(length, {length}), x));
    for (size_t i = 0; i < y.size(); ++i)
      EXPECT_NEAR(y[i], double{1.0} * x[i] / length, 64) << length << " at " << i;
  }
}

TEST(SignalIrfft, OfExtremesStaysDefined) {
  for (const int32_t length : kLengths) {
    for (const int16_t value : {INT16_MIN, INT16_MAX}) {
      const std::vector<int16_t> bins(static_cast<size_t>(length + 2), value);
      EXPECT_EQ(run(irfft<int16_t>(length), bins).size(), static_cast<size_t>(length));
    }
    const std::vector<int32_t> bins(static_cast<size_t>(length + 2), INT32_MIN);
    EXPECT_EQ(run(irfft<int32_t>(length), bins).size(), static_cast<size_t>(length));
  }
}

TEST(SignalRfft, RefusesWhatIsNoTransform) {
  const auto code = [](const std::vector<uint8_t>& tflite) {
    return test::LoadedModel(tflite).status().code;
  };
  EXPECT_EQ(code(rfft<int16_t>(7, {7})), Code::kCustomOptionValue) << "odd";
  EXPECT_EQ(code(rfft<int16_t>(8, {9})), Code::kInputShape) << "longer than the transform";
  EXPECT_EQ(code(CustomOpModel{"SignalRfft",
                               {tensor(TensorType::INT16, {8})},
                               {tensor(TensorType::INT16, {8})},
                               {{"fft_length", 8}}}
                     .build()),
            Code::kOutputShape);
  EXPECT_EQ(code(CustomOpModel{"SignalRfft",
                               {tensor(TensorType::INT16, {8})},
                               {tensor(TensorType::INT16, {10})},
                               {{"T", static_cast<double>(TensorType::INT32)}, {"fft_length", 8}}}
                     .build()),
            Code::kInputType)
      << "the option says another type";
  EXPECT_EQ(code(CustomOpModel{"SignalRfft",
                               {tensor(TensorType::INT8, {8})},
                               {tensor(TensorType::INT8, {10})},
                               {{"fft_length", 8}}}
                     .build()),
            Code::kInputType);
}

struct Scaled {
  std::vector<int16_t> values;
  int32_t bits;
  bool operator==(const Scaled&) const = default;
};

Scaled auto_scale(const std::vector<int16_t>& x) {
  const auto count = static_cast<int32_t>(x.size());
  test::LoadedModel model(CustomOpModel{"SignalFftAutoScale",
                                        {tensor(TensorType::INT16, {count})},
                                        {tensor(TensorType::INT16, {count}), tensor(TensorType::INT32, {})}}
                              .build());
  EXPECT_EQ(model.refusal(), "");
  model.set_input<int16_t>(0, x);
  model.invoke();
  return {model.output<int16_t>(0), model.output<int32_t>(1)[0]};
}

TEST(SignalFftAutoScale, FillsTheRangeByAPowerOfTwo) {
  EXPECT_EQ(auto_scale({1, -3, 2}), (Scaled{{8192, -24576, 16384}, 13}));
  EXPECT_EQ(auto_scale({16384, -1}), (Scaled{{16384, -1}, 0}));
  EXPECT_EQ(auto_scale({0, 0}), (Scaled{{0, 0}, 0}));
}

TEST(SignalFftAutoScale, TakesTheLeastSampleForNone) {
  EXPECT_EQ(auto_scale({-32768}), (Scaled{{-32768}, 0}));
  EXPECT_EQ(auto_scale({100, -32768, 1}), (Scaled{{0, 0, 16384}, 14}));
}

}  // namespace
}  // namespace tandem

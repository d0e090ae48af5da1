#include "tensor_values.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "test_files.h"

namespace tandem::cli {
namespace {

uint16_t bits_of(Half half) { return std::bit_cast<uint16_t>(half); }

TEST(half, known_values) {
  EXPECT_EQ(bits_of(Half(1)), 0x3c00);
  EXPECT_EQ(bits_of(Half(-2)), 0xc000);
  EXPECT_EQ(bits_of(Half(65504)), 0x7bff);
  EXPECT_EQ(bits_of(Half(65519.99)), 0x7bff);
  EXPECT_EQ(bits_of(Half(65520)), 0x7c00);
  EXPECT_EQ(bits_of(Half(0x1p-24)), 0x0001);
  EXPECT_EQ(bits_of(Half(0x1p-25)), 0x0000) << "ties to even";
  EXPECT_EQ(bits_of(Half(0x1.8p-24)), 0x0002) << "ties to even";
  EXPECT_EQ(bits_of(Half(2047.0 / 2048 * 0x1p-14 + 0x1p-26)), 0x0400)
      << "rounds up to the first normal number";
  EXPECT_EQ(bits_of(Half(1 + 0x1p-11)), 0x3c00) << "ties to even";
  EXPECT_EQ(bits_of(Half(2 - 0x1p-12)), 0x4000) << "carries into the exponent";
  EXPECT_EQ(bits_of(Half(-0.0)), 0x8000);
  EXPECT_EQ(bits_of(Half(-std::numeric_limits<double>::infinity())), 0xfc00);
  EXPECT_TRUE(std::isnan(static_cast<double>(Half(std::nan("")))));
}

TEST(half, all_bit_patterns_survive_a_round_trip) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto value = static_cast<double>(std::bit_cast<Half>(static_cast<uint16_t>(bits)));
    if (std::isnan(value)) continue;
    ASSERT_EQ(bits_of(Half(value)), bits) << value;
  }
}

TEST(clamp_to, limits) {
  EXPECT_EQ(clamp_to<int8_t>(127.0), 127);
  EXPECT_EQ(clamp_to<int8_t>(-1e9), -128);
  EXPECT_EQ(clamp_to<uint8_t>(-1), 0);
  EXPECT_EQ(clamp_to<int64_t>(0x1p63), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(clamp_to<uint64_t>(std::numeric_limits<double>::infinity()),
            std::numeric_limits<uint64_t>::max());
}

TEST(element_count, shapes) {
  EXPECT_EQ(element_count({}), 1u);
  const std::vector<int32_t> shape{2, 3, 4}, negative{2, -1}, huge{1 << 30, 1 << 30, 1 << 30},
      empty{1 << 30, 1 << 30, 0};
  EXPECT_EQ(element_count(shape), 24u);
  EXPECT_EQ(element_count(negative), std::nullopt);
  EXPECT_EQ(element_count(huge), std::nullopt);
  EXPECT_EQ(element_count(empty), 0u);
}

TEST(dequantize, int8_with_scale) {
  OwnedTensor tensor(Type::kInt8, {3}, 0.5f, -128);
  tensor.bytes = {0x80, 0x00, 0x7f};
  EXPECT_EQ(dequantize(tensor.view), (std::vector<double>{0, 64, 127.5}));
}

TEST(dequantize, int4_nibbles_low_first) {
  OwnedTensor tensor(Type::kInt4, {3}, 2.0f, 1);
  tensor.bytes = {0x8f, 0x07};
  EXPECT_EQ(dequantize(tensor.view), (std::vector<double>{-4, -18, 12}));
}

TEST(dequantize, types_without_scale) {
  OwnedTensor bools(Type::kBool, {2});
  bools.bytes = {1, 0};
  EXPECT_EQ(dequantize(bools.view), (std::vector<double>{1, 0}));
  OwnedTensor wide(Type::kInt64, {1});
  store<int64_t>(wide.bytes, 0, -5'000'000'000);
  EXPECT_EQ(dequantize(wide.view), (std::vector<double>{-5e9}));
  const OwnedTensor complex(Type::kComplex64, {1});
  EXPECT_TRUE(dequantize(complex.view).empty());
}

}  // namespace
}  // namespace tandem::cli

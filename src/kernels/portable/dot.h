#pragma once

#include <cstdint>
#include <type_traits>

// Two dot products with int8 weights that share the other operand. Sums wrap.
namespace tandem::portable {

struct Sums {
  int32_t a = 0;
  int32_t b = 0;
};

/// sums.a += Σ x[i]·w0[i], sums.b += Σ x[i]·w1[i], i ∈ [0, n). Cortex-M0+: 5.9 cycles a product.
template <class Element>
[[gnu::always_inline]] inline void dot(const Element* x, const int8_t* w0, const int8_t* w1, uint32_t n,
                                       Sums& sums) {
  // Counted up to zero, so that one register is index and counter.
  x += n;
  w0 += n;
  w1 += n;
  auto a = static_cast<uint32_t>(sums.a);
  auto b = static_cast<uint32_t>(sums.b);
  auto i = -static_cast<int32_t>(n);
  const auto step = [&] {
    const int32_t value = x[i];
    a += static_cast<uint32_t>(value * w0[i]);
    b += static_cast<uint32_t>(value * w1[i]);
    ++i;
    // Keeps the compiler from adding up products of several steps first: it has no registers for those.
    __asm__("" : "+r"(i), "+r"(a), "+r"(b));
  };
  for (auto left = n % 4; left != 0; --left) step();
  while (i != 0) {
    step();
    step();
    step();
    step();
  }
  sums = {static_cast<int32_t>(a), static_cast<int32_t>(b)};
}

/// The same of x[i] − zero_point. 7 cycles a product.
template <class Element>
[[gnu::always_inline]] inline void dot_from(int32_t zero_point, const Element* x, const int8_t* w0,
                                            const int8_t* w1, uint32_t n, Sums& sums) {
  x += n;
  w0 += n;
  w1 += n;
  auto a = static_cast<uint32_t>(sums.a);
  auto b = static_cast<uint32_t>(sums.b);
  for (auto i = -static_cast<int32_t>(n); i != 0; ++i) {
    const int32_t value = x[i] - zero_point;
    a += static_cast<uint32_t>(value * w0[i]);
    b += static_cast<uint32_t>(value * w1[i]);
  }
  sums = {static_cast<int32_t>(a), static_cast<int32_t>(b)};
}

/// sum + products, wrapping.
template <class Sum>
[[gnu::always_inline]] inline Sum accumulate(Sum sum, std::type_identity_t<Sum> products) {
  using Unsigned = std::make_unsigned_t<Sum>;
  return static_cast<Sum>(static_cast<Unsigned>(sum) + static_cast<Unsigned>(products));
}

/// a += Σ x[i]·w0[i], b += Σ x[i]·w1[i] of int16 x. A product is at most 2^22 in magnitude, so that 32 bits
/// hold the sum of 511 of them, whatever they are. Cortex-M0+: 7 cycles a product.
template <class Sum>
inline void dot_s16(const int16_t* x, const int8_t* w0, const int8_t* w1, uint32_t n, Sum& a, Sum& b) {
  constexpr uint32_t kMost = 508;  // a multiple of the loop's four
  for (uint32_t count = 0; n != 0; n -= count, x += count, w0 += count, w1 += count) {
    count = n < kMost ? n : kMost;
    Sums products;
    dot(x, w0, w1, count, products);
    a = accumulate(a, products.a);
    b = accumulate(b, products.b);
  }
}

/// The same of x[i] − zero_point, which has 17 bits: 255 products.
template <class Sum>
inline void dot_from_s16(int32_t zero_point, const int16_t* x, const int8_t* w0, const int8_t* w1, uint32_t n,
                         Sum& a, Sum& b) {
  if (zero_point == 0) return dot_s16(x, w0, w1, n, a, b);
  constexpr uint32_t kMost = 255;
  for (uint32_t count = 0; n != 0; n -= count, x += count, w0 += count, w1 += count) {
    count = n < kMost ? n : kMost;
    Sums products;
    dot_from(zero_point, x, w0, w1, count, products);
    a = accumulate(a, products.a);
    b = accumulate(b, products.b);
  }
}

}  // namespace tandem::portable

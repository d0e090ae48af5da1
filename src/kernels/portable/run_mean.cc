#include "kernels/portable/channel_sums.h"
#include "kernels/portable/requantizer.h"
#include "kernels/reduce.h"

// SUM and MEAN of int8 over neighbouring dimensions, by words of four bytes where these are aligned.
namespace tandem {
namespace {

using portable::Inside;
using portable::sum_channel;
using portable::sum_words;
constexpr uint32_t kWord = 4;

bool aligned(const int8_t* x) { return reinterpret_cast<uintptr_t>(x) % kWord == 0; }

// Adds Σ (x + 128) of four neighbours of each of `taps` pixels, `pixel` bytes apart, to `sums`.
void add_words(const int8_t* first, uint32_t taps, uint32_t pixel, uint32_t (&sums)[kWord]) {
  for (uint32_t done = 0; done < taps; done += portable::kMostTaps) {
    sum_words({.first = first + done * pixel,
               .rows = 1,
               .columns = std::min(portable::kMostTaps, taps - done),
               .pixel = pixel,
               .row = 0},
              sums);
  }
}

uint32_t sum_of_bytes(const int8_t* x, uint32_t count) {
  return sum_channel({.first = x, .rows = 1, .columns = count, .pixel = 1, .row = 0});
}

// Σ (x + 128) of `count` consecutive bytes.
uint32_t sum_run(const int8_t* x, uint32_t count) {
  constexpr uint32_t kWorthWords = 32;
  if (count < kWorthWords) return sum_of_bytes(x, count);
  uint32_t head = 0;
  while (head < count && !aligned(x + head)) ++head;
  const uint32_t words = (count - head) / kWord;
  uint32_t sums[kWord] = {};
  add_words(x + head, words, kWord, sums);
  const uint32_t tail = head + words * kWord;
  return sum_of_bytes(x, head) + sums[0] + sums[1] + sums[2] + sums[3] + sum_of_bytes(x + tail, count - tail);
}

KernelResult run_mean(const RunMeanParams& p, const Task& task) {
  const auto* in = task.in<int8_t>(p.in);
  auto* out = task.out<int8_t>(p.out);
  const portable::Requantizer f(p.factor, p.out_zero_point, kRangeOf<int8_t>);
  const uint32_t zero = p.count * static_cast<uint32_t>(128 + p.in_zero_point);  // modulo 2^32, as all sums
  const auto finish = [&](uint32_t sum) { return f(static_cast<int32_t>(sum - zero)); };
  const uint32_t end = p.outputs.end(task);
  uint32_t i = p.outputs.begin(task);
  const uint32_t outer = i / p.inner;
  uint32_t c = i - outer * p.inner;
  const int8_t* x = in + outer * p.count * p.inner;
  while (i < end) {
    if (p.inner == 1) {
      out[i++] = finish(sum_run(x, p.count));
      ++c;
    } else if (p.inner % kWord == 0 && c % kWord == 0 && aligned(x) && end - i >= kWord) {
      uint32_t sums[kWord] = {};
      add_words(x + c, p.count, p.inner, sums);
      for (const uint32_t sum : sums) out[i++] = finish(sum);
      c += kWord;
    } else {
      out[i++] =
          finish(sum_channel({.first = x + c, .rows = 1, .columns = p.count, .pixel = p.inner, .row = 0}));
      ++c;
    }
    if (c == p.inner) {
      c = 0;
      x += p.count * p.inner;
    }
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(mean_s8__portable, RunMeanParams, run_mean)

}  // namespace tandem

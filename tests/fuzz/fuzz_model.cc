// libFuzzer target: a file of any bytes as a model, through everything that run_hostile does with one.
#include <algorithm>
#include <cstring>

#include "change_model.h"
#include "hostile_run.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace {

using tandem::test::Random;

// Small, so that many run in a second, and none takes longer than the fuzzer's patience.
constexpr tandem::test::HostileLimits kLimits{
    .arena_bytes = size_t{4} << 20, .tensor_bytes = size_t{16} << 10, .macs = 100'000};

uint32_t changed(uint32_t word, uint32_t other, Random& random) {
  switch (random() % 6) {
    case 0:
      return word + 1 + random() % 4;
    case 1:
      return word - 1 - random() % 4;
    case 2:
      return word ^ 1U << random() % 32;
    case 3:
      return other;  // from elsewhere in the file
    default:
      return tandem::test::bad_number(random);
  }
}

// Changes one number of 1, 2 or 4 bytes: FlatBuffers keeps each at a multiple of its size.
void change_number(uint8_t* data, size_t size, Random& random) {
  const size_t bytes = size_t{1} << std::min<size_t>(random() % 4, 2);
  const size_t count = size / bytes;
  uint32_t word = 0;
  uint32_t other = 0;
  uint8_t* const at = data + random() % count * bytes;
  std::memcpy(&word, at, bytes);
  std::memcpy(&other, data + random() % count * bytes, bytes);
  word = changed(word, other, random);
  std::memcpy(at, &word, bytes);
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  constexpr size_t kHeader = 8;
  Random random(seed);
  if (random() % 2 == 0) {
    if (const size_t changed = tandem::test::change_model(data, size, max_size, random); changed > 0)
      return changed;
  }
  if (size < kHeader || random() % 8 == 0) {
    size = LLVMFuzzerMutate(data, size, max_size);
  } else {
    for (uint32_t n = 1 + random() % 3; n > 0; --n) change_number(data, size, random);
  }
  // Without the identifier nothing else would be looked at.
  if (size >= kHeader) std::memcpy(data + 4, "TFL3", 4);
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)tandem::test::run_hostile({data, size}, kLimits, size % 16);
  return 0;
}

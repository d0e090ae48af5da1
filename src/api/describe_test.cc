#include <gtest/gtest.h>

#include <array>

#include "tandem/model.h"
#include "tandem/status.h"

namespace tandem {
namespace {

std::string text(const Status& status) {
  std::array<char, 256> out{};
  return {out.data(), describe(status, nullptr, out)};
}

TEST(Describe, FillsInNumbersTypesAndPlaces) {
  EXPECT_EQ(text({.code = Code::kArenaTooSmall, .a = 300, .b = 200}),
            "needs 300 bytes of arena, 200 given; make the arena larger");
  EXPECT_EQ(text({.code = Code::kInputType, .op = 7, .a = 1, .b = 17}),
            "op 7: input 1 has type INT4, which this operator does not support there");
  EXPECT_EQ(
      text({.code = Code::kNegativeDimension, .tensor = 3, .a = 2, .b = -2147483647 - 1}),
      "tensor 3: dimension 2 of the shape is -2147483648; give the model a fixed shape when converting");
  EXPECT_EQ(text({.code = Code::kBufferIndex, .tensor = 1, .a = -1, .b = 4}),
            "tensor 1: buffer 4294967295 does not exist; the model has 4 buffers");
  EXPECT_EQ(text({}), "ok");
}

TEST(Describe, EveryCodeHasASentenceThatIsFilledIn) {
  for (uint16_t code = 0; text({.code = static_cast<Code>(code)}) != "unknown status code 0"; ++code) {
    const std::string sentence = text({.code = static_cast<Code>(code), .a = 5, .b = 6});
    EXPECT_FALSE(sentence.empty());
    EXPECT_EQ(sentence.find_first_of("{}"), std::string::npos) << sentence;
    ASSERT_LT(code, 1000);
  }
}

TEST(Describe, CutsWhatDoesNotFitAndEndsIt) {
  const Status status{.code = Code::kArenaTooSmall, .a = 300, .b = 200};
  std::array<char, 8> small{};
  EXPECT_EQ(describe(status, nullptr, small), 7U);
  EXPECT_STREQ(small.data(), "needs 3");
  EXPECT_EQ(describe(status, nullptr, {}), 0U);
}

}  // namespace
}  // namespace tandem

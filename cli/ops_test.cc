#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "file_bytes.h"
#include "test_command.h"

namespace tandem::cli {
namespace {

using testing::HasSubstr;

TEST(Ops, ThePageInDocsIsWhatTheCommandPrints) {
  const CommandResult result = run_tandem({"ops"});
  EXPECT_EQ(result.code, 0) << result.err;
  const auto page = read_file(TANDEM_SOURCE_ROOT "/docs/operators.md");
  ASSERT_TRUE(page.ok()) << page.problem().sentence;
  EXPECT_EQ(result.out, std::string(page->begin(), page->end())) << "tandem ops > docs/operators.md";
}

TEST(Ops, TypesAreThoseOfTheKernels) {
  const std::string page = run_tandem({"ops"}).out;
  EXPECT_THAT(page, HasSubstr("| CONV_2D | `conv_2d` `conv_2d_f32` `conv_2d_s8` `conv_2d_s8_w4` | INT8, "
                              "INT8 with INT4 weights, INT16, INT16 with INT32 bias, FLOAT32 | "));
  EXPECT_THAT(page, HasSubstr("INT8: portable, armv6m, INT8 with INT4 weights: portable |"));
  EXPECT_THAT(page, HasSubstr("| LOGICAL_NOT | `logical_not` | BOOL |  |"));
  EXPECT_THAT(page, HasSubstr("| QUANTIZE | `quantize`"));
  EXPECT_THAT(page, HasSubstr("FLOAT32 to INT8"));
}

}  // namespace
}  // namespace tandem::cli

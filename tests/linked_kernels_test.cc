// Nothing unused is linked: a program has the kernels of the operators that it names, and no others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The names of everything in three_ops, as far as the compiler gives them symbols.
std::vector<std::string> symbols() {
  std::FILE* const nm = popen(TANDEM_NM " -C --format=just-symbols '" TANDEM_THREE_OPS "'", "r");
  std::string text;
  for (int c = 0; nm != nullptr && (c = std::fgetc(nm)) != EOF;) text += static_cast<char>(c);
  EXPECT_TRUE(nm != nullptr && pclose(nm) == 0);
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end == std::string::npos ? text.size() : end + 1;
  }
  return lines;
}

// What `pattern` captures in symbols that match it whole.
std::set<std::string> matching(const std::string& pattern) {
  const std::regex regex(pattern);
  std::set<std::string> found;
  for (const std::string& symbol : symbols()) {
    std::smatch match;
    if (std::regex_match(symbol, match, regex)) found.insert(match[1]);
  }
  return found;
}

TEST(LinkedKernels, AreThoseOfTheOperatorsNamed) {
  // A kernel's code is named after it, too.
  EXPECT_THAT(matching(R"(tandem::(\w+__\w+)(::.*)?)"),
              ElementsAre("conv_2d_s8__portable", "fully_connected_s8__portable", "softmax_s8__portable"));
  EXPECT_THAT(matching(R"(tandem::op::(\w+))"),
              ElementsAre("conv_2d_s8", "fully_connected_s8", "softmax_s8"));
}

TEST(LinkedKernels, NamesAndSentencesNeedDescribe) {
  EXPECT_THAT(matching(R"(tandem::(describe|kernel_name|all_ops)\(.*)"), IsEmpty());
}

TEST(LinkedKernels, AreEnoughForTheModel) {
  EXPECT_EQ(std::system(TANDEM_THREE_OPS " '" TANDEM_MODELS "/sine_int8.tflite'"), 0);
  EXPECT_NE(std::system(TANDEM_THREE_OPS " '" TANDEM_MODELS "/sine_float.tflite'"), 0);
}

}  // namespace

#include "text_table.h"

#include <gtest/gtest.h>

namespace tandem::cli {
namespace {

TEST(TextTable, columns_are_as_wide_as_their_widest_cell) {
  using enum TextTable::Align;
  TextTable table({{"op", kRight}, {"name"}, {"bytes", kRight}});
  table.row({"0", "conv", "1,024"});
  table.row({"10", "a longer name"});
  EXPECT_EQ(table.text(),
            "  op  name           bytes\n"
            "   0  conv           1,024\n"
            "  10  a longer name\n");
}

TEST(TextTable, without_rows_it_is_its_titles) { EXPECT_EQ(TextTable({{"a"}, {"b"}}).text(), "  a  b\n"); }

TEST(Grouped, thousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(123456), "123,456");
  EXPECT_EQ(grouped(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(Counted, one_has_no_s) {
  EXPECT_EQ(counted(0, "operator"), "0 operators");
  EXPECT_EQ(counted(1, "operator"), "1 operator");
  EXPECT_EQ(counted(1234, "operator"), "1,234 operators");
}

TEST(Printable, what_could_steer_a_terminal_is_replaced) {
  EXPECT_EQ(printable("conv/Relu;1"), "conv/Relu;1");
  EXPECT_EQ(printable("a\x1b[2J\n\x7f\xc3\xa4"), "a?[2J????");
}

TEST(Shortened, the_middle_is_left_out) {
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("abcdefghij", 7), "abc..ij");
  EXPECT_EQ(shortened("abcdefghij", 2), "ab");
  EXPECT_EQ(shortened("", 0), "");
}

}  // namespace
}  // namespace tandem::cli

#include "isa.h"

#include <gtest/gtest.h>

#include <string>

namespace tandem::sim {
namespace {

/// The same encodings once more, told the other way: as ARMv6-M ARM A5.2 tells them, by fields.
std::string expected_name(uint32_t op) {
  const uint32_t bits8_11 = op >> 8 & 15, bits6_7 = op >> 6 & 3;
  switch (op >> 11) {
    case 0:
      return "lsls_imm";
    case 1:
      return "lsrs_imm";
    case 2:
      return "asrs_imm";
    case 3: {
      const char* names[] = {"adds_reg", "subs_reg", "adds_imm3", "subs_imm3"};
      return names[op >> 9 & 3];
    }
    case 4:
      return "movs_imm";
    case 5:
      return "cmp_imm";
    case 6:
      return "adds_imm8";
    case 7:
      return "subs_imm8";
    case 8: {
      if (!(op & 0x400)) {
        const char* names[] = {"ands", "eors", "lsls_reg", "lsrs_reg", "asrs_reg", "adcs", "sbcs", "rors",
                               "tst",  "rsbs", "cmp_reg",  "cmn",      "orrs",     "muls", "bics", "mvns"};
        return names[op >> 6 & 15];
      }
      const bool to_pc = (op & 0x87) == 0x87;
      switch (op >> 8 & 3) {
        case 0:
          return to_pc ? "add_pc" : "add_any";
        case 1:
          return "cmp_any";
        case 2:
          return to_pc ? "mov_pc" : "mov_any";
        default:
          return op & 0x80 ? "blx" : "bx";
      }
    }
    case 9:
      return "ldr_literal";
    case 10:
    case 11: {
      const char* names[] = {"str_reg", "strh_reg", "strb_reg", "ldrsb_reg",
                             "ldr_reg", "ldrh_reg", "ldrb_reg", "ldrsh_reg"};
      return names[op >> 9 & 7];
    }
    case 12:
      return "str_imm";
    case 13:
      return "ldr_imm";
    case 14:
      return "strb_imm";
    case 15:
      return "ldrb_imm";
    case 16:
      return "strh_imm";
    case 17:
      return "ldrh_imm";
    case 18:
      return "str_sp";
    case 19:
      return "ldr_sp";
    case 20:
      return "adr";
    case 21:
      return "add_sp_imm";
    case 22:
    case 23: {
      switch (bits8_11) {
        case 0:
          return op & 0x80 ? "sub_sp" : "add_sp";
        case 2: {
          const char* names[] = {"sxth", "sxtb", "uxth", "uxtb"};
          return names[bits6_7];
        }
        case 4:
        case 5:
          return "push";
        case 6:
          return (op & 0xe8) == 0x60 ? "cps" : "undefined";
        case 10: {
          const char* names[] = {"rev", "rev16", "undefined", "revsh"};
          return names[bits6_7];
        }
        case 12:
          return "pop";
        case 13:
          return "pop_pc";
        case 14:
          return "bkpt";
        case 15: {
          if (op & 15) return "undefined";
          const char* names[] = {"nop", "nop", "wfe", "wfi", "sev"};
          const uint32_t hint = op >> 4 & 15;
          return hint < 5 ? names[hint] : "nop";
        }
        default:
          return "undefined";
      }
    }
    case 24:
      return "stm";
    case 25:
      return "ldm";
    case 26:
    case 27: {
      const char* names[] = {"beq", "bne", "bcs", "bcc", "bmi", "bpl", "bvs", "bvc",
                             "bhi", "bls", "bge", "blt", "bgt", "ble", "udf", "svc"};
      return names[bits8_11];
    }
    case 28:
      return "b";
    case 30:
      return "wide";
    default:
      return "undefined";
  }
}

TEST(Isa, EveryHalfwordDecodesAsTheManualTells) {
  for (uint32_t op = 0; op < kHalfwords; ++op) {
    ASSERT_EQ(instruction_info(static_cast<uint16_t>(op)).name, expected_name(op))
        << "halfword " << std::hex << op;
  }
}

struct TestRow {
  std::string_view pattern;
};

TEST(Isa, OverlapIsFound) {
  constexpr TestRow kRows[] = {{"0xxxxxxxxxxxxxxx"}, {"1xxxxxxxxxxxxxxx"}, {"1111000011110000"}};
  constexpr Decoder kOverlapping = make_decoder<TestRow>(kRows);
  EXPECT_TRUE(kOverlapping.ambiguous);
  EXPECT_FALSE(kOverlapping.complete);
}

TEST(Isa, GapIsFound) {
  constexpr TestRow kRows[] = {{"0xxxxxxxxxxxxxxx"}, {"10xxxxxxxxxxxxxx"}};
  constexpr Decoder kWithGap = make_decoder<TestRow>(kRows);
  EXPECT_FALSE(kWithGap.ambiguous);
  EXPECT_FALSE(kWithGap.complete);
}

TEST(Isa, WrongLengthIsFound) {
  constexpr TestRow kRows[] = {{"0xxxxxxxxxxxxxx"}};
  constexpr Decoder kShort = make_decoder<TestRow>(kRows);
  EXPECT_FALSE(kShort.well_formed);
}

}  // namespace
}  // namespace tandem::sim

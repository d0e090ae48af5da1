#include "sim_svg.h"

#include <gtest/gtest.h>

namespace tandem::cli {
namespace {

constexpr uint32_t kA = 0x10000100, kB = 0x10000200;

sim::Image two_functions() {
  sim::Image image;
  image.symbols = {{kA, 0x40, true, "a<int> & more"}, {kB, 0x40, true, "b"}};
  return image;
}

sim::Cycles sum(const Occupancy& occupancy, int core) {
  sim::Cycles all = 0;
  for (const auto& bin : occupancy.bins(core)) {
    sim::Cycles in_bin = bin.sleeping;
    for (const auto& [function, cycles] : bin.functions) in_bin += cycles;
    EXPECT_LE(in_bin, occupancy.bin_cycles());
    all += in_bin;
  }
  return all;
}

TEST(SimSvg, NoCycleIsLostWhenBinsMerge) {
  const sim::Image image = two_functions();
  FunctionIndex index(image);
  Occupancy occupancy(index);
  sim::Cycles now = 0;
  sim::StallCycles stalls{};
  for (int i = 0; i < 200'000; ++i) {
    const sim::Cycles length = 1 + static_cast<sim::Cycles>(i % 7);
    stalls[0] += length - 1;
    occupancy.on_instruction(0, i / 5 % 2 == 0 ? kA : kB, now, now + length, stalls);
    now += length;
    if (i % 1000 == 0) {
      occupancy.on_sleep(0, kA, now, now + 50);
      now += 50;
    }
  }
  occupancy.on_sleep(1, kA, 0, now);
  occupancy.finish();
  EXPECT_EQ(sum(occupancy, 0), now);
  EXPECT_EQ(sum(occupancy, 1), now);
  EXPECT_LE(occupancy.bins(0).size(), 1000u);
  EXPECT_GT(occupancy.bins(0).size(), 490u);
}

TEST(SimSvg, DrawsFunctionsSleepAndStallsWithNamesEscaped) {
  const sim::Image image = two_functions();
  FunctionIndex index(image);
  Occupancy occupancy(index);
  occupancy.on_instruction(0, kA, 0, 100, {40, 0, 0, 0});
  occupancy.on_sleep(0, kA, 100, 200);
  occupancy.on_instruction(1, kB, 0, 200, {0, 0, 10, 0});
  occupancy.finish();
  const std::string svg = draw_timeline(occupancy, 200, 125'000'000, "a & b.elf");
  EXPECT_NE(svg.find("simulated RP2040: 200 cycles"), svg.npos);
  EXPECT_NE(svg.find("50.0 %, 0.0 %  a&lt;int&gt; &amp; more"), svg.npos);
  EXPECT_NE(svg.find("0.0 %, 100.0 %  b"), svg.npos);
  EXPECT_NE(svg.find("40.0 % of that"), svg.npos);
  EXPECT_EQ(svg.find("a & b"), svg.npos);
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

TEST(SimSvg, AnEmptyRunIsStillAPicture) {
  const sim::Image image;
  FunctionIndex index(image);
  Occupancy occupancy(index);
  occupancy.finish();
  EXPECT_TRUE(draw_timeline(occupancy, 0, 125'000'000, "nothing").ends_with("</svg>\n"));
}

}  // namespace
}  // namespace tandem::cli

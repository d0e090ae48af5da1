#include "sim_profile.h"

#include <gtest/gtest.h>

#include "sim_watchers.h"
#include "test_machine.h"

namespace tandem::cli {
namespace {

constexpr uint32_t kSramCode = 0x20000000, kNop = 0x10000100;

TEST(SimProfile, CountsEveryCycleOfARealRunOnce) {
  sim::TestMachine t;
  Profile profile;
  Watchers watchers;
  watchers.add(&profile);
  t.machine.observe(&watchers);
  // movs r0,#5; 1: subs r0,#1; bne 1b; wfe
  t.start(0, kSramCode, {0x2005, 0x3801, 0xd1fd, 0xbf20}, 0x20010000);
  t.machine.run(1000);
  watchers.finish(t.machine);
  EXPECT_EQ(profile.at(0, kSramCode).executions, 1u);
  EXPECT_EQ(profile.at(0, kSramCode + 2).executions, 5u);
  EXPECT_EQ(profile.at(0, kSramCode + 2).cycles, 5u);
  EXPECT_EQ(profile.at(0, kSramCode + 4).cycles, 4 * 2 + 1u);
  EXPECT_EQ(profile.at(0, kSramCode + 6).executions, 1u);
  const Profile::Counts total = profile.total(0);
  EXPECT_EQ(total.sleeping, profile.at(0, kSramCode + 6).sleeping) << "sleep counts for the WFE";
  EXPECT_EQ(total.cycles + total.sleeping, t.machine.now());
  EXPECT_EQ(profile.total(1), Profile::Counts{});
}

TEST(SimProfile, StallsAreTheDifferencesOfTheCoresTotals) {
  Profile profile;
  profile.on_instruction(1, kNop, 0, 10, {9, 0, 0, 0});
  profile.on_instruction(1, kNop + 2, 10, 14, {9, 0, 3, 0});
  profile.on_instruction(1, kNop, 14, 15, {9, 0, 3, 0});
  EXPECT_EQ(profile.at(1, kNop).stalls, (sim::StallCycles{9, 0, 0, 0}));
  EXPECT_EQ(profile.at(1, kNop + 2).stalls, (sim::StallCycles{0, 0, 3, 0}));
  EXPECT_EQ(profile.at(1, kNop).cycles, 11u);
}

TEST(SimProfile, FunctionsComeMostCyclesFirstAndPlacesHaveNames) {
  sim::Image image;
  image.symbols = {{0x80, 0, false, "A_CONSTANT", true}, {kNop, 8, true, "_ZN6tandem4planEi"}};
  FunctionIndex index(image);
  Profile profile;
  profile.on_instruction(0, kNop, 0, 10, {});
  profile.on_instruction(0, kNop + 4, 10, 15, {});
  profile.on_instruction(0, 0x90, 15, 35, {});
  profile.on_instruction(0, 0x20041000, 35, 36, {});
  const auto rows = profile.functions(0, index);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].name, "[boot ROM]");
  EXPECT_EQ(rows[1].name, "tandem::plan(int)");
  EXPECT_EQ(rows[1].counts.cycles, 15u);
  EXPECT_EQ(rows[2].name, "[SRAM: no symbol, as of generated code]");
}

TEST(SimMarks, EachCoreIsTimedByItself) {
  Marks marks(0x100, 0x200);
  marks.on_instruction(0, 0x100, 10, 11, {});
  marks.on_instruction(1, 0x200, 12, 13, {});  // never began there
  marks.on_instruction(1, 0x100, 20, 21, {});
  marks.on_instruction(0, 0x200, 40, 41, {});
  marks.on_instruction(1, 0x200, 25, 26, {});
  EXPECT_EQ(marks.summary().count, 2u);
  EXPECT_EQ(marks.summary().total, 35u);
  EXPECT_EQ(marks.summary().least, 5u);
  EXPECT_EQ(marks.summary().most, 30u);
  ASSERT_EQ(marks.regions().size(), 2u);
  EXPECT_EQ(marks.regions()[0].core, 0);
}

}  // namespace
}  // namespace tandem::cli

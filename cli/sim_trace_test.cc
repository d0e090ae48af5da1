#include "sim_trace.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace tandem::cli {
namespace {

using Slice = Trace::Slice;

constexpr uint32_t kOuter = 0x10000100, kInner = 0x10000200, kHandler = 0x10000300;

sim::Image three_functions() {
  sim::Image image;
  image.symbols = {
      {kOuter, 0x40, true, "outer"}, {kInner, 0x40, true, "inner"}, {kHandler, 0x40, true, "handler"}};
  return image;
}

/// Plays instructions to a trace: one cycle each.
struct Player {
  explicit Player(size_t max_slices = 1000)
      : functions(image),
        trace(
            functions, [this](int) { return link; }, max_slices) {}
  void step(uint32_t pc) {
    trace.on_instruction(0, pc, now, now + 1, stalls);
    ++now;
  }
  /// BL at `from`, and the first instruction of `to`.
  void call(uint32_t from, uint32_t to) {
    step(from);
    link = from + 4 + 1;
    step(to);
  }
  std::vector<std::string> told() {
    trace.finish();
    std::vector<std::string> out;
    for (const Slice& s : trace.slices(Trace::kCore0)) {
      const std::string name = s.kind == Slice::Kind::kFunction ? functions.name(s.what)
                               : s.kind == Slice::Kind::kSleep  ? "sleep"
                                                                : "exception " + std::to_string(s.what);
      out.push_back(name + " " + std::to_string(s.start) + ".." + std::to_string(s.end));
    }
    return out;
  }

  sim::Image image = three_functions();
  FunctionIndex functions;
  uint32_t link = 0xffffffff;
  sim::Cycles now = 0;
  sim::StallCycles stalls{};
  Trace trace;
};

using Told = std::vector<std::string>;

TEST(SimTrace, CallsNestAndReturnsEndThem) {
  Player p;
  p.step(kOuter);
  p.call(kOuter + 2, kInner);
  p.step(kInner + 2);
  p.step(kOuter + 6);
  EXPECT_EQ(p.told(), (Told{"outer 0..5", "inner 2..4"}));
}

TEST(SimTrace, AJumpTakesTheCallersPlace) {
  Player p;
  p.step(kOuter);
  p.step(kInner);  // the link register points elsewhere
  EXPECT_EQ(p.told(), (Told{"outer 0..1", "inner 1..2"}));
}

TEST(SimTrace, TwoCallsOfOneFunctionAreTwoSlices) {
  Player p;
  p.call(kOuter, kInner);
  p.step(kOuter + 4);
  p.call(kOuter + 6, kInner);
  EXPECT_EQ(p.told(), (Told{"outer 0..5", "inner 1..2", "inner 4..5"}));
}

TEST(SimTrace, AnExceptionLiesOnWhatItInterrupts) {
  Player p;
  p.step(kOuter);
  p.trace.on_exception(0, 16, true, p.now);
  p.step(kHandler);
  p.trace.on_exception(0, 16, false, p.now);  // told before the instruction that returns is
  p.step(kHandler + 2);
  p.step(kOuter + 2);
  EXPECT_EQ(p.told(), (Told{"outer 0..4", "exception 16 1..3", "handler 1..3"}));
}

TEST(SimTrace, AnExceptionBetweenCallAndCalleeDoesNotHideTheCall) {
  Player p;
  p.step(kOuter);
  p.link = kOuter + 4 + 1;
  p.trace.on_exception(0, 16, true, p.now);
  p.step(kHandler);
  p.trace.on_exception(0, 16, false, p.now);
  p.step(kHandler + 2);
  p.step(kInner);
  p.step(kOuter + 4);
  EXPECT_EQ(p.told(), (Told{"outer 0..5", "exception 16 1..3", "handler 1..3", "inner 3..4"}));
}

TEST(SimTrace, MemoryIsBoundedAndTheShortestGo) {
  Player p(50);
  p.step(kOuter);
  for (int i = 0; i < 1000; ++i) {
    p.call(kOuter + 2, kInner);
    if (i % 100 == 0) p.now += 400;  // a long one: its next instruction ends late
    p.trace.on_instruction(0, kInner + 2, p.now, p.now + 1, p.stalls);
    ++p.now;
    p.step(kOuter + 6);
  }
  const Told told = p.told();
  EXPECT_LE(told.size(), 50u);
  EXPECT_EQ(told[0], "outer 0.." + std::to_string(p.now));
  EXPECT_EQ(told.size() + p.trace.dropped(Trace::kCore0), 1001u);
  EXPECT_GE(told.size(), 11u) << "the long ones stay";
}

TEST(SimTrace, JsonHasBothCoresSleepMarksDmaAndStalls) {
  Player p;
  p.stalls = {0, 0, 7, 0};
  p.step(kOuter);
  p.trace.on_sleep(1, kInner, 0, 100);
  p.trace.on_dma(3, 10, 30, 20);
  p.trace.finish();
  Marks marks(kOuter, kInner);
  marks.on_instruction(0, kOuter, 5, 6, {});
  marks.on_instruction(0, kInner, 25, 26, {});
  std::ostringstream out;
  p.trace.write(out, 100'000'000, &marks);
  const auto json = nlohmann::json::parse(out.str());
  EXPECT_EQ(json["otherData"]["simulated"], true);
  std::vector<std::string> slices;
  for (const auto& event : json["traceEvents"]) {
    if (event["ph"] == "X") {
      slices.push_back(event["name"].get<std::string>() + " " + std::to_string(event["tid"].get<int>()) +
                       " " + event["ts"].dump() + " " + event["dur"].dump());
    }
    if (event["name"] == "outer") {
      EXPECT_EQ(event["args"]["bank_conflict"], 7);
    }
  }
  EXPECT_EQ(slices,
            (Told{"outer 1 0.0 0.01", "sleeping 2 0.0 1.0", "marked 3 0.05 0.2", "20 transfers 13 0.1 0.2"}));
}

}  // namespace
}  // namespace tandem::cli

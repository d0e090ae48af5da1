#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "benchmark_image.h"
#include "benchmark_run.h"
#include "device_build.h"
#include "file_bytes.h"
#include "link_map.h"
#include "models/model_builder.h"
#include "test_command.h"
#include "test_files.h"

// The benchmark firmware, linked and run on the simulated board. Without the Arm toolchain these are skipped.

namespace tandem::cli {
namespace {

using models::ModelBuilder;
using nlohmann::json;
using schema::BuiltinOperator;
using testing::HasSubstr;

class Bench : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto wrong = toolchain_problem()) GTEST_SKIP() << "skipped: " << wrong->sentence;
  }

  static json bench(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "bench");
    arguments.emplace_back("--json");
    const CommandResult result = run_tandem(arguments);
    EXPECT_EQ(result.code, 0) << result.err;
    return json::parse(result.out, nullptr, false);
  }
  static std::string sine() { return project_model("sine_int8.tflite"); }

  // An image of the sine model, or of `model`, whose answer is one error.
  static std::string error_of(std::span<const uint8_t> model, const std::vector<std::string>& ops) {
    const BenchmarkConfig config{
        .model_name = "model", .model = {model.begin(), model.end()}, .ops = ops, .inputs = {}, .cores = {1}};
    const Outcome<BenchmarkImage> image = build_benchmark_image(config);
    EXPECT_TRUE(image.ok()) << image.problem().sentence;
    const Outcome<BenchmarkRun> run = run_benchmark_image(image->elf, {});
    EXPECT_TRUE(run.ok()) << run.problem().sentence;
    EXPECT_TRUE(run->ended) << run->console;
    EXPECT_EQ(run->runs.size(), 1U) << run->console;
    return run->runs.empty() ? run->error : run->runs[0].error;
  }
};

TEST_F(Bench, both_numbers_of_cores_give_the_hosts_outputs) {
  const json both = bench({sine()});
  ASSERT_EQ(both["runs"].size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    const json& run = both["runs"][i];
    EXPECT_EQ(run["cores"], i + 1);
    EXPECT_EQ(run["clock_mhz"], 125);
    EXPECT_EQ(run["outputs_match_host"], true);
    ASSERT_EQ(run["inputs"].size(), 2U);
    EXPECT_EQ(run["inputs"][0]["name"], "random:1");
    EXPECT_EQ(run["steps"].size(), 3U);
    uint64_t in_steps = 0, slowest = 0;
    for (const json& step : run["steps"]) in_steps += step["cycles"].get<uint64_t>();
    for (const json& input : run["inputs"])
      slowest = std::max(slowest, input["total_cycles"].get<uint64_t>());
    const auto total = run["total_cycles"].get<uint64_t>();
    EXPECT_EQ(total, slowest);
    EXPECT_LT(in_steps, total);
    EXPECT_GT(in_steps, total * 8 / 10);
    // The firmware's own timer has a resolution of a microsecond, and some instructions around the call.
    EXPECT_NEAR(run["timer_ms"].get<double>(), run["total_ms"].get<double>(), 0.01);
    EXPECT_NEAR(run["total_ms"].get<double>(), static_cast<double>(total) / 125e3, 1e-9);
    EXPECT_GT(run["prepare_ms"], 0);
    EXPECT_GT(run["arena_bytes"], run["persistent_bytes"]);
    EXPECT_EQ(run["resident_bytes"], 0);
    EXPECT_GT(run["ram_bytes"], run["arena_bytes"]);
    EXPECT_GT(run["flash_bytes"], 2048);
    EXPECT_EQ(run["steps"][1]["macs"], 256);
    EXPECT_EQ(run["steps"][1]["operator"], "FULLY_CONNECTED");
  }
}

TEST_F(Bench, one_number_of_cores_gives_one_object) {
  const json run =
      bench({sine(), "--cores", "2", "--clock", "200", "--code", "sram", "--inputs", "random:7"});
  for (const char* key :
       {"model", "cores", "clock_mhz", "total_cycles", "total_ms", "outputs_match_host", "prepare_ms",
        "arena_bytes", "persistent_bytes", "resident_bytes", "ram_bytes", "flash_bytes"}) {
    EXPECT_TRUE(run.contains(key)) << key;
  }
  EXPECT_EQ(run["cores"], 2);
  EXPECT_EQ(run["clock_mhz"], 200);
  EXPECT_EQ(run["inputs"].size(), 1U);
  EXPECT_EQ(run["outputs_match_host"], true);
  for (const char* key : {"index", "op", "macs", "cycles", "core0_busy", "core1_busy"}) {
    EXPECT_TRUE(run["steps"][0].contains(key)) << key;
  }
}

TEST_F(Bench, ten_runs_in_a_row_take_ten_times_one) {
  const json one = bench({sine(), "--cores", "1", "--inputs", "random:1"});
  const json ten = bench({sine(), "--cores", "1", "--inputs", "random:1", "--runs", "10"});
  ASSERT_EQ(ten["inputs"].size(), 10U);
  double total = 0;
  for (const json& input : ten["inputs"]) {
    total += input["total_cycles"].get<double>();
    EXPECT_EQ(input["outputs"], one["inputs"][0]["outputs"]);
  }
  const double tenfold = 10 * one["total_cycles"].get<double>();
  EXPECT_NEAR(total, tenfold, tenfold / 100);
}

TEST_F(Bench, work_of_a_divided_step_is_told_by_core) {
  const TemporaryFolder folder;
  ModelBuilder b;
  const int32_t x = b.tensor({.name = "x", .shape = {1, 4096}});
  const int32_t y = b.tensor({.name = "y", .shape = {1, 4096}});
  b.inputs({x});
  b.op(BuiltinOperator::RELU, {x}, {y});
  b.outputs({y});
  const std::string model = folder.add("relu.tflite", b.finish());
  const std::string svg = (folder.path() / "a.svg").string(), trace = (folder.path() / "a.json").string(),
                    elf = (folder.path() / "a.elf").string(), uf2 = (folder.path() / "a.uf2").string();
  const json both = bench({model, "--svg", svg, "--trace", trace, "--elf", elf, "--inputs", "random:1"});
  const json& one = both["runs"][0];
  const json& two = both["runs"][1];
  ASSERT_EQ(two["steps"].size(), 1U);
  EXPECT_EQ(one["steps"][0]["core0_busy"], one["steps"][0]["cycles"]);
  EXPECT_EQ(one["steps"][0]["core1_busy"], 0);
  const json& step = two["steps"][0];
  EXPECT_GT(step["core0_busy"], 0);
  EXPECT_GT(step["core1_busy"], 0);
  EXPECT_LT(step["core1_busy"], step["cycles"]);
  EXPECT_LT(step["cycles"], one["steps"][0]["cycles"]);
  EXPECT_EQ(two["outputs_match_host"], true);

  const auto text_of = [](const std::string& path) {
    const auto bytes = read_file(path);
    return bytes.ok() ? std::string(bytes->begin(), bytes->end()) : std::string();
  };
  EXPECT_THAT(text_of(svg), HasSubstr("</svg>"));
  EXPECT_TRUE(json::accept(text_of(trace)));
  EXPECT_THAT(text_of(trace), HasSubstr("work_on_units"));
  EXPECT_EQ(run_tandem({"uf2", elf}).code, 0);
  EXPECT_EQ(run_tandem({"uf2", "--check", uf2}).code, 0);
}

TEST_F(Bench, an_arena_one_byte_too_small_is_refused_on_the_board) {
  const size_t need = bench({sine(), "--cores", "1"})["arena_bytes"].get<size_t>();
  const auto with_arena = [&](size_t bytes) {
    return run_tandem({"bench", sine(), "--cores", "1", "--arena", std::to_string(bytes)});
  };
  EXPECT_EQ(with_arena(need).code, 0);
  const CommandResult result = with_arena(need - 1);
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("needs " + std::to_string(need) + " bytes of arena, " +
                                    std::to_string(need - 1) + " given"));
}

TEST_F(Bench, what_the_board_refuses_it_says_in_a_sentence) {
  const Outcome<std::vector<uint8_t>> model = read_file(sine());
  ASSERT_TRUE(model.ok());
  EXPECT_THAT(error_of(*model, {"fully_connected"}), HasSubstr("inputs have 1 bytes, those in this image 0"));
  EXPECT_THAT(error_of(std::span(*model).first(model->size() / 2), {"fully_connected"}),
              HasSubstr("the file"));
  EXPECT_THAT(error_of(*model, {"softmax"}), HasSubstr("FULLY_CONNECTED"));
}

TEST_F(Bench, models_that_do_not_fit_are_refused_with_numbers) {
  const TemporaryFolder folder;
  ModelBuilder b;
  const int32_t x = b.tensor({.name = "x", .shape = {1, 40000}});
  const int32_t y = b.tensor({.name = "y", .shape = {1, 40000}});
  const int32_t z = b.tensor({.name = "z", .shape = {1, 40000}});
  b.inputs({x, y});
  b.op(BuiltinOperator::ADD, {x, y}, {z});
  b.outputs({z});
  const CommandResult result =
      run_tandem({"bench", folder.add("big.tflite", b.finish()), "--cores", "1", "--inputs", "random:1"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("big.tflite: needs 3"));
  EXPECT_THAT(result.err, HasSubstr("bytes are free for an arena"));
}

TEST(BenchWithoutToolchain, says_how_to_get_it) {
  const char* path = std::getenv("PATH");
  const std::string kept = path != nullptr ? path : "";
  setenv("PATH", "/nowhere", 1);
  const CommandResult result = run_tandem({"bench", project_model("sine_int8.tflite")});
  setenv("PATH", kept.c_str(), 1);
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi"));
}

TEST(LinkMap, pieces_are_read_and_summed_by_module) {
  constexpr const char* kMap =
      "Discarded input sections\n\n .text          0x00000000       0x10 a.obj\n\n"
      "Linker script and memory map\n\n"
      ".text           0x10000200      0x100\n"
      " *(.text .text.*)\n"
      " .text          0x10000200        0x0 crt.o\n"
      " .text.main     0x10000200       0x20 /b/benchmark.dir/benchmark.cc.obj\n"
      "                0x10000200                main\n"
      " .text._ZN6tandem11Interpreter6invokeEv\n"
      "                0x10000220       0x40 /b/src/libtandem_planner.a(interpreter.cc.obj)\n"
      " *fill*         0x10000260        0x2 \n"
      " .rodata.table  0x10000264       0x10 /b/src/libtandem_exec.a(elementary.cc.obj)\n"
      " .text          0x10000274        0x8 /usr/lib/libgcc.a(_udivsi3.o)\n"
      " .model.data    0x10001000     0x1000 /tmp/ccabc.o\n"
      ".data           0x20000000       0x20 load address 0x10002000\n"
      " .time_critical.loop\n"
      "                0x20000000       0x18 /b/src/libtandem_rp2040.a(worker_pair.cc.obj)\n"
      " .data.x        0x20000018        0x8 /usr/lib/libc_nano.a(libc_a-impure.o)\n"
      " .bss           0x20000020        0x4 /b/src/libtandem_rp2040.a(board.cc.obj)\n"
      " .debug_info    0x00000000     0x1000 /tmp/ccabc.o\n";
  const std::vector<LinkedPiece> pieces = parse_link_map(kMap);
  ASSERT_EQ(pieces.size(), 9U);
  EXPECT_EQ(pieces[1].section, ".text._ZN6tandem11Interpreter6invokeEv");
  EXPECT_EQ(pieces[1].bytes, 0x40U);
  std::map<std::string, ModuleSize> sizes;
  for (const ModuleSize& size : module_sizes(pieces, TANDEM_SOURCE_ROOT)) sizes[size.module] = size;
  EXPECT_EQ(sizes["benchmark"].text, 0x20U);
  EXPECT_EQ(sizes["api"].text, 0x40U);
  EXPECT_EQ(sizes["base"].rodata, 0x10U);
  EXPECT_EQ(sizes["libgcc"].text, 8U);
  EXPECT_EQ(sizes["newlib"].data, 8U);
  EXPECT_EQ(sizes["model bytes"].rodata, 0x1000U);
  EXPECT_EQ(sizes["port"].text, 0x18U);
  EXPECT_EQ(sizes["port"].code_in_sram, 0x18U);
  EXPECT_EQ(sizes["port"].bss, 4U);
  EXPECT_EQ(sizes["alignment"].text, 2U);
  EXPECT_EQ(sizes.size(), 8U);
}

}  // namespace
}  // namespace tandem::cli

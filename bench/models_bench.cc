// Inference on this host, for ratios within one run: workers against each other, models against each other.
// Says nothing about a microcontroller. MACs per second are counted from the planner's figures.
//   models_bench [MODEL.tflite...] [--benchmark_...]   default: person_shaped, and person_detect of the
//   reference data
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "plan/planner.h"
#include "port/posix/posix_port.h"
#include "tandem/interpreter.h"

namespace {

struct Loaded {
  std::vector<uint8_t> file;
  tandem::Model model;
  uint64_t macs = 0;
  size_t workspace_bytes = 0;
};

std::shared_ptr<Loaded> load(const std::string& path) {
  auto loaded = std::make_shared<Loaded>();
  std::ifstream stream(path, std::ios::binary);
  loaded->file.assign(std::istreambuf_iterator<char>(stream), {});
  const tandem::Result<tandem::Model> model = tandem::Model::load(loaded->file);
  if (!model.ok()) return nullptr;
  loaded->model = *model;
  tandem::Planner planner(loaded->model, tandem::all_ops(), 1);
  loaded->workspace_bytes = planner.workspace_bytes();
  std::vector<uint8_t> workspace(loaded->workspace_bytes);
  const tandem::PlanListener count_macs{.context = &loaded->macs,
                                        .on_step = [](void* macs, const tandem::PlannedStep& step) {
                                          *static_cast<uint64_t*>(macs) += step.work.macs;
                                        }};
  if (!planner.measure(workspace, count_macs).ok()) return nullptr;
  return loaded;
}

void run(benchmark::State& state, const Loaded& loaded) {
  tandem::PosixPort port(static_cast<uint32_t>(state.range(0)));
  std::vector<uint8_t> workspace(loaded.workspace_bytes);
  const auto need =
      tandem::arena_need(loaded.model, tandem::all_ops(), workspace, static_cast<uint32_t>(state.range(0)));
  std::vector<uint8_t> arena(need.value().arena_bytes + tandem::kPlanAlignment);
  tandem::Interpreter interpreter;
  if (!interpreter.prepare(loaded.model, tandem::all_ops(), arena, port.port()).ok()) {
    state.SkipWithError("the model was refused");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(interpreter.invoke());
  state.counters["MAC/s"] =
      benchmark::Counter(static_cast<double>(loaded.macs), benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  std::vector<std::string> paths(argv + 1, argv + argc);
  if (paths.empty()) {
    const char* given = std::getenv("TANDEM_SHARED");
    const std::string shared = given != nullptr && *given != '\0' ? given : TANDEM_DEFAULT_SHARED;
    paths.emplace_back(TANDEM_MODELS "/person_shaped.tflite");
    const std::string reference = shared + "/models/person_detect.tflite";
    if (std::filesystem::exists(reference)) paths.push_back(reference);
  }
  for (const std::string& path : paths) {
    const std::shared_ptr<Loaded> loaded = load(path);
    if (loaded == nullptr) {
      std::fprintf(stderr, "models_bench: %s is not a model that can be planned; see `tandem inspect`\n",
                   path.c_str());
      return EXIT_FAILURE;
    }
    benchmark::RegisterBenchmark(std::filesystem::path(path).stem().c_str(),
                                 [loaded](benchmark::State& state) { run(state, *loaded); })
        ->ArgName("workers")
        ->Arg(1)
        ->Arg(2)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  }
  benchmark::RunSpecifiedBenchmarks();
  return EXIT_SUCCESS;
}

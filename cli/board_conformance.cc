#include "board_conformance.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <sstream>
#include <thread>

#include "../firmware/conformance/cases.h"
#include "device_build.h"
#include "file_bytes.h"
#include "firmware_console.h"

namespace tandem::cli {
namespace {

namespace pack = conformance;

// The bytes that a run of the firmware finds in flash.
class Pack {
 public:
  Pack() : bytes_(sizeof(pack::Header)) {}

  /// Whether `c` still fits.
  bool add(const LoadedCase& c, std::span<const uint8_t> model) {
    size_t bytes = model.size();
    std::vector<pack::Input> inputs;
    for (const Record& record : c.io.records) bytes += record.bytes.size() + sizeof(pack::Input);
    constexpr size_t kRoomForTables = 64 << 10;
    if (bytes_.size() + bytes + kRoomForTables > pack::kMaxCasesBytes) return false;
    pack::Case& added = cases_.emplace_back();
    added.model = append(model, pack::kModelAlignment);
    added.model_bytes = static_cast<uint32_t>(model.size());
    added.invocations = c.io.invocations;
    for (uint32_t i = 0; i < c.io.invocations; ++i) {
      for (const Record& record : c.io.records) {
        if (record.invocation != i || record.role != Record::Role::kInput) continue;
        inputs.push_back({.invocation = i,
                          .index = record.index,
                          .data = append(record.bytes, 1),
                          .bytes = static_cast<uint32_t>(record.bytes.size())});
      }
    }
    added.input_count = static_cast<uint32_t>(inputs.size());
    added.inputs = append(bytes_of(inputs), alignof(pack::Input));
    return true;
  }

  [[nodiscard]] size_t cases() const { return cases_.size(); }

  std::vector<uint8_t> finish(uint32_t cores) {
    const pack::Header header{.first = 0,
                              .cases = static_cast<uint32_t>(cases_.size()),
                              .cores = cores,
                              .table = append(bytes_of(cases_), alignof(pack::Case))};
    std::memcpy(bytes_.data(), &header, sizeof header);
    return std::move(bytes_);
  }

 private:
  template <class T>
  static std::span<const uint8_t> bytes_of(const std::vector<T>& elements) {
    return {reinterpret_cast<const uint8_t*>(elements.data()), elements.size() * sizeof(T)};
  }
  uint32_t append(std::span<const uint8_t> bytes, size_t alignment) {
    bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment);
    const auto at = static_cast<uint32_t>(bytes_.size());
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return at;
  }

  std::vector<uint8_t> bytes_;
  std::vector<pack::Case> cases_;
};

std::optional<std::vector<uint8_t>> bytes_from_hex(const std::string& text) {
  std::vector<uint8_t> bytes;
  if (text.size() % 2 != 0) return std::nullopt;
  for (size_t i = 0; i < text.size(); i += 2) {
    const std::string pair = text.substr(i, 2);
    if (pair.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
    bytes.push_back(static_cast<uint8_t>(std::stoul(pair, nullptr, 16)));
  }
  return bytes;
}

// Reads what the firmware says of a pack's cases.
class Transcript {
 public:
  explicit Transcript(std::span<ObservedCase> cases) : cases_(cases) {}

  void line(const std::string& text) {
    std::istringstream words(text);
    std::string key;
    words >> key;
    if (key == "CASE") {
      words >> current_;
    } else if (key == "END") {
      ended_ = true;
    } else if (current_ < cases_.size()) {
      line_of_case(key, words, text);
    }
  }
  [[nodiscard]] bool ended() const { return ended_; }
  /// The case that was begun last; what the firmware wrote in it that is not in the protocol, a fault report.
  [[nodiscard]] size_t current() const { return current_; }
  [[nodiscard]] const std::string& remarks() const { return remarks_; }

 private:
  void line_of_case(const std::string& key, std::istringstream& words, const std::string& text) {
    ObservedCase& observed = cases_[current_];
    if (key == "REFUSED") {
      int code = 0;
      words >> code;
      std::string sentence;
      std::getline(words >> std::ws, sentence);
      observed.refusal = {.code = static_cast<Code>(code), .sentence = sentence};
    } else if (key == "OUTCOME") {
      uint32_t index = 0;
      int kind = 0;
      tandem::Outcome& outcome = observed.invocations.emplace_back().outcome;
      words >> index >> kind >> outcome.op;
      outcome.kind = static_cast<tandem::Outcome::Kind>(kind);
    } else if (key == "OUT" && !observed.invocations.empty()) {
      read_output(words, observed);
    } else if (key == "WRONG") {
      observed.wrong = text.substr(key.size() + 1);
    } else {
      remarks_ += (remarks_.empty() ? "" : " / ") + text;
    }
  }

  static void read_output(std::istringstream& words, ObservedCase& observed) {
    ObservedCase::Output& output = observed.invocations.back().outputs.emplace_back();
    uint32_t invocation = 0, index = 0;
    int type = 0;
    words >> invocation >> index >> type;
    output.type = static_cast<Type>(type);
    std::string word;
    while (words >> word && word != ":") output.dims.push_back(std::stoi(word));
    word.clear();
    words >> word;
    std::optional<std::vector<uint8_t>> bytes = bytes_from_hex(word);
    if (!bytes) observed.wrong = "the board's output is not hexadecimal: " + word.substr(0, 40);
    if (bytes) output.bytes = std::move(*bytes);
  }

  std::span<ObservedCase> cases_;
  size_t current_ = 0;
  bool ended_ = false;
  std::string remarks_;
};

// One boot of the firmware from the case header.first on. Returns the first case that it did not get to.
size_t run_pack(const sim::Image& firmware, const std::vector<uint8_t>& pack, size_t first,
                std::span<ObservedCase> cases) {
  Transcript transcript(cases);
  sim::Machine* running = nullptr;
  size_t told = first;
  sim::Cycles last_word = 0;
  FirmwareConsole console([&](const std::string& line) {
    transcript.line(line);
    last_word = running->now();
    if (transcript.ended()) running->stop({});
  });
  sim::Machine machine({.instant_uart = true, .stop_on_fault = false}, console);
  running = &machine;
  machine.load(firmware);
  sim::Segment data{.address = pack::kCasesAddress, .bytes = pack};
  const auto from = static_cast<uint32_t>(first);
  std::memcpy(data.bytes.data() + offsetof(pack::Header, first), &from, sizeof from);
  machine.load({.segments = {std::move(data)}});
  machine.boot();
  constexpr sim::Cycles kSlice = 5'000'000, kSilence = 10'000'000'000;
  while (!transcript.ended() && machine.now() - last_word < kSilence) {
    if (machine.run(machine.now() + kSlice).kind != sim::StopKind::kNone) break;
  }
  if (transcript.ended()) return cases.size();
  told = std::max(told, transcript.current());
  cases[told].wrong = transcript.remarks().empty() ? "the board went silent" : transcript.remarks();
  return told + 1;
}

Outcome<sim::Image> conformance_firmware(DeviceKernels kernels) {
  DeviceBuild build(kernels);
  if (auto wrong = build.bring_up_to_date("conformance")) return *wrong;
  const auto path = build.folder() / "conformance.elf";
  const Outcome<std::vector<uint8_t>> file = read_file(path);
  if (!file.ok()) return file.problem();
  std::string error;
  std::optional<sim::Image> image = sim::read_image(*file, &error);
  if (!image) return problem("{} {}", path.string(), error);
  return std::move(*image);
}

}  // namespace

Outcome<std::vector<ObservedCase>> observe_on_board(std::span<const LoadedCase> cases, uint32_t cores,
                                                    DeviceKernels kernels,
                                                    const std::function<void(size_t)>& on_progress) {
  const Outcome<sim::Image> firmware = conformance_firmware(kernels);
  if (!firmware.ok()) return firmware.problem();
  std::vector<ObservedCase> observed(cases.size());
  std::mutex mutex;
  size_t next = 0, done = 0;

  // Takes cases from those that are left until a boot has enough of them.
  const auto work = [&] {
    constexpr size_t kCasesPerBoot = 40;
    for (;;) {
      Pack pack;
      size_t begin = 0;
      {
        const std::lock_guard lock(mutex);
        begin = next;
        while (next < cases.size() && pack.cases() < kCasesPerBoot) {
          const Outcome<std::vector<uint8_t>> model = read_file(cases[next].info.tflite);
          if (!pack.add(cases[next], model.ok() ? *model : std::vector<uint8_t>{})) break;
          ++next;
        }
        if (next == begin && next < cases.size()) {
          observed[next++].wrong = "does not fit into the board's flash";
          continue;
        }
      }
      const size_t count = pack.cases();
      if (count == 0) return;
      const std::vector<uint8_t> bytes = pack.finish(cores);
      const std::span<ObservedCase> results = std::span(observed).subspan(begin, count);
      for (size_t first = 0; first < count;) first = run_pack(*firmware, bytes, first, results);
      const std::lock_guard lock(mutex);
      done += count;
      on_progress(done);
    }
  };
  std::vector<std::jthread> workers(std::max(1U, std::thread::hardware_concurrency()));
  for (std::jthread& worker : workers) worker = std::jthread(work);
  workers.clear();
  return observed;
}

}  // namespace tandem::cli

#include "listen.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "file_bytes.h"
#include "output_tensor.h"
#include "plan_report.h"
#include "progress_bar.h"
#include "session.h"
#include "sound.h"
#include "tensor_values.h"
#include "text_table.h"

namespace tandem::cli {
namespace {

using nlohmann::json;
using OutcomeKind = tandem::Outcome::Kind;

constexpr int kUsualRate = 16000;
constexpr double kUsualHop = 0.02;                   // seconds
constexpr double kLongestSound = 3600;               // seconds
constexpr uint64_t kMostFrames = uint64_t{1} << 29;  // of the file: so long at 149 kHz
constexpr size_t kPictureColumns = 64;

// The model's scores for the sound up to `end`.
struct Window {
  double end = 0;  // seconds
  std::vector<double> scores;

  [[nodiscard]] size_t best() const {
    return static_cast<size_t>(std::ranges::max_element(scores) - scores.begin());
  }
};

// Windows in a row with the same best score, averaged, all of them at the threshold or above.
struct Heard {
  size_t index = 0;
  double from = 0;  // ends of the first and the last window
  double to = 0;
  double score = 0;  // the highest, and when
  double at = 0;
};

class Listening {
 public:
  Listening(const RunOptions& options, Session& front, Session& model)
      : options_(options), front_(front), model_(model), port_(options.workers) {}

  std::optional<Problem> run();

 private:
  std::optional<Problem> prepare();
  std::optional<Problem> load_sound();
  std::optional<Problem> listen();
  [[nodiscard]] std::optional<Problem> invoke(Session& session);
  void find_heard();
  [[nodiscard]] std::string label(size_t index) const;
  [[nodiscard]] std::string picture() const;
  void print_text() const;
  void print_json() const;

  const RunOptions& options_;
  Session& front_;
  Session& model_;
  PosixPort port_;
  std::vector<std::string> labels_;
  int rate_ = kUsualRate;
  size_t piece_ = 0;            // samples that the front end takes
  size_t hop_ = 0;              // samples
  size_t pieces_ = 0;           // whose features the model takes
  std::vector<uint8_t> sound_;  // as the front end takes it
  std::string loaded_;          // what was done to the sound
  bool not_yet_ = false;        // the model that ran last has no outputs yet
  std::vector<Window> windows_;
  std::vector<Heard> heard_;
};

std::optional<Problem> Listening::prepare() {
  for (Session* session : {&front_, &model_}) {
    const std::optional<size_t> arena = session == &model_ ? options_.arena_bytes : std::nullopt;
    if (const Status status = session->prepare(port_.port(), arena); !status.ok()) {
      return Problem{session->describe(status)};
    }
    const Interpreter& interpreter = session->interpreter();
    if (interpreter.input_count() != 1 || interpreter.output_count() < 1) {
      return problem("{}: has {} inputs and {} outputs; to listen it needs one input and an output.",
                     session->name(), interpreter.input_count(), interpreter.output_count());
    }
  }
  const TensorView samples = front_.interpreter().input(0);
  const TensorView features = front_.interpreter().output(0);
  const TensorView in = model_.interpreter().input(0);
  if (features.type != in.type || features.bytes.empty() || in.bytes.size() % features.bytes.size() != 0) {
    return problem("{} gives {}, of which {} cannot put its input together: {}.", front_.name(),
                   tensor_text(features), model_.name(), tensor_text(in));
  }
  if (options_.how.sample_rate > 0) rate_ = options_.how.sample_rate;
  piece_ = samples.bytes.size() * 8 / std::max(1U, type_bits(samples.type));
  hop_ = options_.hop > 0 ? static_cast<size_t>(options_.hop) : static_cast<size_t>(kUsualHop * rate_);
  pieces_ = in.bytes.size() / features.bytes.size();
  if (piece_ == 0 || hop_ == 0) return problem("{}: takes no samples.", front_.name());
  return std::nullopt;
}

std::optional<Problem> Listening::load_sound() {
  if (options_.inputs.size() != 1) {
    return problem("tandem: --preprocess needs one --input, a sound; got {}.", options_.inputs.size());
  }
  const std::string& source = options_.inputs.front();
  const Outcome<std::vector<uint8_t>> file = read_file(source);
  if (!file.ok()) return file.problem();
  const Outcome<Sound> sound = decode_sound(*file, kMostFrames);
  if (!sound.ok()) return problem("{}: {}", source, sound.problem().sentence);
  const double seconds = static_cast<double>(sound->samples.size()) / sound->rate;
  if (seconds > kLongestSound) {
    return problem("{}: has {:.0f} s; the limit is {:.0f} s. Cut it.", source, seconds, kLongestSound);
  }
  // What is shorter than the model's view is followed by silence.
  const size_t count =
      std::max(static_cast<size_t>(std::ceil(seconds * rate_)), piece_ + (pieces_ - 1) * hop_);
  TensorView samples = front_.interpreter().input(0);
  const int32_t dims[] = {static_cast<int32_t>(count)};
  sound_.resize(count * type_bits(samples.type) / 8);
  samples.dims = dims;
  samples.bytes = sound_;
  InputSpec how = options_.how;
  how.source = source;
  how.sample_rate = rate_;
  Outcome<std::string> done = load_input(how, samples);
  if (!done.ok()) return done.problem();
  loaded_ = std::move(*done);
  return std::nullopt;
}

// One invocation; notes whether it gave outputs.
std::optional<Problem> Listening::invoke(Session& session) {
  const tandem::Outcome outcome = session.interpreter().invoke();
  not_yet_ = outcome.kind == OutcomeKind::kNotYet;
  if (outcome.ok() || not_yet_) return std::nullopt;
  return problem("{}: {}: stopped because of its data.", session.name(),
                 outcome.op >= 0 ? operator_place(session.model(), outcome.op) : "the model");
}

std::optional<Problem> Listening::listen() {
  const TensorView samples = front_.interpreter().input(0);
  const TensorView features = front_.interpreter().output(0);
  const TensorView in = model_.interpreter().input(0);
  const TensorView out = model_.interpreter().output(0);
  const size_t sample_bytes = samples.bytes.size() / piece_;
  const size_t feature_bytes = features.bytes.size();
  std::vector<uint8_t> view;  // the features of the last pieces
  ProgressBar progress(sound_.size());
  for (size_t at = 0; at + samples.bytes.size() <= sound_.size(); at += hop_ * sample_bytes) {
    std::copy_n(sound_.begin() + static_cast<ptrdiff_t>(at), samples.bytes.size(), samples.bytes.begin());
    if (auto wrong = invoke(front_)) return wrong;
    progress.update(at);
    if (not_yet_) continue;
    view.insert(view.end(), features.bytes.begin(), features.bytes.end());
    if (view.size() < in.bytes.size()) continue;
    std::ranges::copy(view, in.bytes.begin());
    view.erase(view.begin(), view.begin() + static_cast<ptrdiff_t>(feature_bytes));
    if (auto wrong = invoke(model_)) return wrong;
    if (not_yet_) continue;
    windows_.push_back(
        {.end = static_cast<double>(at / sample_bytes + piece_) / rate_, .scores = dequantize(out)});
  }
  if (windows_.empty() || windows_.front().scores.empty()) {
    return problem("{}: has given no scores; is \"{}\" long enough?", model_.name(), options_.inputs.front());
  }
  return std::nullopt;
}

void Listening::find_heard() {
  const auto averaged = std::max<size_t>(
      1, static_cast<size_t>(std::lround(options_.average_ms / 1e3 * rate_ / static_cast<double>(hop_))));
  bool goes_on = false;
  for (size_t w = 0; w < windows_.size(); ++w) {
    Window window{.end = windows_[w].end, .scores = std::vector<double>(windows_[w].scores.size())};
    const size_t first = w + 1 > averaged ? w + 1 - averaged : 0;
    for (size_t past = first; past <= w; ++past) {
      for (size_t i = 0; i < window.scores.size(); ++i) {
        window.scores[i] += windows_[past].scores[i] / static_cast<double>(w + 1 - first);
      }
    }
    const size_t index = window.best();
    const double score = window.scores[index];
    if (!(score >= options_.threshold)) {
      goes_on = false;
      continue;
    }
    if (!goes_on || heard_.back().index != index) {
      heard_.push_back({.index = index, .from = window.end, .to = 0, .score = score, .at = window.end});
    }
    goes_on = true;
    Heard& heard = heard_.back();
    heard.to = window.end;
    if (score > heard.score) {
      heard.score = score;
      heard.at = window.end;
    }
  }
}

std::string Listening::label(size_t index) const {
  return index < labels_.size() ? printable(labels_[index]) : fmt::format("#{}", index);
}

// A line for each score, its level over time.
std::string Listening::picture() const {
  constexpr std::string_view kLevels[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr double kTop = std::size(kLevels) - 1;
  const size_t columns = std::min(kPictureColumns, windows_.size());
  size_t width = 0;
  for (size_t i = 0; i < windows_.front().scores.size(); ++i) width = std::max(width, label(i).size());
  std::string text;
  for (size_t i = 0; i < windows_.front().scores.size(); ++i) {
    text += fmt::format("  {:<{}} |", label(i), width);
    for (size_t column = 0; column < columns; ++column) {
      double highest = 0;
      for (size_t w = column * windows_.size() / columns; w < (column + 1) * windows_.size() / columns; ++w) {
        highest = std::max(highest, windows_[w].scores[i]);
      }
      text += kLevels[static_cast<size_t>(std::lround(std::clamp(highest, 0.0, 1.0) * kTop))];
    }
    text += "|\n";
  }
  const std::string from = fmt::format("{:.2f} s", windows_.front().end);
  const std::string to = fmt::format("{:.2f} s", windows_.back().end);
  const size_t gap = columns > from.size() + to.size() ? columns - from.size() - to.size() : 1;
  return text + fmt::format("  {:<{}}  {}{:>{}}\n", "", width, from, to, gap + to.size());
}

void Listening::print_text() const {
  const double hop = static_cast<double>(hop_) / rate_;
  fmt::print("{}\n", printable(loaded_));
  fmt::print("{}: {} samples every {} of {} Hz; {}: {}, {:.2f} s of sound, {}\n", front_.name(), piece_, hop_,
             rate_, model_.name(), counted(pieces_, "piece"),
             static_cast<double>(pieces_ - 1) * hop + static_cast<double>(piece_) / rate_,
             counted(windows_.size(), "window"));
  using enum TextTable::Align;
  TextTable table({{"from", kRight}, {"to", kRight}, {"heard"}, {"score", kRight}, {"at", kRight}});
  for (const Heard& heard : heard_) {
    table.row({fmt::format("{:.2f} s", heard.from), fmt::format("{:.2f} s", heard.to), label(heard.index),
               fmt::format("{:.4f}", heard.score), fmt::format("{:.2f} s", heard.at)});
  }
  if (heard_.empty()) {
    fmt::print("Nothing was heard with a score of {} or more.\n", options_.threshold);
  } else {
    fmt::print("{}", table.text());
  }
  fmt::print("Scores by the time at which a window ends:\n{}", picture());
}

void Listening::print_json() const {
  json object{{"preprocess", front_.name()}, {"model", model_.name()}, {"sample_rate", rate_},
              {"piece_samples", piece_},     {"hop_samples", hop_},    {"pieces", pieces_},
              {"windows", json::array()},    {"heard", json::array()}};
  for (const Window& window : windows_)
    object["windows"].push_back({{"end", window.end}, {"scores", window.scores}});
  for (const Heard& heard : heard_) {
    object["heard"].push_back({{"index", heard.index},
                               {"label", label(heard.index)},
                               {"from", heard.from},
                               {"to", heard.to},
                               {"score", heard.score},
                               {"at", heard.at}});
  }
  // Names come from files and need not be UTF-8.
  fmt::print("{}\n", object.dump(1, ' ', false, json::error_handler_t::replace));
}

std::optional<Problem> Listening::run() {
  if (!options_.labels.empty()) {
    Outcome<std::vector<std::string>> labels = read_labels(options_.labels);
    if (!labels.ok()) return labels.problem();
    labels_ = std::move(*labels);
  }
  if (auto wrong = prepare()) return wrong;
  if (auto wrong = load_sound()) return wrong;
  if (auto wrong = listen()) return wrong;
  find_heard();
  if (options_.json) {
    print_json();
  } else {
    print_text();
  }
  return std::nullopt;
}

std::optional<Problem> run_chain(const RunOptions& options) {
  const Outcome<std::unique_ptr<Session>> front = Session::open(options.preprocess);
  if (!front.ok()) return front.problem();
  const Outcome<std::unique_ptr<Session>> model = Session::open(options.model);
  if (!model.ok()) return model.problem();
  return Listening(options, **front, **model).run();
}

}  // namespace

int listen(const RunOptions& options) {
  const std::optional<Problem> wrong = run_chain(options);
  if (!wrong) return EXIT_SUCCESS;
  std::fflush(stdout);
  fmt::print(stderr, "{}\n", wrong->sentence);
  return EXIT_FAILURE;
}

}  // namespace tandem::cli

#include "sim_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sim_profile.h"

namespace tandem::cli {

// ---- collecting

template <class Add>
void Occupancy::spread(PerCore& core, sim::Cycles start, sim::Cycles end, Add add) {
  while (start < end) {
    const size_t bin = start / width_;
    const sim::Cycles part = std::min(end, (bin + 1) * width_) - start;
    if (core.bins.size() <= bin) core.bins.resize(bin + 1);
    add(core.bins[bin], part);
    start += part;
  }
}

void Occupancy::make_room(sim::Cycles end) {
  if (end <= kMaxBins * width_) return;
  while (end > kMaxBins * width_) {
    width_ *= 2;
    for (PerCore& core : cores_) {
      auto& bins = core.bins;
      for (size_t i = 1; i < bins.size(); ++i) {
        Bin& to = bins[i / 2];
        Bin from = std::move(bins[i]);
        if (i % 2 == 0) {
          to = std::move(from);
          continue;
        }
        to.sleeping += from.sleeping;
        for (size_t k = 0; k < to.stalls.size(); ++k) to.stalls[k] += from.stalls[k];
        for (const auto& share : from.functions) {
          const auto same = std::find_if(to.functions.begin(), to.functions.end(),
                                         [&](const auto& entry) { return entry.first == share.first; });
          if (same != to.functions.end()) {
            same->second += share.second;
          } else {
            to.functions.push_back(share);
          }
        }
      }
      bins.resize((bins.size() + 1) / 2);
    }
  }
  for (PerCore& core : cores_) core.open.bin_end = (core.open.start / width_ + 1) * width_;
}

void Occupancy::close(PerCore& core) {
  Open& open = core.open;
  if (open.end > open.start) {
    make_room(open.end);
    const sim::Cycles length = open.end - open.start;
    sim::Cycles done = 0;
    spread(core, open.start, open.end, [&](Bin& bin, sim::Cycles part) {
      for (size_t i = 0; i < bin.stalls.size(); ++i) {
        const sim::Cycles stalled = open.stalls[i] - open.stalls_before[i];
        bin.stalls[i] += stalled * (done + part) / length - stalled * done / length;
      }
      done += part;
      for (auto& [function, cycles] : bin.functions) {
        if (function != open.function) continue;
        cycles += part;
        return;
      }
      bin.functions.emplace_back(open.function, part);
    });
  }
  open.start = open.end;
  open.stalls_before = open.stalls;
}

void Occupancy::on_instruction(int core, uint32_t pc, sim::Cycles start, sim::Cycles end,
                               const sim::StallCycles& stalls) {
  PerCore& mine = cores_[static_cast<size_t>(core)];
  const uint32_t function = index_.at(pc);
  if (function != mine.open.function || end > mine.open.bin_end || start != mine.open.end) {
    close(mine);
    mine.open.function = function;
    mine.open.start = start;
    mine.open.bin_end = (start / width_ + 1) * width_;
  }
  mine.open.end = end;
  mine.open.stalls = stalls;
}

void Occupancy::on_sleep(int core, uint32_t, sim::Cycles start, sim::Cycles end) {
  PerCore& mine = cores_[static_cast<size_t>(core)];
  close(mine);
  make_room(end);
  spread(mine, start, end, [](Bin& bin, sim::Cycles part) { bin.sleeping += part; });
}

void Occupancy::finish() {
  for (PerCore& core : cores_) close(core);
}

// ---- drawing

namespace {

constexpr double kWidth = 1200, kLeft = 96, kRight = 24, kTop = 64;
constexpr double kFunctionsHeight = 130, kStallsHeight = 56, kGap = 6, kCoreGap = 30;
constexpr double kLegendLine = 20;
constexpr size_t kLegendNames = 12, kNameCharacters = 64;
// Neighbours in rank differ in hue and in lightness.
constexpr const char* kColours[kLegendNames] = {"#3266a8", "#e8912d", "#3c9d5b", "#b04a8f",
                                                "#78b7d8", "#8a5a3b", "#d9c02f", "#5a4fa2",
                                                "#8fcf8a", "#c9656a", "#2f8f8f", "#e2a9c4"};
constexpr const char* kOtherColour = "#a9adb3";
constexpr const char* kSleepColour = "#e9ebee";
constexpr const char* kStallColours[sim::kStallCauses] = {"#c0392b", "#f08a6c", "#7d3c98", "#566573"};

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (static_cast<unsigned char>(c) >= ' ')
      out += c;
  }
  return out;
}

std::string shortened(const std::string& name) {
  return name.size() <= kNameCharacters ? name : name.substr(0, kNameCharacters - 3) + "...";
}

/// Rectangles of one colour, as one path.
class Rectangles {
 public:
  void add(double x, double y, double width, double height) {
    // Equal ones that touch become one.
    if (pending_ && std::abs(x_ + width_ - x) < 1e-6 && std::abs(y_ - y) < 0.05 &&
        std::abs(height_ - height) < 0.05) {
      width_ += width;
      return;
    }
    flush();
    pending_ = true;
    x_ = x, y_ = y, width_ = width, height_ = height;
  }
  std::string path(const char* colour) {
    flush();
    return data_.empty() ? "" : fmt::format("<path fill=\"{}\" d=\"{}\"/>\n", colour, data_);
  }

 private:
  void flush() {
    if (pending_)
      data_ += fmt::format("M{:.2f} {:.2f}h{:.2f}v{:.2f}h{:.2f}z", x_, y_, width_, height_, -width_);
    pending_ = false;
  }
  std::string data_;
  bool pending_ = false;
  double x_ = 0, y_ = 0, width_ = 0, height_ = 0;
};

std::string text(double x, double y, std::string_view what, std::string_view attributes = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, attributes, escaped(what));
}

std::string box(double x, double y, const char* colour) {
  return fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"12\" height=\"12\" fill=\"{}\" stroke=\"#8a8f96\" "
      "stroke-width=\"0.5\"/>\n",
      x, y, colour);
}

/// 1, 2 or 5 times a power of ten, so that there are about ten steps.
double tick_step(double range) {
  const double power = std::pow(10, std::floor(std::log10(range / 10)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (range / (factor * power) <= 12) return factor * power;
  }
  return 10 * power;
}

}  // namespace

std::string draw_timeline(const Occupancy& occupancy, sim::Cycles end, uint64_t clock_hz,
                          const std::string& title) {
  end = std::max<sim::Cycles>(end, 1);
  const double plot = kWidth - kLeft - kRight;
  const auto bin_cycles = static_cast<double>(occupancy.bin_cycles());
  const double column = plot * bin_cycles / static_cast<double>(end);

  // The functions with the most cycles have colours, the same on both cores.
  std::map<uint32_t, std::array<sim::Cycles, 2>> by_function;
  for (const int id : {0, 1}) {
    for (const Occupancy::Bin& bin : occupancy.bins(id)) {
      for (const auto& [function, cycles] : bin.functions)
        by_function[function][static_cast<size_t>(id)] += cycles;
    }
  }
  std::vector<std::pair<uint32_t, std::array<sim::Cycles, 2>>> ranked(by_function.begin(), by_function.end());
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return a.second[0] + a.second[1] > b.second[0] + b.second[1];
  });
  std::map<uint32_t, size_t> rank;
  for (size_t i = 0; i < std::min(ranked.size(), kLegendNames); ++i) rank[ranked[i].first] = i;

  const double core_height = kFunctionsHeight + kGap + kStallsHeight;
  const double axis = kTop + 2 * core_height + kCoreGap;
  const size_t legend_rows = (std::min(ranked.size(), kLegendNames) + 1) / 2;
  const double legend = axis + 46;
  const double height = legend + kLegendLine * (static_cast<double>(legend_rows) + 2.5);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} "
      "{1:.0f}\" "
      "font-family=\"DejaVu Sans, Arial, sans-serif\" font-size=\"12\" fill=\"#22262b\" stroke=\"none\">\n"
      "<rect width=\"{0:.0f}\" height=\"{1:.0f}\" fill=\"#ffffff\"/>\n",
      kWidth, height);
  const double ms = 1e3 * static_cast<double>(end) / static_cast<double>(clock_hz);
  out += text(kLeft, 26, title, "font-size=\"16\" font-weight=\"bold\"");
  out += text(kLeft, 46,
              fmt::format("simulated RP2040: {} cycles, {:.3f} ms at {:.3f} MHz; one column is {} cycles",
                          end, ms, static_cast<double>(clock_hz) / 1e6, occupancy.bin_cycles()),
              "fill=\"#555b63\"");

  for (const int id : {0, 1}) {
    const double top = kTop + id * (core_height + kCoreGap);
    const double stalls_top = top + kFunctionsHeight + kGap;
    std::array<Rectangles, kLegendNames> functions;
    Rectangles others, sleep;
    std::array<Rectangles, sim::kStallCauses> stalls;
    sim::Cycles all_stalls = 0, awake = 0;
    const auto& bins = occupancy.bins(id);
    for (size_t i = 0; i < bins.size(); ++i) {
      const Occupancy::Bin& bin = bins[i];
      const double x = kLeft + static_cast<double>(i) * column;
      const double width = std::min(column, kLeft + plot - x);
      if (width <= 0) break;
      const double in_bin =
          std::min(bin_cycles, static_cast<double>(end) - static_cast<double>(i) * bin_cycles);
      std::array<sim::Cycles, kLegendNames + 1> shares{};
      for (const auto& [function, cycles] : bin.functions) {
        const auto ranked_at = rank.find(function);
        shares[ranked_at == rank.end() ? kLegendNames : ranked_at->second] += cycles;
        awake += cycles;
      }
      double y = top + kFunctionsHeight;
      for (size_t k = 0; k <= kLegendNames; ++k) {
        const double tall = kFunctionsHeight * static_cast<double>(shares[k]) / in_bin;
        if (tall <= 0) continue;
        y -= tall;
        (k < kLegendNames ? functions[k] : others).add(x, y, width, tall);
      }
      if (bin.sleeping != 0) {
        const double tall = kFunctionsHeight * static_cast<double>(bin.sleeping) / in_bin;
        sleep.add(x, y - tall, width, tall);
      }
      y = stalls_top + kStallsHeight;
      for (size_t k = 0; k < sim::kStallCauses; ++k) {
        const double tall = kStallsHeight * static_cast<double>(bin.stalls[k]) / in_bin;
        if (tall <= 0) continue;
        y -= tall;
        stalls[k].add(x, y, width, tall);
        all_stalls += bin.stalls[k];
      }
    }
    for (size_t k = 0; k < kLegendNames; ++k) out += functions[k].path(kColours[k]);
    out += others.path(kOtherColour);
    out += sleep.path(kSleepColour);
    for (size_t k = 0; k < sim::kStallCauses; ++k) out += stalls[k].path(kStallColours[k]);
    for (const auto& [y, tall] : {std::pair{top, kFunctionsHeight}, std::pair{stalls_top, kStallsHeight}}) {
      out += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"none\" "
          "stroke=\"#8a8f96\"/>\n",
          kLeft, y, plot, tall);
    }
    out += text(12, top + 18, fmt::format("core {}", id), "font-size=\"14\" font-weight=\"bold\"");
    out += text(12, top + 36,
                fmt::format("{:.1f} % awake", 100.0 * static_cast<double>(awake) / static_cast<double>(end)),
                "font-size=\"10\" fill=\"#555b63\"");
    out += text(12, stalls_top + 18, "stalls");
    out += text(12, stalls_top + 34,
                awake == 0 ? ""
                           : fmt::format("{:.1f} % of that", 100.0 * static_cast<double>(all_stalls) /
                                                                 static_cast<double>(awake)),
                "font-size=\"10\" fill=\"#555b63\"");
  }

  const double step = tick_step(ms);
  const int decimals = step >= 1 ? 0 : static_cast<int>(std::ceil(-std::log10(step) - 1e-9));
  for (int i = 0; i * step <= ms * (1 + 1e-9); ++i) {
    const double x = kLeft + plot * i * step / ms;
    out += fmt::format("<path stroke=\"#8a8f96\" d=\"M{:.1f} {:.1f}v6\"/>\n", x, axis);
    out += text(x, axis + 20, fmt::format("{:.{}f}{}", i * step, decimals, i == 0 ? " ms" : ""),
                "text-anchor=\"middle\"");
  }

  for (size_t i = 0; i < std::min(ranked.size(), kLegendNames); ++i) {
    const double x = i < legend_rows ? kLeft : kWidth / 2 + 20;
    const double y = legend + kLegendLine * static_cast<double>(i % std::max<size_t>(legend_rows, 1));
    out += box(x, y, kColours[i]);
    out += text(x + 18, y + 10,
                fmt::format("{:.1f} %, {:.1f} %  {}",
                            100.0 * static_cast<double>(ranked[i].second[0]) / static_cast<double>(end),
                            100.0 * static_cast<double>(ranked[i].second[1]) / static_cast<double>(end),
                            shortened(occupancy.index().name(ranked[i].first))));
  }
  const double last = legend + kLegendLine * (static_cast<double>(legend_rows) + 0.4);
  double x = kLeft;
  const auto entry = [&](const char* colour, std::string_view name, double room) {
    out += box(x, last, colour) + text(x + 18, last + 10, name);
    x += room;
  };
  if (ranked.size() > kLegendNames)
    entry(kOtherColour, fmt::format("{} other functions", ranked.size() - kLegendNames), 170);
  entry(kSleepColour, "sleeping (empty: in reset)", 210);
  x += 20;
  out += text(x, last + 10, "stalls:");
  x += 52;
  for (size_t k = 0; k < sim::kStallCauses; ++k) entry(kStallColours[k], kStallNames[k], 140);
  out += text(kLeft, last + 32,
              "Percentages: of all time, on core 0 and on core 1. Stalls: of the cycles awake.",
              "fill=\"#555b63\" font-size=\"11\"");
  return out + "</svg>\n";
}

}  // namespace tandem::cli

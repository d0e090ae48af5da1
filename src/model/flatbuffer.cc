#include "model/flatbuffer.h"

namespace tandem::flat {

uint32_t File::follow(uint64_t at) const {
  const auto offset = read<uint32_t>(at);
  const uint64_t target = at + offset;
  if (target == 0 || target >= bytes.size()) {
    fail(at);
    return 0;
  }
  return static_cast<uint32_t>(target);
}

Table Table::open(File file, uint32_t at) {
  if (at == 0) return {};
  if (!file.holds(at, sizeof(int32_t))) {
    file.fail(at);
    return {};
  }
  // The vtable lies at the table's position minus a signed offset: before or after it. Its first number is
  // its own size; the second, the table's, is of no use to a reader that checks every field against the file.
  const int64_t vtable = int64_t{at} - file.read<int32_t>(at);
  if (vtable < 0 || !file.holds(static_cast<uint64_t>(vtable), sizeof(uint16_t))) {
    file.fail(at);
    return {};
  }
  const auto position = static_cast<uint32_t>(vtable);
  const auto bytes = file.read<uint16_t>(position);
  if (bytes % 2 != 0 || !file.holds(position, bytes)) {
    file.fail(at);
    return {};
  }
  return {.file = file, .at = at, .vtable = position, .vtable_bytes = bytes};
}

uint32_t Table::field(uint32_t id, uint32_t size) const {
  const uint32_t entry = 4 + 2 * id;
  if (entry + 2 > vtable_bytes) return 0;
  const auto offset = file.read<uint16_t>(uint64_t{vtable} + entry);
  if (offset == 0) return 0;
  if (!file.holds(uint64_t{at} + offset, size)) {
    file.fail(uint64_t{vtable} + entry);
    return 0;
  }
  return at + offset;
}

Table Table::table(uint32_t id) const {
  const uint32_t position = field(id, sizeof(uint32_t));
  return position == 0 ? Table{} : open(file, file.follow(position));
}

Vector Table::vector(uint32_t id, uint32_t element_bytes) const {
  const uint32_t position = field(id, sizeof(uint32_t));
  if (position == 0) return {.file = file};
  const uint32_t start = file.follow(position);
  if (start == 0) return {.file = file};
  const auto count = file.read<uint32_t>(start);
  if (!file.holds(uint64_t{start} + 4, uint64_t{count} * element_bytes)) {
    file.fail(start);
    return {.file = file};
  }
  return {.file = file, .at = start + 4, .count = count};
}

Table Table::element(const Vector& tables, uint32_t index) {
  if (index >= tables.count) return {};
  return open(tables.file, tables.file.follow(tables.at + uint64_t{index} * sizeof(uint32_t)));
}

std::string_view Table::string(uint32_t id) const {
  const Vector characters = vector(id, 1);
  return {reinterpret_cast<const char*>(file.bytes.data()) + characters.at, characters.count};
}

Table root(File file) { return Table::open(file, file.follow(0)); }

}  // namespace tandem::flat

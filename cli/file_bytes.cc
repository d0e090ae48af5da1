#include "file_bytes.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace tandem::cli {

Outcome<std::vector<uint8_t>> read_file(const std::filesystem::path& path) {
  constexpr size_t kLimit = size_t{1} << 30;
  constexpr size_t kStep = size_t{1} << 20;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return problem("{}: is a folder; name a file in it.", path.string());
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return problem("{}: no such file; check the path.", path.string());
    return problem("{}: cannot be opened ({}).", path.string(), std::strerror(errno));
  }
  std::vector<uint8_t> bytes;
  while (file) {
    const size_t had = bytes.size();
    if (had > kLimit) return problem("{}: is larger than 1 GiB.", path.string());
    bytes.resize(had + kStep);
    file.read(reinterpret_cast<char*>(bytes.data() + had), kStep);
    bytes.resize(had + static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) return problem("{}: cannot be read ({}).", path.string(), std::strerror(errno));
  return bytes;
}

std::optional<Problem> write_file(const std::filesystem::path& path, std::span<const uint8_t> bytes) {
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) return problem("{}: cannot be written ({}).", path.string(), std::strerror(errno));
  return std::nullopt;
}

}  // namespace tandem::cli

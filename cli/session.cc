#include "session.h"

#include <algorithm>
#include <array>

#include "file_bytes.h"

namespace tandem::cli {

Outcome<std::unique_ptr<Session>> Session::open(const std::filesystem::path& path) {
  Outcome<std::vector<uint8_t>> file = read_file(path);
  if (!file.ok()) return file.problem();
  auto session = std::make_unique<Session>();
  session->name_ = path.filename().string();
  session->storage_.resize((file->size() + 7) / 8);
  const std::span<uint8_t> bytes(reinterpret_cast<uint8_t*>(session->storage_.data()), file->size());
  std::ranges::copy(*file, bytes.begin());
  const Result<Model> model = Model::load(bytes);
  if (!model.ok()) return Problem{session->name_ + ": " + sentence(model.status(), nullptr)};
  session->model_ = *model;
  return session;
}

Result<ArenaNeed> Session::need(const Port& port) const {
  const Result<size_t> workspace_size = workspace_bytes(model_);
  if (!workspace_size.ok()) return workspace_size.status();
  std::vector<uint8_t> workspace(*workspace_size);
  return arena_need(model_, all_ops(), workspace, port);
}

Status Session::prepare(const Port& port, std::optional<size_t> arena_bytes) {
  const Result<ArenaNeed> need = this->need(port);
  if (!need.ok()) return need.status();
  const size_t bytes = arena_bytes.value_or(need->fast_arena_bytes);
  arena_.assign((bytes + 7) / 8, 0);
  const std::span<uint8_t> arena(reinterpret_cast<uint8_t*>(arena_.data()), bytes);
  Status status = interpreter_.prepare(model_, all_ops(), arena, port);
  if (status.code == Code::kWorkspaceTooSmall) {
    // Of an arena that is far too small, the workspace is what is missed first; not what the user can act on.
    status = {.code = Code::kArenaTooSmall,
              .a = static_cast<int32_t>(need->arena_bytes),
              .b = static_cast<int32_t>(bytes)};
  }
  return status;
}

std::string Session::describe(const Status& status) const { return name_ + ": " + sentence(status, &model_); }

std::string sentence(const Status& status, const Model* model) {
  std::array<char, 512> text{};
  const size_t length = tandem::describe(status, model, text);
  return {text.data(), length};
}

}  // namespace tandem::cli

#include "session.h"

#include <array>
#include <cstring>

#include "file_bytes.h"

namespace tandem::cli {

Outcome<std::unique_ptr<Session>> Session::open(const std::filesystem::path& path) {
  Outcome<std::vector<uint8_t>> file = read_file(path);
  if (!file.ok()) return file.problem();
  auto session = std::make_unique<Session>();
  session->name_ = path.filename().string();
  session->storage_.resize((file->size() + 7) / 8);
  std::memcpy(session->storage_.data(), file->data(), file->size());
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(session->storage_.data()),
                                       file->size());
  const Result<Model> model = Model::load(bytes);
  if (!model.ok()) return Problem{session->name_ + ": " + sentence(model.status(), nullptr)};
  session->model_ = *model;
  return session;
}

Result<ArenaNeed> Session::need(uint32_t workers) const {
  const Result<size_t> workspace_size = workspace_bytes(model_);
  if (!workspace_size.ok()) return workspace_size.status();
  std::vector<uint8_t> workspace(*workspace_size);
  return arena_need(model_, all_ops(), workspace, workers);
}

Status Session::prepare(const Port& port) {
  const Result<ArenaNeed> need = this->need(port.workers);
  if (!need.ok()) return need.status();
  arena_.assign((need->arena_bytes + 7) / 8, 0);
  return interpreter_.prepare(
      model_, all_ops(), {reinterpret_cast<uint8_t*>(arena_.data()), arena_.size() * sizeof arena_[0]}, port);
}

std::string Session::describe(const Status& status) const { return name_ + ": " + sentence(status, &model_); }

std::string sentence(const Status& status, const Model* model) {
  std::array<char, 512> text{};
  const size_t length = tandem::describe(status, model, text);
  return {text.data(), length};
}

}  // namespace tandem::cli

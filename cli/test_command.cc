#include "test_command.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "file_bytes.h"
#include "test_files.h"

namespace tandem::cli {
namespace {

std::string text_of(const std::filesystem::path& path) {
  const Outcome<std::vector<uint8_t>> bytes = read_file(path);
  if (!bytes.ok()) std::abort();
  return {bytes->begin(), bytes->end()};
}

}  // namespace

CommandResult run_tandem_into(const std::string& out_path, const std::vector<std::string>& arguments) {
  const TemporaryFolder folder;
  const std::string err_path = (folder.path() / "err").string();
  std::vector<std::string> words{TANDEM_COMMAND};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  constexpr mode_t kMode = 0600;
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, out_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, kMode);
  posix_spawn_file_actions_addopen(&files, 2, err_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, kMode);
  pid_t child = 0;
  const int error = posix_spawn(&child, TANDEM_COMMAND, &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  int status = 0;
  if (error != 0 || waitpid(child, &status, 0) != child) std::abort();
  return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1, .out = {}, .err = text_of(err_path)};
}

CommandResult run_tandem(const std::vector<std::string>& arguments) {
  const TemporaryFolder folder;
  const std::string out_path = (folder.path() / "out").string();
  CommandResult result = run_tandem_into(out_path, arguments);
  result.out = text_of(out_path);
  return result;
}

std::string project_model(const std::string& name) { return std::string(TANDEM_MODELS) + "/" + name; }

}  // namespace tandem::cli

#pragma once

#include <string>

namespace tandem::cli {

/// All operators that Tandem has, as a page of Markdown: types, fast kernels, limits, differences.
std::string operators_page();

/// Prints that page, docs/operators.md. Returns the exit code.
int ops();

}  // namespace tandem::cli

#pragma once

#include <optional>

#include "kernels/conv_2d.h"
#include "ops/conv_filters.h"
#include "ops/requantization.h"

namespace tandem {

/// A CONV_2D by generated code: what its weights make of it.
struct GeneratedConv2d {
  uint32_t code_words = 0;  ///< of the largest pass over the output, which has the code of some channels
};

/// Looks at all weights; nothing where the program has no such kernel or the operator's shapes do not suit
/// it.
std::optional<GeneratedConv2d> suits_generated_conv_2d(const OpContext& context, const Conv2dParams& params,
                                                       const ConvFilters& filters);

/// What its requantization takes.
inline constexpr LevelSlack kGeneratedConv2dSlack{.most = 1 << 23, .by_channel = true, .asks_freely = true};

/// Emits it: `params` is what has been planned for any kernel, `level` has to be usable.
void emit_generated_conv_2d(OpContext& context, const Conv2dParams& params, const ConvFilters& filters,
                            const GeneratedConv2d& generated, const LevelFactors& level, uint64_t macs);

}  // namespace tandem

// Makes the person-detection-shaped network and writes person_shaped.tflite; and person_shaped_dense.tflite,
// the same network with no zeros, which is the worst that its kernels can get.

#include <cstdio>
#include <exception>
#include <filesystem>
#include <vector>

#include "models/model_builder.h"
#include "models/person_shaped.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs(
        "usage: make_person_shaped FOLDER\n"
        "Writes person_shaped.tflite and person_shaped_dense.tflite there.\n",
        stderr);
    return 2;
  }
  try {
    const std::filesystem::path folder = argv[1];
    std::filesystem::create_directories(folder);
    constexpr uint64_t kSeed = 1;
    using tandem::models::PersonShaped;
    const PersonShaped network(kSeed);
    tandem::models::write_file(folder / "person_shaped.tflite", network.tflite());
    tandem::models::write_file(folder / "person_shaped_dense.tflite",
                               PersonShaped(kSeed, PersonShaped::Values::kDense).tflite());

    // Other images than those that the network was calibrated with.
    std::vector<tandem::models::GreyImage> images;
    for (uint64_t seed = 100; seed < 108; ++seed) images.push_back(tandem::models::natural_image(seed));
    std::puts("person_shaped.tflite (random weights): zeros after each ReLU6");
    for (const auto& [layer, fraction] : network.zero_fractions(images)) {
      std::printf("  %-18s %4.1f %%\n", layer.c_str(), 100 * fraction);
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "make_person_shaped: %s\n", e.what());
    return 1;
  }
  return 0;
}

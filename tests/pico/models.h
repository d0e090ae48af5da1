#pragma once

#include <cstdint>
#include <span>

// models.S
extern "C" {
extern const uint8_t sine_model[], sine_model_end[];
extern const uint8_t conv_cases_model[], conv_cases_model_end[];
extern const uint8_t depthwise_cases_model[], depthwise_cases_model_end[];
extern const uint8_t person_model[], person_model_end[];
}

inline std::span<const uint8_t> sine_tflite() { return {sine_model, sine_model_end}; }
inline std::span<const uint8_t> conv_cases_tflite() { return {conv_cases_model, conv_cases_model_end}; }
inline std::span<const uint8_t> depthwise_cases_tflite() {
  return {depthwise_cases_model, depthwise_cases_model_end};
}
inline std::span<const uint8_t> person_tflite() { return {person_model, person_model_end}; }

# tandem_add_model(TARGET MODEL.tflite)
#
# Links a model file into a program, read-only (in flash, on a microcontroller). For person.tflite, the program
# includes "person_tflite.h", which declares the array `person_tflite`.
function(tandem_add_model target file)
  get_filename_component(path ${file} ABSOLUTE)
  get_filename_component(name ${file} NAME)
  string(MAKE_C_IDENTIFIER ${name} name)
  file(SIZE ${path} bytes)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})

  set(folder ${CMAKE_CURRENT_BINARY_DIR}/tandem_models)
  file(CONFIGURE OUTPUT ${folder}/${name}.h @ONLY CONTENT [[
#pragma once
#include <cstdint>
extern "C" const uint8_t @name@[@bytes@];
]])
  # 16: what a model file asks for, because its constants are read in place.
  file(CONFIGURE OUTPUT ${folder}/${name}.cc @ONLY CONTENT [[
__asm__(
    ".section .rodata.@name@, \"a\"\n"
    ".balign 16\n"
    ".global @name@\n"
    "@name@:\n"
    ".incbin \"@path@\"\n"
    ".previous\n");
]])
  set_property(SOURCE ${folder}/${name}.cc APPEND PROPERTY OBJECT_DEPENDS ${path})
  target_sources(${target} PRIVATE ${folder}/${name}.cc)
  target_include_directories(${target} PRIVATE ${folder})
endfunction()

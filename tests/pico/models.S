@ Models as a program has them: in flash, 16-aligned.
  .section .model, "a"
  .macro model name, file
  .balign 16
  .global \name
\name:
  .incbin "\file"
  .global \name\()_end
\name\()_end:
  .endm
  model sine_model, sine_int8.tflite
  model conv_cases_model, conv_cases.tflite
  model depthwise_cases_model, depthwise_cases.tflite
  model person_model, person_shaped.tflite

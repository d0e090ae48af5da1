@ The measured stretch: from invoke()'s call to its return, between two labels that a simulator can watch.
  .syntax unified
  .cpu cortex-m0plus
  .thumb

  .section .text.tandem_invoke, "ax"
  .global tandem_invoke, tandem_invoke_begin, tandem_invoke_end
  .type tandem_invoke, %function
  .thumb_func
@ Outcome tandem_invoke(Interpreter&)
tandem_invoke:
  push {r4, lr}
tandem_invoke_begin:
  bl _ZN6tandem11Interpreter6invokeEv
tandem_invoke_end:
  pop {r4, pc}
  .size tandem_invoke, . - tandem_invoke

@ Vector table, reset, and the way into a fault report.
  .syntax unified
  .cpu cortex-m0plus
  .thumb

@ A handler of the program's own replaces the weak one of the same name; one that is missing is reported.
.macro handler name
  .weak \name
  .thumb_set \name, tandem_fault
  .word \name
.endm

  .section .vectors, "a"
  .global tandem_vectors
tandem_vectors:
  .word __StackTop
  .word tandem_reset
  .word tandem_fault              @ NMI
  .word tandem_fault              @ HardFault
  .rept 7
  .word 0
  .endr
  handler tandem_svcall
  .word 0, 0
  handler tandem_pendsv
  handler tandem_systick
  .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25
  handler tandem_irq\n
  .endr

  .section .startup, "ax"
  .global tandem_reset
  .type tandem_reset, %function
  .thumb_func
tandem_reset:
  @ Whoever started us (ROM, debugger), core 1 has no business here.
  ldr r0, =0xd0000000             @ SIO CPUID
  ldr r0, [r0]
  cmp r0, #0
  bne sleep
  ldr r0, =tandem_vectors
  ldr r1, =0xe000ed08             @ VTOR
  str r0, [r1]
  ldr r1, [r0]
  msr msp, r1

  @ Code and data to where they run.
  ldr r4, =__copy_table
  ldr r5, =__copy_table_end
next_copy:
  cmp r4, r5
  beq clear
  ldm r4!, {r0-r2}
copy:
  cmp r1, r2
  bhs next_copy
  ldm r0!, {r3}
  stm r1!, {r3}
  b copy
clear:
  ldr r0, =__bss_start
  ldr r1, =__bss_end
  movs r2, #0
1:
  cmp r0, r1
  bhs 2f
  stm r0!, {r2}
  b 1b
2:
  ldr r0, =tandem_start
  blx r0
sleep:
  wfi
  b sleep
  .ltorg

@ Faults and interrupts without a handler: tandem_report_fault(stack pointer at entry, EXC_RETURN). It never
@ returns, so it has the core's whole stack again, from its top: the one that faulted may be used up. The
@ exception's frame is saved first.
  .section .startup, "ax"
  .global tandem_fault
  .type tandem_fault, %function
  .thumb_func
tandem_fault:
  cpsid i
  mrs r0, msp
  mov r1, lr
  lsrs r2, r1, #3                 @ EXC_RETURN bit 2: the frame is on the process stack
  bcc 1f
  mrs r0, psp
1:
  ldr r2, =0x20000000             @ only if it lies in SRAM
  cmp r0, r2
  blo 2f
  ldr r2, =0x20042000 - 32
  cmp r0, r2
  bhi 2f
  mov r3, r0
  ldr r2, =tandem_fault_frame
  ldm r3!, {r4-r7}
  stm r2!, {r4-r7}
  ldm r3!, {r4-r7}
  stm r2!, {r4-r7}
2:
  ldr r2, =__StackTop
  ldr r3, =0xd0000000             @ SIO CPUID
  ldr r3, [r3]
  cmp r3, #0
  beq 3f
  ldr r2, =__StackOneTop
3:
  mov sp, r2
  ldr r2, =tandem_report_fault
  blx r2
  b sleep
  .ltorg

@ The C library's own functions name the unwinder's entry points; without exceptions nobody calls them.
  .section .startup, "ax"
  .global __aeabi_unwind_cpp_pr0
  .global __aeabi_unwind_cpp_pr1
  .thumb_func
__aeabi_unwind_cpp_pr0:
  .thumb_func
__aeabi_unwind_cpp_pr1:
  b sleep

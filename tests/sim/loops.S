@ A multiply-accumulate loop in each core's own scratch bank, its data in the striped banks: what inference does most.
@ BOTH = 0: core 0 alone. BOTH = 1: core 1 runs the same loop beside it. ROUNDS: times 100 passes of 10 instructions.
  .syntax unified
  .cpu cortex-m0plus
  .thumb
  .section .vectors, "ax"
  .word 0x20041f00
  .word start + 1

  .text
  .global _start
  .thumb_func
_start:
start:
#if BOTH
  ldr r0, =0xd0000000         @ launch core 1: send the words of `launch`, each is echoed [DS 2.8.2]
  ldr r4, =launch
  movs r5, #0
next:
  lsls r1, r5, #2
  ldr r2, [r4, r1]
  cmp r2, #0
  bne 2f
1: ldr r1, [r0, #0x50]        @ empty the mailbox before a zero
  lsrs r1, r1, #1
  bcc 2f
  ldr r1, [r0, #0x58]
  b 1b
2: sev
  str r2, [r0, #0x54]
  sev
3: ldr r1, [r0, #0x50]
  lsrs r1, r1, #1
  bcs 4f
  wfe
  b 3b
4: ldr r1, [r0, #0x58]
  cmp r1, r2
  beq 5f
  movs r5, #0
  b next
5: adds r5, #1
  cmp r5, #6
  bne next
  b core0
  .align 2
launch: .word 0, 0, 1, 0x10000100, 0x20040f00, core1 + 1

  .thumb_func
core1:
  ldr r0, =0x20040000
  bl copy_loop
  ldr r0, =0x20001000
  ldr r1, =0x20008000
  ldr r2, =0x20018000
  ldr r7, =ROUNDS
  ldr r3, =0x20040001
  bx r3
#endif

core0:
  ldr r0, =0x20041000
  bl copy_loop
  ldr r0, =0x20000000
  ldr r1, =0x20010000
  ldr r2, =0x20020000
  ldr r7, =ROUNDS
  ldr r3, =0x20041001
  bx r3

copy_loop:                    @ to r0
  ldr r1, =loop
  ldr r2, =loop_end
6: ldm r1!, {r3}
  stm r0!, {r3}
  cmp r1, r2
  blo 6b
  bx lr

  .align 2
loop:
7: movs r6, #100
8: ldrb r3, [r0, r6]          @ 2
  ldm r1!, {r4, r5}           @ 3
  muls r4, r3                 @ 1
  subs r1, #8                 @ 1
  add r8, r4                  @ 1
  muls r5, r3                 @ 1
  add r9, r5                  @ 1
  str r5, [r2, #4]            @ 2
  subs r6, #1                 @ 1
  bne 8b                      @ 2  -- 15
  subs r7, #1
  bne 7b
  movs r0, #0x18              @ semihosting exit
  ldr r1, 9f
  bkpt 0xab
  nop
  .align 2
9: .word 0x20026
loop_end:
  .ltorg

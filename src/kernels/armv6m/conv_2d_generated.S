// conv_generated_row: pairs of output pixels of one row, by generated code (kernels/conv_2d_generated.h)
//
// Maths    of each channel of a unit, from the sums T and H that its code leaves:
//            x_q = H + offset_q,  x_p = T - 2^16·H + offset_p,  then level_requantization.h.
// Layout   after the code of a unit, from the last channel to the first: { offset_p, offset_q, limit, scale,
//          slack << 8 }; then the next unit's code. Outputs below level 0 are there already.
// Cost     a unit of 3 channels: 22 and 11 + 12 + 14 a channel with both outputs in range; an output below
//          level 0 saves 9 or 8. 30 a pair.
#include "registers.inc"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

// The frame, first filled from GeneratedRow (conv_2d_generated.cc). Generated code knows the first five words.
    .equ GAP, 0
    .equ TAIL, 4            // of units of 1, 2 and 3 channels
    .equ END, 16
    .equ CODE, 20
    .equ COLUMN, 24
    .equ COLUMN_STEP, 28
    .equ PIXEL, 32          // p's first output of this pass
    .equ PIXEL_STEP, 36
    .equ PAIRS, 40
    .equ LANE, 44           // from p's outputs to q's
    .equ TOP, 48            // clamp.max
    .equ EXACT, 52
    .equ OUT, 56            // the unit's first output of p
    .equ FRAME, 60
    .equ FILLED, 56         // what GeneratedRow has

    .section .time_critical.conv_generated, "ax", %progbits
    .balign 4

// void conv_generated_row(const GeneratedRow*)
    .global conv_generated_row
    .type conv_generated_row, %function
    .thumb_func
conv_generated_row:
    save_registers
    sub   sp, #FRAME
    mov   r1, sp
    .rept 2
    ldm   r0!, {r2-r7}
    stm   r1!, {r2-r7}
    .endr
    ldm   r0!, {r2, r3}
    stm   r1!, {r2, r3}
    .if FILLED != 14 * 4
    .error "the frame's words"
    .endif
    dsb                            // the code has been written by either core
    isb

// r5 plane | r7 2^15, what the code expects
.Lpair:
    ldr   r1, [sp, #PIXEL]         // 2
    str   r1, [sp, #OUT]           // 2
    ldr   r5, [sp, #COLUMN]        // 2
    movs  r7, #1                   // 1
    lsls  r7, r7, #15              // 1
    ldr   r0, [sp, #CODE]          // 2
    bx    r0                       // 2

.Lend:
    ldr   r0, [sp, #COLUMN]        // 2
    ldr   r1, [sp, #COLUMN_STEP]   // 2
    adds  r0, r0, r1               // 1
    str   r0, [sp, #COLUMN]        // 2
    ldr   r0, [sp, #PIXEL]         // 2
    ldr   r1, [sp, #PIXEL_STEP]    // 2
    adds  r0, r0, r1               // 1
    str   r0, [sp, #PIXEL]         // 2
    ldr   r0, [sp, #PAIRS]         // 2
    subs  r0, #1                   // 1
    str   r0, [sp, #PAIRS]         // 2
    bne   .Lpair                   // 2  ── 33 with the above
    add   sp, #FRAME
    restore_registers_and_return

// One channel. r6 p's output | r7 its constants
.macro CHANNEL c, total, high
    ldm   r7!, {r1-r5}      // 6  offset_p, offset_q, limit, scale, slack
    mov   r0, \high         // 1
    add   r2, \high         // 1  x_q
    lsls  r0, r0, #16       // 1
    add   r1, \total        // 1
    subs  r0, r1, r0        // 1  x_p                     ── 11
    bmi   .Lbelow_p\c         // 1  or 2
    cmp   r0, r3            // 1
    bhs   .Ltop_p\c           // 1
    muls  r0, r4, r0        // 1  < 2^32
    lsls  r1, r0, #8        // 1
    cmp   r1, r5            // 1
    blo   .Lask_p\c           // 1
    lsrs  r0, r0, #24       // 1
    adds  r0, #128          // 1  clamp.min, modulo 256
.Lput_p\c:
    strb  r0, [r6]          // 2                          ── 11
.Lbelow_p\c:
  .if \c == 2
    ldr   r0, [sp, #LANE]   // 2
    mov   r12, r0           // 1
  .endif
    cmp   r2, #0            // 1
    blt   .Lbelow_q\c         // 1
    cmp   r2, r3            // 1
    bhs   .Ltop_q\c           // 1
    muls  r2, r4, r2        // 1
    lsls  r1, r2, #8        // 1
    cmp   r1, r5            // 1
    blo   .Lask_q\c           // 1
    lsrs  r2, r2, #24       // 1
    adds  r2, #128          // 1
.Lput_q\c:
    mov   r0, r12           // 1
    strb  r2, [r6, r0]      // 2
.Lbelow_q\c:
  .if \c > 0
    subs  r6, #1            // 1                          ── 14
  .endif
.endm

// The rest of it: x is not at hand any more when the exact function has to be asked.
.macro RARE c, total, high
.Ltop_p\c:
    ldr   r0, [sp, #TOP]
    b     .Lput_p\c
.Ltop_q\c:
    ldr   r2, [sp, #TOP]
    b     .Lput_q\c
.Lask_p\c:
    mov   r1, \high
    lsls  r1, r1, #16
    mov   r0, \total
    subs  r0, r0, r1
    subs  r7, #20
    ldr   r1, [r7]
    adds  r7, #20
    adds  r0, r0, r1
  .ifc \high, lr
    mov   r1, lr            // BL needs LR; nobody needs T any more
    mov   r12, r1
    bl    .Lask
    mov   r1, r12
    mov   lr, r1
  .else
    bl    .Lask
  .endif
    b     .Lput_p\c
.Lask_q\c:
    mov   r0, \high
    subs  r7, #16
    ldr   r1, [r7]
    adds  r7, #16
    adds  r0, r0, r1
    bl    .Lask
    movs  r2, r0
    b     .Lput_q\c
.endm

    .balign 4
.Ltail2:
    mov   r7, lr
    subs  r7, #1
    ldr   r6, [sp, #OUT]
    adds  r6, #1
    ldr   r0, [sp, #LANE]
    mov   r12, r0
    b     .Lchannel1

.Ltail1:
    mov   r7, lr
    subs  r7, #1
    ldr   r6, [sp, #OUT]
    ldr   r0, [sp, #LANE]
    mov   r12, r0
    b     .Lchannel0

    RARE  2, r12, lr

.Ltail3:
    mov   r7, lr            // 1  the constants
    subs  r7, #1            // 1
    mov   lr, r4            // 1
    ldr   r6, [sp, #OUT]    // 2
    adds  r6, #2            // 1
    CHANNEL 2, r12, lr
.Lchannel1:
    CHANNEL 1, r10, r11
.Lchannel0:
    CHANNEL 0, r8, r9
    adds  r6, #3            // 1
    str   r6, [sp, #OUT]    // 2
    movs  r0, r7            // 1
    ldr   r5, [sp, #COLUMN] // 2
    movs  r7, #1            // 1
    lsls  r7, r7, #15       // 1
    mov   pc, r0            // 2  ── a unit: 16, with what jumps here 20 to 21

    RARE  1, r10, r11
    RARE  0, r8, r9

// r0: x becomes the output; keeps all but r1.
.Lask:
    mov   r1, r12
    push  {r1-r3, lr}
    ldr   r1, [sp, #16 + PIXEL]
    subs  r1, r6, r1
    ldr   r2, [sp, #16 + EXACT]
    bl    conv_generated_exact
    pop   {r1-r3}
    mov   r12, r1
    pop   {pc}

    .size conv_generated_row, . - conv_generated_row

// ---------------------------------------------------------------------------------------------------------
// conv_generated_terms: writes the terms of a unit's code (kernels/conv_2d_generated.h)
//
// Layout   the job: weights of 3 channels (0: there is none), a row's weights, rows, where to write, groups of
//          3 channels; the last four are written back
// Cost     22 a positive weight, 25 a negative one, 10 a zero; 60 a group; 25 a pair of words; 2 more for each
//          channel but the first

    .equ JOB_RUN, 12
    .equ JOB_ROWS, 16
    .equ JOB_TO, 20

    .equ ROW_END, 0
    .equ AFTER, 4           // where terms of a pair begin
    .equ GROUPS, 8          // of 3 channels
    .equ RUN, 20
    .equ ROWS, 24
    .equ JOB, 28
    .equ TERMS_FRAME, 32

    .section .time_critical.conv_generated_terms, "ax", %progbits
    .balign 4

// Instructions that are written; those with a channel are its first, the others' lie further on.
    .equ LDM_PAIR, 0xcd03   // ldm  r5!, {r0, r1}
    .equ MOVS, 0x2600       // movs r6, #0
    .equ MULS, 0x4346       // muls r6, r0, r6           + 8: r1
    .equ LSLS, 0x0006       // lsls r6, r0, #0           + 8: r1
    .equ ADDS, 0x1992       // adds r2, r2, r6           + 9 a channel
    .equ SUBS, 0x1b92       // subs r2, r2, r6
    .equ ASRS, 0x1412       // asrs r2, r2, #16
    .equ ADD_TOTAL, 0x4490  // add  r8, r2               + 10 a channel; r9 as T's successor: + 1, lr: + 2
    .equ MOV_TOTAL, 0x4690  // mov  r8, r2
    .equ LDR_GAP, 0x9e00    // ldr  r6, [sp, #0]
    .equ ADD_GAP, 0x19ad    // adds r5, r5, r6
    .equ SKIP, 0x3500       // adds r5, #0

// r4 MULS of v | r5 MOVS | r6 k | r7 where to write | r8-r10 weights of the channels | r11, r12, lr what their
// groups have room for
.macro TERM c, v, weights, room
    mov   r0, \weights      // 1
  .if \c > 0
    cmp   r0, #0            // 1
    beq   .Lnext_\c\v         // 1
  .endif
    ldrsb r1, [r0, r6]      // 2
    ldr   r3, =(ADDS + 9 * \c) // 2
    cmp   r1, #0            // 1
    ble   .Lnot_positive_\c\v // 1
.Lmagnitude_\c\v:
    mov   r2, \room         // 1
    subs  r2, r2, r1        // 1
    bmi   .Lgroup_\c\v        // 1
    mov   \room, r2         // 1
.Lproduct_\c\v:
    subs  r2, r1, #1        // 1
    tst   r2, r1            // 1
    beq   .Lpower_\c\v        // 1
    adds  r1, r1, r5        // 1
    strh  r1, [r7]          // 2  movs r6, #magnitude
    strh  r4, [r7, #2]      // 2  muls r6, v
    strh  r3, [r7, #4]      // 2  adds or subs
    adds  r7, #6            // 1  ── 22
.Lnext_\c\v:
.endm

.macro TERM_RARE c, v, room
.Lnot_positive_\c\v:
    beq   .Lnext_\c\v         // 1
    rsbs  r1, r1, #0        // 1
    ldr   r3, =(SUBS + 9 * \c) // 2
    b     .Lmagnitude_\c\v    // 2
.Lgroup_\c\v:
    movs  r2, #255
    subs  r2, r2, r1
    mov   \room, r2
    mov   r0, pc            // returns behind the next instruction
    b     .Lnew_group
    b     .Lproduct_\c\v
.Lpower_\c\v:
    mov   r0, pc
    b     .Lpower_of_two_\v
    b     .Lnext_\c\v
.endm

// void conv_generated_terms(UnitJob*)
    .global conv_generated_terms
    .type conv_generated_terms, %function
    .thumb_func
conv_generated_terms:
    save_registers
    sub   sp, #TERMS_FRAME
    str   r0, [sp, #JOB]
    ldm   r0!, {r1-r7}
    subs  r0, #28
    mov   r8, r1
    mov   r9, r2
    mov   r10, r3
    str   r4, [sp, #RUN]
    str   r5, [sp, #ROWS]
    str   r4, [sp, #ROW_END]
    movs  r7, r6
    movs  r1, #0
    str   r1, [sp, #GROUPS]
    str   r1, [sp, #GROUPS + 4]
    str   r1, [sp, #GROUPS + 8]
    subs  r1, #1            // no room: the first term begins a group
    mov   r11, r1
    mov   r12, r1
    mov   lr, r1
    ldr   r4, =MULS
    ldr   r5, =MOVS
    movs  r6, #0
    b     .Lpair_of_words

    TERM_RARE 0, 0, r11
    TERM_RARE 1, 0, r12
    TERM_RARE 2, 0, lr

.Lpair_of_words:
    ldr   r0, =LDM_PAIR     // 2
    strh  r0, [r7]          // 2
    adds  r7, #2            // 1
    str   r7, [sp, #AFTER]  // 2
    TERM  0, 0, r8, r11
    TERM  1, 0, r9, r12
    TERM  2, 0, r10, lr
    adds  r6, #1            // 1
    ldr   r0, [sp, #ROW_END] // 2
    cmp   r6, r0            // 1
    beq   .Lwritten           // 1
    adds  r4, #8            // 1
    TERM  0, 1, r8, r11
    TERM  1, 1, r9, r12
    TERM  2, 1, r10, lr
    subs  r4, #8            // 1
    adds  r6, #1            // 1
.Lwritten:
    ldr   r0, [sp, #AFTER]  // 2
    cmp   r7, r0            // 1
    beq   .Lnothing           // 1
    ldr   r0, [sp, #ROW_END] // 2
    cmp   r6, r0            // 1
    beq   .Lrow_end           // 1
    b     .Lpair_of_words     // 2  ── 25 a pair

    TERM_RARE 0, 1, r11
    TERM_RARE 1, 1, r12
    TERM_RARE 2, 1, lr

.Lrow_end:
    ldr   r1, [sp, #ROWS]
    subs  r1, #1
    beq   .Lterms_end
    str   r1, [sp, #ROWS]
    ldr   r1, [sp, #RUN]
    adds  r0, r0, r1
    str   r0, [sp, #ROW_END]
    ldr   r1, =LDR_GAP
    strh  r1, [r7]
    ldr   r1, =ADD_GAP
    strh  r1, [r7, #2]
    adds  r7, #4
    b     .Lpair_of_words

.Lterms_end:
    ldr   r0, [sp, #JOB]
    adds  r0, #JOB_TO
    ldr   r1, [sp, #GROUPS]
    ldr   r2, [sp, #GROUPS + 4]
    ldr   r3, [sp, #GROUPS + 8]
    movs  r4, r7
    str   r4, [r0]
    adds  r0, #4
    stm   r0!, {r1-r3}
    add   sp, #TERMS_FRAME
    restore_registers_and_return

// No channel has a weight for these words, nor perhaps for those that follow: they are passed over.
// r2 words passed over
.Lnothing:
    subs  r7, #2
    movs  r2, #2
.Lscan:
    ldr   r0, [sp, #ROW_END] // 2
    cmp   r6, r0            // 1
    beq   .Lscanned           // 1
    movs  r3, #0            // 1
    movs  r1, r6            // 1
.Lscan_word:
    mov   r0, r8            // 1
    ldrb  r0, [r0, r1]      // 2
    orrs  r3, r0            // 1
    mov   r0, r9            // 1
    cmp   r0, #0            // 1
    beq   1f                // 1
    ldrb  r0, [r0, r1]      // 2
    orrs  r3, r0            // 1
    mov   r0, r10           // 1
    cmp   r0, #0            // 1
    beq   1f                // 1
    ldrb  r0, [r0, r1]      // 2
    orrs  r3, r0            // 1
1:  adds  r1, #1            // 1
    ldr   r0, [sp, #ROW_END] // 2
    cmp   r1, r0            // 1
    beq   2f                // 1
    subs  r0, r1, r6        // 1
    cmp   r0, #2            // 1
    bne   .Lscan_word         // 2
2:  cmp   r3, #0            // 1
    bne   .Lscanned           // 1
    movs  r6, r1            // 1
    adds  r2, #2            // 1
    b     .Lscan              // 2
.Lscanned:
    ldr   r0, [sp, #ROW_END]
    cmp   r6, r0
    bne   .Lskip
    ldr   r1, [sp, #ROWS]
    cmp   r1, #1
    beq   .Lterms_end         // nothing follows
.Lskip:
    movs  r1, #62           // the words of one instruction
    cmp   r2, r1
    bhs   1f
    movs  r1, r2
1:  subs  r2, r2, r1
    lsls  r1, r1, #2
    ldr   r3, =SKIP
    adds  r1, r1, r3
    strh  r1, [r7]
    adds  r7, #2
    cmp   r2, #0
    bne   .Lskip
    cmp   r6, r0
    beq   .Lrow_end
    b     .Lpair_of_words

// r0 where to return | r1 magnitude, kept | r3 ADDS or SUBS, becomes that of a group's first term
.Lnew_group:
    push  {r0, r1, r3}
    lsls  r1, r3, #29
    lsrs  r1, r1, #29
    subs  r1, #2            // the channel
    lsls  r2, r1, #2
    add   r2, sp, r2
    ldr   r0, [r2, #12 + GROUPS]
    adds  r3, r0, #1
    str   r3, [r2, #12 + GROUPS]
    cmp   r0, #0
    beq   .Lopened
    movs  r2, #10
    muls  r2, r1, r2
    ldr   r3, =ADD_TOTAL
    cmp   r0, #1
    bne   1f
    ldr   r3, =MOV_TOTAL    // the first group's
1:  adds  r2, r2, r3
    strh  r2, [r7]
    lsrs  r3, r1, #1        // of the third channel lr
    adds  r2, r2, r3
    adds  r2, #1
    strh  r2, [r7, #4]
    lsls  r3, r1, #3
    adds  r3, r3, r1
    ldr   r2, =ASRS
    adds  r3, r3, r2
    strh  r3, [r7, #2]
    adds  r7, #6
.Lopened:
    pop   {r1, r2, r3}
    mov   r0, r1
    movs  r1, r2
    lsls  r2, r3, #29
    lsrs  r2, r2, #26
    subs  r3, r3, r2
    adds  r3, #7 << 3       // from r7
    mov   pc, r0

// r0 where to return | r1 1, 2, 4 … 128 | r3 ADDS or SUBS
.macro POWER_OF_TWO v
.Lpower_of_two_\v:
    cmp   r1, #1
    beq   2f
    movs  r2, #LSLS + 8 * \v
1:  adds  r2, #1 << 6
    lsrs  r1, r1, #1
    cmp   r1, #1
    bne   1b
    strh  r2, [r7]          // lsls r6, v, #
    strh  r3, [r7, #2]
    adds  r7, #4
    mov   pc, r0
2:  movs  r2, #6 - \v       // v itself instead of r6
    lsls  r2, r2, #6
    subs  r3, r3, r2
    strh  r3, [r7]
    adds  r7, #2
    mov   pc, r0
.endm
    POWER_OF_TWO 0
    POWER_OF_TWO 1
    .ltorg
    .size conv_generated_terms, . - conv_generated_terms

// Where units of 1, 2 and 3 channels and the last one continue, with the bit that BX and BLX want.
    .section .rodata.conv_generated_entries, "a", %progbits
    .balign 4
    .global conv_generated_entries
    .type conv_generated_entries, %object
conv_generated_entries:
    .word .Ltail1 + 1
    .word .Ltail2 + 1
    .word .Ltail3 + 1
    .word .Lend + 1
    .size conv_generated_entries, 16

// conv_dense_lanes_tile: 8 output pixels times a pass's channels (kernels/conv_2d_dense_lanes.h)
//
// Maths    T_i = Σ_k w[k]·v_i[k], i = 0…3: pixels i (low half) and i + 4.
// Layout   columns: v_0…v_3 of k = 0, of k = 1, …; stream: of a channel 16·(groups − 1), its groups, offset, limit, scale; a group:
//            { w[0] }  { first packed }  { jump }  { packed } …        packed: 4 weights a word, first lowest
//          The first packed word has 1 to 4 weights, in its upper bytes, and comes shifted as far as the code
//          that it enters has shifted it; the others are full. `jump` is from the ADD to the code for the
//          weights that are left.
// Bound    |T_i's halves| <= 32767 in a group: Σ|w| <= 255, |x| <= 128.
// Cost     15 cycles a term of 8 MACs; 32 a group; about 170 a channel and tile.
#include "group_sums.inc"
#include "registers.inc"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

// The frame, first filled from DenseTile (conv_2d_dense_lanes.cc).
    .equ STREAM, 0
    .equ STREAM_END, 4
    .equ COLUMNS, 8
    .equ SUMS, 12
    .equ OUT, 16
    .equ OUT_STRIDE, 20
    .equ SLACK, 24          // << 8
    .equ TOP, 28            // clamp.max
    .equ EXACT, 32
    .equ FRAME, 36

    .section .time_critical.conv_dense_lanes, "ax", %progbits
    .balign 4

// void conv_dense_lanes_tile(const DenseTile*)
    .global conv_dense_lanes_tile
    .type conv_dense_lanes_tile, %function
    .thumb_func
conv_dense_lanes_tile:
    save_registers
    sub   sp, #FRAME
    mov   r1, sp
    ldm   r0!, {r2-r6}
    stm   r1!, {r2-r6}
    ldm   r0!, {r2-r5}
    stm   r1!, {r2-r5}
    ldr   r6, [sp, #STREAM]
    b     .Lchannel_start

// 32 terms, entered where n are left.
// r0 weight | r1 packed weights | r2-r5 products | r6 stream | r7 columns | r8-r11 T
.macro TERM left
.Lentry_\left:
  .if (\left & 3) == 0
    sxtb  r0, r1            // 1
  .elseif (\left & 3) == 1
    asrs  r0, r1, #8        // 1
  .else
    asrs  r1, r1, #8        // 1
    sxtb  r0, r1            // 1
  .endif
    ldm   r7!, {r2-r5}      // 5
    muls  r2, r0, r2        // 1
    muls  r3, r0, r3        // 1
    muls  r4, r0, r4        // 1
    muls  r5, r0, r5        // 1
  .if \left > 1
    add   r8, r2            // 1
    add   r9, r3            // 1
    add   r10, r4           // 1
    add   r11, r5           // 1
  .else
    add   r2, r8            // 1  the group's sums where STM reaches them
    add   r3, r9            // 1
    add   r4, r10           // 1
    add   r5, r11           // 1
  .endif
  .if (\left & 3) == 1 && \left > 1
    ldm   r6!, {r1}         // 2
  .endif                    //    ── 60 / 32 MACs
.endm

    .irp left, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17
    TERM \left
    .endr
    .irp left, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1
    TERM \left
    .endr

// A group ends: r2-r5 its sums. The last one's stay there.
// r12 where sums go | lr where they end
.Lgroup_end:
    mov   r1, r12           // 1
    cmp   r1, lr            // 1
    beq   .Lchannel_end       // 1
    stm   r1!, {r2-r5}      // 5
    mov   r12, r1           // 1
.Lnext_group:
    ldm   r6!, {r0, r1}     // 3
    ldm   r7!, {r2-r5}      // 5
    muls  r2, r0, r2        // 1
    muls  r3, r0, r3        // 1
    muls  r4, r0, r4        // 1
    muls  r5, r0, r5        // 1
    mov   r8, r2            // 1
    mov   r9, r3            // 1
    mov   r10, r4           // 1
    mov   r11, r5           // 1
    ldm   r6!, {r0}         // 2
.Ljump:
    add   pc, r0            // 2  ── with 18 below: 32 a group beyond 15 a term

.Lentry_0:
    mov   r2, r8
    mov   r3, r9
    mov   r4, r10
    mov   r5, r11
    b     .Lgroup_end

// r6 stream
.Lchannel_start:
    ldm   r6!, {r0}         // 2
    ldr   r1, [sp, #SUMS]   // 2
    mov   r12, r1           // 1
    adds  r1, r1, r0        // 1
    mov   lr, r1            // 1
    ldr   r7, [sp, #COLUMNS]// 2
    b     .Lnext_group        // 2  ── 11

// The sums of all groups become r8-r11: totals T + offset·(2^16 + 1), r2-r5: Σ B + offset.
.Lchannel_end:
    ldm   r6!, {r0, r1, r7} // 4  offset, limit, scale
    str   r6, [sp, #STREAM] // 2
    mov   r12, r1           // 1
    GROUP_SUMS 8            // 24 and 18 a group kept, 11 to enter

// r6 out | r7 scale | r8 pixel stride, once its total is used | r12 limit | lr slack
    ldr   r0, [sp, #SLACK]  // 2
    mov   lr, r0            // 1
    ldr   r6, [sp, #OUT]    // 2
    adds  r0, r6, #1        // 1
    str   r0, [sp, #OUT]    // 2
    b     .Lrequantize_all    // 2  ── 10

// x of pair i's first pixel, and its sign in N.
.macro X_FIRST total, high
    lsls  r1, \high, #16    // 1
    mov   r0, \total        // 1
    subs  r0, r0, r1        // 1
.endm

.macro LEVEL pixel
    bmi   .Lbelow_\pixel      // 1
    cmp   r0, r12           // 1
    bhs   .Ltop_\pixel        // 1
    muls  r0, r7, r0        // 1  < 2^32
    lsls  r1, r0, #8        // 1
    cmp   r1, lr            // 1
    blo   .Lask_\pixel        // 1
    lsrs  r0, r0, #24       // 1
    adds  r0, #128          // 1  clamp.min, modulo 256
.Lput_\pixel:
    strb  r0, [r6]          // 2
  .if \pixel == 0
    ldr   r1, [sp, #OUT_STRIDE] // 2
    mov   r8, r1            // 1
  .endif
    add   r6, r8            // 1  ── 12; below 0: 8
.endm

.macro RARE pixel, high, total
.Lbelow_\pixel:
    movs  r0, #128          // 1
    b     .Lput_\pixel        // 2
.Ltop_\pixel:
    ldr   r0, [sp, #TOP]
    b     .Lput_\pixel
.Lask_\pixel:
  .ifb \total
    movs  r0, \high
  .else
    X_FIRST \total, \high
  .endif
    bl    .Lask
    b     .Lput_\pixel
.endm

    RARE 0, r2, r8
    RARE 1, r3, r9
    RARE 2, r4, r10
    RARE 3, r5, r11
.Lrequantize_all:
    X_FIRST r8, r2
    LEVEL 0
    X_FIRST r9, r3
    LEVEL 1
    X_FIRST r10, r4
    LEVEL 2
    X_FIRST r11, r5
    LEVEL 3
    movs  r0, r2            // 1
    LEVEL 4
    movs  r0, r3            // 1
    LEVEL 5
    movs  r0, r4            // 1
    LEVEL 6
    movs  r0, r5            // 1
    LEVEL 7
    ldr   r6, [sp, #STREAM]        // 2
    ldr   r0, [sp, #STREAM_END]    // 2
    cmp   r6, r0                   // 1
    beq   .Ltile_end                 // 1
    b     .Lchannel_start            // 2  ── 8
    RARE 4, r2
    RARE 5, r3
    RARE 6, r4
    RARE 7, r5

.Ltile_end:
    add   sp, #FRAME
    restore_registers_and_return

// r0: x becomes the output; keeps all but r1.
.Lask:
    mov   r1, r12
    push  {r1-r3, lr}
    ldr   r1, [sp, #16 + OUT]      // the next channel's
    ldr   r2, [sp, #16 + EXACT]
    bl    conv_dense_lanes_exact
    ldr   r1, [sp, #16 + SLACK]
    mov   lr, r1
    pop   {r1-r3}
    mov   r12, r1
    pop   {r1}
    bx    r1

    .size conv_dense_lanes_tile, . - conv_dense_lanes_tile

// uint16_t conv_dense_lanes_jump[kMaxGroupTerms]: what `jump` adds where n terms are left; modulo 2^16.
    .global conv_dense_lanes_jump
    .type conv_dense_lanes_jump, %object
    .balign 4
conv_dense_lanes_jump:
.macro JUMP left
    .hword .Lentry_\left - (.Ljump + 4)
.endm
    .irp left, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
    JUMP \left
    .endr
    .irp left, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32
    JUMP \left
    .endr
    .size conv_dense_lanes_jump, . - conv_dense_lanes_jump

// The loops of depthwise_conv_2d_taps.cc (kernels/depthwise_taps.h).
//
// Maths    T_i = Σ_t w[t]·v_i[t], i = 0…3: outputs p + i (low half) and q + i.
// Layout   a channel's list, of groups: { w, place } { jump } { w, place } …; `jump` is from the ADD to the
//          code for the taps that are left; what pair i sees under a tap is the word i behind its place.
// Bound    |T_i's halves| <= 32767 in a group: Σ|w| <= 255, |x| <= 128.
// Cost     17 cycles a tap of 8 MACs; 31 a group but the last; 208 a quad of pairs with all outputs in range. In flash,
//          whose cache holds them: SRAM would be 1 % faster on one core, 4 % on two.
#include "group_sums.inc"
#include "registers.inc"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ UNROLLED, 16       // taps of a group beside its first
    .equ TAP_CODE, 22       // bytes
    .equ MAX_GROUP_WEIGHT, 255

    .section .text.depthwise_taps, "ax", %progbits
    .balign 4

// ---------------------------------------------------------------------------------------------------------
// void depthwise_taps_list(TapList*): an output channel's list out of its weights; their sum and the number of
// groups are written back. 22 cycles a tap, 14 if its weight is 0, 32 a group.
    .equ LIST_SUM, 20       // in TapList: the sum, then the groups

    .global depthwise_taps_list
    .type depthwise_taps_list, %function
    .thumb_func
depthwise_taps_list:
    save_registers
    push  {r0}
    movs  r7, r0
    ldm   r7!, {r0-r4}
    mov   r9, r3
    movs  r7, #0
    mov   r8, r7
    mov   r12, r7

// r0 weight | r1 bytes to the next | r2 its place | r3 its magnitude | r4 list | r5 weight | r6 place | r7 what
// the group has room for | r8 Σ w | r9 where places end | r10 where the group's unrolled taps end | r11 its jump |
// r12 groups
.Ltap:
    ldrb  r5, [r0]          // 2
    sxtb  r5, r5            // 1
    ldrh  r6, [r2]          // 2
    adds  r2, #2            // 1
    adds  r0, r0, r1        // 1
    movs  r3, r5            // 1
    beq   .Lno_tap            // 1
    bpl   .Lmagnitude         // 1 or 2
    rsbs  r3, r3, #0        // 1
.Lmagnitude:
    add   r8, r5            // 1
    subs  r7, r7, r3        // 1
    bmi   .Lnew_group         // 1
    cmp   r4, r10           // 1
    beq   .Lnew_group         // 1
    stm   r4!, {r5, r6}     // 3
.Lno_tap:
    cmp   r2, r9            // 1
    bne   .Ltap               // 2  ── 22
    mov   r3, r12
    cmp   r3, #0
    bne   .Llist_end
    movs  r5, #0            // no weight at all: a group needs one
    movs  r6, #0
    b     .Lnew_group

// How a group goes on that has its taps. r1, r3, lr temporary
.macro CLOSE_GROUP
    mov   lr, r1            // 1
    mov   r1, r11           // 1
    subs  r3, r4, r1        // 1
    subs  r3, #4            // 1  8 bytes a tap
    beq   1f                // 1
    lsrs  r3, r3, #2        // 1
    movs  r1, #TAP_CODE / 2 // 1
    muls  r3, r1, r3        // 1
    ldr   r1, .Lbehind_taps // 2
    subs  r3, r1, r3        // 1
    b     2f                // 2
1:  ldr   r3, .Lno_taps
2:  mov   r1, r11           // 1
    str   r3, [r1]          // 2
    mov   r1, lr            // 1
.endm

.Lnew_group:
    movs  r7, #MAX_GROUP_WEIGHT // 1
    subs  r7, r7, r3        // 1
    mov   r3, r12           // 1
    cmp   r3, #0            // 1
    beq   .Lopen              // 1
    CLOSE_GROUP
    mov   r3, r12           // 1
.Lopen:
    adds  r3, #1            // 1
    mov   r12, r3           // 1
    stm   r4!, {r5, r6}     // 3
    mov   r11, r4           // 1
    adds  r4, #4            // 1
    movs  r3, r4            // 1
    adds  r3, #8 * UNROLLED // 1
    mov   r10, r3           // 1
    b     .Lno_tap            // 2

.Llist_end:
    CLOSE_GROUP
    pop   {r0}
    adds  r0, #LIST_SUM
    mov   r1, r8
    mov   r2, r12
    stm   r0!, {r1, r2}
    restore_registers_and_return
    .balign 4
.Lbehind_taps:              // what `jump` would be where tap 0 followed tap 1
    .word .Lleft_1 + TAP_CODE - (.Ljump + 4)
.Lno_taps:
    .word .Lleft_0 - (.Ljump + 4)
    .size depthwise_taps_list, . - depthwise_taps_list

// ---------------------------------------------------------------------------------------------------------
// void depthwise_taps_gather(const Stretch*): v = p + 2^16·q of rows of inputs. 10.4 cycles a word, 16 a row.
// r0 p | r1 q | r2 to | r3, r4 from one of them to the next | r7 0 | r8 rows | r9-r11 to the next row | r12 where the row
// ends | lr where it begins in the code
    .global depthwise_taps_gather
    .type depthwise_taps_gather, %function
    .thumb_func
depthwise_taps_gather:
    save_registers
    movs  r7, r0
    ldm   r7!, {r0-r6}
    mov   r8, r6
    subs  r6, r5, #1
    lsls  r5, r5, #2
    push  {r5}              // bytes of a row
    movs  r5, #7
    ands  r6, r5
    adds  r6, #1            // words of its first round
    movs  r5, #14           // bytes of code each
    muls  r6, r5, r6
    adr   r5, .Lgathered
    subs  r5, r5, r6
    mov   lr, r5
    ldm   r7!, {r4, r5, r6}
    mov   r9, r4
    mov   r10, r5
    mov   r11, r6
    subs  r7, #24
    ldr   r4, [r7]          // what R4 held
    movs  r7, #0
.Lgather_row:
    ldr   r5, [sp]          // 2
    adds  r5, r5, r2        // 1
    mov   r12, r5           // 1
    mov   pc, lr            // 2
    .balign 4
.Lgather:
    .rept 8
    ldrsb r5, [r0, r7]      // 2
    ldrsb r6, [r1, r7]      // 2
    adds  r0, r0, r3        // 1
    adds  r1, r1, r4        // 1
    lsls  r6, r6, #16       // 1
    adds  r5, r5, r6        // 1
    stm   r2!, {r5}         // 2  ── 10
    .endr
.Lgathered:
    cmp   r2, r12           // 1
    bne   .Lgather            // 1 or 2
    add   r0, r9            // 1
    add   r1, r10           // 1
    add   r2, r11           // 1
    mov   r5, r8            // 1
    subs  r5, #1            // 1
    mov   r8, r5            // 1
    bne   .Lgather_row        // 2
    add   sp, #4
    restore_registers_and_return
    .size depthwise_taps_gather, . - depthwise_taps_gather

// ---------------------------------------------------------------------------------------------------------
// void depthwise_taps_channel(const TapsChannel*): a tile's outputs of one channel.

// The frame, first filled from TapsChannel.
    .equ LIST, 0
    .equ SUMS, 4
    .equ SUMS_END, 8        // of all groups but the last
    .equ PLANE, 12          // the quad's
    .equ OFFSET, 16
    .equ SLACK, 20          // << 8
    .equ LIMIT, 24
    .equ SCALE, 28
    .equ OUT, 32            // p's
    .equ LEFT, 36           // pairs of the row
    .equ STEP, 40           // bytes from an output to the next
    .equ LANE, 44           // from p's to q's
    .equ TOP, 48            // clamp.max
    .equ COLUMNS, 52        // pairs of a row
    .equ ROWS, 56
    .equ PLANE_ROW, 60      // bytes from a row's last quad to the next row
    .equ OUT_ROW, 64        // bytes from a row's end to the next
    .equ EXACT, 68          // the exact function, and what it wants
    .equ FRAME, 76

    .global depthwise_taps_channel
    .type depthwise_taps_channel, %function
    .thumb_func
depthwise_taps_channel:
    save_registers
    sub   sp, #FRAME
    mov   r1, sp
    .rept 3
    ldm   r0!, {r2-r7}
    stm   r1!, {r2-r7}
    .endr
    ldm   r0!, {r2}
    stm   r1!, {r2}
    .if FRAME != 19 * 4
    .error "the frame's words"
    .endif
    b     .Lquad

// r0 weight | r1 place | r2-r5 products | r6 list | r7 plane | r8-r11 T | r12 where sums go | lr where they end
.macro TAP left
.Lleft_\left:
    ldm   r6!, {r0, r1}     // 3
    adds  r1, r1, r7        // 1
    ldm   r1!, {r2-r5}      // 5
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
  .endif                    //    ── 17 / 8 MACs
  .if . - .Lleft_\left != TAP_CODE
    .error "the code of a tap"
  .endif
.endm
    .irp left, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1
    TAP \left
    .endr

// A group ends: r2-r5 its sums. The last one's stay there.
.Lgroup_end:
    mov   r1, r12           // 1
    cmp   r1, lr            // 1
    beq   .Lchannel_end       // 1
    stm   r1!, {r2-r5}      // 5
    mov   r12, r1           // 1
.Lgroup:
    ldm   r6!, {r0, r1}     // 3
    adds  r1, r1, r7        // 1
    ldm   r1!, {r2-r5}      // 5
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
    add   pc, r0            // 2  ── with 18 below: 31 a group beyond 17 a tap

.Lleft_0:
    mov   r2, r8
    mov   r3, r9
    mov   r4, r10
    mov   r5, r11
    b     .Lgroup_end

.Lquad:
    add   r0, sp, #LIST     // 1
    ldm   r0!, {r1, r2, r3, r7} // 5
    movs  r6, r1            // 1
    mov   r12, r2           // 1
    mov   lr, r3            // 1
    b     .Lgroup             // 2  ── 11

// The sums of all groups become r8-r11: totals T + offset·(2^16 + 1), r2-r5: Σ B + offset.
.Lchannel_end:
    ldr   r0, [sp, #OFFSET] // 2
    GROUP_SUMS 4            // 24 and 18 a group kept, 11 to enter

// r6 out | r7 scale | r12 limit | lr slack
    add   r0, sp, #SLACK    // 1
    ldm   r0!, {r1, r6, r7} // 4
    mov   lr, r1            // 1
    mov   r12, r6           // 1
    ldm   r0, {r0, r1, r6}  // 4  out, pairs left, step
    cmp   r1, #4            // 1
    blo   .Lfew               // 1
    lsls  r1, r6, #2        // 1
    adds  r0, r0, r1        // 1
    str   r0, [sp, #OUT]    // 2
    subs  r6, r0, r6        // 1
    b     .Lpair_3            // 2  ── 20

.Lfew:
    muls  r1, r6, r1
    adds  r0, r0, r1
    subs  r6, r0, r6
    ldr   r1, [sp, #LEFT]
    str   r0, [sp, #OUT]
    cmp   r1, #2
    blo   .Lto_pair_0
    beq   .Lto_pair_1
    b     .Lpair_2
.Lto_pair_0:
    b     .Lpair_0
.Lto_pair_1:
    b     .Lpair_1

// The output of x, whose sign is in N.
.macro LEVEL output
    bmi   .Lbelow_\output     // 1
    cmp   r0, r12           // 1
    bhs   .Ltop_\output       // 1
    muls  r0, r7, r0        // 1  < 2^32
    lsls  r1, r0, #8        // 1
    cmp   r1, lr            // 1
    blo   .Lask_\output       // 1
    lsrs  r0, r0, #24       // 1
    adds  r0, #128          // 1  clamp.min, modulo 256
.Lput_\output:              //    ── 9, 5 below level 0
.endm

.macro X_OF_P total, high
    lsls  r1, \high, #16    // 1
    mov   r0, \total        // 1
    subs  r0, r0, r1        // 1
.endm

.macro PAIR i, total, high
.Lpair_\i:
    X_OF_P \total, \high    // 3
    LEVEL p\i               // 9
    strb  r0, [r6]          // 2
    movs  r0, \high         // 1
    LEVEL q\i               // 9
    ldr   r1, [sp, #LANE]   // 2
    strb  r0, [r6, r1]      // 2
  .if \i > 0
    ldr   r1, [sp, #STEP]   // 2
    subs  r6, r6, r1        // 1  ── 31
  .endif
.endm

.macro RARE output, high, total
.Lbelow_\output:
    movs  r0, #128          // 1
    b     .Lput_\output       // 2
.Ltop_\output:
    ldr   r0, [sp, #TOP]
    b     .Lput_\output
.Lask_\output:
  .ifb \total
    movs  r0, \high
  .else
    X_OF_P \total, \high
  .endif
    bl    .Lask
    b     .Lput_\output
.endm

    RARE p3, r5, r11
    RARE q3, r5
    RARE p2, r4, r10
    RARE q2, r4
    PAIR 3, r11, r5
    PAIR 2, r10, r4
    PAIR 1, r9, r3
    PAIR 0, r8, r2
    ldr   r0, [sp, #LEFT]   // 2
    subs  r0, #4            // 1
    bls   .Lrow_end           // 1
    str   r0, [sp, #LEFT]   // 2
    ldr   r0, [sp, #PLANE]  // 2
    adds  r0, #16           // 1
    str   r0, [sp, #PLANE]  // 2
    b     .Lquad              // 2  ── 13
    RARE p1, r3, r9
    RARE q1, r3
    RARE p0, r2, r8
    RARE q0, r2

.Lrow_end:
    ldr   r0, [sp, #ROWS]   // 2
    subs  r0, #1            // 1
    beq   .Lchannel_done      // 1
    str   r0, [sp, #ROWS]   // 2
    ldr   r0, [sp, #COLUMNS] // 2
    str   r0, [sp, #LEFT]   // 2
    ldr   r0, [sp, #PLANE]  // 2
    ldr   r1, [sp, #PLANE_ROW] // 2
    adds  r0, r0, r1        // 1
    str   r0, [sp, #PLANE]  // 2
    ldr   r0, [sp, #OUT]    // 2
    ldr   r1, [sp, #OUT_ROW] // 2
    adds  r0, r0, r1        // 1
    str   r0, [sp, #OUT]    // 2
    b     .Lquad              // 2  ── 26 a row

.Lchannel_done:
    add   sp, #FRAME
    restore_registers_and_return

// r0: x becomes the output; keeps all but r1.
.Lask:
    mov   r1, r12
    push  {r1-r3, lr}
    add   r1, sp, #16 + EXACT
    ldm   r1, {r1, r2}
    movs  r3, r1
    movs  r1, r2
    blx   r3
    ldr   r1, [sp, #16 + SLACK]
    mov   lr, r1
    pop   {r1-r3}
    mov   r12, r1
    pop   {r1}
    bx    r1
    .size depthwise_taps_channel, . - depthwise_taps_channel

#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "core.h"
#include "isa.h"
#include "machine.h"

// ARMv6-M's instructions: what each does, and the table of their encodings [ARMv6-M ARM A5-A7]. Included by
// core.cc alone, where the run loop inlines every row.

namespace tandem::sim {

struct Instructions {
  using Flow = Core::Flow;
  using Beat = Core::Beat;

  // ---- operands
  static constexpr uint32_t low(uint32_t op) { return op & 7; }        // bits 2:0
  static constexpr uint32_t mid(uint32_t op) { return op >> 3 & 7; }   // bits 5:3
  static constexpr uint32_t high(uint32_t op) { return op >> 6 & 7; }  // bits 8:6
  static constexpr uint32_t top(uint32_t op) { return op >> 8 & 7; }   // bits 10:8
  static constexpr uint32_t imm5(uint32_t op) { return op >> 6 & 31; }
  static constexpr uint32_t imm8(uint32_t op) { return op & 255; }
  static constexpr uint32_t any_d(uint32_t op) { return (op & 7) | (op >> 4 & 8); }
  static constexpr uint32_t any_m(uint32_t op) { return op >> 3 & 15; }
  /// A register as source operand: the PC reads as this instruction's address + 4.
  static uint32_t source(const Core& c, uint32_t n) { return n == 15 ? c.pc_ + 4 : c.r_[n]; }

  // ---- flags
  static void set_nz(Core& c, uint32_t result) { c.n_ = c.z_ = result; }
  static uint32_t add(Core& c, uint32_t a, uint32_t b, uint32_t carry) {
    const uint64_t wide = uint64_t{a} + b + carry;
    const auto sum = static_cast<uint32_t>(wide);
    c.c_ = static_cast<uint32_t>(wide >> 32);
    c.v_ = ((a ^ sum) & (b ^ sum)) >> 31;
    set_nz(c, sum);
    return sum;
  }
  static uint32_t subtract(Core& c, uint32_t a, uint32_t b) { return add(c, a, ~b, 1); }

  // ---- shift, add, subtract, move, compare
  static Flow lsls_imm(Core& c, uint32_t op) {
    const uint32_t shift = imm5(op);
    uint32_t value = c.r_[mid(op)];
    if (shift != 0) {  // LSLS #0 is MOVS: carry stays
      c.c_ = value >> (32 - shift) & 1;
      value <<= shift;
    }
    set_nz(c, c.r_[low(op)] = value);
    return Flow::kNext;
  }
  static Flow lsrs_imm(Core& c, uint32_t op) {
    const uint32_t shift = imm5(op) == 0 ? 32 : imm5(op);
    const uint32_t value = c.r_[mid(op)];
    c.c_ = value >> (shift - 1) & 1;
    set_nz(c, c.r_[low(op)] = static_cast<uint32_t>(uint64_t{value} >> shift));
    return Flow::kNext;
  }
  static Flow asrs_imm(Core& c, uint32_t op) {
    const uint32_t shift = imm5(op) == 0 ? 32 : imm5(op);
    const auto value = static_cast<int32_t>(c.r_[mid(op)]);
    c.c_ = static_cast<uint32_t>(value >> (shift - 1)) & 1;
    set_nz(c, c.r_[low(op)] = static_cast<uint32_t>(int64_t{value} >> shift));
    return Flow::kNext;
  }
  static Flow adds_reg(Core& c, uint32_t op) {
    c.r_[low(op)] = add(c, c.r_[mid(op)], c.r_[high(op)], 0);
    return Flow::kNext;
  }
  static Flow subs_reg(Core& c, uint32_t op) {
    c.r_[low(op)] = subtract(c, c.r_[mid(op)], c.r_[high(op)]);
    return Flow::kNext;
  }
  static Flow adds_imm3(Core& c, uint32_t op) {
    c.r_[low(op)] = add(c, c.r_[mid(op)], high(op), 0);
    return Flow::kNext;
  }
  static Flow subs_imm3(Core& c, uint32_t op) {
    c.r_[low(op)] = subtract(c, c.r_[mid(op)], high(op));
    return Flow::kNext;
  }
  static Flow movs_imm(Core& c, uint32_t op) {
    set_nz(c, c.r_[top(op)] = imm8(op));
    return Flow::kNext;
  }
  static Flow cmp_imm(Core& c, uint32_t op) {
    subtract(c, c.r_[top(op)], imm8(op));
    return Flow::kNext;
  }
  static Flow adds_imm8(Core& c, uint32_t op) {
    c.r_[top(op)] = add(c, c.r_[top(op)], imm8(op), 0);
    return Flow::kNext;
  }
  static Flow subs_imm8(Core& c, uint32_t op) {
    c.r_[top(op)] = subtract(c, c.r_[top(op)], imm8(op));
    return Flow::kNext;
  }

  // ---- data processing
  static Flow ands(Core& c, uint32_t op) {
    set_nz(c, c.r_[low(op)] &= c.r_[mid(op)]);
    return Flow::kNext;
  }
  static Flow eors(Core& c, uint32_t op) {
    set_nz(c, c.r_[low(op)] ^= c.r_[mid(op)]);
    return Flow::kNext;
  }
  // Shifts by register take the low byte: 0 leaves the carry, 32 and more shift everything out.
  static Flow lsls_reg(Core& c, uint32_t op) {
    const uint32_t shift = c.r_[mid(op)] & 255;
    uint32_t value = c.r_[low(op)];
    if (shift != 0) {
      const uint64_t wide = shift > 32 ? 0 : uint64_t{value} << shift;
      c.c_ = static_cast<uint32_t>(wide >> 32) & 1;
      value = static_cast<uint32_t>(wide);
    }
    set_nz(c, c.r_[low(op)] = value);
    return Flow::kNext;
  }
  static Flow lsrs_reg(Core& c, uint32_t op) {
    const uint32_t shift = c.r_[mid(op)] & 255;
    uint32_t value = c.r_[low(op)];
    if (shift != 0) {
      c.c_ = shift > 32 ? 0 : static_cast<uint32_t>(uint64_t{value} >> (shift - 1)) & 1;
      value = shift > 31 ? 0 : value >> shift;
    }
    set_nz(c, c.r_[low(op)] = value);
    return Flow::kNext;
  }
  static Flow asrs_reg(Core& c, uint32_t op) {
    const uint32_t shift = c.r_[mid(op)] & 255;
    auto value = static_cast<int32_t>(c.r_[low(op)]);
    if (shift != 0) {
      const uint32_t bounded = shift > 32 ? 32 : shift;
      c.c_ = static_cast<uint32_t>(int64_t{value} >> (bounded - 1)) & 1;
      value = static_cast<int32_t>(int64_t{value} >> bounded);
    }
    set_nz(c, c.r_[low(op)] = static_cast<uint32_t>(value));
    return Flow::kNext;
  }
  static Flow rors(Core& c, uint32_t op) {
    const uint32_t shift = c.r_[mid(op)] & 255;
    uint32_t value = c.r_[low(op)];
    if (shift != 0) {
      value = std::rotr(value, static_cast<int>(shift & 31));
      c.c_ = value >> 31;
    }
    set_nz(c, c.r_[low(op)] = value);
    return Flow::kNext;
  }
  static Flow adcs(Core& c, uint32_t op) {
    c.r_[low(op)] = add(c, c.r_[low(op)], c.r_[mid(op)], c.c_);
    return Flow::kNext;
  }
  static Flow sbcs(Core& c, uint32_t op) {
    c.r_[low(op)] = add(c, c.r_[low(op)], ~c.r_[mid(op)], c.c_);
    return Flow::kNext;
  }
  static Flow tst(Core& c, uint32_t op) {
    set_nz(c, c.r_[low(op)] & c.r_[mid(op)]);
    return Flow::kNext;
  }
  static Flow rsbs(Core& c, uint32_t op) {
    c.r_[low(op)] = subtract(c, 0, c.r_[mid(op)]);
    return Flow::kNext;
  }
  static Flow cmp_reg(Core& c, uint32_t op) {
    subtract(c, c.r_[low(op)], c.r_[mid(op)]);
    return Flow::kNext;
  }
  static Flow cmn(Core& c, uint32_t op) {
    add(c, c.r_[low(op)], c.r_[mid(op)], 0);
    return Flow::kNext;
  }
  static Flow orrs(Core& c, uint32_t op) {
    set_nz(c, c.r_[low(op)] |= c.r_[mid(op)]);
    return Flow::kNext;
  }
  static Flow muls(Core& c, uint32_t op) {
    set_nz(c, c.r_[low(op)] *= c.r_[mid(op)]);
    return Flow::kNext;
  }
  static Flow bics(Core& c, uint32_t op) {
    set_nz(c, c.r_[low(op)] &= ~c.r_[mid(op)]);
    return Flow::kNext;
  }
  static Flow mvns(Core& c, uint32_t op) {
    set_nz(c, c.r_[low(op)] = ~c.r_[mid(op)]);
    return Flow::kNext;
  }

  // ---- any register
  static Flow write_any(Core& c, uint32_t d, uint32_t value) {
    if (d != 13) {
      c.r_[d] = value;
      return Flow::kNext;
    }
    const uint32_t old = c.r_[13];
    c.r_[13] = value & ~3u;
    return c.moved_stack(old);
  }
  static Flow add_any(Core& c, uint32_t op) {
    return write_any(c, any_d(op), c.r_[any_d(op)] + source(c, any_m(op)));
  }
  static Flow mov_any(Core& c, uint32_t op) { return write_any(c, any_d(op), source(c, any_m(op))); }
  static Flow cmp_any(Core& c, uint32_t op) {
    subtract(c, source(c, any_d(op)), source(c, any_m(op)));
    return Flow::kNext;
  }
  static Flow add_pc(Core& c, uint32_t op) { return jump(c, (c.pc_ + 4 + source(c, any_m(op))) & ~1u, 2); }
  static Flow mov_pc(Core& c, uint32_t op) { return jump(c, source(c, any_m(op)) & ~1u, 2); }
  static Flow bx(Core& c, uint32_t op) { return interwork(c, source(c, any_m(op)), 2); }
  static Flow blx(Core& c, uint32_t op) {
    const uint32_t target = source(c, any_m(op));
    if (!(target & 1)) return c.fault(FaultKind::kArmState, target);
    c.r_[14] = (c.pc_ + 2) | 1;
    return jump(c, target & ~1u, 2);
  }

  // ---- branches
  static Flow jump(Core& c, uint32_t target, Cycles cycles) {
    c.branch(target, cycles);
    return Flow::kTaken;
  }
  /// BX and POP to PC: to code, or out of an exception handler.
  static Flow interwork(Core& c, uint32_t target, Cycles cycles) {
    if (target >= 0xf0000000 && c.ipsr_ != 0) {
      c.time_ += cycles;
      return c.begin_return(target);
    }
    if (!(target & 1)) return c.fault(FaultKind::kArmState, target);
    return jump(c, target & ~1u, cycles);
  }
  static Flow branch_if(Core& c, uint32_t op, bool condition) {
    if (!condition) return Flow::kNext;
    return jump(c, c.pc_ + 4 + static_cast<uint32_t>(static_cast<int8_t>(op) * 2), 2);
  }
  static Flow beq(Core& c, uint32_t op) { return branch_if(c, op, c.z_ == 0); }
  static Flow bne(Core& c, uint32_t op) { return branch_if(c, op, c.z_ != 0); }
  static Flow bcs(Core& c, uint32_t op) { return branch_if(c, op, c.c_ != 0); }
  static Flow bcc(Core& c, uint32_t op) { return branch_if(c, op, c.c_ == 0); }
  static Flow bmi(Core& c, uint32_t op) { return branch_if(c, op, c.n_ >> 31 != 0); }
  static Flow bpl(Core& c, uint32_t op) { return branch_if(c, op, c.n_ >> 31 == 0); }
  static Flow bvs(Core& c, uint32_t op) { return branch_if(c, op, c.v_ != 0); }
  static Flow bvc(Core& c, uint32_t op) { return branch_if(c, op, c.v_ == 0); }
  static Flow bhi(Core& c, uint32_t op) { return branch_if(c, op, c.c_ != 0 && c.z_ != 0); }
  static Flow bls(Core& c, uint32_t op) { return branch_if(c, op, c.c_ == 0 || c.z_ == 0); }
  static Flow bge(Core& c, uint32_t op) { return branch_if(c, op, c.n_ >> 31 == c.v_); }
  static Flow blt(Core& c, uint32_t op) { return branch_if(c, op, c.n_ >> 31 != c.v_); }
  static Flow bgt(Core& c, uint32_t op) { return branch_if(c, op, c.z_ != 0 && c.n_ >> 31 == c.v_); }
  static Flow ble(Core& c, uint32_t op) { return branch_if(c, op, c.z_ == 0 || c.n_ >> 31 != c.v_); }
  static Flow b(Core& c, uint32_t op) {
    return jump(c, c.pc_ + 4 + static_cast<uint32_t>(static_cast<int32_t>(op << 21) >> 20), 2);
  }

  // ---- loads and stores
  template <unsigned kBytes, bool kSigned = false>
  static Flow load(Core& c, uint32_t address, uint32_t t) {
    uint32_t value = 0;
    const Beat beat = c.load<kBytes>(address, &value);
    if (beat != Beat::kDone) [[unlikely]] {
      if (!Core::is_done(beat)) return beat == Beat::kLater ? Flow::kAgain : Flow::kAside;
      --c.time_;  // 1 cycle in place of the row's 2 [M0+ table 3-1, DS 2.3.1]
    }
    if constexpr (kSigned && kBytes == 1) value = static_cast<uint32_t>(static_cast<int8_t>(value));
    if constexpr (kSigned && kBytes == 2) value = static_cast<uint32_t>(static_cast<int16_t>(value));
    c.r_[t] = value;
    return Flow::kNext;
  }
  template <unsigned kBytes>
  static Flow store(Core& c, uint32_t address, uint32_t t) {
    const Beat beat = c.store<kBytes>(address, c.r_[t]);
    if (beat != Beat::kDone) [[unlikely]] {
      if (!Core::is_done(beat)) return beat == Beat::kLater ? Flow::kAgain : Flow::kAside;
      --c.time_;  // 1 cycle in place of the row's 2 [M0+ table 3-1, DS 2.3.1]
    }
    return Flow::kNext;
  }
  static uint32_t indexed(const Core& c, uint32_t op) { return c.r_[mid(op)] + c.r_[high(op)]; }
  static Flow ldr_literal(Core& c, uint32_t op) {
    return load<4>(c, ((c.pc_ + 4) & ~3u) + imm8(op) * 4, top(op));
  }
  static Flow str_reg(Core& c, uint32_t op) { return store<4>(c, indexed(c, op), low(op)); }
  static Flow strh_reg(Core& c, uint32_t op) { return store<2>(c, indexed(c, op), low(op)); }
  static Flow strb_reg(Core& c, uint32_t op) { return store<1>(c, indexed(c, op), low(op)); }
  static Flow ldrsb_reg(Core& c, uint32_t op) { return load<1, true>(c, indexed(c, op), low(op)); }
  static Flow ldr_reg(Core& c, uint32_t op) { return load<4>(c, indexed(c, op), low(op)); }
  static Flow ldrh_reg(Core& c, uint32_t op) { return load<2>(c, indexed(c, op), low(op)); }
  static Flow ldrb_reg(Core& c, uint32_t op) { return load<1>(c, indexed(c, op), low(op)); }
  static Flow ldrsh_reg(Core& c, uint32_t op) { return load<2, true>(c, indexed(c, op), low(op)); }
  static Flow str_imm(Core& c, uint32_t op) { return store<4>(c, c.r_[mid(op)] + imm5(op) * 4, low(op)); }
  static Flow ldr_imm(Core& c, uint32_t op) { return load<4>(c, c.r_[mid(op)] + imm5(op) * 4, low(op)); }
  static Flow strb_imm(Core& c, uint32_t op) { return store<1>(c, c.r_[mid(op)] + imm5(op), low(op)); }
  static Flow ldrb_imm(Core& c, uint32_t op) { return load<1>(c, c.r_[mid(op)] + imm5(op), low(op)); }
  static Flow strh_imm(Core& c, uint32_t op) { return store<2>(c, c.r_[mid(op)] + imm5(op) * 2, low(op)); }
  static Flow ldrh_imm(Core& c, uint32_t op) { return load<2>(c, c.r_[mid(op)] + imm5(op) * 2, low(op)); }
  static Flow str_sp(Core& c, uint32_t op) { return store<4>(c, c.r_[13] + imm8(op) * 4, top(op)); }
  static Flow ldr_sp(Core& c, uint32_t op) { return load<4>(c, c.r_[13] + imm8(op) * 4, top(op)); }

  // ---- multiple transfers: 1 + N cycles [M0+ table 3-1]. Every word is a bus access of its own, at which
  // the instruction can be parked; beat_ counts those done.
  static Flow parked(Core& c, Beat beat) {
    if (beat == Beat::kLater) return Flow::kAgain;
    if (beat == Beat::kBetween) return Flow::kBetween;
    c.beat_ = 0;
    return Flow::kAside;
  }
  /// Between two words: other masters may come first, and exceptions.
  static bool interrupted(const Core& c) { return c.beat_ != 0 && (c.time_ >= c.horizon_ || c.attention_); }
  /// Loads `count` words into beats_.
  static Beat load_words(Core& c, uint32_t address, uint32_t count) {
    while (c.beat_ < count) {
      if (interrupted(c)) return Beat::kBetween;
      const Beat beat = c.load<4>(address + 4 * c.beat_, &c.beats_[c.beat_]);
      if (!Core::is_done(beat)) return beat;
      ++c.time_;
      ++c.beat_;
    }
    c.beat_ = 0;
    return Beat::kDone;
  }
  /// Stores registers of `list` upwards from `address`; the word of `base` is `base_value`.
  static Beat store_words(Core& c, uint32_t address, uint32_t list, uint32_t base, uint32_t base_value) {
    for (uint32_t i = 0; i < c.beat_; ++i) list &= list - 1;  // those done before parking
    while (list != 0) {
      const auto n = static_cast<uint32_t>(std::countr_zero(list));
      list &= list - 1;
      if (interrupted(c)) return Beat::kBetween;
      const Beat beat = c.store<4>(address + 4 * c.beat_, n == base ? base_value : c.r_[n]);
      if (!Core::is_done(beat)) return beat;
      ++c.time_;
      ++c.beat_;
    }
    c.beat_ = 0;
    return Beat::kDone;
  }
  static void take_words(Core& c, uint32_t list) {
    for (uint32_t i = 0; list != 0; list &= list - 1, ++i) c.r_[std::countr_zero(list)] = c.beats_[i];
  }
  static Flow stm(Core& c, uint32_t op) {
    const uint32_t n = top(op), list = imm8(op), address = c.r_[n];
    const uint32_t end = address + 4 * static_cast<uint32_t>(std::popcount(list));
    // A base that is listed but isn't the first is stored updated [unpredictable; what the core does].
    const bool updated = (list & ((1u << n) - 1)) != 0;
    const Beat beat = store_words(c, address, list, n, updated ? end : address);
    if (beat != Beat::kDone) return parked(c, beat);
    c.r_[n] = end;
    return Flow::kNext;
  }
  static Flow ldm(Core& c, uint32_t op) {
    const uint32_t n = top(op), list = imm8(op), address = c.r_[n];
    const auto count = static_cast<uint32_t>(std::popcount(list));
    const Beat beat = load_words(c, address, count);
    if (beat != Beat::kDone) return parked(c, beat);
    c.r_[n] = address + 4 * count;
    take_words(c, list);
    return Flow::kNext;
  }
  static Flow push(Core& c, uint32_t op) {
    const uint32_t list = imm8(op) | (op & 0x100) << 6;  // bit 8 is LR
    const uint32_t sp = c.r_[13] - 4 * static_cast<uint32_t>(std::popcount(list));
    const Beat beat = store_words(c, sp, list, 13, 0);
    if (beat != Beat::kDone) return parked(c, beat);
    const uint32_t old = c.r_[13];
    c.r_[13] = sp;
    return c.moved_stack(old);
  }
  static Flow pop(Core& c, uint32_t op) {
    const uint32_t list = imm8(op), address = c.r_[13];
    const auto count = static_cast<uint32_t>(std::popcount(list));
    const Beat beat = load_words(c, address, count);
    if (beat != Beat::kDone) return parked(c, beat);
    c.r_[13] = address + 4 * count;
    take_words(c, list);
    return Flow::kNext;
  }
  /// 3 + N cycles, N counts the PC: the branch's 2 and one more follow the words.
  static Flow pop_pc(Core& c, uint32_t op) {
    const uint32_t list = imm8(op), address = c.r_[13];
    const auto count = static_cast<uint32_t>(std::popcount(list)) + 1;
    const Beat beat = load_words(c, address, count);
    if (beat != Beat::kDone) return parked(c, beat);
    c.r_[13] = address + 4 * count;
    take_words(c, list);
    return interwork(c, c.beats_[count - 1], 3);
  }

  // ---- addresses, extension, byte order
  static Flow adr(Core& c, uint32_t op) {
    c.r_[top(op)] = ((c.pc_ + 4) & ~3u) + imm8(op) * 4;
    return Flow::kNext;
  }
  static Flow add_sp_imm(Core& c, uint32_t op) {
    c.r_[top(op)] = c.r_[13] + imm8(op) * 4;
    return Flow::kNext;
  }
  static Flow add_sp(Core& c, uint32_t op) {
    c.r_[13] += (op & 127) * 4;
    return Flow::kNext;
  }
  static Flow sub_sp(Core& c, uint32_t op) {
    const uint32_t old = c.r_[13];
    c.r_[13] -= (op & 127) * 4;
    return c.moved_stack(old);
  }
  static Flow sxth(Core& c, uint32_t op) {
    c.r_[low(op)] = static_cast<uint32_t>(static_cast<int16_t>(c.r_[mid(op)]));
    return Flow::kNext;
  }
  static Flow sxtb(Core& c, uint32_t op) {
    c.r_[low(op)] = static_cast<uint32_t>(static_cast<int8_t>(c.r_[mid(op)]));
    return Flow::kNext;
  }
  static Flow uxth(Core& c, uint32_t op) {
    c.r_[low(op)] = c.r_[mid(op)] & 0xffff;
    return Flow::kNext;
  }
  static Flow uxtb(Core& c, uint32_t op) {
    c.r_[low(op)] = c.r_[mid(op)] & 0xff;
    return Flow::kNext;
  }
  static Flow rev(Core& c, uint32_t op) {
    c.r_[low(op)] = __builtin_bswap32(c.r_[mid(op)]);
    return Flow::kNext;
  }
  static Flow rev16(Core& c, uint32_t op) {
    const uint32_t value = c.r_[mid(op)];
    c.r_[low(op)] = (value & 0x00ff00ff) << 8 | (value >> 8 & 0x00ff00ff);
    return Flow::kNext;
  }
  static Flow revsh(Core& c, uint32_t op) {
    const auto swapped = __builtin_bswap16(static_cast<uint16_t>(c.r_[mid(op)]));
    c.r_[low(op)] = static_cast<uint32_t>(static_cast<int16_t>(swapped));
    return Flow::kNext;
  }

  // ---- system
  static Flow cps(Core& c, uint32_t op) {
    c.primask_ = op >> 4 & 1;
    c.attention_ = true;
    return Flow::kNext;
  }
  static Flow nop(Core&, uint32_t) { return Flow::kNext; }
  static Flow sev(Core& c, uint32_t) {
    c.machine_.core(0).set_event(c.time_ + 1);
    c.machine_.core(1).set_event(c.time_ + 1);
    return Flow::kNext;
  }
  static Flow wfe(Core& c, uint32_t) {
    if (c.event_) {
      c.event_ = false;
      return Flow::kNext;
    }
    return c.sleep(Core::State::kWaitForEvent);
  }
  static Flow wfi(Core& c, uint32_t) { return c.sleep(Core::State::kWaitForInterrupt); }
  static Flow svc(Core& c, uint32_t) {
    if (c.execution_priority(true) <= c.priority(kSvc)) return c.fault(FaultKind::kSvcPriority, 0);
    c.begin_entry(kSvc, c.pc_ + 2);
    return Flow::kAside;
  }
  static Flow bkpt(Core& c, uint32_t op) {
    if (imm8(op) != 0xab) return c.fault(FaultKind::kBreakpoint, imm8(op));
    c.machine_.semihosting().call(c);
    return Flow::kNext;
  }
  static Flow undefined(Core& c, uint32_t) { return c.fault(FaultKind::kUndefined, 0); }
  /// UDF: a call into the high-level ROM if it stands there, else what it says.
  static Flow udf(Core& c, uint32_t op) {
    if (c.pc_ < kRomBytes && c.machine_.rom().call(c, imm8(op))) return Flow::kTaken;
    return c.fault(FaultKind::kUndefined, 0);
  }

  // ---- 32-bit: BL, MSR, MRS, DSB, DMB, ISB; each 3 cycles [M0+ table 3-1]
  static Flow wide(Core& c, uint32_t op) {
    uint32_t second = 0;
    const uint32_t offset = c.pc_ + 2 - c.window_base_;
    if (offset + 1 >= c.window_bytes_) return c.fault(FaultKind::kFetchUnmapped, c.pc_ + 2);
    second = static_cast<uint32_t>(c.window_[offset] | c.window_[offset + 1] << 8);
    // The second half is used in the second cycle; if it's in the next word, that word must be there by then.
    if ((c.pc_ & 2) && c.fetch_ready_ > c.time_ + 1) {
      c.charge_fetch(c.fetch_ready_ - 1 - c.time_);
      c.time_ = c.fetch_ready_ - 1;
    }
    if ((second & 0xd000) == 0xd000) {  // BL
      const uint32_t s = op >> 10 & 1, i1 = (second >> 13 & 1) == s, i2 = (second >> 11 & 1) == s;
      const uint32_t offset25 =
          (s ? 0xff000000u : 0) | i1 << 23 | i2 << 22 | (op & 0x3ff) << 12 | (second & 0x7ff) << 1;
      c.r_[14] = (c.pc_ + 4) | 1;
      return jump(c, c.pc_ + 4 + offset25, 3);
    }
    if ((op & 0xffe0) == 0xf380 && (second & 0xff00) == 0x8800) {
      c.write_special(second & 255, c.r_[op & 15]);
      return Flow::kWide;
    }
    if (op == 0xf3ef && (second & 0xf000) == 0x8000) {
      c.r_[second >> 8 & 15] = c.read_special(second & 255);
      return Flow::kWide;
    }
    if (op == 0xf3bf && (second & 0xff00) == 0x8f00)
      return Flow::kWide;  // barriers: accesses are in order anyway
    return c.fault(FaultKind::kUndefined, second);
  }
};

struct InstructionRow {
  std::string_view pattern;
  Core::Flow (*handler)(Core&, uint32_t);
  uint8_t cycles;  ///< without stalls; those are charged by the bus, never here
  std::string_view name;
};

// Cycles: Cortex-M0+ TRM (ARM DDI 0484), table 3-1. A taken branch brings its own count (2; BL 3) in place of
// the row's; multiple transfers add one for each word.
#define TANDEM_ROW(pattern, name, cycles) \
  { pattern, Instructions::name, cycles, #name }
inline constexpr InstructionRow kInstructions[] = {
    //          encoding (ARMv6-M ARM, T1)  handler  cycles
    TANDEM_ROW("00000iiiiimmmddd", lsls_imm, 1),
    TANDEM_ROW("00001iiiiimmmddd", lsrs_imm, 1),
    TANDEM_ROW("00010iiiiimmmddd", asrs_imm, 1),
    TANDEM_ROW("0001100mmmnnnddd", adds_reg, 1),
    TANDEM_ROW("0001101mmmnnnddd", subs_reg, 1),
    TANDEM_ROW("0001110iiinnnddd", adds_imm3, 1),
    TANDEM_ROW("0001111iiinnnddd", subs_imm3, 1),
    TANDEM_ROW("00100dddiiiiiiii", movs_imm, 1),
    TANDEM_ROW("00101nnniiiiiiii", cmp_imm, 1),
    TANDEM_ROW("00110dddiiiiiiii", adds_imm8, 1),
    TANDEM_ROW("00111dddiiiiiiii", subs_imm8, 1),
    TANDEM_ROW("0100000000mmmddd", ands, 1),
    TANDEM_ROW("0100000001mmmddd", eors, 1),
    TANDEM_ROW("0100000010mmmddd", lsls_reg, 1),
    TANDEM_ROW("0100000011mmmddd", lsrs_reg, 1),
    TANDEM_ROW("0100000100mmmddd", asrs_reg, 1),
    TANDEM_ROW("0100000101mmmddd", adcs, 1),
    TANDEM_ROW("0100000110mmmddd", sbcs, 1),
    TANDEM_ROW("0100000111mmmddd", rors, 1),
    TANDEM_ROW("0100001000mmmddd", tst, 1),
    TANDEM_ROW("0100001001mmmddd", rsbs, 1),
    TANDEM_ROW("0100001010mmmnnn", cmp_reg, 1),
    TANDEM_ROW("0100001011mmmnnn", cmn, 1),
    TANDEM_ROW("0100001100mmmddd", orrs, 1),
    TANDEM_ROW("0100001101mmmddd", muls, 1),  // RP2040 has the single-cycle multiplier [DS 2.4]
    TANDEM_ROW("0100001110mmmddd", bics, 1),
    TANDEM_ROW("0100001111mmmddd", mvns, 1),
    TANDEM_ROW("010001000mmmmddd", add_any, 1),  // Rd r0-r7, then r8-r11, r12-r13, r14, PC
    TANDEM_ROW("010001001mmmm0dd", add_any, 1),
    TANDEM_ROW("010001001mmmm10d", add_any, 1),
    TANDEM_ROW("010001001mmmm110", add_any, 1),
    TANDEM_ROW("010001001mmmm111", add_pc, 2),
    TANDEM_ROW("01000101nmmmmnnn", cmp_any, 1),
    TANDEM_ROW("010001100mmmmddd", mov_any, 1),
    TANDEM_ROW("010001101mmmm0dd", mov_any, 1),
    TANDEM_ROW("010001101mmmm10d", mov_any, 1),
    TANDEM_ROW("010001101mmmm110", mov_any, 1),
    TANDEM_ROW("010001101mmmm111", mov_pc, 2),
    TANDEM_ROW("010001110mmmmxxx", bx, 2),
    TANDEM_ROW("010001111mmmmxxx", blx, 2),
    TANDEM_ROW("01001tttiiiiiiii", ldr_literal, 2),
    TANDEM_ROW("0101000mmmnnnttt", str_reg, 2),
    TANDEM_ROW("0101001mmmnnnttt", strh_reg, 2),
    TANDEM_ROW("0101010mmmnnnttt", strb_reg, 2),
    TANDEM_ROW("0101011mmmnnnttt", ldrsb_reg, 2),
    TANDEM_ROW("0101100mmmnnnttt", ldr_reg, 2),
    TANDEM_ROW("0101101mmmnnnttt", ldrh_reg, 2),
    TANDEM_ROW("0101110mmmnnnttt", ldrb_reg, 2),
    TANDEM_ROW("0101111mmmnnnttt", ldrsh_reg, 2),
    TANDEM_ROW("01100iiiiinnnttt", str_imm, 2),
    TANDEM_ROW("01101iiiiinnnttt", ldr_imm, 2),
    TANDEM_ROW("01110iiiiinnnttt", strb_imm, 2),
    TANDEM_ROW("01111iiiiinnnttt", ldrb_imm, 2),
    TANDEM_ROW("10000iiiiinnnttt", strh_imm, 2),
    TANDEM_ROW("10001iiiiinnnttt", ldrh_imm, 2),
    TANDEM_ROW("10010tttiiiiiiii", str_sp, 2),
    TANDEM_ROW("10011tttiiiiiiii", ldr_sp, 2),
    TANDEM_ROW("10100dddiiiiiiii", adr, 1),
    TANDEM_ROW("10101dddiiiiiiii", add_sp_imm, 1),
    TANDEM_ROW("101100000iiiiiii", add_sp, 1),
    TANDEM_ROW("101100001iiiiiii", sub_sp, 1),
    TANDEM_ROW("10110001xxxxxxxx", undefined, 1),  // CBZ in ARMv7-M
    TANDEM_ROW("1011001000mmmddd", sxth, 1),
    TANDEM_ROW("1011001001mmmddd", sxtb, 1),
    TANDEM_ROW("1011001010mmmddd", uxth, 1),
    TANDEM_ROW("1011001011mmmddd", uxtb, 1),
    TANDEM_ROW("10110011xxxxxxxx", undefined, 1),  // CBZ
    TANDEM_ROW("1011010rrrrrrrrr", push, 1),
    TANDEM_ROW("1011011000xxxxxx", undefined, 1),
    TANDEM_ROW("10110110010xxxxx", undefined, 1),
    TANDEM_ROW("10110110011i0xxx", cps, 1),
    TANDEM_ROW("10110110011x1xxx", undefined, 1),
    TANDEM_ROW("101101101xxxxxxx", undefined, 1),
    TANDEM_ROW("10110111xxxxxxxx", undefined, 1),
    TANDEM_ROW("1011100xxxxxxxxx", undefined, 1),  // CBNZ
    TANDEM_ROW("1011101000mmmddd", rev, 1),
    TANDEM_ROW("1011101001mmmddd", rev16, 1),
    TANDEM_ROW("1011101010xxxxxx", undefined, 1),
    TANDEM_ROW("1011101011mmmddd", revsh, 1),
    TANDEM_ROW("10111011xxxxxxxx", undefined, 1),  // CBNZ
    TANDEM_ROW("10111100rrrrrrrr", pop, 1),
    TANDEM_ROW("10111101rrrrrrrr", pop_pc, 3),
    TANDEM_ROW("10111110iiiiiiii", bkpt, 1),
    TANDEM_ROW("10111111000x0000", nop, 1),  // NOP, YIELD
    TANDEM_ROW("1011111100100000", wfe, 2),
    TANDEM_ROW("1011111100110000", wfi, 2),
    TANDEM_ROW("1011111101000000", sev, 1),
    TANDEM_ROW("1011111101010000", nop, 1),  // hints not defined execute as NOP
    TANDEM_ROW("10111111011x0000", nop, 1),
    TANDEM_ROW("101111111xxx0000", nop, 1),
    TANDEM_ROW("10111111xxxx1xxx", undefined, 1),  // IT in ARMv7-M
    TANDEM_ROW("10111111xxxx01xx", undefined, 1),
    TANDEM_ROW("10111111xxxx001x", undefined, 1),
    TANDEM_ROW("10111111xxxx0001", undefined, 1),
    TANDEM_ROW("11000nnnrrrrrrrr", stm, 1),
    TANDEM_ROW("11001nnnrrrrrrrr", ldm, 1),
    TANDEM_ROW("11010000iiiiiiii", beq, 1),
    TANDEM_ROW("11010001iiiiiiii", bne, 1),
    TANDEM_ROW("11010010iiiiiiii", bcs, 1),
    TANDEM_ROW("11010011iiiiiiii", bcc, 1),
    TANDEM_ROW("11010100iiiiiiii", bmi, 1),
    TANDEM_ROW("11010101iiiiiiii", bpl, 1),
    TANDEM_ROW("11010110iiiiiiii", bvs, 1),
    TANDEM_ROW("11010111iiiiiiii", bvc, 1),
    TANDEM_ROW("11011000iiiiiiii", bhi, 1),
    TANDEM_ROW("11011001iiiiiiii", bls, 1),
    TANDEM_ROW("11011010iiiiiiii", bge, 1),
    TANDEM_ROW("11011011iiiiiiii", blt, 1),
    TANDEM_ROW("11011100iiiiiiii", bgt, 1),
    TANDEM_ROW("11011101iiiiiiii", ble, 1),
    TANDEM_ROW("11011110iiiiiiii", udf, 1),
    TANDEM_ROW("11011111iiiiiiii", svc, 1),
    TANDEM_ROW("11100iiiiiiiiiii", b, 2),
    TANDEM_ROW("11101xxxxxxxxxxx", undefined, 1),
    TANDEM_ROW("11110xxxxxxxxxxx", wide, 3),
    TANDEM_ROW("11111xxxxxxxxxxx", undefined, 1),
};
#undef TANDEM_ROW

inline constexpr Decoder kDecoder = make_decoder<InstructionRow>(kInstructions);
static_assert(kDecoder.well_formed, "every pattern has 16 characters");
static_assert(!kDecoder.ambiguous, "two patterns cover the same halfword");
static_assert(kDecoder.complete, "some halfword has no row");

}  // namespace tandem::sim
